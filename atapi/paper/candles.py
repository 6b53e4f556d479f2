"""Bars by Binance's paging rules: from a start up, else the newest ones; gaps in the market are no bars."""

from __future__ import annotations

from collections.abc import Sequence

from atapi.paper.feeds.base import Bar, Feed, Series

EMPTY_PAGES = 3  # after so many pages without a bar there are none further back


class Candles:
    """Pages of one feed's bars."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def page(
        self,
        series: Series,
        symbol: str,
        interval_ms: int,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
        now_ms: int,
    ) -> Sequence[Bar]:
        """List up to `limit` bars, oldest first, none opening after now."""
        end = now_ms if end_ms is None else min(end_ms, now_ms)
        if limit <= 0 or (start_ms is not None and start_ms > end):
            return []
        if start_ms is None:
            return self._newest(series, symbol, interval_ms, end, limit, now_ms)
        found: list[Bar] = []
        start = max(0, start_ms)
        span = self._feed.span()
        if span is not None:  # nothing is asked for before the data begins
            start = max(start, span[0] - interval_ms)
        while start <= end and len(found) < limit:
            until = min(end, start + (limit - len(found)) * interval_ms - 1)
            found += self._feed.bars(series, symbol, interval_ms, start, until, now_ms)
            start = until + 1
        return found[:limit]

    def _newest(
        self, series: Series, symbol: str, interval_ms: int, end_ms: int, limit: int, now_ms: int
    ) -> Sequence[Bar]:
        found: list[Bar] = []
        empty = 0
        while end_ms >= 0 and len(found) < limit and empty < EMPTY_PAGES:
            start = max(0, end_ms - (limit - len(found)) * interval_ms + 1)
            part = list(self._feed.bars(series, symbol, interval_ms, start, end_ms, now_ms))
            found = part + found
            empty = 0 if part else empty + 1
            end_ms = start - 1
        return found[-limit:]
