"""How a transaction is traded: by which route, in how many slices, and within which limits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Route(StrEnum):
    """How the perpetual is traded."""

    TAKER = "taker"  # takes at once, within its limit
    MAKER = "maker"  # rests at the touch; spot follows each of its fills as a taker


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a transaction is cut up and how patient it is."""

    route: Route = Route.TAKER
    slices: int = 1
    interval: int = 0  # milliseconds from the start of one slice to the next one's
    max_slippage: Decimal = Decimal("0.0005")  # per leg and slice, fraction of the touch then
    max_unhedged: Decimal | None = None  # most notional of one leg without the other, quote asset
    max_gap: int | None = None  # milliseconds after which the second leg goes at market
    patience: int = 60_000  # milliseconds an order of the maker route rests before it takes
    worst_basis: Decimal | None = None  # no slice starts at a worse basis of the touches than this


AT_ONCE = Style()
