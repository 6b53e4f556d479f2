"""Resting orders that the market traded through, bar by bar.

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

Touch = tuple[int, Market[Any], Listing[Any], Bar]  # when the bar is over


class TradedThrough:
    """A source of the timeline: fills at the end of bars that reach orders."""

    def __init__(self, feed: Feed, orders: Orders, markets: Mapping[str, Market[Any]]) -> None:
        self._feed = feed
        self._orders = orders
        self._markets = markets
        self._due: list[Touch] = []

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next bar that reaches an order is over."""
        self._due = []
        if after_ms // MINUTE == until_ms // MINUTE:
            return None  # no bar is over
        for name, market in self._markets.items():
            for symbol in self._orders.symbols(name):
                listing = market.listing(symbol)
                listing.withdraw_crowd()
                listing.looked = -1
                for over_ms, bar in self._bars(market.series, listing, after_ms, until_ms):
                    if _reaches(bar, listing):
                        self._due.append((over_ms, market, listing, bar))
                        until_ms = over_ms
                        break
        return until_ms if self._due else None

    def happen(self, at_ms: int) -> None:
        """Fill what the bars that are over now reach; the last moment of a bar is when it fills."""
        for over_ms, market, listing, bar in self._due:
            if over_ms == at_ms:
                market.fill_through(listing, bar, over_ms - 1)

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
