"""What happened between two moments, in its order: fundings, interest and liquidations, orders traded through.

Bars are looked at when they are over, by the minute; where the feed has no minutes, by the hour, else by the day. At
the end the crowd quotes anew wherever an account's order rests, and takes what its quotes cross.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from atapi.paper.feeds.base import Bar, Feed, Series
from atapi.paper.listing import Listing
from atapi.paper.margin.watch import MarginWatch
from atapi.paper.market import Market
from atapi.paper.orders import Orders
from atapi.paper.perpetuals import Perpetuals
from atapi.paper.prices import DAY, HOUR, MINUTE
from atapi.paper.records import SettledFunding

Touch = tuple[int, str, str, Bar]  # time, market, symbol, bar
Happening = tuple[int, Callable[[], None]]  # time, what happens then


class Timeline:
    """Brings markets from one moment to a later one."""

    def __init__(
        self,
        feed: Feed,
        orders: Orders,
        markets: Mapping[str, Market[Any]],
        perpetuals: Mapping[str, Perpetuals],
        margin: MarginWatch,
    ) -> None:
        self._feed = feed
        self._orders = orders
        self._markets = markets
        self._perpetuals = perpetuals
        self._margin = margin

    def run(self, after_ms: int, now_ms: int) -> None:
        """Let everything happen that lies in after_ms < time <= now_ms."""
        resting = {name: self._orders.symbols(name) for name in self._markets}
        happenings: list[Happening] = [
            *(
                (f.time_ms, partial(self._perpetuals[name].market.settle_funding, f))
                for name, f in self._fundings(resting, after_ms, now_ms)
            ),
            *((hour, partial(self._margin.charge, hour)) for hour in self._margin.hours(after_ms, now_ms)),
            *((touch[0], partial(self._fill, touch)) for touch in self._touches(resting, after_ms, now_ms)),
        ]
        lived = after_ms
        for time_ms, happen in sorted(happenings, key=itemgetter(0)):
            self._margin.live(lived, time_ms)
            happen()
            lived = time_ms
        self._margin.live(lived, now_ms)
        for name, market in self._markets.items():
            for symbol in resting[name]:
                market.quoted(symbol, now_ms)

    def _fundings(
        self, resting: Mapping[str, Sequence[str]], after_ms: int, now_ms: int
    ) -> list[tuple[str, SettledFunding]]:
        found = [
            (name, funding)
            for name, perpetuals in self._perpetuals.items()
            for symbol in sorted(perpetuals.accounts.symbols().union(resting[name]))
            for funding in perpetuals.funding.due(symbol, after_ms, now_ms)
        ]
        return sorted(found, key=lambda due: (due[1].time_ms, due[1].symbol))

    def _touches(self, resting: dict[str, list[str]], after_ms: int, now_ms: int) -> list[Touch]:
        if after_ms // MINUTE == now_ms // MINUTE:
            return []  # no bar is over
        found: list[Touch] = []
        for name, market in self._markets.items():
            for symbol in resting[name]:
                listing = market.listing(symbol)
                listing.withdraw_crowd()
                for over_ms, bar in self._bars(market.series, listing, after_ms, now_ms):
                    if _reaches(bar, listing):
                        found.append((over_ms - 1, name, symbol, bar))
        return sorted(found, key=lambda touch: touch[:3])

    def _bars(
        self, series: Series, listing: Listing[Any], after_ms: int, now_ms: int
    ) -> Iterator[tuple[int, Bar]]:
        """Walk bars that end in after_ms < time <= now_ms, in minutes where the hour reaches an order."""
        hours = self._feed.bars(series, listing.symbol, HOUR, after_ms // HOUR * HOUR, now_ms, now_ms)
        if not hours:
            days = self._feed.bars(series, listing.symbol, DAY, after_ms // DAY * DAY, now_ms, now_ms)
            yield from _over(days, DAY, after_ms, now_ms)
            return
        for hour in hours:
            if not _reaches(hour, listing):
                continue
            last = hour.open_ms + HOUR - MINUTE
            minutes = self._feed.bars(series, listing.symbol, MINUTE, hour.open_ms, last, now_ms)
            if minutes:
                yield from _over(minutes, MINUTE, after_ms, now_ms)
            else:
                yield from _over([hour], HOUR, after_ms, now_ms)

    def _fill(self, touch: Touch) -> None:
        time_ms, name, symbol, bar = touch
        market = self._markets[name]
        market.fill_through(market.listing(symbol), bar, time_ms)


def _reaches(bar: Bar, listing: Listing[Any]) -> bool:
    """Whether a bar traded beyond an account's order; the crowd must have withdrawn."""
    bid, ask = listing.book.best_bid, listing.book.best_ask
    return (bid is not None and bar.low < listing.price(bid)) or (
        ask is not None and bar.high > listing.price(ask)
    )


def _over(bars: Sequence[Bar], step_ms: int, after_ms: int, now_ms: int) -> Iterator[tuple[int, Bar]]:
    for bar in bars:
        end = bar.open_ms + step_ms
        if after_ms < end <= now_ms:
            yield end, bar
