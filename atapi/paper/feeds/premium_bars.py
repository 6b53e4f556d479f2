"""Bars of the premium index, made of the samples that funding is made of: one at the end of each minute.

A minute opens at the sample before it and closes at its own, so bars follow each other without a gap, and the closes
of an interval's minutes, weighted 1 to n, are the mean that its funding rate is computed from. `trades` counts samples.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, gather, slots
from atapi.paper.feeds.base import Bar, Feed, RangedPremium

KEPT_HOURS = 20_000
KEPT_DAYS = 10_000
ZERO = Decimal(0)


class Extent(NamedTuple):
    """The samples of a while: the one before it, the highest and lowest with that one, the last, and how many."""

    first: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    samples: int


class PremiumBars:
    """Bars of every perpetual of a feed."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._range = feed.premium_range if isinstance(feed, RangedPremium) else None
        self._hours: OrderedDict[tuple[str, int], Extent | None] = OrderedDict()  # those that are over
        self._days: OrderedDict[tuple[str, int], Bar | None] = OrderedDict()

    def bars(self, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int) -> Sequence[Bar]:
        """List bars whose open time lies in [start_ms, end_ms], nothing later than now; the running one so far."""
        opened, closed = slots(start_ms, min(end_ms, now_ms), interval_ms)
        span = self._feed.span()
        if span is not None:  # nothing is looked for before the data begins
            opened = max(opened, slots(span[0] - interval_ms, span[0], interval_ms)[0])
        return gather(self._pieces(symbol, opened, closed, interval_ms, now_ms), interval_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _pieces(
        self, symbol: str, start_ms: int, end_ms: int, interval_ms: int, now_ms: int
    ) -> Iterator[Bar]:
        """Cover a span with as few bars as there are: whole days, then hours, then minutes."""
        at = start_ms
        while at < end_ms and at <= now_ms:
            size = next(
                size
                for size in (DAY, HOUR, MINUTE)
                if at % size == 0 and interval_ms % size == 0 and (at + size <= now_ms or size == MINUTE)
            )
            bar = self._day(symbol, at) if size == DAY else self._part(symbol, at, size, now_ms)
            if bar is not None:
                yield bar
            at += size

    def _day(self, symbol: str, open_ms: int) -> Bar | None:
        key = (symbol, open_ms)
        if key not in self._days:
            hours = (self._part(symbol, open_ms + n * HOUR, HOUR, open_ms + DAY) for n in range(24))
            found = gather((hour for hour in hours if hour is not None), DAY)
            self._days[key] = found[0] if found else None
            if len(self._days) > KEPT_DAYS:
                self._days.popitem(last=False)
        return self._days[key]

    def _part(self, symbol: str, open_ms: int, size_ms: int, now_ms: int) -> Bar | None:
        extent = self._hour(symbol, open_ms) if size_ms == HOUR else self._minute(symbol, open_ms, now_ms)
        if extent is None:
            return None
        first, high, low, last, samples = extent
        return Bar(open_ms, first, high, low, last, ZERO, ZERO, samples, ZERO, ZERO)

    def _hour(self, symbol: str, open_ms: int) -> Extent | None:
        key = (symbol, open_ms)
        if key in self._hours:
            return self._hours[key]
        if self._range is not None:
            extent = self._range(symbol, open_ms, HOUR // MINUTE)
            found = None if extent is None else Extent(*extent, HOUR // MINUTE)
        else:
            found = self._each(symbol, open_ms)
        self._hours[key] = found
        if len(self._hours) > KEPT_HOURS:
            self._hours.popitem(last=False)
        return found

    def _minute(self, symbol: str, open_ms: int, now_ms: int) -> Extent | None:
        over = open_ms + MINUTE <= now_ms
        last = self._feed.premium(symbol, open_ms + MINUTE if over else now_ms)
        if last is None:
            return None
        first = self._feed.premium(symbol, open_ms)
        first = last if first is None else first
        return Extent(first, max(first, last), min(first, last), last, 1 if over else 0)

    def _each(self, symbol: str, open_ms: int) -> Extent | None:
        before = self._feed.premium(symbol, open_ms)
        found = (self._feed.premium(symbol, open_ms + n * MINUTE) for n in range(1, HOUR // MINUTE + 1))
        samples = [sample for sample in found if sample is not None]
        if not samples:
            return None
        first = samples[0] if before is None else before
        return Extent(first, max(first, *samples), min(first, *samples), samples[-1], len(samples))
