"""When an order that waits for a price goes to work: stops, take profits, and either of them trailing.

A price that is seen decides exactly. Of a bar only its four prices are known and not their order, so a bar triggers
only what these four prove:

- A stop is reached where the bar's range reaches it; at the open, where the bar opened beyond it.
- A trailing order triggers where the bar's far end lies beyond what was trailed before the bar, or its close beyond
  what is trailed after it. A low that may have come before the high proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

BASIS = 10_000  # trailing deltas are parts of this

ABOVE = {("STOP_LOSS", "BUY"), ("TAKE_PROFIT", "SELL")}  # kinds whose stop lies above the market


class Candle(Protocol):
    """What is asked of a bar."""

    @property
    def open(self) -> Decimal:
        """First price."""
        ...

    @property
    def high(self) -> Decimal:
        """Highest price."""
        ...

    @property
    def low(self) -> Decimal:
        """Lowest price."""
        ...

    @property
    def close(self) -> Decimal:
        """Last price."""
        ...


def lies_above(type: str, side: str) -> bool:
    """Whether an order of this type waits for a rise: STOP_LOSS to buy, TAKE_PROFIT to sell, with or without LIMIT."""
    return (type.removesuffix("_LIMIT"), side) in ABOVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What an order waits for."""

    sells: bool
    above: bool  # whether the stop lies above the market
    stop: Decimal | None = None  # None: it trails at once
    delta: int = 0  # basis points; 0: it does not trail
    extreme: Decimal | None = None  # best price since it trails; None while it does not

    @property
    def level(self) -> Decimal | None:
        """The price at which it goes to work as things are; None while it only waits to trail."""
        if not self.delta:
            return self.stop
        if self.extreme is None:
            return None
        return self.extreme * (BASIS - self.delta if self.sells else BASIS + self.delta) / BASIS

    def see(self, price: Decimal) -> tuple[Trigger, Decimal | None]:
        """Take in one price: what is waited for next, and the price it goes to work at, if it does."""
        if not self.delta:
            return self, price if self._reached(price) else None
        if self.extreme is None:
            trailing = replace(self, extreme=price) if self._reached(price) else self
            return trailing, None
        trailing = replace(self, extreme=self._better(self.extreme, price))
        return trailing, price if trailing._fallen(price) else None

    def live(self, bar: Candle) -> tuple[Trigger, Decimal | None]:
        """Take in a whole bar, as `see` does a price."""
        if not self.delta:
            return self, self._met(bar)
        trailing = self
        if self.extreme is None:
            met = self._met(bar)
            if met is None:
                return self, None
            trailing = replace(self, extreme=met)
        else:
            level = self.level
            assert level is not None
            if self._fallen(bar.open):
                return self, bar.open
            if self._fallen(bar.low if self.sells else bar.high):
                return self, level
            trailing = replace(self, extreme=self._better(self.extreme, bar.high if self.sells else bar.low))
        after = replace(trailing, extreme=self._better(trailing.extreme or bar.close, bar.close))
        return after, after.level if after._fallen(bar.close) else None

    def _reached(self, price: Decimal) -> bool:
        assert self.stop is not None
        return price >= self.stop if self.above else price <= self.stop

    def _met(self, bar: Candle) -> Decimal | None:
        if self._reached(bar.open):
            return bar.open
        return self.stop if self._reached(bar.high if self.above else bar.low) else None

    def _fallen(self, price: Decimal) -> bool:
        level = self.level
        assert level is not None
        return price <= level if self.sells else price >= level

    def _better(self, one: Decimal, other: Decimal) -> Decimal:
        return max(one, other) if self.sells else min(one, other)
