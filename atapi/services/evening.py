"""How to even the legs of a spread: the longer one is reduced to the shorter, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import ZERO, ceil_to, floor_to
from atapi.domain.orders import Side
from atapi.domain.spreads import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """One order that takes the excess of the longer leg away."""

    spot: bool  # on spot, else on the perpetual, reduce-only
    side: Side
    quantity: Decimal  # in the leg's own unit


def tolerance(pair: Pair) -> Decimal:
    """Tell by how many coins the legs may differ: by less than the coarser lot."""
    return max(pair.perp.lot_size * pair.multiplier, pair.spot.lot_size)


def plan_evening(pair: Pair, spot: Decimal, perp: Decimal) -> Evening | None:
    """Plan what makes the legs even; None where they are.

    As at an opening, what cannot be divided is left on the side of spot: no perpetual stays uncovered.

    Args:
        spot: Coins of the spread that are really there, signed: negative where they are borrowed and sold.
        perp: Its part of the perpetual's position, in the perpetual's unit, signed.
    """
    excess = spot + perp * pair.multiplier
    if abs(excess) < tolerance(pair):
        return None
    side = Side.SELL if excess > 0 else Side.BUY
    if spot and (excess > 0) is (spot > 0):
        quantity = min(floor_to(abs(excess), pair.spot.lot_size), floor_to(abs(spot), pair.spot.lot_size))
        return Evening(spot=True, side=side, quantity=quantity) if quantity else None
    quantity = min(ceil_to(abs(excess) / pair.multiplier, pair.perp.lot_size), abs(perp))
    return Evening(spot=False, side=side, quantity=quantity) if quantity > ZERO else None
