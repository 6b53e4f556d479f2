"""USD-M orders: place, batch, test, query, cancel; and the fills that came of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.new_orders import new_order
from atapi.paper.records import ZERO, OrderRecord, Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.orderforms import order_key, um_order
from atapi.paper.wire.paging import page
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import um

router = Router()

Json = dict[str, Any]
WEEK_HOURS = 7 * 24
DAY_MS = 86_400_000
UNFILLED_KEPT_MS, ORDERS_KEPT_MS, TRADES_KEPT_MS = 3 * DAY_MS, 90 * DAY_MS, 90 * DAY_MS
ALL_CANCELED = {"code": 200, "msg": "The operation of cancel all open order is done."}


@router.signed("POST", "/fapi/v1/order", weight=0, orders=True)
def place(call: Call) -> Json:
    """Place an order; LIMIT and MARKET only, conditional ones have an endpoint of their own."""
    submit, answer = um_order(call.params)
    account = call.account
    call.gateway.limits["um"].count_orders(account, 1)
    order, _ = call.exchange.place(account, "um", submit)
    return um.placed(order, _rules(call, order.symbol), ack=answer == "ACK")


@router.signed("POST", "/fapi/v1/order/test", weight=0)
def test(call: Call) -> Json:
    """Judge an order and place nothing."""
    submit, _ = um_order(call.params)
    account = call.account
    call.exchange.test(account, "um", submit)
    order = new_order(
        "um", account, submit, price=submit.price, quantity=submit.quantity or ZERO, now_ms=0
    )  # 0: it was never placed
    return um.placed(order, _rules(call, submit.symbol))


@router.signed("GET", "/fapi/v1/order")
def query(call: Call) -> Json:
    """Find one order."""
    return _show(call, _found(call))


@router.signed("GET", "/fapi/v1/openOrder")
def query_open(call: Call) -> Json:
    """Find one order that is open; refusal -2013 for any other."""
    order = _found(call)
    if not order.open:
        raise Refusal(-2013, "Order does not exist.")
    return _show(call, order)


@router.signed("DELETE", "/fapi/v1/order")
def cancel(call: Call) -> Json:
    """Cancel one order."""
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    order = call.exchange.cancel(call.account, "um", symbol, order_id=order_id, client_order_id=client_id)
    return um.placed(order, _rules(call, symbol))


@router.signed("DELETE", "/fapi/v1/allOpenOrders")
def cancel_all(call: Call) -> Json:
    """Cancel every open order of a symbol, if any."""
    symbol = call.params.symbol()
    call.exchange.cancel_all(call.account, "um", symbol)
    return ALL_CANCELED


@router.signed("GET", "/fapi/v1/openOrders", weight=lambda params: 1 if "symbol" in params else 40)
def open_orders(call: Call) -> list[Json]:
    """List open orders of a symbol or of all."""
    symbol = call.params.maybe_symbol()
    return [_show(call, order) for order in call.exchange.open_orders(call.account, "um", symbol)]


@router.signed("GET", "/fapi/v1/allOrders", weight=5)
def all_orders(call: Call) -> list[Json]:
    """List orders, oldest first; of what is too much, the oldest are left out."""
    symbol, limit = call.params.maybe_symbol(), call.params.limit(500, 1000)
    rows = page(
        call.params,
        kept_orders(call.exchange.orders(call.account, "um", symbol), call.now_ms),
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=WEEK_HOURS,
        now_ms=call.now_ms,
    )
    return [_show(call, order) for order in rows]


@router.signed("GET", "/fapi/v1/userTrades", weight=5)
def user_trades(call: Call) -> list[Json]:
    """List fills, oldest first, of the last week unless asked otherwise; of what is too much, the newest are left out."""
    symbol, limit = call.params.maybe_symbol(), call.params.limit(500, 1000)
    order_id = call.params.maybe_integer("orderId")
    rows = [
        trade
        for trade in call.exchange.trades(call.account, "um", symbol)
        if trade.time_ms >= call.now_ms - TRADES_KEPT_MS and order_id in (None, trade.order_id)
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
    return [um.user_trade(trade, _rules(call, trade.symbol)) for trade in rows]


@router.signed("GET", "/fapi/v1/rateLimit/order")
def order_usage(call: Call) -> list[Json]:
    """Tell how many orders the account has used up."""
    return call.gateway.limits["um"].order_usage(call.account)


def kept_orders(orders: Sequence[OrderRecord], now_ms: int) -> list[OrderRecord]:
    """Leave out what Binance has forgotten: ended without a fill three days ago, any after ninety."""
    return [order for order in orders if order.open or now_ms - order.updated_ms < _kept_ms(order)]


def _kept_ms(order: OrderRecord) -> int:
    return ORDERS_KEPT_MS if order.executed else UNFILLED_KEPT_MS


def _rules(call: Call, symbol: str) -> PerpetualRules:
    return call.exchange.catalogue.um[symbol]


def _show(call: Call, order: OrderRecord) -> Json:
    return um.order(order, _rules(call, order.symbol))


def _found(call: Call) -> OrderRecord:
    symbol = call.params.symbol()
    order_id, client_id = order_key(call.params)
    order = call.exchange.order(call.account, "um", symbol, order_id=order_id, client_order_id=client_id)
    if not kept_orders([order], call.now_ms):
        raise Refusal(-2013, "Order does not exist.")
    return order
