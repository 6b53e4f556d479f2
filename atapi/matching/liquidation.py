"""When a futures position is closed by force, and at what price.

    Left(P) = balance + sum(q*P - cost) - sum(maintenance(|q|*P))        liquidated where it reaches zero
    LP      = (balance + sum(cum) - sum(q*EP)) / (sum(|q|*MMR) - sum(q)) the root, over the legs of one symbol

One leg in one-way mode or isolated margin, two in hedge mode on cross margin. Brackets make Left concave in the price,
so it is positive between at most two prices; the one the position loses toward is the liquidation price.
Source: protocol reference, section 11.4; Binance FAQ b3c689c1.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from atapi.domain.numbers import ZERO
from atapi.matching.margin import Bracket, bracket_of


class Leg(NamedTuple):
    """One position of a symbol."""

    quantity: Decimal  # signed, not 0
    cost: Decimal  # quantity * entry price, signed


def liquidation_price(legs: Sequence[Leg], balance: Decimal, brackets: Sequence[Bracket]) -> Decimal:
    """Find the mark price at which margin balance meets maintenance margin; 0 where none does.

    Args:
        legs: The symbol's positions that share the balance.
        balance: Wallet, less the maintenance margin and plus the unrealized profit of other positions on it.
        brackets: The symbol's margin table, floors ascending.
    """
    if not legs:
        return ZERO
    rising, falling = _roots(legs, balance, brackets)
    net = sum((leg.quantity for leg in legs), ZERO)
    wanted, other = (rising, falling) if net > 0 else (falling, rising)
    return max(ZERO, next((price for price in (wanted, other) if price is not None), ZERO))


def bankruptcy_price(quantity: Decimal, mark: Decimal, balance: Decimal) -> Decimal:
    """Price at which closing a position uses up a margin balance that includes it at the mark; never below 0."""
    return max(ZERO, mark - balance / quantity)


def tier_excess(quantity: Decimal, mark: Decimal, brackets: Sequence[Bracket]) -> Decimal:
    """How much of a position must close for it to fall into the next lower bracket; all of it in the lowest."""
    size = abs(quantity)
    bracket = bracket_of(brackets, size * mark)
    return size - bracket.floor / mark if bracket.floor > 0 else size


def _roots(
    legs: Sequence[Leg], balance: Decimal, brackets: Sequence[Bracket]
) -> tuple[Decimal | None, Decimal | None]:
    """Where Left crosses zero going up with the price, and where going down."""
    sizes = [abs(leg.quantity) for leg in legs]
    edges = sorted({ZERO, *(bracket.floor / size for size in sizes for bracket in brackets)})
    rising = falling = None
    for low, high in pairwise([*edges, None]):
        assert low is not None
        inside = low + 1 if high is None else (low + high) / 2
        held = [bracket_of(brackets, size * inside) for size in sizes]
        slope = sum((leg.quantity for leg in legs), ZERO)
        slope -= sum((s * b.maintenance_rate for s, b in zip(sizes, held, strict=True)), ZERO)
        if not slope:
            continue
        fixed = balance - sum((leg.cost for leg in legs), ZERO) + sum((b.offset for b in held), ZERO)
        price = -fixed / slope
        if low <= price and (high is None or price <= high):
            if slope > 0:
                rising = price
            else:
                falling = price
    return rising, falling
