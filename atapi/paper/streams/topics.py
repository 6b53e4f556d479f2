"""What each market stream shows now, and what is new since it was last asked."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.figures import eight, places
from atapi.paper.intervals import bars_of, known
from atapi.paper.shapes.market import aggregate_trade, buyer_is_maker, levels, printer_of
from atapi.paper.statistics import day_statistics

Json = dict[str, Any]
BOOK_LEVELS = {"spot": 5000, "um": 1000}  # as deep as a snapshot can be
TAPE = 1000  # newest trades looked at
LATE_BARS = 500  # closed bars told of at most, after a long advance

_DEPTH = re.compile(r"depth(5|10|20)?(@(0|100|250|500|1000)ms)?")


class Topic(ABC):
    """One stream."""

    follows_book = False

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        self.exchange = exchange
        self.market = market
        self.symbol = symbol  # "" where it is about all of them

    def current(self) -> list[Any]:
        """Tell a new listener how things stand; nothing where only changes are told."""
        return []

    @abstractmethod
    def news(self) -> list[Any]:
        """Tell what is new."""

    def event(self, name: str) -> Json:
        """Begin an event of this symbol."""
        return {"e": name, "E": self.exchange.now_ms(), "s": self.symbol}

    def futures_tail(self) -> Json:
        """What USD-M adds since 2026-06-30: the pair, and that it is USD-M."""
        return {"ps": self.symbol, "st": 1} if self.market == "um" else {}


class State(Topic):
    """A stream that shows how things stand, whenever that has changed."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._last: Any = None

    @abstractmethod
    def facts(self) -> Any:
        """Tell how things stand, without the time of telling."""

    @abstractmethod
    def show(self, facts: Any) -> Any:
        """Make the payload."""

    def current(self) -> list[Any]:
        self._last = self.facts()
        return [self.show(self._last)]

    def news(self) -> list[Any]:
        before, self._last = self._last, self.facts()
        return [] if before == self._last else [self.show(self._last)]


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
        if self.market == "um":
            event["T"] = event["E"]
        event |= {"U": old_id + 1, "u": new_id}
        if self.market == "um":
            event["pu"] = old_id
        event |= {
            "b": levels(_changed(old_bids, bids), printer),
            "a": levels(_changed(old_asks, asks), printer),
        }
        return [event | self.futures_tail()]

    def _read(self) -> tuple[int, dict[Decimal, Decimal], dict[Decimal, Decimal]]:
        update_id, bids, asks = self.exchange.depth(self.market, self.symbol, BOOK_LEVELS[self.market])
        return update_id, dict(bids), dict(asks)


class Trades(Topic):
    """The tape, trade by trade."""

    def __init__(self, exchange: Exchange, market: str, symbol: str, *, aggregated: bool) -> None:
        super().__init__(exchange, market, symbol)
        self._aggregated = aggregated
        self._last_id = max((t.trade_id for t in self._tape()), default=0)

    def news(self) -> list[Any]:
        printer = printer_of(self.exchange, self.market, self.symbol)
        events = []
        for trade in self._tape():
            if trade.trade_id <= self._last_id:
                continue
            if self._aggregated:
                event = self.event("aggTrade") | aggregate_trade(trade, printer, self.market)
                events.append(event | ({"st": 1} if self.market == "um" else {}))
                continue
            event = self.event("trade") | {
                "t": trade.trade_id,
                "p": printer.price(trade.price),
                "q": printer.quantity(trade.quantity),
                "T": trade.time_ms,
                "m": buyer_is_maker(trade),
            }
            events.append(event | ({"M": True} if self.market == "spot" else {"X": "MARKET"}))
        self._last_id = max([self._last_id, *(t.trade_id for t in self._tape())])
        return events

    def _tape(self) -> Sequence[Any]:
        return self.exchange.public_trades(self.market, self.symbol, TAPE)


