"""Spot market data: rules, book, tape, bars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.feeds.base import Series, SpotRules
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight
from atapi.paper.wire.intervals import MINUTE, bars_of
from atapi.paper.wire.paging import trades_from
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router, Security
from atapi.paper.wire.shapes.market import SPOT_PRINTER, aggregate_trade, kline, levels, public_trade
from atapi.paper.wire.shapes.rules import spot_symbol
from atapi.paper.wire.symbols import wanted_symbols

router = Router()

Json = dict[str, Any]
MAX_DEPTH = 5000
AVERAGE_MINUTES = 5


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
    status = call.params.maybe("symbolStatus")
    permission_sets = call.params.flag("showPermissionSets", default=True)
    call.params.skip("permissions")
    listed = call.exchange.catalogue.spot
    rows = [_listed(listed, symbol) for symbol in wanted] if wanted is not None else list(listed.values())
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.clock.seen_ms(),
        "rateLimits": [rule.wire() for rule in call.gateway.limits["spot"].rules],
        "exchangeFilters": [],
        "symbols": [
            spot_symbol(rules, permission_sets, margin=call.exchange.margin.terms.tradable(rules))
            for rules in rows
            if status is None or rules.status == status
        ],
    }


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, MAX_DEPTH)
    return next(
        weight for most, weight in ((100, 5), (500, 25), (1000, 50), (MAX_DEPTH, 250)) if limit <= most
    )


@router.public("/api/v3/depth", weight=_depth_weight)
def depth(call: Call) -> Json:
    """Show the book."""
    symbol = call.params.symbol()
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


@router.route("GET", "/api/v3/historicalTrades", security=Security.KEY, weight=25)
def historical_trades(call: Call) -> list[Json]:
    """Show trades from an id on."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    return [public_trade(trade, SPOT_PRINTER, "spot") for trade in trades_from(call, "spot", symbol, limit)]


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
    if params.maybe("timeZone") not in (None, "0", "+0", "00:00", "+00:00"):
        raise Refusal(-1130, "Data sent for parameter 'timeZone' is not valid.")
    rows = bars_of(call.exchange, Series.SPOT, symbol, interval, start, end, limit)
    return [kline(bar, close_ms, SPOT_PRINTER) for bar, close_ms in rows]


@router.public("/api/v3/avgPrice", weight=2)
def average_price(call: Call) -> Json:
    """Average the price of the last five minutes by volume; where no volume is known, the last price."""
    symbol = call.params.symbol()
    last = call.exchange.last_price("spot", symbol)
    bars = call.exchange.bars(Series.SPOT, symbol, MINUTE, None, None, AVERAGE_MINUTES)
    volume = sum((bar.volume for bar in bars), start=Decimal(0))
    turnover = sum((bar.turnover for bar in bars), start=Decimal(0))
    price = turnover / volume if volume else last
    return {"mins": AVERAGE_MINUTES, "price": eight(price), "closeTime": call.now_ms}


def _listed(listed: Any, symbol: str) -> SpotRules:
    rules: SpotRules | None = listed.get(symbol)
    if rules is None:
        raise Refusal(-1121, "Invalid symbol.")
    return rules
