"""What an asset cost in USDT at moments gone by: for fees and interest, which are valued when they were paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.numbers import ONE
from atapi.exchanges.base import MarketData
from atapi.services.valuation import NUMERAIRE

BARS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1)}
PAGE = 1000  # bars of one answer


@dataclass(frozen=True, slots=True)
class PastPrices:
    """Opening prices of bars, each page read once: bars that have closed change no more."""

    market: MarketData
    _known: dict[tuple[str, str], dict[datetime, Decimal]] = field(
        default_factory=dict
    )  # (symbol, bar) -> opens

    def learn(self, asset: str, times: Iterable[datetime], bar: str = "1m") -> None:
        """Read what will be asked for, as few pages as hold it."""
        symbol = asset + NUMERAIRE
        if asset == NUMERAIRE or symbol not in self.market.instruments():
            return
        known = self._known.setdefault((symbol, bar), {})
        wanted = sorted({floor(at, BARS[bar]) for at in times} - known.keys())
        for first, last in stretches(wanted, BARS[bar] * (PAGE - 1)):
            # from the bar before: the first of a market that never traded may be missing
            bars = self.market.candles(symbol, bar, start=first - BARS[bar], end=last, limit=PAGE)
            opens = {b.open_at: b.open for b in bars}
            latest = bars[0].open if bars else None
            for at in [w for w in wanted if first <= w <= last]:
                latest = opens.get(at, latest)
                if latest is not None:
                    known[at] = latest

    def price(self, asset: str, at: datetime, bar: str = "1m") -> Decimal | None:
        """Tell the price at the start of the bar a moment fell in; None where the market has none."""
        if asset == NUMERAIRE:
            return ONE
        if floor(at, BARS[bar]) not in self._known.get((asset + NUMERAIRE, bar), {}):
            self.learn(asset, [at], bar)
        return self._known.get((asset + NUMERAIRE, bar), {}).get(floor(at, BARS[bar]))


def floor(at: datetime, step: timedelta) -> datetime:
    """Tell when the bar opened that a moment falls in.

    >>> floor(datetime(2026, 1, 1, 8, 59, 59), timedelta(hours=1)).hour
    8
    """
    return at - (at - datetime.min.replace(tzinfo=at.tzinfo)) % step


def stretches(times: Sequence[datetime], most: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """Cut ascending times into stretches no longer than an answer reaches."""
    stretch: list[datetime] = []
    for at in times:
        if stretch and at - stretch[0] >= most:
            yield stretch[0], stretch[-1]
            stretch = []
        stretch.append(at)
    if stretch:
        yield stretch[0], stretch[-1]