class Klines(Topic):
    """The running bar, and every bar that has closed."""

    def __init__(self, exchange: Exchange, market: str, symbol: str, interval: str) -> None:
        super().__init__(exchange, market, symbol)
        self._series = Series.SPOT if market == "spot" else Series.UM
        self._interval = interval
        self._last = self._running()

    def current(self) -> list[Any]:
        self._last = self._running()
        return [self._show(*self._last, closed=False)] if self._last else []

    def news(self) -> list[Any]:
        before, self._last = self._last, self._running()
        if self._last is None or before == self._last:
            return []
        events = []
        if before is not None and before[0].open_ms < self._last[0].open_ms:
            rows = self._bars(before[0].open_ms, self._last[0].open_ms - 1, LATE_BARS)
            events = [self._show(bar, close_ms, closed=True) for bar, close_ms in rows]
        return [*events, self._show(*self._last, closed=False)]

    def _running(self) -> tuple[Bar, int] | None:
        rows = self._bars(None, None, 1)
        return rows[-1] if rows else None

    def _bars(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[tuple[Bar, int]]:
        return bars_of(self.exchange, self._series, self.symbol, self._interval, start_ms, end_ms, limit)

    def _show(self, bar: Bar, close_ms: int, *, closed: bool) -> Json:
        printer = printer_of(self.exchange, self.market, self.symbol)
        event = self.event("kline")
        event["k"] = {
            "t": bar.open_ms,
            "T": close_ms,
            "s": self.symbol,
            "i": self._interval,
            "f": -1,
            "L": -1,
            "o": printer.price(bar.open),
            "c": printer.price(bar.close),
            "h": printer.price(bar.high),
            "l": printer.price(bar.low),
            "v": printer.quantity(bar.volume),
            "n": bar.trades,
            "x": closed,
            "q": printer.quote(bar.turnover),
            "V": printer.quantity(bar.taker_volume),
            "Q": printer.quote(bar.taker_turnover),
            "B": "0",
        }
        return event


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
        if self.market == "um":
            return facts
        _, bids, asks = self.exchange.depth("spot", self.symbol, 5)
        [bid, bid_quantity] = levels(bids[:1], printer)[0] if bids else ["0", "0"]
        [ask, ask_quantity] = levels(asks[:1], printer)[0] if asks else ["0", "0"]
        touch = {"x": printer.price(day.previous_close), "b": bid, "B": bid_quantity, "a": ask, "A": ask_quantity}
        return facts | touch

    def show(self, facts: Any) -> Any:
        event = self.event("24hrTicker")
        return event | facts | {"C": event["E"]} | self.futures_tail()


class MarkPrice(State):
    """Mark, index and running funding."""

    def facts(self) -> Any:
        mark = self.exchange.mark(self.symbol)
        return {
            "p": eight(mark.mark_price),
            "ap": eight(mark.mark_price),
            "i": eight(mark.index_price),
            "P": eight(mark.settle_price),
            "r": eight(mark.funding_rate),
            "T": mark.next_funding_ms,
        }

    def show(self, facts: Any) -> Any:
        return self.event("markPriceUpdate") | facts | {"st": 1}


class All(Topic):
    """One stream of all symbols: what has changed, as one array."""

    def __init__(self, exchange: Exchange, market: str, each: type[State]) -> None:
        super().__init__(exchange, market, "")
        listed = exchange.catalogue.spot if market == "spot" else exchange.catalogue.um
        self._topics = [each(exchange, market, symbol) for symbol in listed]

    def current(self) -> list[Any]:
        return [[payload for topic in self._topics for payload in topic.current()]]

    def news(self) -> list[Any]:
        payloads = [payload for topic in self._topics for payload in topic.news()]
        return [payloads] if payloads else []


def topic_of(exchange: Exchange, market: str, name: str) -> Topic | None:
    """Make the stream of a name; None where there is none such."""
    if name.startswith("!"):
        return _topic_of_all(exchange, market, name)
    lower, at, kind = name.partition("@")
    symbol = lower.upper()
    listed = exchange.catalogue.spot if market == "spot" else exchange.catalogue.um
    if not at or lower != lower.lower() or symbol not in listed:
        return None
    if kind.startswith("kline_"):
        interval = kind.removeprefix("kline_")
        return Klines(exchange, market, symbol, interval) if known(interval, market) else None
    depth = _DEPTH.fullmatch(kind)
    if depth is not None:
        rows = depth.group(1)
        return PartialDepth(exchange, market, symbol, int(rows)) if rows else DiffDepth(exchange, market, symbol)
    if kind in ("trade", "aggTrade"):
        return Trades(exchange, market, symbol, aggregated=kind == "aggTrade")
    each = _STATES.get(kind)
    if each is None or (each is MarkPrice and market != "um"):
        return None
    return each(exchange, market, symbol)


def _topic_of_all(exchange: Exchange, market: str, name: str) -> Topic | None:
    each = _ARRAYS[market].get(name)
    return None if each is None else All(exchange, market, each)


_STATES: dict[str, type[State]] = {
    "bookTicker": BookTicker,
    "miniTicker": MiniTicker,
    "ticker": Ticker,
    "markPrice": MarkPrice,
    "markPrice@1s": MarkPrice,
}
_ARRAYS: dict[str, dict[str, type[State]]] = {
    "spot": {"!miniTicker@arr": MiniTicker},
    "um": {
        "!miniTicker@arr": MiniTicker,
        "!ticker@arr": Ticker,
        "!markPrice@arr": MarkPrice,
        "!markPrice@arr@1s": MarkPrice,
    },
}
