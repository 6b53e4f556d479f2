"""COIN-M orders: place, test, query, cancel; and the fills that came of them."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.routes import batches, downloads, position_margin, um_algo, um_changes
from atapi.paper.routes.um_orders import ALL_CANCELED, WEEK_HOURS, kept_orders
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules, symbol_of
from atapi.paper.wire.orderforms import order_key, um_order
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import cm

router = Router()
for file in (batches, um_changes, um_algo, position_margin, downloads):
    router.include_router(file.cm_router)

Json = dict[str, Any]


@router.signed("POST", "/dapi/v1/order", weight=0, orders=True)
def place(call: Call) -> Json:
    """Place an order; LIMIT and MARKET only, conditional ones are refused since 2026-06-30."""
    submit, answer = um_order(call.params)
    account = call.account
    call.gateway.limits["cm"].count_orders(account, 1)
    order, _ = call.exchange.place(account, "cm", submit)
    return cm.placed(order, cm_rules(call, order.symbol), ack=answer == "ACK")


@router.signed("GET", "/dapi/v1/order")
def query(call: Call) -> Json:
    """Find one order."""
    return _show(call, _found(call))


@router.signed("GET", "/dapi/v1/openOrder")
def query_open(call: Call) -> Json:
    """Find one order that is open; refusal -2013 for any other."""
    order = _found(call)
    if not order.open:
        raise Refusal(-2013, "Order does not exist.")
    return _show(call, order)


@router.signed("DELETE", "/dapi/v1/order")
def cancel(call: Call) -> Json:
    """Cancel one order."""
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    order = call.exchange.cancel(call.account, "cm", symbol, order_id=order_id, client_order_id=client_id)
    return cm.placed(order, cm_rules(call, symbol))


@router.signed("DELETE", "/dapi/v1/allOpenOrders")
def cancel_all(call: Call) -> Json:
    """Cancel every open order of a symbol, if any."""
    symbol = call.params.symbol()
    call.exchange.cancel_all(call.account, "cm", symbol)
    return ALL_CANCELED


@router.signed("GET", "/dapi/v1/openOrders", weight=lambda params: 1 if "symbol" in params else 40)
def open_orders(call: Call) -> list[Json]:
    """List open orders of a symbol, a pair, or all."""
    symbol = symbol_of(call.params)
    return [_show(call, order) for order in call.exchange.open_orders(call.account, "cm", symbol)]


def _by_pair(params: Params) -> int:
    return 40 if "pair" in params else 20


@router.signed("GET", "/dapi/v1/allOrders", weight=_by_pair)
def all_orders(call: Call) -> list[Json]:
    """List orders, oldest first; of what is too much, the oldest are left out."""
    symbol, limit = symbol_of(call.params), call.params.limit(50, 100)
    rows = page(
        call.params,
        kept_orders(call.exchange.orders(call.account, "cm", symbol), call.now_ms),
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=WEEK_HOURS,
        now_ms=call.now_ms,
    )
    return [_show(call, order) for order in rows]


@router.signed("GET", "/dapi/v1/userTrades", weight=_by_pair)
def user_trades(call: Call) -> list[Json]:
    """List fills, oldest first; of what is too much, the newest are left out."""
    symbol, limit = symbol_of(call.params), call.params.limit(50, 1000)
    order_id = call.params.maybe_integer("orderId")
    rows = [
        trade
        for trade in call.exchange.trades(call.account, "cm", symbol)
        if order_id is None or trade.order_id == order_id
    ]
    rows = page(
        call.params,
        rows,
        id_of=lambda trade: trade.trade_id,
        time_of=lambda trade: trade.time_ms,
        cursor="fromId",
        limit=limit,
        hours=WEEK_HOURS,
        keep_oldest=True,
        now_ms=None if order_id is not None else call.now_ms,
    )
    return [cm.user_trade(trade, cm_rules(call, trade.symbol)) for trade in rows]


def _show(call: Call, order: OrderRecord) -> Json:
    return cm.order(order, cm_rules(call, order.symbol))


def _found(call: Call) -> OrderRecord:
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    return call.exchange.order(call.account, "cm", symbol, order_id=order_id, client_order_id=client_id)
