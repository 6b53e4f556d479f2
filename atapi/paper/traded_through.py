"""Open orders that bars of the market reached, one bar after the other.

Bars are looked at when they are over, by the minute; where the feed has no minutes, by the hour, else by the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from atapi.paper.feeds.base import Bar, Feed, Series
from atapi.paper.listing import Listing
from atapi.paper.market import Market
from atapi.paper.orders import Orders
from atapi.paper.prices import DAY, HOUR, MINUTE

KEPT = 512  # lists of bars remembered

Touch = tuple[int, Market[Any], Listing[Any], Bar]  # when the bar is over


class TradedThrough:
    """A source of the timeline: what happens to open orders at the end of a bar."""

    def __init__(self, feed: Feed, orders: Orders, markets: Mapping[str, Market[Any]]) -> None:
        self._feed = feed
        self._orders = orders
        self._markets = markets
        self._known: dict[tuple[Series, str, int, int, int], Sequence[Bar]] = {}  # as they were asked for
        self._due: list[Touch] = []

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next bar that reaches an order is over."""
        self._due = []
        if after_ms // MINUTE == until_ms // MINUTE:
            return None  # no bar is over
        first = until_ms
        for name, market in self._markets.items():
            for symbol in self._orders.symbols(name):
                listing = market.listing(symbol)
                listing.looked = -1  # the crowd withdraws
                for over_ms, bar in self._bars(market, listing, after_ms, until_ms):
                    if over_ms > first:
                        break
                    if market.reached(listing, bar):
                        self._due.append((over_ms, market, listing, bar))
                        first = over_ms
                        break
        return first if self._due else None

    def happen(self, at_ms: int) -> None:
        """Let the bars that are over now do what they do; the last moment of a bar is when its orders fill."""
        for over_ms, market, listing, bar in self._due:
            if over_ms == at_ms:
                market.live_through(listing, bar, over_ms - 1)

    def _bars(
        self, market: Market[Any], listing: Listing[Any], after_ms: int, until_ms: int
    ) -> Iterator[tuple[int, Bar]]:
        """Walk bars that end in after_ms < time <= until_ms, in minutes where the hour reaches an order."""
        series, symbol = market.series, listing.symbol
        hours = self._read(series, symbol, HOUR, after_ms // DAY * DAY, until_ms, until_ms)
        if not hours:
            days = self._read(series, symbol, DAY, after_ms // DAY * DAY, until_ms, until_ms)
            yield from _over(days, DAY, after_ms, until_ms)
        for hour in hours:
            if hour.open_ms + HOUR <= after_ms or not market.reached(listing, hour):
                continue
            last = hour.open_ms + HOUR - MINUTE
            minutes = self._read(series, symbol, MINUTE, hour.open_ms, last, until_ms)
            yield from _over(minutes or [hour], MINUTE if minutes else HOUR, after_ms, until_ms)

    def _read(
        self, series: Series, symbol: str, size_ms: int, start_ms: int, end_ms: int, until_ms: int
    ) -> Sequence[Bar]:
        key = (series, symbol, size_ms, start_ms, until_ms)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KEPT:
                self._known.clear()
            found = self._known[key] = self._feed.bars(series, symbol, size_ms, start_ms, end_ms, until_ms)
        return found


def _over(bars: Sequence[Bar], step_ms: int, after_ms: int, until_ms: int) -> Iterator[tuple[int, Bar]]:
    for bar in bars:
        end = bar.open_ms + step_ms
        if after_ms < end <= until_ms:
            yield end, bar
