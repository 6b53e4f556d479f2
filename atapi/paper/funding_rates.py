"""When each perpetual settles funding, and at which rate: as recorded, else by Binance's published formula.

    P  = premium index;  AvgP = (1*P1 + 2*P2 + ... + n*Pn) / (1 + 2 + ... + n)
    F  = clamp([AvgP + clamp(IR - AvgP, -0.05 %, +0.05 %)] / (8 / N), floor, cap)       N = interval in hours

Binance samples the premium each five seconds; here it is sampled at the end of each minute of the interval. Rates are
rounded half to even to eight decimals, as the wire has them. Source: protocol reference, section 11.2.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import to_ledger
from atapi.paper.feeds.base import Feed, PerpetualRules, SummedPremium
from atapi.paper.prices import DAY, HOUR, MINUTE
from atapi.paper.records import ZERO
from atapi.paper.rulebook import Rulebook

DAMPER = Decimal("0.0005")
EIGHT = Decimal(8)
KEPT_RATES = 20_000  # settled rates remembered, newest use last


class Due(NamedTuple):
    """One settlement."""

    time_ms: int
    rate: Decimal | None  # as recorded; None where the formula decides


@dataclass(slots=True)
class _Average:
    """The premium's weighted mean over an interval that may still be running."""

    start_ms: int
    samples: int = 0
    weighted: Decimal = ZERO
    weights: int = 0

    def value(self) -> Decimal:
        return self.weighted / self.weights if self.weights else ZERO


def formula_rate(average_premium: Decimal, rules: PerpetualRules, hours: int | None = None) -> Decimal:
    """Turn an interval's mean premium into its funding rate; `hours` where it is not as long as the rules say."""
    hours = rules.interval_hours if hours is None else hours
    damped = max(-DAMPER, min(DAMPER, rules.interest_rate - average_premium))
    rate = (average_premium + damped) * hours / EIGHT
    return to_ledger(max(rules.funding_floor, min(rules.funding_cap, rate)))


class _Newest(NamedTuple):
    time_ms: int
    rate: Decimal
    until_ms: int  # when the next one is
    version: int  # of the intervals it was found by

    def holds(self, now_ms: int, version: int) -> bool:
        return self.time_ms <= now_ms < self.until_ms and version == self.version


class FundingRates:
    """Settlement times and rates of every perpetual of a feed, of any time, whether lived through or not."""

    def __init__(self, feed: Feed, rules: Mapping[str, PerpetualRules], rulebook: Rulebook) -> None:
        self._feed = feed
        self._rulebook = rulebook
        self._rules = rules
        self._sum = feed.premium_sum if isinstance(feed, SummedPremium) else self._each
        self._running: dict[str, _Average] = {}  # symbol -> the interval asked for last
        self._newest: dict[str, _Newest] = {}  # symbol -> the settlement asked for last
        self._settled: OrderedDict[tuple[str, int], Decimal] = OrderedDict()  # (symbol, time) -> rate

    def due(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[Due]:
        """List settlements with after_ms < time <= until_ms, oldest first."""
        recorded = self._feed.funding(symbol, after_ms, until_ms)
        if recorded is not None:
            return [Due(record.time_ms, record.rate) for record in recorded]
        found, after = list[Due](), after_ms
        while (next_ms := self._next(symbol, after)) <= until_ms:
            found.append(Due(next_ms, None))
            after = next_ms
        return found

    def rate_of(self, symbol: str, due: Due) -> Decimal:
        """Tell the rate of a settlement that is past."""
        if due.rate is not None:
            return due.rate
        key = (symbol, due.time_ms)
        rate = self._settled.get(key)
        if rate is None:
            rules = self._rules[symbol]
            step = self._rulebook.step_ms(symbol, due.time_ms - 1)
            average = self._average(symbol, due.time_ms - step, due.time_ms)
            rate = formula_rate(average, rules, step // HOUR)
            self._settled[key] = rate
            if len(self._settled) > KEPT_RATES:
                self._settled.popitem(last=False)
        return rate

    def next_ms(self, symbol: str, now_ms: int) -> int:
        """Tell the next settlement time after now."""
        recorded = self._feed.next_funding_ms(symbol, now_ms)
        if recorded is not None:
            return recorded
        return self._next(symbol, now_ms)

    def last(self, symbol: str, now_ms: int) -> tuple[int, Decimal] | None:
        """Tell time and rate of the newest settlement up to now; None before the first."""
        known = self._newest.get(symbol)
        if known is not None and known.holds(now_ms, self._rulebook.version):
            return known.time_ms, known.rate
        found = self.due(symbol, now_ms - DAY, now_ms)
        if not found:
            return None
        newest, rate = found[-1], self.rate_of(symbol, found[-1])
        until_ms = self.next_ms(symbol, now_ms)
        self._newest[symbol] = _Newest(newest.time_ms, rate, until_ms, self._rulebook.version)
        return newest.time_ms, rate

    def running(self, symbol: str, now_ms: int) -> Decimal:
        """Estimate the rate of the current interval from its premium so far.

        Where no premium is known yet, the last settled rate stands in, else the interest rate's.
        """
        last = self.last(symbol, now_ms)
        step = self._rules[symbol].interval_hours * HOUR
        start = now_ms // step * step if last is None else last[0] // MINUTE * MINUTE
        average = self._extended(symbol, start, now_ms)
        if not average.weights and last is not None:
            return last[1]
        return formula_rate(average.value(), self._rules[symbol])

    def _next(self, symbol: str, after_ms: int) -> int:
        """Tell the settlement after a moment by the interval that holds there, or one that begins before it ends."""
        step = self._rulebook.step_ms(symbol, after_ms)
        next_ms = (after_ms // step + 1) * step
        changed = self._rulebook.changed_between(symbol, after_ms, next_ms)
        if changed is None:
            return next_ms
        step = self._rulebook.step_ms(symbol, changed)
        if changed % step == 0:
            return changed
        return self._next(symbol, changed)

    def _average(self, symbol: str, start_ms: int, until_ms: int) -> Decimal:
        running = self._running.get(symbol)
        if running is not None and running.start_ms == start_ms:
            return self._extended(symbol, start_ms, until_ms).value()
        average = _Average(start_ms)
        self._sample(symbol, average, until_ms)
        return average.value()

    def _extended(self, symbol: str, start_ms: int, until_ms: int) -> _Average:
        average = self._running.get(symbol)
        if average is None or average.start_ms != start_ms or start_ms + average.samples * MINUTE > until_ms:
            average = self._running[symbol] = _Average(start_ms)
        self._sample(symbol, average, until_ms)
        return average

    def _sample(self, symbol: str, average: _Average, until_ms: int) -> None:
        samples = (until_ms - average.start_ms) // MINUTE
        if samples <= average.samples:
            return
        weighted, weights = self._sum(symbol, average.start_ms, average.samples + 1, samples)
        average.weighted += weighted
        average.weights += weights
        average.samples = samples

    def _each(self, symbol: str, start_ms: int, first: int, last: int) -> tuple[Decimal, int]:
        weighted, weights = ZERO, 0
        for number in range(first, last + 1):
            premium = self._feed.premium(symbol, start_ms + number * MINUTE)
            if premium is not None:
                weighted += number * premium
                weights += number
        return weighted, weights
