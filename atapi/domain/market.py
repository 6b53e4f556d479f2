"""Market data as values: prices, books, candles, funding. Times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.numbers import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class BookTicker:
    """Best bid and ask of one symbol; zero where that side is empty."""

    symbol: str
    bid: Decimal
    bid_quantity: Decimal  # base asset
    ask: Decimal
    ask_quantity: Decimal  # base asset


@dataclass(frozen=True, slots=True)
class Level:
    """One price level of a book."""

    price: Decimal
    quantity: Decimal  # base asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """An order book, best prices first."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticker:
    """The last 24 hours of one symbol."""

    symbol: str
    last: Decimal
    open: Decimal
    high: Decimal
    low: Decimal
    volume: Decimal  # base asset
    turnover: Decimal  # quote asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar; the last one of an answer may still be running."""

    open_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # base asset
    turnover: Decimal  # quote asset; 0 where the venue has none
    trades: int
    close_at: datetime  # last millisecond of the bar


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPrice:
    """Mark, index and running funding rate of one perpetual."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal
    funding_rate: Decimal  # of the running interval, fraction of notional
    next_funding_at: datetime
    at: datetime  # the venue's time of this quote


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRate:
    """One settled funding."""

    symbol: str
    at: datetime
    rate: Decimal  # fraction of notional; longs pay shorts where positive
    mark_price: Decimal | None  # None where the venue did not record it


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingTerms:
    """How one perpetual's funding is set."""

    symbol: str
    interval: timedelta  # 8 h unless the venue lists another
    cap: Decimal | None
    floor: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What taking a quantity out of one side of a book would cost."""

    quantity: Decimal  # that could be taken, base asset
    notional: Decimal  # price * quantity summed, quote asset
    worst_price: Decimal | None  # the last level touched

    @property
    def average_price(self) -> Decimal | None:
        """Quantity-weighted price, or None where nothing could be taken."""
        return self.notional / self.quantity if self.quantity else None


def sweep(levels: tuple[Level, ...], quantity: Decimal) -> Sweep:
    """Walk a book side, best price first, until the quantity is taken or the side is empty."""
    taken, notional, worst = ZERO, ZERO, None
    for level in levels:
        if taken >= quantity:
            break
        part = min(level.quantity, quantity - taken)
        taken += part
        notional += part * level.price
        worst = level.price
    return Sweep(quantity=taken, notional=notional, worst_price=worst)
