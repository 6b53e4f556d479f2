"""How to even the legs of a spread: the longer one is reduced to the shorter, and nothing else is touched."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import floor_to
from atapi.domain.orders import Side
from atapi.domain.spreads import Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """One order that takes the excess of the longer leg away."""

    spot: bool  # on spot, else on the perpetual, reduce-only
    side: Side
    quantity: Decimal  # in the leg's own unit


def plan_evening(pair: Pair, spot: Decimal, perp: Decimal) -> Evening | None:
    """Plan what makes the legs even; None where they differ by no more than a lot of the leg to reduce.

    Args:
        spot: Coins of the spread that are really there, signed: negative where they are borrowed and sold.
        perp: Its part of the perpetual's position, in the perpetual's unit, signed.
    """
    excess = spot + perp * pair.multiplier
    longer_spot = (excess > 0) is (spot > 0) and spot != 0
    side = Side.SELL if excess > 0 else Side.BUY
    if longer_spot:
        quantity = floor_to(min(abs(excess), abs(spot)), pair.spot.lot_size)
    else:
        quantity = floor_to(min(abs(excess) / pair.multiplier, abs(perp)), pair.perp.lot_size)
    return Evening(spot=longer_spot, side=side, quantity=quantity) if quantity else None
