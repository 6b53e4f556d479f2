"""Streams of a book: the touch, the best levels, and every change with the ids to follow it by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.streams.topic import State, Topic
from atapi.paper.wire.shapes.market import Levels, levels, printer_of

BOOK_LEVELS = {"spot": 5000, "um": 1000, "cm": 1000}  # as deep as a snapshot can be
ZERO = Decimal(0)


class BookTicker(State):
    """Best bid and ask."""

    follows_book = True

    def facts(self) -> Any:
        update_id, bids, asks = self.exchange.depth(self.market, self.symbol, 5)
        printer = printer_of(self.exchange, self.market, self.symbol)
        return update_id, levels(bids[:1], printer), levels(asks[:1], printer)

    def show(self, facts: Any) -> Any:
        update_id, bids, asks = facts
        [bid, bid_quantity] = bids[0] if bids else ["0", "0"]
        [ask, ask_quantity] = asks[0] if asks else ["0", "0"]
        touch = {"s": self.symbol, "b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}
        if self.market == "spot":
            return {"u": update_id} | touch
        now = self.exchange.now_ms()
        return {"e": "bookTicker", "u": update_id, "E": now, "T": now} | touch | self.futures_tail()


class PartialDepth(State):
    """The best levels of a book."""

    follows_book = True

    def __init__(self, exchange: Exchange, market: str, symbol: str, rows: int) -> None:
        super().__init__(exchange, market, symbol)
        self._rows = rows
        self._shown_id = 0

    def facts(self) -> Any:
        update_id, bids, asks = self.exchange.depth(self.market, self.symbol, self._rows)
        printer = printer_of(self.exchange, self.market, self.symbol)
        return update_id, levels(bids[: self._rows], printer), levels(asks[: self._rows], printer)

    def show(self, facts: Any) -> Any:
        update_id, bids, asks = facts
        before, self._shown_id = self._shown_id, update_id
        if self.market == "spot":
            return {"lastUpdateId": update_id, "bids": bids, "asks": asks}
        event = self.event("depthUpdate")
        event |= {"T": event["E"], "U": update_id, "u": update_id, "pu": before, "b": bids, "a": asks}
        return event | self.futures_tail()


class DiffDepth(Topic):
    """Changes of a book, with the ids that let a client keep a copy."""

    follows_book = True

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._last = self._read()

    def news(self) -> list[Any]:
        before, self._last = self._last, self._read()
        (old_id, old_bids, old_asks), (new_id, bids, asks) = before, self._last
        if new_id == old_id:
            return []
        printer = printer_of(self.exchange, self.market, self.symbol)
        event = self.event("depthUpdate")
        if self.market != "spot":
            event["T"] = event["E"]
        event |= {"U": old_id + 1, "u": new_id}
        if self.market != "spot":
            event["pu"] = old_id
        event |= {
            "b": levels(_changed(old_bids, bids), printer),
            "a": levels(_changed(old_asks, asks), printer),
        }
        return [event | self.futures_tail()]

    def _read(self) -> tuple[int, dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        update_id, bids, asks = self.exchange.depth(self.market, self.symbol, BOOK_LEVELS[self.market])
        return update_id, dict(bids), dict(asks)


def _changed(before: dict[Decimal, Decimal], after: dict[Decimal, Decimal]) -> Levels:
    rows = [(price, quantity) for price, quantity in after.items() if before.get(price) != quantity]
    return rows + [(price, ZERO) for price in before if price not in after]
