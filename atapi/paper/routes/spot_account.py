"""The spot account: balances, fills, fees."""

from __future__ import annotations

import zlib
from typing import Any

from atapi.paper.order_terms import NO_LIST
from atapi.paper.records import ZERO, Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.http import Answer, html_answer
from atapi.paper.wire.paging import page, time_span
from atapi.paper.wire.router import Router, Security
from atapi.paper.wire.shapes import spot

router = Router()

Json = dict[str, Any]
DAY_HOURS = 24
GONE = (  # what Binance's front server says
    "<html>\r\n<head><title>410 Gone</title></head>\r\n<body>\r\n<center><h1>410 Gone</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)


@router.signed("GET", "/api/v3/account", weight=20)
def account(call: Call) -> Json:
    """Show balances and permissions."""
    omit_zero = call.params.flag("omitZeroBalances")
    caller = call.account
    held = call.exchange.balances(caller, "spot")
    if omit_zero:
        balances = {asset: amounts for asset, amounts in held.items() if any(amounts)}
    else:
        balances = dict.fromkeys(spot_assets(call), (ZERO, ZERO)) | dict(held)
    return spot.account(
        balances,
        call.exchange.account_rates(caller, "spot"),
        call.now_ms,
        uid(caller),
        trades="spot" not in call.exchange.denied(caller),
    )


@router.signed("GET", "/api/v3/myTrades", weight=lambda params: 5 if "orderId" in params else 20)
def my_trades(call: Call) -> list[Json]:
    """List the account's fills of a symbol, oldest first."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    order_id = call.params.maybe_integer("orderId")
    call.params.skip("fromId", "startTime", "endTime")
    times = "startTime" in call.params or "endTime" in call.params
    if times and ("fromId" in call.params or order_id is not None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    rows = [
        trade
        for trade in call.exchange.trades(call.account, "spot", symbol)
        if order_id is None or trade.order_id == order_id
    ]
    rows = page(
        call.params,
        rows,
        id_of=lambda trade: trade.trade_id,
        time_of=lambda trade: trade.time_ms,
        cursor="fromId",
        limit=limit,
        hours=DAY_HOURS,
    )
    lists = call.exchange.spot.lists(call.account) if rows else ()
    list_of = {number: record.list_id for record in lists for number, _ in record.orders}
    return [spot.my_trade(trade, list_of.get(trade.order_id, NO_LIST)) for trade in rows]


@router.signed("GET", "/api/v3/myAllocations", weight=20)
def my_allocations(call: Call) -> list[Json]:
    """List what routed orders got from other books: nothing, as no order is routed."""
    params = call.params
    symbol = params.symbol()
    params.limit(500, 1000)
    params.maybe_integer("fromAllocationId")
    params.maybe_integer("orderId")
    time_span(params, DAY_HOURS)
    call.prove()
    if symbol not in call.exchange.catalogue.spot:
        raise Refusal(-1121, "Invalid symbol.")
    return []


@router.signed("GET", "/api/v3/account/commission", weight=20)
def commission(call: Call) -> Json:
    """Tell the fee rates of a symbol."""
    symbol = call.params.symbol()
    caller = call.account
    nothing = spot.commission((ZERO, ZERO))
    return {
        "symbol": symbol,
        "standardCommission": spot.commission(call.exchange.fee_rates(caller, "spot", symbol)),
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": spot.discount(burns_bnb=call.exchange.bnb_burn(caller)[0]),
    }


@router.route("POST", "/api/v3/userDataStream", security=Security.NONE)
@router.route("PUT", "/api/v3/userDataStream", security=Security.NONE)
@router.route("DELETE", "/api/v3/userDataStream", security=Security.NONE)
def listen_key(call: Call) -> Answer:
    """Say that spot listen keys are gone since 2026-02-20; user data comes over the WebSocket API."""
    call.params.skip("listenKey")
    return html_answer(410, GONE)


def spot_assets(call: Call) -> list[str]:
    """List every asset that spot trades, once."""
    names: dict[str, None] = {}
    for rules in call.exchange.catalogue.spot.values():
        names[rules.base_asset] = None
        names[rules.quote_asset] = None
    return sorted(names)


def uid(account: str) -> int:
    """Make the number that Binance shows for an account."""
    return zlib.crc32(account.encode())
