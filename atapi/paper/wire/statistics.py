"""What a symbol did in the last day, as the 24-hour tickers tell it.

The window is the running hour and the 23 before it; Binance's moves on by the minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.matching.contracts import LINEAR, Contract
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.wire.intervals import DAY, HOUR, MINUTE, merge

ZERO = Decimal(0)
HUNDRED = Decimal(100)
HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatistics:
    """One day of one symbol."""

    symbol: str
    bar: Bar
    previous_close: Decimal  # the last price before the window
    last: Decimal
    close_ms: int
    contract: Contract = LINEAR  # how volume and turnover make a price

    @property
    def change(self) -> Decimal:
        """Last price less the first."""
        return self.last - self.bar.open

    @property
    def change_percent(self) -> Decimal:
        """Change in percent of the first price."""
        return self.change / self.bar.open * HUNDRED if self.bar.open else ZERO

    @property
    def weighted_price(self) -> Decimal:
        """Mean price by volume; the last price where nothing is known to have traded."""
        if not self.bar.volume or not self.bar.turnover:
            return self.last
        return self.contract.price(self.bar.volume, self.bar.turnover)


def window_statistics(
    exchange: Exchange, symbol: str, open_ms: int, *, close_ms: int | None = None
) -> DayStatistics:
    """Sum up what a spot symbol did since a full minute; whole hours stand for the minutes in them."""
    now, last = exchange.now_ms(), exchange.last_price("spot", symbol)
    hour = open_ms + -open_ms % HOUR
    bars = list(exchange.bars(Series.SPOT, symbol, MINUTE, open_ms, min(hour - 1, now), HOUR // MINUTE))
    if hour <= now:
        bars += exchange.bars(Series.SPOT, symbol, HOUR, hour, now, 8 * DAY // HOUR)
    window = merge(open_ms, bars) if bars else Bar(open_ms, last, last, last, last, ZERO, ZERO, 0, ZERO, ZERO)
    return DayStatistics(
        symbol=symbol, bar=window, previous_close=window.open, last=last, close_ms=close_ms or now
    )


def day_statistics(exchange: Exchange, market: str, symbol: str) -> DayStatistics:
    """Sum up the last day; refusal -1121 for an unknown symbol."""
    series = Series(market)
    now = exchange.now_ms()
    last = exchange.last_price(market, symbol)
    first = now - now % HOUR - (HOURS - 1) * HOUR
    bars = list(exchange.bars(series, symbol, HOUR, first - HOUR, now, HOURS + 1))
    before = [bar for bar in bars if bar.open_ms < first]
    inside = [bar for bar in bars if bar.open_ms >= first]
    if not inside:  # a feed without hours, or one that has just begun
        inside = list(exchange.bars(series, symbol, DAY, None, now, 1))
    if inside:
        day = merge(inside[0].open_ms, inside)
    else:
        day = Bar(now, last, last, last, last, ZERO, ZERO, 0, ZERO, ZERO)
    return DayStatistics(
        symbol=symbol,
        bar=day,
        previous_close=before[-1].close if before else day.open,
        last=last,
        close_ms=now,
        contract=LINEAR if market == "spot" else exchange.catalogue.perpetuals(market)[symbol].contract,
    )
