"""When a futures position is closed by force, and at what price.

    Left(V) = balance + d*sum(q*V - cost) - sum(maintenance(|q|*V))            liquidated where it reaches zero
    LV      = (balance + sum(cum) - d*sum(cost)) / (sum(|q|*MMR) - d*sum(q))   the root, over the legs of one symbol

V is the value of one unit and d its sign: the price itself and 1, or size / price and -1 where the contract is inverse.
One leg in one-way mode or isolated margin, two in hedge mode on cross margin. Brackets make Left concave in V, so it is
positive between at most two values; the one the position loses toward gives the liquidation price.
Source: protocol reference, section 11.4; Binance FAQ b3c689c1.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from atapi.domain.numbers import ONE, ZERO
from atapi.matching.contracts import LINEAR, Contract
from atapi.matching.margin import Bracket, bracket_of


class Leg(NamedTuple):
    """One position of a symbol."""

    quantity: Decimal  # signed, not 0
    cost: Decimal  # value at the entry price, signed


LEAST_LEFT = Decimal("0.1")  # of a unit's value: no bankruptcy price lies further away than tenfold


def liquidation_price(
    legs: Sequence[Leg], balance: Decimal, brackets: Sequence[Bracket], contract: Contract = LINEAR
) -> Decimal:
    """Find the mark price at which margin balance meets maintenance margin; 0 where none does.

    Args:
        legs: The symbol's positions that share the balance.
        balance: Wallet, less the maintenance margin and plus the unrealized profit of other positions on it.
        brackets: The symbol's margin table, floors ascending.
        contract: How the symbol's values follow from its prices.
    """
    if not legs:
        return ZERO
    legs = [Leg(contract.sign * leg.quantity, contract.sign * leg.cost) for leg in legs]
    rising, falling = _roots(legs, balance, brackets)
    net = sum((leg.quantity for leg in legs), ZERO)
    wanted, other = (rising, falling) if net > 0 else (falling, rising)
    value = next((value for value in (wanted, other) if value is not None), ZERO)
    return contract.price(ONE, value) if value > 0 else ZERO


def bankruptcy_price(
    quantity: Decimal, mark: Decimal, balance: Decimal, contract: Contract = LINEAR
) -> Decimal:
    """Price at which closing a position uses up a margin balance that includes it at the mark."""
    unit = contract.value(ONE, mark)
    return contract.price(ONE, max(unit * LEAST_LEFT, unit - balance / (contract.sign * quantity)))


def tier_excess(
    quantity: Decimal, mark: Decimal, brackets: Sequence[Bracket], contract: Contract = LINEAR
) -> Decimal:
    """How much of a position must close for it to fall into the next lower bracket; all of it in the lowest."""
    size, unit = abs(quantity), contract.value(ONE, mark)
    bracket = bracket_of(brackets, size * unit)
    return size - bracket.floor / unit if bracket.floor > 0 else size


def _roots(
    legs: Sequence[Leg], balance: Decimal, brackets: Sequence[Bracket]
) -> tuple[Decimal | None, Decimal | None]:
    """Where Left crosses zero going up with the value of a unit, and where going down."""
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
        value = -fixed / slope
        if low <= value and (high is None or value <= high):
            if slope > 0:
                rising = value
            else:
                falling = value
    return rising, falling
