"""What a quantity of a perpetual is worth in its margin asset: linear (USD-M) or inverse (COIN-M).

A linear contract is a quantity of coins, margined and settled in the quote asset: its value is quantity * price. An
inverse contract is a fixed sum of the quote asset, margined and settled in the coin: its value is
contracts * size / price coins, so a long gains as that value falls. Everything else about margin, profit and funding
is the same arithmetic on values; `sign` is all that differs. Source: protocol reference, section 11.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from atapi.domain.numbers import ONE, ZERO

COST_STEP = Decimal("1E-16")  # far below the ledger's digit; sums of costs under 1E12 stay exact


class Contract(Protocol):
    """How quantity and price make a value."""

    @property
    def sign(self) -> Decimal:
        """1 where a long gains as its value rises, -1 where it gains as its value falls."""
        ...

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Tell what a signed quantity is worth at a price, in the margin asset; 0 where there is no price."""
        ...

    def price(self, quantity: Decimal, value: Decimal) -> Decimal:
        """Tell the price at which a quantity, not 0, has a value, not 0: the mean price of fills of that sum."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """A quantity of the base asset, settled in the quote asset."""

    @property
    def sign(self) -> Decimal:
        """A long gains as the price, and so the value, rises."""
        return ONE

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Quantity times price."""
        return quantity * price

    def price(self, quantity: Decimal, value: Decimal) -> Decimal:
        """Arithmetic mean."""
        return value / quantity


@dataclass(frozen=True, slots=True)
class Inverse:
    """A number of contracts, each a fixed sum of the quote asset, settled in the coin.

    A value is rounded to 1E-16 of a coin, the same way whenever it is asked for, so what is added when a fill opens
    and taken away when it closes is the same number.
    """

    size: Decimal  # quote asset in one contract

    @property
    def sign(self) -> Decimal:
        """A long gains as the price rises and the value in coins falls."""
        return -ONE

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Contracts times size by price, in coins."""
        return (quantity * self.size / price).quantize(COST_STEP) if price else ZERO

    def price(self, quantity: Decimal, value: Decimal) -> Decimal:
        """Harmonic mean."""
        return quantity * self.size / value


LINEAR = Linear()
