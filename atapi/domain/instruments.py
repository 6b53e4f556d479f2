"""What can be traded, and by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atapi.domain.numbers import ONE, floor_to


class Market(StrEnum):
    """A market within a venue."""

    SPOT = "spot"
    MARGIN = "margin"
    UM = "um"  # USD-margined futures
    CM = "cm"  # coin-margined futures


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Trading rules of one symbol, as its venue states them."""

    market: Market
    symbol: str  # venue spelling: "BTCUSDT"
    base_asset: str  # "BTC"; of a multiplied perpetual as the venue has it: "1000PEPE"
    quote_asset: str
    status: str  # "TRADING" when it trades
    perpetual: bool  # False on spot and for dated futures
    tick_size: Decimal  # price step, quote asset per base asset
    lot_size: Decimal  # quantity step, base asset
    min_quantity: Decimal  # least quantity of an order, base asset
    max_quantity: Decimal  # most, base asset
    min_notional: Decimal  # least price * quantity, quote asset
    delivers_at: datetime | None = None  # when a futures contract ends; None for a perpetual that goes on

    @property
    def trading(self) -> bool:
        """Whether orders are accepted now."""
        return self.status == "TRADING"

    @property
    def multiplier(self) -> Decimal:
        """Coins in one unit of the base asset: 1000 for `1000PEPEUSDT`, else 1."""
        digits = self.base_asset[: len(self.base_asset) - len(self.base_asset.lstrip("0123456789"))]
        return (
            Decimal(digits)
            if digits.startswith("1") and digits.strip("0") == "1" and len(digits) > 1
            else ONE
        )

    def round_quantity(self, quantity: Decimal) -> Decimal:
        """Round toward zero to the lot size, so no order exceeds what was asked."""
        return floor_to(quantity, self.lot_size)
