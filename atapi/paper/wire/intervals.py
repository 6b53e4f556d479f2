"""Binance's bar intervals, by their names on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from atapi.clock import from_ms, to_ms
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.records import Refusal

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONTH = "1M"  # the only interval that is no fixed number of milliseconds; built from days

INTERVALS = {  # name -> ms
    "1s": 1000,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": 7 * DAY,
}


def known(name: str, market: str) -> bool:
    """Tell whether a market has bars of an interval; one second is spot's alone."""
    return name == MONTH or (name in INTERVALS and (name != "1s" or market == "spot"))


def bars_of(
    exchange: Exchange,
    series: Series,
    symbol: str,
    interval: str,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[tuple[Bar, int]]:
    """List bars with their close times, by Binance's rules.

    Raises:
        Refusal: -1120 for an interval that the series does not have, -1121 for the symbol.
    """
    if not known(interval, "spot" if series is Series.SPOT else "um"):
        raise Refusal(-1120, "Invalid interval.")
    if interval == MONTH:
        return _months(exchange, series, symbol, start_ms, end_ms, limit)
    span = INTERVALS[interval]
    bars = exchange.bars(series, symbol, span, start_ms, end_ms, limit)
    return [(bar, bar.open_ms + span - 1) for bar in bars]


def _months(
    exchange: Exchange, series: Series, symbol: str, start_ms: int | None, end_ms: int | None, limit: int
) -> list[tuple[Bar, int]]:
    last = exchange.now_ms() if end_ms is None else min(end_ms, exchange.now_ms())
    if start_ms is None:
        first = _month(from_ms(last), 1 - limit)
    else:
        begun = _month(from_ms(start_ms), 0)
        first = begun if begun == start_ms else _month(from_ms(start_ms), 1)
    groups: dict[int, list[Bar]] = {}
    while first <= last and len(groups) < limit:
        following = _month(from_ms(first), 1)
        days = exchange.bars(series, symbol, DAY, first, min(following - 1, last), 31)
        if days:
            groups[first] = list(days)
        first = following
    return [(merge(start, days), _month(from_ms(start), 1) - 1) for start, days in groups.items()]


def merge(open_ms: int, bars: Sequence[Bar]) -> Bar:
    """Make one bar of several that follow one another; at least one."""
    return Bar(
        open_ms=open_ms,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum((bar.volume for bar in bars), start=bars[0].volume * 0),
        turnover=sum((bar.turnover for bar in bars), start=bars[0].turnover * 0),
        trades=sum(bar.trades for bar in bars),
        taker_volume=sum((bar.taker_volume for bar in bars), start=bars[0].taker_volume * 0),
        taker_turnover=sum((bar.taker_turnover for bar in bars), start=bars[0].taker_turnover * 0),
    )


def _month(at: datetime, shift: int) -> int:
    months = at.year * 12 + at.month - 1 + shift
    if months < 1970 * 12:
        return 0
    return to_ms(datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC))
