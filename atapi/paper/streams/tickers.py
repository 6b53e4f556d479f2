"""Streams of a symbol's day, its mark price, and of all symbols at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.streams.books import BookTicker
from atapi.paper.streams.topic import FUTURES_KIND, State, Topic
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.shapes.market import levels, printer_of
from atapi.paper.wire.statistics import day_statistics
from atapi.paper.wire.symbols import priced_symbols

TOUCHES_EACH_S = 5
MARKS_EACH_S = 3


class MiniTicker(State):
    """The day in short."""

    def facts(self) -> Any:
        day = day_statistics(self.exchange, self.market, self.symbol)
        printer = printer_of(self.exchange, self.market, self.symbol)
        return {
            "c": printer.price(day.last),
            "o": printer.price(day.bar.open),
            "h": printer.price(day.bar.high),
            "l": printer.price(day.bar.low),
            "v": printer.quantity(day.bar.volume),
            "q": printer.quote(day.bar.turnover),
        }

    def show(self, facts: Any) -> Any:
        return self.event("24hrMiniTicker") | facts | self.futures_tail()


class Ticker(State):
    """The day at length; with the touch on spot."""

    def facts(self) -> Any:
        day = day_statistics(self.exchange, self.market, self.symbol)
        printer = printer_of(self.exchange, self.market, self.symbol)
        newest = self.exchange.public_trades(self.market, self.symbol, 1)
        facts = {
            "p": printer.price(day.change),
            "P": places(day.change_percent, 3),
            "w": printer.price(day.weighted_price),
            "c": printer.price(day.last),
            "Q": printer.quantity(newest[-1].quantity if newest else Decimal(0)),
            "o": printer.price(day.bar.open),
            "h": printer.price(day.bar.high),
            "l": printer.price(day.bar.low),
            "v": printer.quantity(day.bar.volume),
            "q": printer.quote(day.bar.turnover),
            "O": day.bar.open_ms,
            "F": 0,
            "L": max(0, day.bar.trades - 1),
            "n": day.bar.trades,
        }
        if self.market != "spot":
            return facts
        _, bids, asks = self.exchange.depth("spot", self.symbol, 5)
        [bid, bid_quantity] = levels(bids[:1], printer)[0] if bids else ["0", "0"]
        [ask, ask_quantity] = levels(asks[:1], printer)[0] if asks else ["0", "0"]
        touch = {
            "x": printer.price(day.previous_close),
            "b": bid,
            "B": bid_quantity,
            "a": ask,
            "A": ask_quantity,
        }
        return facts | touch

    def show(self, facts: Any) -> Any:
        event = self.event("24hrTicker")
        return event | facts | {"C": event["E"]} | self.futures_tail()


class MarkPrice(State):
    """Mark, index and running funding."""

    def facts(self) -> Any:
        mark = self.exchange.mark(self.symbol, self.market)
        return {
            "p": eight(mark.mark_price),
            "ap": eight(mark.mean_price),
            "i": eight(mark.index_price),
            "P": eight(mark.settle_price),
            "r": eight(mark.funding_rate),
            "T": mark.next_funding_ms,
        }

    def show(self, facts: Any) -> Any:
        return self.event("markPriceUpdate") | facts | {"st": FUTURES_KIND[self.market]}


class SlowMarkPrice(MarkPrice):
    """The same, each 3 s, whether it has changed or not."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._told_ms = exchange.now_ms()

    def current(self) -> list[Any]:
        self._told_ms = self.exchange.now_ms()
        return super().current()

    def news(self) -> list[Any]:
        if not _over(self._told_ms, self.exchange.now_ms(), MARKS_EACH_S):
            return []
        return self.current()


class IndexPrice(State):
    """The index of a COIN-M pair."""

    def facts(self) -> Any:
        return eight(self.exchange.mark(self.symbol, self.market).index_price)

    def show(self, facts: Any) -> Any:
        now = self.exchange.now_ms()
        return {"e": "indexPriceUpdate", "E": now, "i": pair_of(self.symbol), "p": facts}


class Touches(Topic):
    """The best bid and ask of every symbol of both futures markets that has another: one event each, each 5 s."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._all = All(exchange, market, BookTicker)
        self._told_ms = exchange.now_ms()

    def current(self) -> list[Any]:
        return [event for events in self._all.current() for event in events]

    def news(self) -> list[Any]:
        if not _over(self._told_ms, self.exchange.now_ms(), TOUCHES_EACH_S):
            return []
        self._told_ms = self.exchange.now_ms()
        return [event for events in self._all.news() for event in events]


class All(Topic):
    """One stream of all symbols: what has changed, as one array; of futures, USD-M and COIN-M together."""

    def __init__(self, exchange: Exchange, market: str, each: type[State]) -> None:
        super().__init__(exchange, market, "")
        markets = ("spot",) if market == "spot" else ("um", "cm")
        self._topics = [
            each(exchange, of, symbol) for of in markets for symbol in priced_symbols(exchange, of)
        ]

    def current(self) -> list[Any]:
        return [[payload for topic in self._topics for payload in topic.current()]]

    def news(self) -> list[Any]:
        payloads = [payload for topic in self._topics for payload in topic.news()]
        return [payloads] if payloads else []


def _over(told_ms: int, now_ms: int, seconds: int) -> bool:
    """Whether so many seconds have gone by, counted whole: a heart that beats a little early is in time."""
    return now_ms // 1000 - told_ms // 1000 >= seconds
