"""What USD-M and COIN-M answer alike: which of them a call is of, and how it prints orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.um_desk import UmDesk
from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router, Weight
from atapi.paper.wire.shapes import cm, um
from atapi.paper.wire.symbols import perpetual_rules

Json = dict[str, Any]
Handler = Callable[[Call], Any]


def market_of(call: Call) -> str:
    """Tell which futures market a call is of, by its path."""
    return "cm" if call.route.path.startswith("/dapi/") else "um"


def desk_of(call: Call) -> UmDesk:
    """Find that market's desk."""
    return call.exchange.desk(market_of(call))


def rules_of(call: Call, symbol: str) -> PerpetualRules:
    """Find the rules of one of its perpetuals; refusal -1121 where nobody lists it."""
    return perpetual_rules(call, market_of(call), symbol)


def placed(call: Call, order: OrderRecord, *, ack: bool = False) -> Json:
    """Print the answer to placing, changing or canceling an order."""
    show = cm.placed if market_of(call) == "cm" else um.placed
    return show(order, rules_of(call, order.symbol), ack=ack)


def queried(call: Call, order: OrderRecord) -> Json:
    """Print an order as queries do."""
    show = cm.order if market_of(call) == "cm" else um.order
    return show(order, rules_of(call, order.symbol))


def changed(call: Call, order: OrderRecord) -> Json:
    """Print the answer to a change of an order."""
    return placed(call, order) | {"pair": pair_of(order.symbol), "modifyId": order.terms.modify_id}


def as_item(answer: Callable[[], Json]) -> Json:
    """Answer one of a batch, which stands or falls alone."""
    try:
        return answer()
    except Refusal as refusal:
        return {"code": refusal.code, "msg": refusal.message}


class Both:
    """The endpoints of one file on both markets, each below its own root."""

    def __init__(self) -> None:
        self.um, self.cm = Router(), Router()

    def signed(
        self, method: str, path: str, *, weight: Weight = 1, orders: bool = False
    ) -> Callable[[Handler], Handler]:
        """Register an endpoint that wants key, time and signature."""

        def register(handler: Handler) -> Handler:
            self.um.signed(method, f"/fapi/v1/{path}", weight=weight, orders=orders)(handler)
            self.cm.signed(method, f"/dapi/v1/{path}", weight=weight, orders=orders)(handler)
            return handler

        return register
