"""Conditional orders of USD-M and COIN-M: placed here and nowhere else, absent from the orders until they trigger."""

from __future__ import annotations

from typing import Any

from atapi.paper.algos import AlgoRecord
from atapi.paper.records import OrderRecord
from atapi.paper.routes.um_orders import ALL_CANCELED, WEEK_HOURS
from atapi.paper.wire.algoforms import algo_key, algo_order
from atapi.paper.wire.call import Call
from atapi.paper.wire.futures import Both, desk_of, market_of, rules_of
from atapi.paper.wire.paging import page
from atapi.paper.wire.shapes import algo as shapes

both = Both()
router, cm_router = both.um, both.cm

Json = dict[str, Any]


@both.signed("POST", "algoOrder", weight=0, orders=True)
def place(call: Call) -> Json:
    """Place a conditional order."""
    asked = algo_order(call.params, "")
    asked.account = account = call.account
    call.gateway.limits[market_of(call)].count_orders(account, 1)
    return shapes.placed(desk_of(call).place_algo(asked), rules_of(call, asked.symbol))


@both.signed("DELETE", "algoOrder")
def cancel(call: Call) -> Json:
    """Cancel one that has not triggered."""
    algo_id, client_id = algo_key(call.params)
    algo = desk_of(call).cancel_algo(call.account, algo_id, client_id)
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "code": "200",  # a string, as at Binance
        "msg": "success",
    }


@both.signed("DELETE", "algoOpenOrders")
def cancel_all(call: Call) -> Json:
    """Cancel every one of a symbol that has not triggered, if any."""
    symbol = call.params.symbol()
    desk_of(call).cancel_algos(call.account, symbol)
    return ALL_CANCELED


@both.signed("GET", "algoOrder")
def query(call: Call) -> Json:
    """Find one, open or not."""
    algo_id, client_id = algo_key(call.params)
    return _queried(call, desk_of(call).algo(call.account, algo_id, client_id))


@both.signed("GET", "openAlgoOrders", weight=lambda params: 1 if "symbol" in params else 40)
def open_orders(call: Call) -> list[Json]:
    """List those that have not triggered, of a symbol or of all."""
    symbol, algo_id = call.params.maybe_symbol(), call.params.maybe_integer("algoId")
    return [
        shapes.listed(algo, rules_of(call, algo.symbol))
        for algo in desk_of(call).open_algos(call.account, symbol)
        if algo_id in (None, algo.algo_id)
    ]


@both.signed("GET", "allAlgoOrders", weight=5)
def all_orders(call: Call) -> list[Json]:
    """List them, oldest first; of what is too much, the oldest are left out."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    rows = page(
        call.params,
        desk_of(call).algos(call.account, symbol),
        id_of=lambda algo: algo.algo_id,
        time_of=lambda algo: algo.created_ms,
        cursor="algoId",
        limit=limit,
        hours=WEEK_HOURS,
        now_ms=call.now_ms,
    )
    return [_queried(call, algo) for algo in rows]


def _queried(call: Call, algo: AlgoRecord) -> Json:
    order: OrderRecord | None = None
    if algo.order_id:
        order = call.exchange.order(
            algo.account, market_of(call), algo.symbol, order_id=algo.order_id, client_order_id=None
        )
    return shapes.queried(algo, rules_of(call, algo.symbol), order)
