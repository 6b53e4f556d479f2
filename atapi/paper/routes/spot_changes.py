"""Spot orders replaced or made smaller, and trades with oneself that were prevented."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.routes.spot_orders import print_cancel, restriction_of
from atapi.paper.spot_desk import Cancel, Replaced
from atapi.paper.wire.call import Call
from atapi.paper.wire.http import Answer, json_answer
from atapi.paper.wire.orderforms import either, order_key
from atapi.paper.wire.params import Params, invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import rules, spot, spot_lists
from atapi.paper.wire.spotforms import spot_order

router = Router()

Json = dict[str, Any]
CROWDED = 429  # the status where there was no room for a new order, and a failure is to stop the rest


@router.signed("POST", "/api/v3/order/cancelReplace", orders=True)
def cancel_replace(call: Call) -> Any:
    """Cancel one order and place another in its stead."""
    params = call.params
    modes = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
    mode = params.choice("cancelReplaceMode", modes, invalid("cancelReplaceMode"))
    which = Cancel(
        order_id=params.maybe_integer("cancelOrderId"),
        client_id=params.maybe("cancelOrigClientOrderId"),
        restriction=restriction_of(params),
    )
    if which.order_id is None and which.client_id is None:
        raise either("cancelOrigClientOrderId", "cancelOrderId")
    cancel_id = params.client_id("cancelNewClientOrderId")
    excess = params.maybe("orderRateLimitExceededMode") or "DO_NOTHING"
    if excess not in ("DO_NOTHING", "CANCEL_ONLY"):
        raise invalid("orderRateLimitExceededMode")
    submit, kind = spot_order(params)
    account = call.account
    only_cancel: Refusal | None = None
    try:
        call.gateway.limits["spot"].count_orders(account, 1)
    except Refusal as refusal:
        if excess == "DO_NOTHING":
            raise
        only_cancel = refusal
    done = call.exchange.spot.replace(
        account, submit, which, go_on=mode == "ALLOW_FAILURE", only_cancel=only_cancel
    )
    stopped = only_cancel is not None and mode == "STOP_ON_FAILURE"
    return _replaced(call, done, cancel_id, kind, stopped=stopped)


def _replaced(call: Call, done: Replaced, cancel_id: str | None, kind: str, *, stopped: bool) -> Answer:
    data: Json = {}
    if isinstance(done.canceled, Refusal):
        data |= {"cancelResult": "FAILURE", "cancelResponse": _refused(done.canceled)}
    else:
        data |= {"cancelResult": "SUCCESS", "cancelResponse": print_cancel(call, done.canceled, cancel_id)}
    if done.placed is None:
        data |= {"newOrderResult": "NOT_ATTEMPTED", "newOrderResponse": None}
    elif isinstance(done.placed, Refusal):
        data |= {"newOrderResult": "FAILURE", "newOrderResponse": _refused(done.placed)}
    else:
        order, fills = done.placed
        if fills:
            call.gateway.limits["spot"].uncount_order(order.account)
        data |= {"newOrderResult": "SUCCESS", "newOrderResponse": spot.placed(order, fills, kind)}
    names = ("cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse")
    data = {name: data[name] for name in names}
    results = [data["cancelResult"], data["newOrderResult"]]
    if results == ["SUCCESS", "SUCCESS"]:
        return json_answer(data)
    if "SUCCESS" in results:
        code, message, status = -2021, "Order cancel-replace partially failed.", 409
    else:
        code, message, status = -2022, "Order cancel-replace failed.", 400
    return json_answer({"code": code, "msg": message, "data": data}, CROWDED if stopped else status)


@router.signed("PUT", "/api/v3/order/amend/keepPriority", weight=4)
def amend(call: Call) -> Json:
    """Make an order smaller without losing its place in the queue."""
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    new_client_id, quantity = call.params.client_id("newClientOrderId"), call.params.decimal("newQty")
    record, order, order_list = call.exchange.spot.amend(
        call.account,
        symbol,
        order_id=order_id,
        client_id=client_id,
        new_client_id=new_client_id,
        quantity=quantity,
    )
    shape = {
        "transactTime": record.time_ms,
        "executionId": record.execution_id,
        "amendedOrder": spot.amended(record, order),
    }
    if order_list is not None:
        shape["listStatus"] = spot_lists.in_amendment(order_list)
    return shape


@router.signed("GET", "/api/v3/order/amendments", weight=4)
def amendments(call: Call) -> list[Json]:
    """List the amendments of one order."""
    symbol, order_id = call.params.symbol(), call.params.integer("orderId")
    first, limit = call.params.maybe_integer("fromExecutionId") or 0, call.params.limit(500, 1000)
    rows = call.exchange.spot.amendments(call.account, order_id)
    wanted = [record for record in rows if record.symbol == symbol and record.execution_id >= first]
    return [spot.amendment(record) for record in wanted[:limit]]


def _prevented_weight(params: Params) -> int:
    return 2 if "preventedMatchId" in params else 20


@router.signed("GET", "/api/v3/myPreventedMatches", weight=_prevented_weight)
def prevented_matches(call: Call) -> list[Json]:
    """List trades with oneself that were prevented, of one order or one by its id."""
    params = call.params
    symbol, match_id, order_id = (
        params.symbol(),
        params.maybe_integer("preventedMatchId"),
        params.maybe_integer("orderId"),
    )
    first, limit = params.maybe_integer("fromPreventedMatchId"), params.limit(500, 1000)
    if (match_id is None) == (order_id is None) or (match_id is not None and first is not None):
        raise Refusal(-1128, "Combination of optional parameters invalid.")
    rows = call.exchange.spot.prevented(call.account, symbol, after=(first or 1) - 1)
    wanted = [
        record
        for record in rows
        if record.match_id == match_id or order_id in (record.taker_id, record.maker_id)
    ]
    return [spot.prevented_match(record) for record in wanted[:limit]]


@router.signed("GET", "/api/v3/myFilters", weight=40)
def my_filters(call: Call) -> Json:
    """List the filters that hold for the account in a symbol."""
    symbol = call.params.symbol()
    call.prove()
    listed = call.exchange.catalogue.spot.get(symbol)
    if listed is None:
        raise Refusal(-1121, "Invalid symbol.")
    return {
        "exchangeFilters": rules.exchange_filters(),
        "symbolFilters": rules.spot_filters(listed),
        "assetFilters": [],
    }


def _refused(refusal: Refusal) -> Json:
    return {"code": refusal.code, "msg": refusal.message}
