"""Streams of what traded: trades one by one, and the bars they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.records import TradeRecord
from atapi.paper.streams.topic import FUTURES_KIND, Json, Topic
from atapi.paper.tape import PRINT_EVERY_MS, of_taker
from atapi.paper.wire.intervals import bars_of
from atapi.paper.wire.shapes.market import Printer, aggregate_trade, buyer_is_maker, printer_of

FEW, MANY = 20, 1000  # newest prints looked at; many where few do not reach back to the last one told
ALL = (20_000, 1_000_000)  # of a recording, where a step or a beat of its clock leaves none out
LATE_BARS = 500  # closed bars told of at most, after a long advance


class Trades(Topic):
    """The tape, trade by trade. Accounts' trades are told as they are heard of, the crowd's prints are looked for."""

    hears_trades = True

    def __init__(self, exchange: Exchange, market: str, symbol: str, *, aggregated: bool) -> None:
        super().__init__(exchange, market, symbol)
        self._aggregated = aggregated
        self._heard: dict[int, TradeRecord] = {}  # trade id -> the taker's side of it
        self._looked = self._moment()
        self._last_print = max((trade.trade_id for trade in self._prints(FEW)), default=0)

    def hear(self, trade: TradeRecord) -> None:
        if not trade.maker:
            self._heard[trade.trade_id] = trade
        elif trade.trade_id not in self._heard:
            self._heard[trade.trade_id] = of_taker(trade)

    def news(self) -> list[Any]:
        heard, self._heard = list(self._heard.values()), {}
        printed = self._printed()
        if printed:
            heard = sorted([*heard, *printed], key=lambda trade: trade.trade_id)
        printer = printer_of(self.exchange, self.market, self.symbol)
        return [self._show(trade, printer) for trade in heard]

    def _show(self, trade: TradeRecord, printer: Printer) -> Json:
        if self._aggregated:
            return self.event("aggTrade") | aggregate_trade(trade, printer, self.market) | self._kind()
        event = self.event("trade") | {
            "t": trade.trade_id,
            "p": printer.price(trade.price),
            "q": printer.quantity(trade.quantity),
            "T": trade.time_ms,
            "m": buyer_is_maker(trade),
        }
        return event | ({"M": True} if self.market == "spot" else {"X": "MARKET"})

    def _kind(self) -> Json:
        return {} if self.market == "spot" else {"st": FUTURES_KIND[self.market]}

    def _printed(self) -> list[TradeRecord]:
        before, self._looked = self._looked, self._moment()
        if before == self._looked:
            return []
        prints = self._prints(FEW)
        for limit in (MANY, *(ALL if self.exchange.feed.recorded is not None else ())):
            if not prints or prints[0].trade_id <= self._last_print:
                break
            prints = self._prints(limit)
        new = [trade for trade in prints if trade.trade_id > self._last_print]
        if new:
            self._last_print = new[-1].trade_id
        return new

    def _prints(self, limit: int) -> Sequence[TradeRecord]:
        return self.exchange.public_prints(self.market, self.symbol, limit)

    def _moment(self) -> int:
        now = self.exchange.now_ms()
        return now if self.exchange.feed.recorded is not None else now // PRINT_EVERY_MS


class Klines(Topic):
    """The running bar, and every bar that has closed."""

    def __init__(self, exchange: Exchange, market: str, symbol: str, interval: str) -> None:
        super().__init__(exchange, market, symbol)
        self._series = Series(market)
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

    def head(self) -> Json:
        """Begin an event of these bars."""
        return self.event("kline")

    def _show(self, bar: Bar, close_ms: int, *, closed: bool) -> Json:
        printer = printer_of(self.exchange, self.market, self.symbol)
        event = self.head()
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


class ContinuousKlines(Klines):
    """Bars of a pair's perpetual, which name the pair and the kind of contract instead of the symbol."""

    def head(self) -> Json:
        pair = self.futures_tail()["ps"]
        return {"e": "continuous_kline", "E": self.exchange.now_ms(), "ps": pair, "ct": "PERPETUAL"}

    def _show(self, bar: Bar, close_ms: int, *, closed: bool) -> Json:
        event = super()._show(bar, close_ms, closed=closed)
        del event["k"]["s"]
        return event
