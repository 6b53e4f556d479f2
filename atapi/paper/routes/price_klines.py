"""Bars of what perpetuals are priced by, on USD-M and COIN-M: mark, index and premium index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atapi.paper.feeds.base import Bar, Series
from atapi.paper.feeds.coin_margined import perpetual_of
from atapi.paper.records import Refusal
from atapi.paper.routes.um_market import kline_span, kline_weight
from atapi.paper.wire.call import Call
from atapi.paper.wire.intervals import DAY, bars_of
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes.market import price_kline
from atapi.paper.wire.symbols import perpetual_rules

LONGEST_SPAN_MS = 200 * DAY  # of one request on COIN-M
SECOND = 1000
SERIES = {
    "markPriceKlines": (Series.MARK, "symbol"),
    "indexPriceKlines": (Series.INDEX, "pair"),
    "premiumIndexKlines": (Series.PREMIUM, "symbol"),
}


def price_klines(market: str, root: str) -> Router:
    """Make the endpoints of a market below a path."""
    router = Router()
    for path, (series, name) in SERIES.items():
        router.public(root + path, weight=kline_weight)(_bars(market, series, name))
    return router


def _bars(market: str, series: Series, name: str) -> Callable[[Call], list[list[Any]]]:
    def show(call: Call) -> list[list[Any]]:
        """Show bars of what a perpetual is priced by."""
        symbol = call.params.symbol(name)
        if market == "cm" and name == "pair":
            symbol = perpetual_of(symbol)
        interval, start, end, limit = kline_span(call.params)
        if market == "cm" and start is not None and end is not None and end - start > LONGEST_SPAN_MS:
            raise Refusal(-4088, "Maximum time interval is 200 days.")
        perpetual_rules(call, market, symbol)
        rows = bars_of(call.exchange, series, symbol, interval, start, end, limit)
        return [price_kline(bar, close, _samples(series, bar, close, call.now_ms)) for bar, close in rows]

    return show


def _samples(series: Series, bar: Bar, close_ms: int, now_ms: int) -> int:
    """Count the data points of a bar so far: premiums as they were taken, prices one a second."""
    if series is Series.PREMIUM:
        return bar.trades
    return (min(close_ms, now_ms) + 1 - bar.open_ms + SECOND - 1) // SECOND
