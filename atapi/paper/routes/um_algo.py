"""Conditional orders: placed here and nowhere else, and absent from the orders until they trigger."""

from __future__ import annotations

from typing import Any

from atapi.paper.algos import AlgoRecord
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import OrderRecord
from atapi.paper.routes.um_orders import ALL_CANCELED, WEEK_HOURS
from atapi.paper.wire.algoforms import algo_key, algo_order
from atapi.paper.wire.call import Call
from atapi.paper.wire.paging import page
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import algo as shapes

router = Router()

Json = dict[str, Any]


@router.signed("POST", "/fapi/v1/algoOrder", weight=0, orders=True)
def place(call: Call) -> Json:
    """Place a conditional order."""
    asked = algo_order(call.params, "")
    asked.account = account = call.account
    call.gateway.limits["um"].count_orders(account, 1)
    return shapes.placed(call.exchange.futures.place_algo(asked), _rules(call, asked.symbol))


@router.signed("DELETE", "/fapi/v1/algoOrder")
def cancel(call: Call) -> Json:
    """Cancel one that has not triggered."""
    algo_id, client_id = algo_key(call.params)
    algo = call.exchange.futures.cancel_algo(call.account, algo_id, client_id)
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "code": "200",  # a string, as at Binance
        "msg": "success",
    }


@router.signed("DELETE", "/fapi/v1/algoOpenOrders")
def cancel_all(call: Call) -> Json:
    """Cancel every one of a symbol that has not triggered, if any."""
    symbol = call.params.symbol()
    call.exchange.futures.cancel_algos(call.account, symbol)
    return ALL_CANCELED


@router.signed("GET", "/fapi/v1/algoOrder")
def query(call: Call) -> Json:
    """Find one, open or not."""
    algo_id, client_id = algo_key(call.params)
    return _queried(call, call.exchange.futures.algo(call.account, algo_id, client_id))


@router.signed("GET", "/fapi/v1/openAlgoOrders", weight=lambda params: 1 if "symbol" in params else 40)
def open_orders(call: Call) -> list[Json]:
    """List those that have not triggered, of a symbol or of all."""
    symbol, algo_id = call.params.maybe_symbol(), call.params.maybe_integer("algoId")
    return [
        shapes.listed(algo, _rules(call, algo.symbol))
        for algo in call.exchange.futures.open_algos(call.account, symbol)
        if algo_id in (None, algo.algo_id)
    ]


@router.signed("GET", "/fapi/v1/allAlgoOrders", weight=5)
def all_orders(call: Call) -> list[Json]:
    """List them, oldest first; of what is too much, the oldest are left out."""
    symbol, limit = call.params.symbol(), call.params.limit(500, 1000)
    rows = page(
        call.params,
        call.exchange.futures.algos(call.account, symbol),
        id_of=lambda algo: algo.algo_id,
        time_of=lambda algo: algo.created_ms,
        cursor="algoId",
        limit=limit,
        hours=WEEK_HOURS,
    )
    return [_queried(call, algo) for algo in rows]


def _queried(call: Call, algo: AlgoRecord) -> Json:
    order: OrderRecord | None = None
    if algo.order_id:
        order = call.exchange.order(
            algo.account, "um", algo.symbol, order_id=algo.order_id, client_order_id=None
        )
    return shapes.queried(algo, _rules(call, algo.symbol), order)


def _rules(call: Call, symbol: str) -> PerpetualRules:
    return call.exchange.catalogue.um[symbol]
