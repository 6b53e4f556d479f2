"""Spot orders: place, test, query, cancel."""

from __future__ import annotations

from typing import Any

from atapi.paper.order_terms import NO_LIST
from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.spot_desk import Cancel, Canceled
from atapi.paper.wire.call import Call
from atapi.paper.wire.orderforms import order_key
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import spot, spot_lists
from atapi.paper.wire.spotforms import spot_order

router = Router()

Json = dict[str, Any]
DAY_HOURS = 24
ARCHIVED_MS = 90 * 86_400_000


@router.signed("POST", "/api/v3/order", orders=True)
def place(call: Call) -> Json:
    """Place an order."""
    submit, answer = spot_order(call.params)
    account = call.account
    limits = call.gateway.limits["spot"]
    limits.count_orders(account, 1)
    desk = call.exchange.spot
    before = desk.last_prevented
    order, fills = call.exchange.place(account, "spot", submit)
    if fills:
        limits.uncount_order(account)
    met = desk.prevented(account, submit.symbol, after=before) if desk.last_prevented > before else ()
    return spot.placed(order, fills, answer, met)


@router.signed(
    "POST",
    "/api/v3/order/test",
    weight=lambda params: 20 if params.maybe("computeCommissionRates") == "true" else 1,
)
def test(call: Call) -> Json:
    """Judge an order and place nothing."""
    submit, _ = spot_order(call.params)
    commissions = call.params.flag("computeCommissionRates")
    call.exchange.test(call.account, "spot", submit)
    if not commissions:
        return {}
    return spot.order_commissions(
        call.exchange.fee_rates(call.account, "spot", submit.symbol),
        burns_bnb=call.exchange.bnb_burn(call.account)[0],
    )


@router.signed("GET", "/api/v3/order", weight=4)
def query(call: Call) -> Json:
    """Find one order."""
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    found = call.exchange.order(call.account, "spot", symbol, order_id=order_id, client_order_id=client_id)
    if archived(found, call.now_ms):
        raise Refusal(
            -2026,
            "Order was canceled or expired with no executed qty over 90 days ago and has been archived.",
        )
    return spot.order(found)


@router.signed("DELETE", "/api/v3/order")
def cancel(call: Call) -> Json:
    """Cancel one order."""
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    cancel_id = call.params.client_id("newClientOrderId")
    which = Cancel(order_id=order_id, client_id=client_id, restriction=restriction_of(call.params))
    return print_cancel(call, call.exchange.spot.cancel(call.account, symbol, which), cancel_id)


def _open_weight(params: Params) -> int:
    return 6 if "symbol" in params else 80


@router.signed("GET", "/api/v3/openOrders", weight=_open_weight)
def open_orders(call: Call) -> list[Json]:
    """List open orders of a symbol or of all."""
    symbol = call.params.maybe_symbol()
    return [spot.order(order) for order in call.exchange.open_orders(call.account, "spot", symbol)]


@router.signed("DELETE", "/api/v3/openOrders")
def cancel_all(call: Call) -> list[Json]:
    """Cancel every open order of a symbol; refusal -2011 where there is none."""
    symbol = call.params.symbol()
    canceled = call.exchange.cancel_all(call.account, "spot", symbol)
    if not canceled:
        raise Refusal(-2011, "Unknown order sent.")
    alone = [spot.canceled(order, None) for order in canceled if order.terms.list_id == NO_LIST]
    lists = dict.fromkeys(order.terms.list_id for order in canceled if order.terms.list_id != NO_LIST)
    return alone + [
        spot_lists.canceled(
            call.exchange.spot.list_of(call.account, list_id=list_id),
            [order for order in canceled if order.terms.list_id == list_id],
            None,
        )
        for list_id in lists
    ]


@router.signed("GET", "/api/v3/allOrders", weight=20)
def all_orders(call: Call) -> list[Json]:
    """List orders of a symbol, oldest first."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    call.params.skip("orderId", "startTime", "endTime")
    rows = page(
        call.params,
        call.exchange.orders(call.account, "spot", symbol),
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=DAY_HOURS,
    )
    return [spot.order(order) for order in rows if not archived(order, call.now_ms)]


@router.signed("POST", "/api/v3/sor/order", orders=True)
@router.signed("POST", "/api/v3/sor/order/test")
def routed(call: Call) -> Json:
    """Refuse to look for the best of several books: exchangeInfo names no symbols that are routed."""
    submit, _ = spot_order(call.params)
    call.params.skip("computeCommissionRates")
    call.prove()
    if submit.symbol not in call.exchange.catalogue.spot:
        raise Refusal(-1121, "Invalid symbol.")
    raise Refusal(-2010, "SOR is not supported for this symbol.")


@router.signed("GET", "/api/v3/rateLimit/order", weight=40)
def order_usage(call: Call) -> list[Json]:
    """Tell how many orders the account has used up."""
    return call.gateway.limits["spot"].order_usage(call.account)


def archived(order: OrderRecord, now_ms: int) -> bool:
    """Tell whether an order ended so long ago, without a fill, that it is shown no more."""
    return not order.open and not order.executed and now_ms - order.updated_ms > ARCHIVED_MS


def restriction_of(params: Params) -> str | None:
    """Read in which state alone an order is to be canceled."""
    restriction = params.maybe("cancelRestrictions")
    if restriction not in (None, "ONLY_NEW", "ONLY_PARTIALLY_FILLED"):
        raise Refusal(-1145, "Invalid cancelRestrictions")
    return restriction


def print_cancel(call: Call, canceled: Canceled, cancel_id: str | None) -> Json:
    """Print a canceled order; one of a list with the whole list, which is canceled with it."""
    if cancel_id is not None:
        for order in canceled.orders:
            call.gateway.name_cancel(order.order_id, cancel_id)
    if canceled.order_list is None:
        return spot.canceled(canceled.orders[0], cancel_id)
    return spot_lists.canceled(canceled.order_list, canceled.orders, cancel_id)
