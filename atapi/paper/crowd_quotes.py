"""Keeps the crowd's quotes in a book: anew when a second has passed or the price has moved, else as they were left."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.matching.book import Resting
from atapi.paper.backoffice import Backoffice
from atapi.paper.crowd import Levels
from atapi.paper.feeds.base import Series
from atapi.paper.listing import Listing
from atapi.paper.prices import SECOND

LOOK_EVERY_MS = 100  # how often the crowd looks whether the price has moved

Take = Callable[[Listing[Any], Resting, int, int], None]  # listing, an account's order, lots, time


class CrowdQuotes:
    """The crowd of one market.

    Args:
        take: Books that the crowd takes lots of an account's resting order.
    """

    def __init__(self, office: Backoffice, series: Series, take: Take) -> None:
        self._office = office
        self._series = series
        self._take = take
        span = office.feed.span()
        self._end_ms = (
            None if span is None else span[1]
        )  # where a recording stands still, and must be seen whole

    def refresh(self, listing: Listing[Any], now_ms: int) -> None:
        """Bring the crowd's quotes up to now; what they cross is traded."""
        look = now_ms // LOOK_EVERY_MS
        if look == listing.looked and now_ms != self._end_ms:
            return
        listing.looked = look
        moment = now_ms // SECOND if self._office.feed.recorded is None else now_ms
        quote = (moment, self._office.prices.at(self._series, listing.symbol, now_ms))
        if quote != listing.quoted:
            self._requote(listing, *quote, now_ms)

    def around(self, listing: Listing[Any], price: Decimal, now_ms: int) -> None:
        """Quote around a price that the market reached, whatever it is by now; what that crosses is traded."""
        listing.looked = now_ms // LOOK_EVERY_MS
        quote = (now_ms // SECOND, price)
        if quote != listing.quoted:
            self._requote(listing, *quote, now_ms)

    def remember(self, listing: Listing[Any]) -> None:
        """Keep what was taken from the quotes, so that a restart does not bring it back."""
        if listing.taken:
            self._office.effects.later(_memory_of(listing), listing.memory)

    def _requote(self, listing: Listing[Any], second: int, price: Decimal | None, now_ms: int) -> None:
        opened = (
            listing.quoted is None and not listing.version
        )  # the first quotes since the exchange was opened
        listing.withdraw_crowd()
        listing.quoted = (second, price)
        if opened:
            listing.recall(self._office.store.meta(_memory_of(listing)) or "none")
        if price is not None:
            bids, asks = self._levels(listing, price, second, now_ms)
            for bid, levels in ((True, bids), (False, asks)):
                for ticks, lots in levels:
                    left = lots - listing.taken.get((bid, ticks), 0)
                    left -= self._cross(listing, bid, ticks, left, now_ms)
                    if left:
                        listing.rest_crowd(bid, ticks, left, self._office.ids.crowd)
        listing.changed(now_ms)
        self._office.effects.book(listing.market, listing.symbol)
        self.remember(listing)

    def _levels(
        self, listing: Listing[Any], price: Decimal, second: int, now_ms: int
    ) -> tuple[Levels, Levels]:
        recorded = self._office.feed.recorded
        found = None if recorded is None else recorded.levels(self._series, listing.symbol, now_ms)
        if found is None:
            return listing.crowd_levels(price, second)
        bids, asks = ([(listing.ticks(p), listing.lots(q)) for p, q in side] for side in found)
        return bids, asks

    def _cross(self, listing: Listing[Any], bid: bool, ticks: int, lots: int, now_ms: int) -> int:
        # A quote of the crowd that meets an account's order takes it, at that order's price; how much it took.
        book, taken = listing.book, 0
        while taken < lots:
            resting = book.first(not bid)
            if resting is None or (resting.price > ticks if bid else resting.price < ticks):
                break
            part = min(lots - taken, resting.lots)
            self._take(listing, resting, part, now_ms)
            taken += part
        if taken:
            listing.take(bid, ticks, taken)
        return taken


def _memory_of(listing: Listing[Any]) -> str:
    return f"crowd {listing.market} {listing.symbol}"
