"""Streams that only spot has: averages, windows of hours, reference prices, bars of UTC+8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar
from atapi.paper.streams.tape import Klines
from atapi.paper.streams.topic import State, Topic
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.intervals import DAY, HOUR, MINUTE, known
from atapi.paper.wire.shapes.market import SPOT_PRINTER
from atapi.paper.wire.statistics import window_statistics
from atapi.paper.wire.zones import read_zone, zoned_bars

BEIJING = "@+08:00"  # the only zone that streams of bars know


class AveragePrice(State):
    """The average price of five minutes."""

    def facts(self) -> Any:
        return eight(self.exchange.spot.average_price(self.symbol))

    def show(self, facts: Any) -> Any:
        tape = self.exchange.public_trades("spot", self.symbol, 1)
        event = self.event("avgPrice")
        return event | {"i": "5m", "w": facts, "T": tape[-1].time_ms if tape else event["E"]}


class ReferencePrice(State):
    """What the price range goes by; silent where a symbol has none."""

    def facts(self) -> Any:
        if self.exchange.catalogue.spot[self.symbol].price_range is None:
            return None
        return eight(self.exchange.spot.average_price(self.symbol))

    def current(self) -> list[Any]:
        return [payload for payload in super().current() if payload["r"] is not None]

    def show(self, facts: Any) -> Any:
        return {"e": "referencePrice", "s": self.symbol, "r": facts, "t": self.exchange.now_ms()}


class BlockTrades(Topic):
    """Block trades, of which nobody makes any here."""

    def news(self) -> list[Any]:
        return []


class WindowTicker(State):
    """A window of hours, from a full minute on."""

    name = ""
    span_ms = 0

    def facts(self) -> Any:
        start = self.exchange.now_ms() - self.span_ms
        window = window_statistics(self.exchange, self.symbol, start - start % MINUTE)
        show, bar = SPOT_PRINTER, window.bar
        return {
            "p": show.price(window.change),
            "P": places(window.change_percent, 3),
            "o": show.price(bar.open),
            "h": show.price(bar.high),
            "l": show.price(bar.low),
            "c": show.price(window.last),
            "w": show.price(window.weighted_price),
            "v": show.quantity(bar.volume),
            "q": show.quote(bar.turnover),
            "O": bar.open_ms,
            "F": 0 if bar.trades else -1,
            "L": bar.trades - 1,
            "n": bar.trades,
        }

    def show(self, facts: Any) -> Any:
        event = self.event(f"{self.name}Ticker")
        return event | facts | {"C": event["E"]}


class HourTicker(WindowTicker):
    """The last hour."""

    name, span_ms = "1h", HOUR


class FourHourTicker(WindowTicker):
    """The last four hours."""

    name, span_ms = "4h", 4 * HOUR


class DayTicker(WindowTicker):
    """The last day, from a full minute on."""

    name, span_ms = "1d", DAY


class ZonedKlines(Klines):
    """Bars that open by the clock of UTC+8."""

    def _bars(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[tuple[Bar, int]]:
        ahead = read_zone(BEIJING.removeprefix("@+"))
        return zoned_bars(self.exchange, self.symbol, self._interval, ahead, start_ms, end_ms, limit)


EACH: dict[str, type[Topic]] = {
    "avgPrice": AveragePrice,
    "referencePrice": ReferencePrice,
    "blockTrade": BlockTrades,
    "ticker_1h": HourTicker,
    "ticker_4h": FourHourTicker,
    "ticker_1d": DayTicker,
}
ARRAYS: dict[str, type[State]] = {
    "!ticker_1h@arr": HourTicker,
    "!ticker_4h@arr": FourHourTicker,
    "!ticker_1d@arr": DayTicker,
}


def spot_topic(exchange: Exchange, symbol: str, kind: str) -> Topic | None:
    """Make a stream of a spot symbol that only spot has; None where there is none such."""
    if kind.startswith("kline_") and kind.endswith(BEIJING):
        interval = kind.removeprefix("kline_").removesuffix(BEIJING)
        return ZonedKlines(exchange, "spot", symbol, interval) if known(interval, "spot") else None
    each: Callable[[Exchange, str, str], Topic] | None = EACH.get(kind)
    return None if each is None else each(exchange, "spot", symbol)
