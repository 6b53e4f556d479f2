"""Mark prices and bars of them, funding and open interest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.routes.price_klines import price_klines
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight, places
from atapi.paper.wire.router import Router
from atapi.paper.wire.symbols import priced_symbols

router = Router()
router.include_router(price_klines("um", "/fapi/v1/"))

Json = dict[str, Any]
STANDARD_CAP = Decimal("0.02")


@router.public("/fapi/v1/premiumIndex", weight=lambda params: 1 if "symbol" in params else 10)
def premium_index(call: Call) -> Any:
    """Tell mark, index and the running funding rate of a symbol or of all."""
    symbol = call.params.maybe_symbol()
    if symbol is not None:
        return _mark(call, symbol)
    return [_mark(call, name) for name in priced_symbols(call.exchange, "um")]


def _mark(call: Call, symbol: str) -> Json:
    mark = call.exchange.mark(symbol)
    return {
        "symbol": symbol,
        "markPrice": eight(mark.mark_price),
        "indexPrice": eight(mark.index_price),
        "estimatedSettlePrice": eight(mark.settle_price),
        "lastFundingRate": eight(mark.funding_rate),
        "interestRate": eight(mark.interest_rate),
        "nextFundingTime": mark.next_funding_ms,
        "time": call.now_ms,
    }


@router.public("/fapi/v1/fundingRate", weight=0)
def funding_rates(call: Call) -> list[Json]:
    """List settled funding, oldest first."""
    call.gateway.limits["um"].draw("funding")
    symbol = call.params.maybe_symbol()
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
        for row in call.exchange.funding_history(symbol, start, end, limit)
    ]


@router.public("/fapi/v1/fundingInfo", weight=0)
def funding_info(call: Call) -> list[Json]:
    """List interval, cap and floor of every symbol."""
    call.gateway.limits["um"].draw("funding")
    return [
        {
            "symbol": rules.symbol,
            "adjustedFundingRateCap": eight(rules.funding_cap),
            "adjustedFundingRateFloor": eight(rules.funding_floor),
            "fundingIntervalHours": rules.interval_hours,
            "disclaimer": rules.funding_cap != STANDARD_CAP,
            "updateTime": rules.onboard_ms
            if rules.funding_cap == STANDARD_CAP
            else None,  # as Binance's rows are
        }
        for rules in call.exchange.catalogue.um.values()
    ]


@router.public("/fapi/v1/openInterest")
def open_interest(call: Call) -> Json:
    """Tell the open interest in base asset."""
    symbol = call.params.symbol()
    quantity = call.exchange.open_interest(symbol)
    decimals = call.exchange.catalogue.um[symbol].quantity_precision
    return {"symbol": symbol, "openInterest": places(quantity, decimals), "time": call.now_ms}
