"""Spot tickers: the day, the price, the touch; of one symbol, of several, of all."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes.market import SPOT_PRINTER, book_ticker, mini_ticker, spot_ticker
from atapi.paper.wire.statistics import day_statistics
from atapi.paper.wire.statuses import with_status
from atapi.paper.wire.symbols import priced_symbols, wanted_symbols

router = Router()

Json = dict[str, Any]


def _day_weight(params: Params) -> int:
    wanted = wanted_symbols(params)
    if wanted is None or len(wanted) > 100:
        return 80
    return 2 if len(wanted) <= 20 else 40


def _light_weight(params: Params) -> int:
    return 2 if "symbol" in params else 4


@router.public("/api/v3/ticker/24hr", weight=_day_weight)
def day(call: Call) -> Any:
    """Sum up the last 24 hours."""
    kind = call.params.maybe("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise Refusal(-1139, "Invalid ticker type.")
    return _each(call, _mini_day if kind == "MINI" else _full_day)


@router.public("/api/v3/ticker/price", weight=_light_weight)
def price(call: Call) -> Any:
    """Tell the last price."""
    return _each(
        call,
        lambda call, symbol: {"symbol": symbol, "price": eight(call.exchange.last_price("spot", symbol))},
    )


@router.public("/api/v3/ticker/bookTicker", weight=_light_weight)
def touch(call: Call) -> Any:
    """Tell the best bid and ask."""
    return _each(call, _touch)


def _each(call: Call, show: Callable[[Call, str], Json]) -> Any:
    wanted = wanted_symbols(call.params)
    symbols = with_status(call, priced_symbols(call.exchange, "spot") if wanted is None else wanted)
    rows = [show(call, symbol) for symbol in symbols]
    return rows[0] if "symbol" in call.params else rows


def _full_day(call: Call, symbol: str) -> Json:
    statistics = day_statistics(call.exchange, "spot", symbol)
    _, bids, asks = call.exchange.depth("spot", symbol, 5)
    newest = call.exchange.public_trades("spot", symbol, 1)
    return spot_ticker(statistics, bids, asks, newest[-1].quantity if newest else Decimal(0))


def _mini_day(call: Call, symbol: str) -> Json:
    return mini_ticker(day_statistics(call.exchange, "spot", symbol), SPOT_PRINTER)


def _touch(call: Call, symbol: str) -> Json:
    _, bids, asks = call.exchange.depth("spot", symbol, 5)
    return book_ticker(symbol, bids, asks, SPOT_PRINTER)
