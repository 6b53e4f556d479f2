"""Conditional orders as they are printed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.algos import AlgoRecord
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import OrderRecord
from atapi.paper.wire.figures import bare
from atapi.paper.wire.shapes.market import um_printer

Json = dict[str, Any]
BRACKET_PRICES = ("tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice")  # of kinds that are none of these


def placed(algo: AlgoRecord, rules: PerpetualRules) -> Json:
    """Print the answer to placing one."""
    show = um_printer(rules)
    wanted = algo.activate_price
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": algo.type,
        "symbol": algo.symbol,
        "side": algo.side,
        "positionSide": algo.position_side,
        "timeInForce": algo.time_in_force,
        "quantity": show.quantity(algo.quantity),
        "algoStatus": algo.status,
        "triggerPrice": show.price(algo.trigger_price),
        "price": show.price(algo.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": algo.self_trade_prevention,
        "workingType": algo.working_type,
        "priceMatch": algo.price_match,
        "closePosition": algo.close_position,
        "priceProtect": algo.price_protect,
        "reduceOnly": algo.reduce_only,
        "activatePrice": "" if wanted is None else show.price(wanted),
        "callbackRate": bare(algo.callback_rate) if algo.callback_rate else "",
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": algo.good_till_ms,
    }


def listed(algo: AlgoRecord, rules: PerpetualRules) -> Json:
    """Print one that waits."""
    return placed(algo, rules) | {"actualOrderId": "", "actualQty": "0.0", "isActivated": algo.active}


def queried(algo: AlgoRecord, rules: PerpetualRules, order: OrderRecord | None) -> Json:
    """Print one, open or not, with what came of the order it became."""
    show = um_printer(rules)
    mean = Decimal(0)
    if order and order.executed:
        mean = rules.contract.price(order.executed, order.quote_executed)
    return placed(algo, rules) | {
        "actualOrderId": str(order.order_id) if order else "",
        "actualPrice": bare(round(mean, 8)),
        "actualType": order.type if order else "",
        "actualQty": show.quantity(order.executed if order else Decimal(0)),
        "tpOrderType": "",
        **dict.fromkeys(BRACKET_PRICES, show.price(Decimal(0))),
    }
