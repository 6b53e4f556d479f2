"""The synthetic feed: a whole made-up market for any date, the same for the same seed on every machine.

Spot prices are random walks that share one market's mood. A perpetual is its spot price times one plus that hour's
premium; the index is the spot price; mark price history is the same as the perpetual's, unrounded. Nothing here is
real, and `synthetic` says so wherever prices are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache

from atapi.paper.feeds import markets
from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, SECOND, gather, point, slot, slots
from atapi.paper.feeds.base import Bar, Book, Catalogue, FundingRecord, Series
from atapi.paper.feeds.paths import Climate, PricePath
from atapi.paper.feeds.premium import PremiumPath
from atapi.paper.feeds.views import View, view

KEPT_BARS = 8_000  # about a kilobyte each

_NOTHING = Decimal(0)
_SUPPLY_SINCE = 20_454  # 2026-01-01, in days since 1970


class SyntheticFeed:
    """Prices made up from a seed; there is data for any time."""

    name = "synthetic"
    synthetic = True
    recorded = None

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._climate = Climate(seed)
        self._path = cache(self._make_path)  # spot symbol -> path
        self._premium = cache(self._make_premium)  # perpetual -> premium
        self._view = cache(self._make_view)  # (series, symbol) -> view
        self._whole = lru_cache(maxsize=KEPT_BARS)(self._make_whole)

    def identity(self) -> str:
        """Name this world in a file name."""
        return f"synthetic-{self._seed}"

    def catalogue(self) -> Catalogue:
        """List what can be traded: every shipped market."""
        return markets.catalogue()

    def span(self) -> tuple[int, int] | None:
        """None: there is data for any time."""
        return None

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price, that of the last finished second.

        None for an unknown symbol, and for a mark price, which the exchange computes.
        """
        shown = self._view(series, symbol)
        return None if shown is None or series is Series.MARK else shown.price(now_ms)

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        """List bars; the running one is made of the seconds finished by `now_ms`."""
        shown = self._view(series, symbol)
        if shown is None:
            return []
        opened, closed = slots(start_ms, min(end_ms, now_ms), interval_ms)
        over = min(closed, slot(now_ms, interval_ms)) if closed > now_ms else closed
        found = [self._whole(series, symbol, interval_ms, at) for at in range(opened, over, interval_ms)]
        if opened <= over < closed:  # the running one
            found += gather(_pieces(shown, interval_ms, over, now_ms, running=True), interval_ms)
        return found

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        """Tell the premium index; None for a symbol that is no perpetual."""
        premium = self._premium(symbol)
        return premium.at(at_ms) if premium else None

    def premium_sum(self, symbol: str, start_ms: int, first: int, last: int) -> tuple[Decimal, int]:
        """Add up a perpetual's premium over minutes, each weighted by its number; and the weights."""
        premium = self._premium(symbol)
        if premium is None:
            return _NOTHING, 0
        return premium.weighted_sum(start_ms, first, last), (first + last) * (last - first + 1) // 2

    def premium_range(
        self, symbol: str, start_ms: int, minutes: int
    ) -> tuple[Decimal, Decimal, Decimal, Decimal] | None:
        """Tell first, highest, lowest and last of a perpetual's premiums over so many minutes."""
        premium = self._premium(symbol)
        return premium.extent(start_ms, minutes) if premium else None

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        """None: the formula decides."""
        return None

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        """None: the symbol's interval decides."""
        return None

    def book(self, series: Series, symbol: str) -> Book:
        """Tell how the crowd quotes this symbol."""
        market = markets.find(series, symbol)
        return markets.crowd_book(market.crowd if market else "thin", series)

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        """Coins in circulation by base asset, issued steadily; never less than half of the table's."""
        days = now_ms // DAY - _SUPPLY_SINCE
        return {
            market.spot.base_asset: Decimal(max(market.supply + days * market.issued, market.supply // 2))
            for market in markets.markets().values()
        }

    def _make_path(self, symbol: str) -> PricePath:
        return PricePath(markets.markets()[symbol], self._climate)

    def _make_premium(self, symbol: str) -> PremiumPath | None:
        market = markets.find(Series.UM, symbol)
        return PremiumPath(market, self._seed) if market else None

    def _make_whole(self, series: Series, symbol: str, interval_ms: int, open_ms: int) -> Bar:
        shown = self._view(series, symbol)
        assert shown is not None
        return _finished(shown, interval_ms, open_ms)

    def _make_view(self, series: Series, symbol: str) -> View | None:
        market = markets.find(series, symbol)
        if market is None:
            return None
        return view(series, self._path(market.spot.symbol), self._premium(symbol))


def _finished(shown: View, interval_ms: int, open_ms: int) -> Bar:
    """Make one bar that is over, of as few as there are."""
    size_ms = next(
        size for size in (DAY, HOUR, MINUTE, SECOND) if size <= shown.largest_ms and interval_ms % size == 0
    )
    if size_ms == interval_ms:
        return shown.bar(size_ms, open_ms // size_ms)
    return shown.joined(size_ms, open_ms // size_ms, interval_ms // size_ms)


def _pieces(shown: View, interval_ms: int, start_ms: int, end_ms: int, *, running: bool) -> Iterator[Bar]:
    """Cover a span with as few bars as there are: days, then hours, then minutes, then seconds."""
    at = start_ms
    for size_ms in (DAY, HOUR, MINUTE, SECOND):
        if interval_ms % size_ms or size_ms > shown.largest_ms:
            continue
        until = end_ms // size_ms * size_ms
        yield from (shown.bar(size_ms, number) for number in range(at // size_ms, until // size_ms))
        at = max(at, until)
    if running:
        yield point(at, shown.price(end_ms))
