"""Futures orders after they were placed, on USD-M and COIN-M: modified, canceled by countdown, closed by force."""

from __future__ import annotations

from typing import Any

from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.wire.call import Call
from atapi.paper.wire.futures import Both, changed, desk_of, market_of, queried, rules_of
from atapi.paper.wire.orderforms import order_key, um_amendment
from atapi.paper.wire.paging import page, time_span
from atapi.paper.wire.params import invalid
from atapi.paper.wire.shapes.market import um_printer

both = Both()
router, cm_router = both.um, both.cm

Json = dict[str, Any]
HISTORY_HOURS = 90 * 24
CLOSE_TYPES = ("LIQUIDATION", "ADL")


@both.signed("PUT", "order", weight=0, orders=True)
def modify(call: Call) -> Json:
    """Change price and quantity of an open order."""
    wanted = um_amendment(call.params)
    account = call.account
    call.gateway.limits[market_of(call)].count_orders(account, 1)
    return changed(call, desk_of(call).amend(account, wanted))


@both.signed("GET", "orderAmendment")
def amendments(call: Call) -> list[Json]:
    """List what an order was before each change, newest first."""
    symbol, limit = call.params.symbol(), call.params.limit(50, 100)
    order_id, client_id = order_key(call.params)
    start, end = time_span(call.params, HISTORY_HOURS)
    order = call.exchange.order(
        call.account, market_of(call), symbol, order_id=order_id, client_order_id=client_id
    )
    show = um_printer(rules_of(call, symbol))
    rows = [
        {
            "amendmentId": row.amendment_id,
            "symbol": symbol,
            "pair": pair_of(symbol),
            "orderId": order.order_id,
            "clientOrderId": order.client_order_id,
            "time": row.time_ms,
            "amendment": {
                "price": {"before": show.price(row.price_before), "after": show.price(row.price_after)},
                "origQty": {
                    "before": show.quantity(row.quantity_before),
                    "after": show.quantity(row.quantity_after),
                },
                "count": row.count,
            },
        }
        for row in desk_of(call).amendments(call.account, order.order_id)
        if (start is None or row.time_ms >= start) and (end is None or row.time_ms <= end)
    ]
    return rows[::-1][:limit]


@both.signed("POST", "countdownCancelAll", weight=10)
def count_down(call: Call) -> Json:
    """Cancel a symbol's orders after a while, unless called again."""
    symbol, span_ms = call.params.symbol(), call.params.integer("countdownTime")
    desk_of(call).count_down(call.account, symbol, span_ms)
    return {"symbol": symbol, "countdownTime": str(span_ms)}


@both.signed("GET", "forceOrders", weight=lambda params: 20 if "symbol" in params else 50)
def force_orders(call: Call) -> list[Json]:
    """List orders by which positions were liquidated or deleveraged."""
    symbol, kind = call.params.maybe_symbol(), call.params.maybe("autoCloseType")
    if kind not in (None, *CLOSE_TYPES):
        raise invalid("autoCloseType")
    limit = call.params.limit(50, 100)
    wanted = CLOSE_TYPES if kind is None else (kind,)
    orders = call.exchange.orders(call.account, market_of(call), symbol)
    rows = page(
        call.params,
        [order for order in orders if order.terms.forced in wanted],
        id_of=lambda order: order.order_id,
        time_of=lambda order: order.created_ms,
        cursor="orderId",
        limit=limit,
        hours=HISTORY_HOURS,
    )
    return [queried(call, order) for order in rows]
