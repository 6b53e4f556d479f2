"""One account's funding, as its user stream tells it: the balance it left, the position where that is isolated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.paper.records import PositionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingPayment:
    """What one settled funding did to one position."""

    account: str
    market: str  # "um" or "cm"
    symbol: str
    asset: str
    amount: Decimal  # signed
    wallet: Decimal  # balance of the asset after it
    cross_wallet: Decimal  # of that, what no isolated position stands on
    mark_price: Decimal
    position: PositionRecord | None  # as it is after it, where it has margin of its own
    time_ms: int
