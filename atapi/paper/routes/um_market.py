"""USD-M market data: rules, book, tape, bars of last prices."""

from __future__ import annotations

from typing import Any

from atapi.paper.collateral import BUFFERS
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.intervals import bars_of
from atapi.paper.wire.paging import time_span, trades_from
from atapi.paper.wire.params import Params, invalid
from atapi.paper.wire.router import Router, Security
from atapi.paper.wire.shapes.market import (
    aggregate_trade,
    kline,
    levels,
    printer_of,
    public_trade,
)
from atapi.paper.wire.shapes.rules import um_symbol

router = Router()

Json = dict[str, Any]
MAX_KLINES = 1500
DEPTH_WEIGHTS = {
    5: 2,
    10: 2,
    20: 2,
    50: 2,
    100: 5,
    500: 10,
    1000: 20,
}  # limit -> weight; no other limit is valid


@router.public("/fapi/v1/ping")
def ping(call: Call) -> Json:
    """Answer, so that somebody knows we are here."""
    return {}


@router.public("/fapi/v1/time")
def time(call: Call) -> Json:
    """Tell the exchange's time."""
    return {"serverTime": call.exchange.clock.seen_ms()}


@router.public("/fapi/v1/exchangeInfo")
def exchange_info(call: Call) -> Json:
    """List every symbol and its rules; a symbol asked for is ignored, as at Binance."""
    listed = call.exchange.catalogue.um
    assets = sorted({rules.quote_asset for rules in listed.values()} | set(BUFFERS))
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.clock.seen_ms(),
        "futuresType": "U_MARGINED",
        "rateLimits": [rule.wire() for rule in call.gateway.limits["um"].rules],
        "exchangeFilters": [],
        "assets": [
            {"asset": asset, "marginAvailable": True, "autoAssetExchange": "-10000"} for asset in assets
        ],
        "symbols": [um_symbol(rules) for rules in listed.values()],
    }


def depth_weight(params: Params) -> int:
    """Tell what a snapshot of a book weighs."""
    return DEPTH_WEIGHTS.get(depth_limit(params), 10)


def depth_limit(params: Params) -> int:
    """Read how many levels are wanted."""
    limit = params.maybe_integer("limit")
    return 500 if limit is None else limit


@router.public("/fapi/v1/depth", weight=depth_weight)
def depth(call: Call) -> Json:
    """Show the book."""
    symbol, limit = call.params.symbol(), depth_limit(call.params)
    if limit not in DEPTH_WEIGHTS:
        raise invalid("limit") if limit > 1000 else Refusal(-4021, f"{limit} is not valid depth limit")
    return book(call, symbol, limit)


def book(call: Call, symbol: str, limit: int) -> Json:
    """Print so many levels of a book."""
    update_id, bids, asks = call.gateway.snapshot("um", symbol, limit)
    show = printer_of(call.exchange, "um", symbol)
    return {
        "lastUpdateId": update_id,
        "E": call.now_ms,
        "T": call.now_ms,
        "bids": levels(bids, show),
        "asks": levels(asks, show),
    }


@router.public("/fapi/v1/trades", weight=5)
def trades(call: Call) -> list[Json]:
    """Show the newest trades."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    tape = call.exchange.public_trades("um", symbol, limit)
    show = printer_of(call.exchange, "um", symbol)
    return [public_trade(trade, show, "um") for trade in tape]


@router.route("GET", "/fapi/v1/historicalTrades", security=Security.KEY, weight=200)
def historical_trades(call: Call) -> list[Json]:
    """Show trades from an id on."""
    symbol, limit = call.params.symbol(), call.params.limit(100, 500)
    show = printer_of(call.exchange, "um", symbol)
    return [public_trade(trade, show, "um") for trade in trades_from(call, "um", symbol, limit)]


@router.public("/fapi/v1/aggTrades", weight=20)
def aggregate_trades(call: Call) -> list[Json]:
    """Show the newest trades, each as an aggregate of itself."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    time_span(call.params, 1)  # no longer window than an hour
    show = printer_of(call.exchange, "um", symbol)
    return [aggregate_trade(trade, show, "um") for trade in trades_from(call, "um", symbol, limit)]


def kline_weight(params: Params) -> int:
    """Tell what a page of bars weighs."""
    limit = params.maybe_integer("limit") or 500
    return next((weight for most, weight in ((99, 1), (499, 2), (1000, 5)) if limit <= most), 10)


@router.public("/fapi/v1/klines", weight=kline_weight)
def klines(call: Call) -> list[list[Any]]:
    """Show bars of last prices, the running one last."""
    symbol = call.params.symbol()
    interval, start, end, limit = kline_span(call.params)
    rows = bars_of(call.exchange, Series.UM, symbol, interval, start, end, limit)
    show = printer_of(call.exchange, "um", symbol)
    return [kline(bar, close_ms, show) for bar, close_ms in rows]


@router.public("/fapi/v1/continuousKlines", weight=kline_weight)
def continuous_klines(call: Call) -> list[list[Any]]:
    """Show bars of a pair's perpetual."""
    symbol = call.params.symbol("pair")
    interval, start, end, limit = kline_span(call.params)
    if call.params.text("contractType") != "PERPETUAL":
        raise invalid("contractType")
    rows = bars_of(call.exchange, Series.UM, symbol, interval, start, end, limit)
    show = printer_of(call.exchange, "um", symbol)
    return [kline(bar, close_ms, show) for bar, close_ms in rows]


def kline_span(params: Params) -> tuple[str, int | None, int | None, int]:
    """Read which bars are wanted: interval, from, to, how many."""
    interval = params.text("interval")
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    if start is not None and end is not None and start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    return interval, start, end, params.limit(500, MAX_KLINES)
