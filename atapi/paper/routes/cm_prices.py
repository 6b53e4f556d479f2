"""COIN-M tickers, mark prices, funding and open interest; lists even for one symbol, as at Binance."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.routes.price_klines import price_klines
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules, wanted
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import cm
from atapi.paper.wire.shapes.market import book_ticker, printer_of
from atapi.paper.wire.statistics import day_statistics

router = Router()
router.include_router(price_klines("cm", "/dapi/v1/"))

Json = dict[str, Any]


def _one_or_all(one: int, many: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else many


@router.public("/dapi/v1/ticker/24hr", weight=_one_or_all(1, 40))
def days(call: Call) -> list[Json]:
    """Sum up the last 24 hours."""
    exchange = call.exchange
    rows = []
    for symbol in wanted(call, priced=True):
        newest = exchange.public_trades("cm", symbol, 1)
        quantity = newest[-1].quantity if newest else Decimal(0)
        show = printer_of(exchange, "cm", symbol)
        rows.append(cm.day(day_statistics(exchange, "cm", symbol), show, quantity))
    return rows


@router.public("/dapi/v1/ticker/price", weight=_one_or_all(1, 2))
def prices(call: Call) -> list[Json]:
    """Tell last prices."""
    return [
        {
            "symbol": symbol,
            "ps": pair_of(symbol),
            "price": printer_of(call.exchange, "cm", symbol).price(call.exchange.last_price("cm", symbol)),
            "time": call.now_ms,
        }
        for symbol in wanted(call, priced=True)
    ]


@router.public("/dapi/v1/ticker/bookTicker", weight=_one_or_all(2, 5))
def touches(call: Call) -> list[Json]:
    """Tell the best bids and asks."""
    rows = []
    for symbol in wanted(call, priced=True):
        update_id, bids, asks = call.exchange.depth("cm", symbol, 5)
        shape = book_ticker(symbol, bids, asks, printer_of(call.exchange, "cm", symbol))
        rows.append(shape | {"pair": pair_of(symbol), "time": call.now_ms, "lastUpdateId": update_id})
    return rows


@router.public("/dapi/v1/premiumIndex", weight=10)
def premium_index(call: Call) -> list[Json]:
    """Tell mark, index and running funding rate."""
    rows = []
    for symbol in wanted(call, priced=True):
        mark = call.exchange.mark(symbol, "cm")
        rows.append(
            {
                "symbol": symbol,
                "pair": pair_of(symbol),
                "markPrice": eight(mark.mark_price),
                "indexPrice": eight(mark.index_price),
                "estimatedSettlePrice": eight(mark.settle_price),
                "lastFundingRate": eight(mark.funding_rate),
                "interestRate": eight(mark.interest_rate),
                "nextFundingTime": mark.next_funding_ms,
                "time": call.now_ms,
            }
        )
    return rows


@router.public("/dapi/v1/fundingRate", weight=0)
def funding_rates(call: Call) -> list[Json]:
    """List settled funding of a symbol, oldest first."""
    call.gateway.limits["cm"].draw("funding")
    symbol = call.params.symbol()
    start, end = call.params.maybe_integer("startTime"), call.params.maybe_integer("endTime")
    limit = call.params.limit(100, 1000)
    return [
        {
            "symbol": row.symbol,
            "fundingTime": row.time_ms,
            "fundingRate": eight(row.rate),
            "markPrice": eight(row.mark_price),
            "rateType": "Regular",
        }
        for row in call.exchange.funding_history(symbol, start, end, limit, "cm")
    ]


@router.public("/dapi/v1/fundingInfo", weight=0)
def funding_info(call: Call) -> list[Json]:
    """List interval, cap and floor of every symbol."""
    call.gateway.limits["cm"].draw("funding")
    return [
        {
            "symbol": rules.symbol,
            "adjustedFundingRateCap": eight(rules.funding_cap),
            "adjustedFundingRateFloor": eight(rules.funding_floor),
            "fundingIntervalHours": rules.interval_hours,
            "disclaimer": False,
        }
        for rules in call.exchange.catalogue.cm.values()
    ]


@router.public("/dapi/v1/openInterest")
def open_interest(call: Call) -> Json:
    """Tell the open interest in contracts."""
    symbol = cm_rules(call, call.params.symbol()).symbol
    return {
        "symbol": symbol,
        "pair": pair_of(symbol),
        "openInterest": places(call.exchange.open_interest(symbol, "cm"), 0),
        "contractType": "PERPETUAL",
        "time": call.now_ms,
    }
