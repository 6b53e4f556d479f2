"""Where prices have to be looked at: bars that could not have reached anything are passed over.

Prices are looked at on whole seconds. A day is gone through in hours, an hour in minutes, a minute in seconds, and only
as far as its bar says that something was reached. Where the feed has no bar that fine, its beginning stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from atapi.paper.feeds.base import Feed, PerpetualRules, Series
from atapi.paper.prices import HOUR, MINUTE, SECOND, Prices

KEPT = 4096  # ranges remembered


class Range(NamedTuple):
    """Lowest and highest price of a while."""

    low: Decimal
    high: Decimal

    def with_(self, other: Range | None) -> Range:
        """Widen to hold another."""
        if other is None:
            return self
        return Range(min(self.low, other.low), max(self.high, other.high))


class Lookout:
    """Price ranges of perpetuals, and the moments worth a look."""

    def __init__(
        self, feed: Feed, prices: Prices, rules: Mapping[str, PerpetualRules], series: Series
    ) -> None:
        self._series = series  # of last prices
        self._feed = feed
        self._prices = prices
        self._rules = rules
        self._known: dict[tuple[Series, str, int, int], Range | None] = {}  # of bars that are over
        self._running: dict[tuple[Series, str, int, int], Range | None] = {}  # of those that are not
        self._running_until = -1  # as far as those have gone

    def seconds(
        self, after_ms: int, until_ms: int, reached: Callable[[int, int], bool | None]
    ) -> Iterator[int]:
        """Walk the whole seconds in after_ms < time <= until_ms that lie in bars which reach something.

        Args:
            reached: Says of a bar, by when it opens and how long it is, whether it reaches; None without such a bar.
        """
        if after_ms // SECOND == until_ms // SECOND:
            return
        for hour in range((after_ms + 1) // HOUR * HOUR, until_ms + 1, HOUR):
            found = reached(hour, HOUR)
            if found is None and after_ms < hour:
                yield hour
            if found:
                yield from self._in_hour(hour, after_ms, until_ms, reached)

    def contract(self, symbol: str, open_ms: int, size_ms: int, until_ms: int) -> Range | None:
        """Range of last prices; None where the feed has no such bar."""
        return self._range(self._series, symbol, open_ms, size_ms, until_ms)

    def mark(self, symbol: str, open_ms: int, size_ms: int, until_ms: int) -> Range | None:
        """A range that holds every mark price of a while; None where the feed has no such bar.

        The mark is the feed's own, or the median of last price, index with funding and index with basis. A median of
        three lies between any two of them.
        """
        last = self.contract(symbol, open_ms, size_ms, until_ms)
        if last is None:
            return None
        rules = self._rules[symbol]
        widest = max(abs(rules.funding_cap), abs(rules.funding_floor))
        found = last.with_(self._range(Series.MARK, symbol, open_ms, size_ms, until_ms))
        index = self._index(symbol, open_ms, size_ms, until_ms)
        if index is not None:
            found = found.with_(Range(index.low * (1 - widest), index.high * (1 + widest)))
        return found

    # ------------------------------------------------------------------------------------------------------------
    def _index(self, symbol: str, open_ms: int, size_ms: int, until_ms: int) -> Range | None:
        own = self._range(Series.INDEX, symbol, open_ms, size_ms, until_ms)
        source = self._prices.index_source(symbol)
        if own is not None or source is None:
            return own
        series, name, multiplier = source
        spot = self._range(series, name, open_ms, size_ms, until_ms)
        return None if spot is None else Range(spot.low * multiplier, spot.high * multiplier)

    def _in_hour(
        self, hour: int, after_ms: int, until_ms: int, reached: Callable[[int, int], bool | None]
    ) -> Iterator[int]:
        first = max(hour, (after_ms + 1) // MINUTE * MINUTE)
        for minute in range(first, min(hour + HOUR - 1, until_ms) + 1, MINUTE):
            found = reached(minute, MINUTE)
            if found is None and after_ms < minute:
                yield minute
            if found:
                start = max(after_ms // SECOND + 1, minute // SECOND)
                end = min(until_ms, minute + MINUTE - 1) // SECOND
                yield from range(start * SECOND, end * SECOND + 1, SECOND)

    def _range(self, series: Series, symbol: str, open_ms: int, size_ms: int, until_ms: int) -> Range | None:
        key = (series, symbol, open_ms, size_ms)
        over = open_ms + size_ms <= until_ms
        if until_ms != self._running_until:
            self._running_until = until_ms
            self._running.clear()
        known = self._known if over else self._running
        if key in known:
            return known[key]
        bars = self._feed.bars(series, symbol, size_ms, open_ms, open_ms, until_ms)
        found = Range(bars[0].low, bars[0].high) if bars else None
        if len(known) >= KEPT:
            known.clear()
        known[key] = found
        return found
