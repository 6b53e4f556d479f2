"""Order lists of the margin account: OCO, OTO, OTOCO; place, query, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from atapi.paper.records import MARGIN, list_owner
from atapi.paper.routes.margin import check_cross
from atapi.paper.routes.margin_orders import counted, side_effect_of, weight_of
from atapi.paper.routes.spot_lists import list_key
from atapi.paper.views import ListSubmit
from atapi.paper.wire import spotforms
from atapi.paper.wire.call import Call
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import margin

router = Router()

Json = dict[str, Any]
LIST = "/sapi/v1/margin/orderList"
DAY_HOURS = 24


@router.signed("POST", "/sapi/v1/margin/order/oco", weight=weight_of, by_account=True)
def oco(call: Call) -> Json:
    """Place a LIMIT_MAKER and a stop loss, of which one ends the other."""
    return _place(call, spotforms.legacy_oco)


@router.signed("POST", "/sapi/v1/margin/order/oto", weight=weight_of, by_account=True)
def oto(call: Call) -> Json:
    """Place an order that brings in another once it is filled."""
    return _place(call, spotforms.oto)


@router.signed("POST", "/sapi/v1/margin/order/otoco", weight=weight_of, by_account=True)
def otoco(call: Call) -> Json:
    """Place an order that brings in an OCO once it is filled."""
    return _place(call, spotforms.otoco)


@router.signed("DELETE", LIST, by_account=True)
def cancel(call: Call) -> Json:
    """Cancel an order list."""
    symbol = call.params.symbol()
    list_id, client_id = list_key(call.params, "listClientOrderId")
    cancel_id = call.params.client_id("newClientOrderId")
    check_cross(call.params)
    record, orders = call.exchange.spot.cancel_list(
        list_owner(MARGIN, call.account), symbol, list_id=list_id, client_id=client_id
    )
    if cancel_id is not None:
        for order in orders:
            call.gateway.name_cancel(order.order_id, cancel_id)
    return margin.canceled_list(record, orders, cancel_id)


@router.signed("GET", LIST, weight=10)
def query(call: Call) -> Json:
    """Find one order list."""
    list_id, client_id = list_key(call.params, "origClientOrderId")
    check_cross(call.params)
    owner = list_owner(MARGIN, call.account)
    return margin.order_list(call.exchange.spot.list_of(owner, list_id=list_id, client_id=client_id))


@router.signed("GET", "/sapi/v1/margin/allOrderList", weight=200)
def all_lists(call: Call) -> list[Json]:
    """List order lists, oldest first."""
    limit = call.params.limit(500, 500, clip=True)
    check_cross(call.params)
    rows = page(
        call.params,
        call.exchange.spot.lists(list_owner(MARGIN, call.account)),
        id_of=lambda record: record.list_id,
        time_of=lambda record: record.created_ms,
        cursor="fromId",
        limit=limit,
        hours=DAY_HOURS,
    )
    return [margin.order_list(record) for record in rows]


@router.signed("GET", "/sapi/v1/margin/openOrderList", weight=10)
def open_lists(call: Call) -> list[Json]:
    """List open order lists."""
    check_cross(call.params)
    return [
        margin.order_list(record)
        for record in call.exchange.spot.open_lists(list_owner(MARGIN, call.account))
    ]


def _place(call: Call, read: Callable[[Params], tuple[ListSubmit, str]]) -> Json:
    submit, answer = read(call.params)
    side_effect, repay = side_effect_of(call.params)
    check_cross(call.params)
    legs = tuple(replace(leg, side_effect=side_effect, repay_at_cancel=repay) for leg in submit.legs)
    account = call.account
    limits = call.gateway.limits["spot"]
    limits.count_orders(counted(account), len(legs))
    record, orders, trades = call.exchange.spot.place_list(account, replace(submit, legs=legs), MARGIN)
    for _ in {trade.order_id for trade in trades}:
        limits.uncount_order(counted(account))
    return margin.placed_list(record, orders, trades, answer)
