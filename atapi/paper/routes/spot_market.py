"""Spot market data: rules, book, tape, bars."""

from __future__ import annotations

import re
from typing import Any

from atapi.paper.feeds.base import SpotRules
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight
from atapi.paper.wire.paging import trades_from
from atapi.paper.wire.params import Params, invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes.market import SPOT_PRINTER, aggregate_trade, kline, levels, public_trade
from atapi.paper.wire.shapes.rules import spot_symbol
from atapi.paper.wire.statuses import wanted_status, with_status
from atapi.paper.wire.symbols import wanted_symbols
from atapi.paper.wire.zones import read_zone, zoned_bars

router = Router()

Json = dict[str, Any]
MAX_DEPTH = 5000
AVERAGE_MINUTES = 5
_PERMISSION = re.compile(r"SPOT|MARGIN|LEVERAGED|TRD_GRP_[0-9]{3}", re.ASCII)


@router.public("/api/v3/ping")
def ping(call: Call) -> Json:
    """Answer, so that somebody knows we are here."""
    return {}


@router.public("/api/v3/time")
def time(call: Call) -> Json:
    """Tell the exchange's time."""
    return {"serverTime": call.exchange.clock.seen_ms()}


@router.public("/api/v3/exchangeInfo", weight=20)
def exchange_info(call: Call) -> Json:
    """List symbols and their rules."""
    wanted = wanted_symbols(call.params)
    status, permissions = wanted_status(call.params), _permissions(call.params)
    if wanted is not None and (status is not None or permissions is not None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    permission_sets = call.params.flag("showPermissionSets", default=True)
    listed = call.exchange.catalogue.spot
    rows = [_listed(listed, symbol) for symbol in wanted] if wanted is not None else list(listed.values())
    tradable = call.exchange.margin.terms.tradable
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.clock.seen_ms(),
        "rateLimits": [rule.wire() for rule in call.gateway.limits["spot"].rules],
        "exchangeFilters": [],
        "symbols": [
            spot_symbol(rules, permission_sets, margin=tradable(rules))
            for rules in rows
            if status in (None, rules.status)
            and (permissions is None or _permitted(permissions, tradable(rules)))
        ],
    }


def _permissions(params: Params) -> list[str] | None:
    text = params.maybe("permissions")
    if text is None:
        return None
    names = params.json_list("permissions") if text.startswith("[") else [text]
    if names is None or not all(isinstance(name, str) and _PERMISSION.fullmatch(name) for name in names):
        raise invalid("permissions")
    return [str(name) for name in names]


def _permitted(wanted: list[str], margin: bool) -> bool:
    return "SPOT" in wanted or (margin and "MARGIN" in wanted)


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, MAX_DEPTH)
    return next(
        weight for most, weight in ((100, 5), (500, 25), (1000, 50), (MAX_DEPTH, 250)) if limit <= most
    )


@router.public("/api/v3/depth", weight=_depth_weight)
def depth(call: Call) -> Json:
    """Show the book."""
    [symbol] = with_status(call, [call.params.symbol()])
    limit = call.params.limit(100, MAX_DEPTH)
    update_id, bids, asks = call.gateway.snapshot("spot", symbol, limit)
    return {
        "lastUpdateId": update_id,
        "bids": levels(bids, SPOT_PRINTER),
        "asks": levels(asks, SPOT_PRINTER),
    }


@router.public("/api/v3/trades", weight=25)
def trades(call: Call) -> list[Json]:
    """Show the newest trades."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    tape = call.exchange.public_trades("spot", symbol, limit)
    return [public_trade(trade, SPOT_PRINTER, "spot") for trade in tape]


@router.public("/api/v3/historicalTrades", weight=25)
def historical_trades(call: Call) -> list[Json]:
    """Show trades from an id on."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    return [public_trade(trade, SPOT_PRINTER, "spot") for trade in trades_from(call, "spot", symbol, limit)]


@router.public("/api/v3/historicalBlockTrades", weight=25)
def block_trades(call: Call) -> list[Json]:
    """Show block trades: nobody makes any here."""
    symbol = call.params.symbol()
    call.params.integer("fromId")
    call.params.limit(500, 1000)
    _listed(call.exchange.catalogue.spot, symbol)
    return []


@router.public("/api/v3/aggTrades", weight=4)
def aggregate_trades(call: Call) -> list[Json]:
    """Show trades, each as an aggregate of itself."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    return [
        aggregate_trade(trade, SPOT_PRINTER, "spot") for trade in trades_from(call, "spot", symbol, limit)
    ]


@router.public("/api/v3/klines", weight=2)
@router.public("/api/v3/uiKlines", weight=2)
def klines(call: Call) -> list[list[Any]]:
    """Show bars, the running one last."""
    params = call.params
    symbol, interval = params.symbol(), params.text("interval")
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    limit = params.limit(500, 1000)
    ahead = read_zone(params.maybe("timeZone"))
    rows = zoned_bars(call.exchange, symbol, interval, ahead, start, end, limit)
    return [kline(bar, close_ms, SPOT_PRINTER) for bar, close_ms in rows]


@router.public("/api/v3/avgPrice", weight=2)
def average_price(call: Call) -> Json:
    """Average the price of the last five minutes by volume; where no volume is known, the last price."""
    symbol = call.params.symbol()
    call.exchange.last_price("spot", symbol)  # refused where there is none
    price = call.exchange.spot.average_price(symbol)
    return {"mins": AVERAGE_MINUTES, "price": eight(price), "closeTime": call.now_ms}


def _listed(listed: Any, symbol: str) -> SpotRules:
    rules: SpotRules | None = listed.get(symbol)
    if rules is None:
        raise Refusal(-1121, "Invalid symbol.")
    return rules
