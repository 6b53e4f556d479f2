"""Settled funding, past and running: what was paid is what the history shows, lived through or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atapi.paper.feeds.base import Feed, PerpetualRules
from atapi.paper.funding_rates import Due, FundingRates
from atapi.paper.marks import Marks
from atapi.paper.prices import DAY, HOUR
from atapi.paper.records import ZERO, SettledFunding

FIRST_SPAN_MS = 8 * HOUR
LONGEST_SPAN_MS = 512 * DAY


class Funding:
    """Settlements of every perpetual of a feed."""

    def __init__(
        self, feed: Feed, rules: Mapping[str, PerpetualRules], rates: FundingRates, marks: Marks
    ) -> None:
        self._feed = feed
        self._rules = rules
        self._rates = rates
        self._marks = marks

    def settled(self, symbol: str, due: Due) -> SettledFunding:
        """Settle one funding: its rate, and the mark price it is paid on."""
        mark = self._marks.at_settlement(symbol, due.time_ms)
        return SettledFunding(
            symbol=symbol,
            time_ms=due.time_ms,
            rate=self._rates.rate_of(symbol, due),
            mark_price=ZERO if mark is None else mark,
        )

    def due(self, symbol: str, after_ms: int, until_ms: int) -> list[SettledFunding]:
        """Settle every funding with after_ms < time <= until_ms, oldest first."""
        return [self.settled(symbol, due) for due in self._rates.due(symbol, after_ms, until_ms)]

    def next_due_ms(self, symbol: str, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next funding with after_ms < time <= until_ms falls due."""
        due = self._rates.due(symbol, after_ms, until_ms)
        return due[0].time_ms if due else None

    def history(
        self, symbol: str | None, start_ms: int | None, end_ms: int | None, limit: int, now_ms: int
    ) -> Sequence[SettledFunding]:
        """List settled funding up to now, oldest first: from `start_ms` up, else the newest up to `end_ms`."""
        end = now_ms if end_ms is None else min(end_ms, now_ms)
        symbols = sorted(self._rules) if symbol is None else [symbol]
        if start_ms is not None:
            found = self._between(symbols, max(start_ms, self._first_ms(symbols)) - 1, end, limit)
        else:
            found = self._newest(symbols, end, limit)
        return [self.settled(name, due) for due, name in found]

    def _newest(self, symbols: list[str], end_ms: int, limit: int) -> list[tuple[Due, str]]:
        first, span = self._first_ms(symbols) - 1, FIRST_SPAN_MS
        while True:
            start = max(first, end_ms - span)
            found = self._between(symbols, start, end_ms, None)
            if len(found) >= limit or start <= first:
                return found[-limit:]
            span *= 4

    def _between(
        self, symbols: list[str], after_ms: int, until_ms: int, limit: int | None
    ) -> list[tuple[Due, str]]:
        # Times only, in spans that grow: rates cost something and are settled for what is shown.
        found: list[tuple[Due, str]] = []
        span = LONGEST_SPAN_MS if limit is None else FIRST_SPAN_MS * max(1, limit)
        while after_ms < until_ms and (limit is None or len(found) < limit):
            until = min(until_ms, after_ms + span)
            part = [(due, name) for name in symbols for due in self._rates.due(name, after_ms, until)]
            found += sorted(part, key=lambda item: (item[0].time_ms, item[1]))
            after_ms = until
        return found[:limit]

    def _first_ms(self, symbols: list[str]) -> int:
        first = min((self._rules[name].onboard_ms for name in symbols), default=0)
        span = self._feed.span()
        return first if span is None else max(first, span[0])
