"""USD-M tickers: the day, the price, the touch; of one symbol or of all."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes.market import book_ticker, printer_of, ticker
from atapi.paper.wire.statistics import day_statistics
from atapi.paper.wire.symbols import priced_symbols

router = Router()

Json = dict[str, Any]


def _one_or_all(one: int, many: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else many


@router.public("/fapi/v1/ticker/24hr", weight=_one_or_all(1, 40))
def day(call: Call) -> Any:
    """Sum up the last 24 hours."""
    return _each(call, _day)


@router.public("/fapi/v1/ticker/price", weight=_one_or_all(1, 2))
@router.public("/fapi/v2/ticker/price", weight=_one_or_all(1, 2))
def price(call: Call) -> Any:
    """Tell the last price."""
    return _each(call, _price)


@router.public("/fapi/v1/ticker/bookTicker", weight=_one_or_all(2, 5))
def touch(call: Call) -> Any:
    """Tell the best bid and ask."""
    return _each(call, _touch)


def _each(call: Call, show: Callable[[Call, str], Json]) -> Any:
    symbol = call.params.maybe_symbol()
    if symbol is not None:
        return show(call, symbol)
    return [show(call, name) for name in priced_symbols(call.exchange, "um")]


def _day(call: Call, symbol: str) -> Json:
    statistics = day_statistics(call.exchange, "um", symbol)
    newest = call.exchange.public_trades("um", symbol, 1)
    show = printer_of(call.exchange, "um", symbol)
    return ticker(statistics, show, newest[-1].quantity if newest else Decimal(0))


def _price(call: Call, symbol: str) -> Json:
    last = call.exchange.last_price("um", symbol)
    return {
        "symbol": symbol,
        "price": printer_of(call.exchange, "um", symbol).price(last),
        "time": call.now_ms,
    }


def _touch(call: Call, symbol: str) -> Json:
    update_id, bids, asks = call.exchange.depth("um", symbol, 5)
    show = printer_of(call.exchange, "um", symbol)
    return book_ticker(symbol, bids, asks, show) | {"time": call.now_ms, "lastUpdateId": update_id}
