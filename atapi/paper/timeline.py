"""What happened between two moments, in its order: fundings paid, open orders that the market reached.

Bars are looked at when they are over, by the minute; where the feed has no minutes, by the hour, else by the day. At
the end every symbol with an open order is looked at as it is now: the crowd quotes anew and takes what its quotes
cross.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import merge
from typing import Any, NamedTuple

from atapi.paper.feeds.base import Bar, Feed
from atapi.paper.listing import Listing
from atapi.paper.market import Market
from atapi.paper.orders import Orders
from atapi.paper.perpetuals import Perpetuals
from atapi.paper.prices import DAY, HOUR, MINUTE
from atapi.paper.records import SettledFunding


class Moment(NamedTuple):
    """Something that happens at a time; of what happens at the same time, fundings come first."""

    time_ms: int
    turn: int  # 0 for a funding, 1 for a bar
    market: str
    symbol: str
    what: Bar | SettledFunding


class Timeline:
    """Brings markets from one moment to a later one."""

    def __init__(
        self,
        feed: Feed,
        orders: Orders,
        markets: Mapping[str, Market[Any]],
        perpetuals: Mapping[str, Perpetuals],
    ) -> None:
        self._feed = feed
        self._orders = orders
        self._markets = markets
        self._perpetuals = perpetuals

    def run(self, after_ms: int, now_ms: int) -> None:
        """Let everything happen that lies in after_ms < time <= now_ms."""
        ordered = {name: self._orders.symbols(name) for name in self._markets}
        fundings = self._fundings(ordered, after_ms, now_ms)
        walks = [] if after_ms // MINUTE == now_ms // MINUTE else self._walks(ordered, after_ms, now_ms)
        for moment in merge(fundings, *walks, key=_in_time):
            if isinstance(moment.what, SettledFunding):
                self._perpetuals[moment.market].market.settle_funding(moment.what)
            else:
                market = self._markets[moment.market]
                market.live_through(market.listing(moment.symbol), moment.what, moment.time_ms)
        for name, market in self._markets.items():
            for symbol in ordered[name]:
                market.look(symbol, now_ms)

    def _fundings(self, ordered: Mapping[str, Sequence[str]], after_ms: int, now_ms: int) -> list[Moment]:
        found = [
            Moment(funding.time_ms, 0, name, symbol, funding)
            for name, perpetuals in self._perpetuals.items()
            for symbol in sorted(perpetuals.accounts.symbols().union(ordered[name]))
            for funding in perpetuals.funding.due(symbol, after_ms, now_ms)
        ]
        return sorted(found, key=_in_time)

    def _walks(self, ordered: dict[str, list[str]], after_ms: int, now_ms: int) -> list[Iterator[Moment]]:
        return [
            self._walk(market, market.listing(symbol), after_ms, now_ms)
            for name, market in self._markets.items()
            for symbol in ordered[name]
        ]

    def _walk(
        self, market: Market[Any], listing: Listing[Any], after_ms: int, now_ms: int
    ) -> Iterator[Moment]:
        """Walk bars that end in after_ms < time <= now_ms and reach an order that is open by then.

        Each bar is asked for only once what the one before it did has happened, so that an order that one bar
        brings to the book may be filled by the next.
        """
        for over_ms, bar in self._bars(market, listing, after_ms, now_ms):
            if market.reached(listing, bar):
                yield Moment(over_ms - 1, 1, market.name, listing.symbol, bar)

    def _bars(
        self, market: Market[Any], listing: Listing[Any], after_ms: int, now_ms: int
    ) -> Iterator[tuple[int, Bar]]:
        """Walk finished bars with their ends, in minutes where the hour reaches an order."""
        series, symbol = market.series, listing.symbol
        hours = self._feed.bars(series, symbol, HOUR, after_ms // HOUR * HOUR, now_ms, now_ms)
        if not hours:
            days = self._feed.bars(series, symbol, DAY, after_ms // DAY * DAY, now_ms, now_ms)
            yield from _over(days, DAY, after_ms, now_ms)
        for hour in hours:
            if market.reached(listing, hour):
                last = hour.open_ms + HOUR - MINUTE
                minutes = self._feed.bars(series, symbol, MINUTE, hour.open_ms, last, now_ms)
                step = MINUTE if minutes else HOUR
                yield from _over(minutes or [hour], step, after_ms, now_ms)


def _over(bars: Sequence[Bar], step_ms: int, after_ms: int, now_ms: int) -> Iterator[tuple[int, Bar]]:
    for bar in bars:
        end = bar.open_ms + step_ms
        if after_ms < end <= now_ms:
            yield end, bar


def _in_time(moment: Moment) -> tuple[int, int, str, str]:
    return moment[:4]
