"""Spot order lists: OCO, OTO, OTOCO; place, query, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.views import ListSubmit
from atapi.paper.wire import spotforms
from atapi.paper.wire.call import Call
from atapi.paper.wire.orderforms import either
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import spot_lists

router = Router()

Json = dict[str, Any]
DAY_HOURS = 24


@router.signed("POST", "/api/v3/orderList/oco", orders=True)
def oco(call: Call) -> Json:
    """Place two orders of which one ends the other."""
    return _place(call, spotforms.oco)


@router.signed("POST", "/api/v3/order/oco", orders=True)
def legacy_oco(call: Call) -> Json:
    """Place an OCO in the deprecated form."""
    return _place(call, spotforms.legacy_oco)


@router.signed("POST", "/api/v3/orderList/oto", orders=True)
def oto(call: Call) -> Json:
    """Place an order that brings in another once it is filled."""
    return _place(call, spotforms.oto)


@router.signed("POST", "/api/v3/orderList/otoco", orders=True)
def otoco(call: Call) -> Json:
    """Place an order that brings in an OCO once it is filled."""
    return _place(call, spotforms.otoco)


@router.signed("POST", "/api/v3/orderList/opo", orders=True)
def opo(call: Call) -> Json:
    """Place an order to buy, and one that sells what it brought."""
    return _place(call, spotforms.opo)


@router.signed("POST", "/api/v3/orderList/opoco", orders=True)
def opoco(call: Call) -> Json:
    """Place an order to buy, and an OCO that sells what it brought."""
    return _place(call, spotforms.opoco)


@router.signed("DELETE", "/api/v3/orderList")
def cancel(call: Call) -> Json:
    """Cancel an order list."""
    symbol = call.params.symbol()
    list_id, client_id = list_key(call.params, "listClientOrderId")
    cancel_id = call.params.client_id("newClientOrderId")
    record, orders = call.exchange.spot.cancel_list(
        call.account, symbol, list_id=list_id, client_id=client_id
    )
    if cancel_id is not None:
        for order in orders:
            call.gateway.name_cancel(order.order_id, cancel_id)
    return spot_lists.canceled(record, orders, cancel_id)


@router.signed("GET", "/api/v3/orderList", weight=4)
def query(call: Call) -> Json:
    """Find one order list."""
    list_id, client_id = list_key(call.params, "origClientOrderId")
    return spot_lists.order_list(
        call.exchange.spot.list_of(call.account, list_id=list_id, client_id=client_id)
    )


@router.signed("GET", "/api/v3/allOrderList", weight=20)
def all_lists(call: Call) -> list[Json]:
    """List order lists, oldest first."""
    limit = call.params.limit(500, 1000)
    times = "startTime" in call.params or "endTime" in call.params
    call.params.skip("fromId", "startTime", "endTime")
    if times and "fromId" in call.params:
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    rows = page(
        call.params,
        call.exchange.spot.lists(call.account),
        id_of=lambda record: record.list_id,
        time_of=lambda record: record.created_ms,
        cursor="fromId",
        limit=limit,
        hours=DAY_HOURS,
    )
    return [spot_lists.order_list(record) for record in rows]


@router.signed("GET", "/api/v3/openOrderList", weight=6)
def open_lists(call: Call) -> list[Json]:
    """List open order lists."""
    return [spot_lists.order_list(record) for record in call.exchange.spot.open_lists(call.account)]


def _place(call: Call, read: Callable[[Params], tuple[ListSubmit, str]]) -> Json:
    submit, answer = read(call.params)
    account = call.account
    limits = call.gateway.limits["spot"]
    limits.count_orders(account, len(submit.legs))
    record, orders, trades = call.exchange.spot.place_list(account, submit)
    for _ in {trade.order_id for trade in trades}:
        limits.uncount_order(account)
    return spot_lists.placed(record, orders, trades, answer)


def list_key(params: Params, client_name: str) -> tuple[int | None, str | None]:
    """Read which list is meant: its id, its client id, or both."""
    list_id, client_id = params.maybe_integer("orderListId"), params.maybe(client_name)
    if list_id is None and client_id is None:
        raise either(client_name, "orderListId")
    return list_id, client_id
