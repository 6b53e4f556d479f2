"""COIN-M market data: rules, book, tape, bars of last prices."""

from __future__ import annotations

from typing import Any

from atapi.paper.feeds.base import Series
from atapi.paper.feeds.coin_margined import pair_of, perpetual_of
from atapi.paper.records import Refusal
from atapi.paper.routes.um_market import (
    DEPTH_WEIGHTS,
    depth_limit,
    depth_weight,
    kline_span,
    kline_weight,
)
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules
from atapi.paper.wire.intervals import DAY, bars_of
from atapi.paper.wire.paging import trades_from
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router, Security
from atapi.paper.wire.shapes import cm
from atapi.paper.wire.shapes.market import aggregate_trade, kline, levels, printer_of
from atapi.paper.wire.shapes.rules import cm_symbol

router = Router()

Json = dict[str, Any]
LONGEST_SPAN_MS = 200 * DAY


@router.public("/dapi/v1/ping")
def ping(call: Call) -> Json:
    """Answer, so that somebody knows we are here."""
    return {}


@router.public("/dapi/v1/time")
def time(call: Call) -> Json:
    """Tell the exchange's time."""
    return {"serverTime": call.exchange.clock.seen_ms()}


@router.public("/dapi/v1/exchangeInfo")
def exchange_info(call: Call) -> Json:
    """List every symbol and its rules."""
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.clock.seen_ms(),
        "rateLimits": [rule.wire() for rule in call.gateway.limits["cm"].rules],
        "exchangeFilters": [],
        "symbols": [cm_symbol(rules) for rules in call.exchange.catalogue.cm.values()],
    }


@router.public("/dapi/v1/depth", weight=depth_weight)
def depth(call: Call) -> Json:
    """Show the book."""
    symbol, limit = call.params.symbol(), depth_limit(call.params)
    if limit not in DEPTH_WEIGHTS:
        raise invalid("limit") if limit > 1000 else Refusal(-4021, f"{limit} is not valid depth limit")
    update_id, bids, asks = call.gateway.snapshot("cm", symbol, limit)
    show = printer_of(call.exchange, "cm", symbol)
    return {
        "lastUpdateId": update_id,
        "symbol": symbol,
        "pair": pair_of(symbol),
        "E": call.now_ms,
        "T": call.now_ms,
        "bids": levels(bids, show),
        "asks": levels(asks, show),
    }


@router.public("/dapi/v1/trades", weight=5)
def trades(call: Call) -> list[Json]:
    """Show the newest trades."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    rules = cm_rules(call, symbol)
    return [cm.public_trade(trade, rules) for trade in call.exchange.public_trades("cm", symbol, limit)]


@router.route("GET", "/dapi/v1/historicalTrades", security=Security.KEY, weight=20)
def historical_trades(call: Call) -> list[Json]:
    """Show trades from an id on."""
    symbol, limit = call.params.symbol(), call.params.limit(100, 500)
    rules = cm_rules(call, symbol)
    return [cm.public_trade(trade, rules) for trade in trades_from(call, "cm", symbol, limit)]


@router.public("/dapi/v1/aggTrades", weight=20)
def aggregate_trades(call: Call) -> list[Json]:
    """Show the newest trades, each as an aggregate of itself."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    show = printer_of(call.exchange, "cm", symbol)
    return [aggregate_trade(trade, show, "cm") for trade in trades_from(call, "cm", symbol, limit)]


@router.public("/dapi/v1/klines", weight=kline_weight)
def klines(call: Call) -> list[list[Any]]:
    """Show bars of last prices in contracts and coins, the running one last."""
    return _klines(call, call.params.symbol())


@router.public("/dapi/v1/continuousKlines", weight=kline_weight)
def continuous_klines(call: Call) -> list[list[Any]]:
    """Show bars of a pair's perpetual."""
    symbol = perpetual_of(call.params.symbol("pair"))
    if call.params.text("contractType") != "PERPETUAL":
        raise invalid("contractType")
    return _klines(call, symbol)


def _klines(call: Call, symbol: str) -> list[list[Any]]:
    interval, start, end, limit = _span(call)
    rows = bars_of(call.exchange, Series.CM, symbol, interval, start, end, limit)
    show = printer_of(call.exchange, "cm", symbol)
    return [kline(bar, close_ms, show) for bar, close_ms in rows]


def _span(call: Call) -> tuple[str, int | None, int | None, int]:
    interval, start, end, limit = kline_span(call.params)
    if start is not None and end is not None and end - start > LONGEST_SPAN_MS:
        raise Refusal(-4088, "Maximum time interval is 200 days.")
    return interval, start, end, limit
