"""Mark prices: the feed's own where it has them, else Binance's published formula.

    Mark   = median(Price1, Price2, last)
    Price1 = index * (1 + last funding rate * time to funding / funding interval)
    Price2 = index + mean over 30 s of ((bid + ask) / 2 - index)

The crowd quotes evenly around the feed's price, so that price stands for (bid + ask) / 2, sampled each second. A mark
holds for a second. Source: protocol reference, section 11.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import to_ledger
from atapi.paper.feeds.base import PerpetualRules, Series
from atapi.paper.funding_rates import FundingRates
from atapi.paper.prices import HOUR, SECOND, Prices
from atapi.paper.records import ZERO

BASIS_WINDOW_MS = 30 * SECOND
BASIS_SECONDS = BASIS_WINDOW_MS // SECOND
MEAN_WINDOW_MS, MEAN_STEP_MS = 30 * SECOND, 10 * SECOND
KEPT = 4096  # marks remembered


class Marks:
    """Mark and index prices of one exchange."""

    def __init__(
        self,
        prices: Prices,
        rates: FundingRates,
        rules: Mapping[str, PerpetualRules],
        series: Series = Series.UM,
    ) -> None:
        self._series = series
        self._prices = prices
        self._rates = rates
        self._rules = rules
        self._known: dict[tuple[str, int], Decimal | None] = {}  # (symbol, second) -> mark
        self._bases: dict[
            str, dict[int, Decimal | None]
        ] = {}  # symbol -> second -> basis, of the last window
        self._sampled: dict[
            str, tuple[int, list[Decimal]]
        ] = {}  # symbol -> (step, marks of the window's steps)

    def at(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the mark price now; None where nothing of the perpetual has a price."""
        second = now_ms // SECOND
        key = (symbol, second)
        if key in self._known:
            return self._known[key]
        mark = self._of_second(symbol, second)
        if len(self._known) >= KEPT:
            self._known.clear()
        self._known[key] = mark
        return mark

    def mean(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the moving average of the mark: over 30 s, of one mark each ten seconds."""
        step = now_ms // MEAN_STEP_MS
        known = self._sampled.get(symbol)
        if known is None or known[0] != step:
            moments = range(step, step - MEAN_WINDOW_MS // MEAN_STEP_MS, -1)
            marks = (self.at(symbol, moment * MEAN_STEP_MS) for moment in moments)
            known = self._sampled[symbol] = (step, [mark for mark in marks if mark is not None])
        marks_of = known[1]
        return to_ledger(sum(marks_of, ZERO) / len(marks_of)) if marks_of else None

    def at_settlement(self, symbol: str, time_ms: int) -> Decimal | None:
        """Tell the mark price that a funding is paid on; no time is left to it then, so Price1 is the index."""
        mark = self._prices.at(Series.MARK, symbol, time_ms)
        if mark is not None:
            return mark
        return self._formula(symbol, time_ms, self._prices.index(symbol, time_ms))

    def index(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the index price now."""
        index = self._prices.index(symbol, now_ms)
        return None if index is None else to_ledger(index)

    def _of_second(self, symbol: str, second: int) -> Decimal | None:
        moment = second * SECOND
        mark = self._prices.at(Series.MARK, symbol, moment)
        if mark is not None:
            return mark
        return self._formula(symbol, moment, self._first_price(symbol, moment))

    def _first_price(self, symbol: str, now_ms: int) -> Decimal | None:
        index = self._prices.index(symbol, now_ms)
        last = self._rates.last(symbol, now_ms)
        if index is None or last is None:
            return index
        left = Decimal(self._rates.next_ms(symbol, now_ms) - now_ms)
        return index * (1 + last[1] * left / (self._rules[symbol].interval_hours * HOUR))

    def _formula(self, symbol: str, now_ms: int, first: Decimal | None) -> Decimal | None:
        price, index = self._prices.last(self._series, symbol, now_ms), self._prices.index(symbol, now_ms)
        if price is None or index is None or first is None:
            return price if index is None else index
        bases = [basis for basis in self._last_bases(symbol, now_ms // SECOND) if basis is not None]
        second = index + (sum(bases, ZERO) / len(bases) if bases else ZERO)
        return to_ledger(sorted((first, second, price))[1])

    def _last_bases(self, symbol: str, second: int) -> list[Decimal | None]:
        """Tell price less index at each second of the window, the newest first."""
        seconds = range(second, second - BASIS_SECONDS, -1)
        known = self._bases.get(symbol, {})
        found = {at: known[at] if at in known else self._basis(symbol, at * SECOND) for at in seconds}
        self._bases[symbol] = found
        return list(found.values())

    def _basis(self, symbol: str, at_ms: int) -> Decimal | None:
        price, index = self._prices.at(self._series, symbol, at_ms), self._prices.index(symbol, at_ms)
        return None if price is None or index is None else price - index
