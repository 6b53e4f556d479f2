"""Streams of what traded: trades one by one, and the bars they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.records import TradeRecord
from atapi.paper.streams.topic import FUTURES_KIND, Json, Topic
from atapi.paper.wire.intervals import bars_of
from atapi.paper.wire.shapes.market import aggregate_trade, buyer_is_maker, printer_of

FEW, MANY = 20, 1000  # newest trades looked at; many where few do not reach back to the last one told
LATE_BARS = 500  # closed bars told of at most, after a long advance


class Trades(Topic):
    """The tape, trade by trade."""

    def __init__(self, exchange: Exchange, market: str, symbol: str, *, aggregated: bool) -> None:
        super().__init__(exchange, market, symbol)
        self._aggregated = aggregated
        self._last_id = max((trade.trade_id for trade in self._tape(FEW)), default=0)

    def news(self) -> list[Any]:
        printer = printer_of(self.exchange, self.market, self.symbol)
        events = []
        trades = self._tape(FEW)
        if trades and trades[0].trade_id > self._last_id:
            trades = self._tape(MANY)
        for trade in trades:
            if trade.trade_id <= self._last_id:
                continue
            self._last_id = trade.trade_id
            if self._aggregated:
                event = self.event("aggTrade") | aggregate_trade(trade, printer, self.market)
                events.append(event | self._kind())
                continue
            event = self.event("trade") | {
                "t": trade.trade_id,
                "p": printer.price(trade.price),
                "q": printer.quantity(trade.quantity),
                "T": trade.time_ms,
                "m": buyer_is_maker(trade),
            }
            events.append(event | ({"M": True} if self.market == "spot" else {"X": "MARKET"}))
        return events

    def _kind(self) -> Json:
        return {} if self.market == "spot" else {"st": FUTURES_KIND[self.market]}

    def _tape(self, limit: int) -> Sequence[TradeRecord]:
        return self.exchange.public_trades(self.market, self.symbol, limit)


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
