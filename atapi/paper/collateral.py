"""What an asset in the USD-M wallet is worth in multi-assets mode: its index price in USD, less a haircut.

Assumes: USDT is the dollar. The haircuts are Binance's of the assets it takes, rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.paper.feeds.base import Series
from atapi.paper.prices import Prices
from atapi.paper.records import ZERO

DOLLAR = "USDT"
BUFFERS = {  # asset -> what is taken off either way when it is turned into dollars
    "USDT": Decimal(0),
    "USDC": Decimal("0.001"),
    "FDUSD": Decimal("0.001"),
    "BTC": Decimal("0.05"),
    "ETH": Decimal("0.05"),
    "BNB": Decimal("0.05"),
}


@dataclass(frozen=True, slots=True)
class AssetIndex:
    """One asset in dollars."""

    asset: str
    index: Decimal
    buffer: Decimal

    @property
    def bid(self) -> Decimal:
        """What a positive balance counts for."""
        return self.index * (1 - self.buffer)

    @property
    def ask(self) -> Decimal:
        """What a negative balance counts for."""
        return self.index * (1 + self.buffer)

    def worth(self, balance: Decimal) -> Decimal:
        """Turn a balance into dollars of margin."""
        return balance * (self.bid if balance > 0 else self.ask)


class Collateral:
    """Index prices of margin assets."""

    def __init__(self, prices: Prices, spot: frozenset[str]) -> None:
        self._prices = prices
        self._spot = spot  # symbols that trade

    def index(self, asset: str, now_ms: int) -> AssetIndex | None:
        """Tell an asset's index; None where it is no margin asset or has no price."""
        buffer = BUFFERS.get(asset)
        if buffer is None:
            return None
        if asset == DOLLAR:
            return AssetIndex(asset, Decimal(1), ZERO)
        symbol = asset + DOLLAR
        price = self._prices.last(Series.SPOT, symbol, now_ms) if symbol in self._spot else None
        return None if price is None else AssetIndex(asset, price, buffer)

    def worth(self, asset: str, balance: Decimal, now_ms: int) -> Decimal:
        """Turn a balance into dollars of margin; 0 for an asset that margins nothing."""
        index = self.index(asset, now_ms) if balance else None
        return ZERO if index is None else index.worth(balance)
