"""Margin orders: place, cancel, query, fills, and the orders of liquidations."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from atapi.paper.margin.side_effects import BORROWS, PLAIN, SIDE_EFFECTS
from atapi.paper.records import Refusal
from atapi.paper.routes.margin import check_cross, check_isolated_symbol
from atapi.paper.wire.call import Call
from atapi.paper.wire.orderforms import order_key
from atapi.paper.wire.paging import page
from atapi.paper.wire.params import Params, invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.rows import DAY_MS, page_of, span_of
from atapi.paper.wire.shapes import margin
from atapi.paper.wire.spotforms import spot_order

router = Router()

Json = dict[str, Any]
ORDER = "/sapi/v1/margin/order"
OPEN_ORDERS = "/sapi/v1/margin/openOrders"
DAY_HOURS = 24


def weight_of(params: Params) -> int:
    """Weigh a new order or list: much, where it may borrow."""
    return 1500 if params.maybe("sideEffectType") in BORROWS else 6


@router.signed("POST", ORDER, weight=weight_of, by_account=True)
def place(call: Call) -> Json:
    """Place an order, with what it borrows and repays."""
    submit, answer = spot_order(call.params)
    side_effect, repay = side_effect_of(call.params)
    check_cross(call.params)
    submit = replace(submit, side_effect=side_effect, repay_at_cancel=repay)
    account = call.account
    limits = call.gateway.limits["spot"]
    limits.count_orders(counted(account), 1)
    order, fills = call.exchange.place(account, "margin", submit)
    if fills:
        limits.uncount_order(counted(account))
    return margin.placed(order, fills, answer)


@router.signed("GET", ORDER, weight=10)
def query(call: Call) -> Json:
    """Find one order."""
    symbol, (order_id, client_id) = call.params.symbol(), order_key(call.params)
    check_cross(call.params)
    found = call.exchange.order(call.account, "margin", symbol, order_id=order_id, client_order_id=client_id)
    return margin.order(found)


@router.signed("DELETE", ORDER, weight=10)
def cancel(call: Call) -> Json:
    """Cancel one order."""
    symbol, (order_id, client_id) = call.params.symbol(), order_key(call.params)
    cancel_id = call.params.client_id("newClientOrderId")
    check_cross(call.params)
    order = call.exchange.cancel(call.account, "margin", symbol, order_id=order_id, client_order_id=client_id)
    if cancel_id is not None:
        call.gateway.name_cancel(order.order_id, cancel_id)
    return margin.canceled(order, cancel_id)


@router.signed("GET", OPEN_ORDERS, weight=10)
def open_orders(call: Call) -> list[Json]:
    """List open orders of a symbol or of all."""
    symbol = call.params.maybe_symbol()
    check_cross(call.params)
    return [margin.order(order) for order in call.exchange.open_orders(call.account, "margin", symbol)]


@router.signed("DELETE", OPEN_ORDERS)
def cancel_all(call: Call) -> list[Json]:
    """Cancel every open order of a symbol; refusal -2011 where there is none."""
    symbol = call.params.symbol()
    check_cross(call.params)
    canceled = call.exchange.cancel_all(call.account, "margin", symbol)
    if not canceled:
        raise Refusal(-2011, "Unknown order sent.")
    return [margin.canceled(order, None) | {"orderId": order.order_id} for order in canceled]


@router.signed("GET", "/sapi/v1/margin/allOrders", weight=200)
def all_orders(call: Call) -> list[Json]:
    """List orders of a symbol, oldest first."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 500, clip=True)
    check_cross(call.params)
    rows = page(
        call.params,
        call.exchange.orders(call.account, "margin", symbol),
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=DAY_HOURS,
    )
    return [margin.order(order) for order in rows]


@router.signed("GET", "/sapi/v1/margin/myTrades", weight=10)
def my_trades(call: Call) -> list[Json]:
    """List fills of a symbol, oldest first."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000, clip=True)
    order_id = call.params.maybe_integer("orderId")
    check_cross(call.params)
    rows = [
        trade
        for trade in call.exchange.trades(call.account, "margin", symbol)
        if order_id in (None, trade.order_id)
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
    return [margin.my_trade(trade) for trade in rows]


@router.signed("GET", "/sapi/v1/margin/forceLiquidationRec")
def liquidations(call: Call) -> Json:
    """List the orders that liquidated the account, newest first."""
    wanted = page_of(call.params)
    start, end = span_of(call.params, call.now_ms, usual_ms=90 * DAY_MS, most_ms=90 * DAY_MS)
    check_isolated_symbol(call.params)
    rows = [o for o in call.exchange.margin.liquidations(call.account) if start <= o.updated_ms <= end]
    return wanted.shown(rows, [margin.liquidation(order) for order in wanted.of(rows)])


@router.signed("GET", "/sapi/v1/margin/rateLimit/order", weight=20)
def order_usage(call: Call) -> list[Json]:
    """Tell how many orders the account has used up."""
    check_cross(call.params)
    return call.gateway.limits["spot"].order_usage(counted(call.account))


def side_effect_of(params: Params) -> tuple[str, bool]:
    """Read what orders borrow and repay, and whether what they did not spend is given back."""
    side_effect = params.maybe("sideEffectType") or PLAIN
    if side_effect not in SIDE_EFFECTS:
        raise invalid("sideEffectType")
    repay = params.flag("autoRepayAtCancel", default=True)
    return "" if side_effect == PLAIN else side_effect, repay


def counted(account: str) -> str:
    """Tell whose orders are counted: those of the margin account apart from spot's."""
    return f"{account} margin"
