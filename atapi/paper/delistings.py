"""Perpetuals that end: nothing opens for the last half hour, then positions are settled and the symbol is closed.

    PRE_SETTLE   30 minutes before: orders may only reduce
    SETTLING     at the delivery time: open orders expire, each position is closed at the settlement price, which is the
                 mean of the index at the end of each of the last 30 minutes
    CLOSE        ten minutes later

Assumes: Binance announces the half hour and the mean by symbol; these are its usual ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.paper.algo_book import AlgoBook
from atapi.paper.marks import Marks
from atapi.paper.prices import MINUTE
from atapi.paper.records import ZERO, Refusal
from atapi.paper.rulebook import Rulebook
from atapi.paper.um_market import UmMarket

WARNING_MS, CLOSING_MS = 30 * MINUTE, 10 * MINUTE
SETTLEMENT = "SETTLEMENT"
DELISTED = "DELISTED"
PRE_SETTLE, SETTLING, CLOSE = "PRE_SETTLE", "SETTLING", "CLOSE"


@dataclass(slots=True)
class Delisting:
    """What is still to come of one."""

    at_ms: int  # its delivery time
    next: str  # the status it changes to next


class Delistings:
    """A source of the timeline: ends perpetuals."""

    def __init__(self, market: UmMarket, rulebook: Rulebook, marks: Marks, algos: AlgoBook) -> None:
        self._market = market
        self._rulebook = rulebook
        self._marks = marks
        self._algos = algos
        self._coming: dict[str, Delisting] = {}  # by symbol

    def schedule(self, symbol: str, at_ms: int, now_ms: int) -> None:
        """Announce that a symbol ends at a time.

        Raises:
            Refusal: -1121 where there is no such symbol, -1102 where that is past.
        """
        self._market.listing(symbol)
        if at_ms <= now_ms:
            raise Refusal(-1102, "a delisting lies in the future")
        self._coming[symbol] = Delisting(at_ms, PRE_SETTLE)
        self._change(symbol, {"delivery_ms": at_ms}, now_ms)
        if self._due_ms(self._coming[symbol]) <= now_ms:
            self._go_on(symbol, now_ms)

    def call_off(self, symbol: str, now_ms: int) -> None:
        """Let a symbol live on; what was settled stays settled."""
        self._coming.pop(symbol, None)
        self._change(symbol, {"delivery_ms": 0, "status": "TRADING"}, now_ms)

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next status is due."""
        first = min(map(self._due_ms, self._coming.values()), default=None)
        return None if first is None or first > until_ms else max(first, after_ms + 1)

    def happen(self, at_ms: int) -> None:
        """Change what is due."""
        for symbol, coming in sorted(self._coming.items()):
            if self._due_ms(coming) <= at_ms:
                self._go_on(symbol, at_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _due_ms(self, coming: Delisting) -> int:
        return coming.at_ms + {PRE_SETTLE: -WARNING_MS, SETTLING: 0, CLOSE: CLOSING_MS}[coming.next]

    def _go_on(self, symbol: str, now_ms: int) -> None:
        coming = self._coming[symbol]
        self._change(symbol, {"status": coming.next}, now_ms)
        if coming.next == PRE_SETTLE:
            coming.next = SETTLING
        elif coming.next == SETTLING:
            coming.next = CLOSE
            self._settle(symbol, now_ms)
        else:
            del self._coming[symbol]

    def _change(self, symbol: str, changes: dict[str, str | int], now_ms: int) -> None:
        self._rulebook.change(self._market.name, symbol, changes, now_ms)
        self._market.rules_changed(symbol)

    def _settle(self, symbol: str, now_ms: int) -> None:
        office, name = self._market.office, self._market.name
        for account in [record.account for record in office.accounts.all()]:
            for order in office.orders.open(account, name, symbol):
                self._market.expire(order.order_id, DELISTED, now_ms)
            for algo in self._algos.open(account, symbol):
                self._algos.end(algo, "EXPIRED", "The symbol is delisted.", now_ms)
        price = self._settlement_price(symbol, now_ms)
        for position in list(self._market.positions.in_symbol(symbol)):
            client_id = f"settlement_autoclose-{office.ids.next('liquidation')}"
            quantity = abs(position.quantity)
            order, _ = self._market.force(position, quantity, price, SETTLEMENT, client_id, now_ms)
            self._market.fill_off_book(order, price, office.ids.trade(name, now_ms), now_ms)

    def _settlement_price(self, symbol: str, now_ms: int) -> Decimal:
        moments = range(now_ms, now_ms - WARNING_MS, -MINUTE)
        found = [self._marks.index(symbol, moment) for moment in moments]
        indices = [index for index in found if index is not None]
        listing = self._market.listing(symbol)
        mean = sum(indices, ZERO) / len(indices)
        return listing.price(max(1, round(mean / listing.tick)))
