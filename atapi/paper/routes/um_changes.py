"""USD-M orders after they were placed: modify, cancel by countdown, and those the exchange closed by force."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.routes.um_orders import MAX_BATCH, form_of
from atapi.paper.wire.call import Call
from atapi.paper.wire.orderforms import um_amendment
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params, invalid, missing
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import um

router = Router()

Json = dict[str, Any]
HISTORY_HOURS = 90 * 24
CLOSE_TYPES = ("LIQUIDATION", "ADL")


@router.signed("PUT", "/fapi/v1/order", weight=0, orders=True)
def modify(call: Call) -> Json:
    """Change price and quantity of an open order."""
    wanted = um_amendment(call.params)
    account = call.account
    call.gateway.limits["um"].count_orders(account, 1)
    return _modified(call, call.exchange.futures.amend(account, wanted))


@router.signed("PUT", "/fapi/v1/batchOrders", weight=5, orders=True)
def modify_batch(call: Call) -> list[Json]:
    """Change up to five orders; each stands or falls alone."""
    forms = call.params.json_list("batchOrders")
    if forms is None:
        raise missing("batchOrders")
    if len(forms) > MAX_BATCH:
        raise Refusal(-4082, f"Invalid number of batch place orders: {len(forms)}")
    account = call.account
    call.gateway.limits["um"].count_orders(account, len(forms))
    return [_one_of_batch(call, account, form_of(form)) for form in forms]


@router.signed("POST", "/fapi/v1/countdownCancelAll", weight=10)
def count_down(call: Call) -> Json:
    """Cancel a symbol's orders after a while, unless called again."""
    symbol, span_ms = call.params.symbol(), call.params.integer("countdownTime")
    call.exchange.futures.count_down(call.account, symbol, span_ms)
    return {"symbol": symbol, "countdownTime": str(span_ms)}


@router.signed("GET", "/fapi/v1/forceOrders", weight=lambda params: 20 if "symbol" in params else 50)
def force_orders(call: Call) -> list[Json]:
    """List orders by which positions were liquidated or deleveraged."""
    symbol, kind = call.params.maybe_symbol(), call.params.maybe("autoCloseType")
    if kind not in (None, *CLOSE_TYPES):
        raise invalid("autoCloseType")
    limit = call.params.limit(50, 100)
    wanted = CLOSE_TYPES if kind is None else (kind,)
    found = [o for o in call.exchange.orders(call.account, "um", symbol) if o.terms.forced in wanted]
    rows = page(
        call.params,
        found,
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=HISTORY_HOURS,
    )
    return [um.order(order, call.exchange.catalogue.um[order.symbol]) for order in rows]


def _one_of_batch(call: Call, account: str, form: Params) -> Json:
    try:
        return _modified(call, call.exchange.futures.amend(account, um_amendment(form)))
    except Refusal as refusal:
        return {"code": refusal.code, "msg": refusal.message}


def _modified(call: Call, order: OrderRecord) -> Json:
    shown = um.placed(order, call.exchange.catalogue.um[order.symbol])
    return shown | {"pair": order.symbol, "modifyId": order.terms.modify_id}
