"""Changes price and quantity of an open USD-M order. It keeps its id and loses its place in the queue."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from decimal import Decimal

from atapi.matching.book import Resting
from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.um_amendments import UmAmendments
from atapi.paper.um_market import UmMarket
from atapi.paper.views import Submit

MOST = 10_000  # changes of one order
WOULD_TAKE = -5022  # a post-only order that would not rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an order is to become."""

    symbol: str
    side: str
    quantity: Decimal
    price: Decimal | None  # None where the exchange is to choose it
    price_match: str = "NONE"
    order_id: int | None = None
    client_order_id: str | None = None
    reduce_only: bool = False  # asks that the order is one
    modify_id: int | None = None  # what its owner calls the change


def amend(market: UmMarket, kept: UmAmendments, account: str, wanted: Amendment, now_ms: int) -> OrderRecord:
    """Change an order, or refuse and leave it as it is.

    Raises:
        Refusal: As Binance's.
    """
    orders = market.office.orders
    listing = market.quoted(wanted.symbol, now_ms)
    order = orders.find(account, market.name, wanted.symbol, wanted.order_id, wanted.client_order_id)
    if not order.open:
        raise Refusal(-2013, "Order does not exist.")
    order = orders.of_id(market.name, order.order_id)
    _check(order, wanted)
    if wanted.quantity <= order.executed:
        return market.cancel(account, order.symbol, order.order_id, None, now_ms)
    resting = listing.book.remove(order.order_id)
    assert resting is not None
    left = wanted.quantity - order.executed
    market.release(order, order.remaining, order.price)
    orders.close(order)  # while it is judged as if it were new, it is not there
    try:
        draft = market.judge(account, _as_new(order, wanted, left), now_ms)
    except Refusal as refusal:
        orders.add(order)
        market.reserve(order, None)
        listing.book.add(Resting(order.order_id, account, resting.bid, resting.price, resting.lots))
        if refusal.code == WOULD_TAKE:
            return market.cancel(account, order.symbol, order.order_id, None, now_ms)
        raise _as_amended(refusal) from refusal
    before = (order.price, order.quantity)
    order.price = draft.order.price
    order.quantity = order.executed + draft.order.quantity
    order.updated_ms = now_ms
    order.terms = order.terms.but(
        amends=order.terms.amends + 1, price_match=wanted.price_match, modify_id=wanted.modify_id
    )
    draft.order = order
    orders.add(order)
    market.reserve(order, draft.plan)
    market.office.effects.amendment(order)
    kept.add(account, order.order_id, before, (order.price, order.quantity), order.terms.amends, now_ms)
    market.work(draft, now_ms)
    return copy(order)


def _check(order: OrderRecord, wanted: Amendment) -> None:
    if order.type != "LIMIT":
        raise Refusal(-5025, "Only limit order is supported.")
    if order.side != wanted.side:
        raise Refusal(-1130, "Data sent for parameter 'side' is not valid.")
    if wanted.reduce_only and not order.reduce_only:
        raise Refusal(-5047, "The original order is not a reduce-only order.")
    if order.terms.amends >= MOST:
        raise Refusal(-5026, "Exceed maximum modify order limit.")
    if (wanted.price, wanted.quantity) == (order.price, order.quantity):
        raise Refusal(-5027, "No need to modify the order.")


def _as_new(order: OrderRecord, wanted: Amendment, left: Decimal) -> Submit:
    hedged = order.position_side != "BOTH"
    return Submit(
        symbol=order.symbol,
        side=order.side,
        type="LIMIT",
        quantity=left,
        price=wanted.price,
        time_in_force=order.time_in_force,
        client_order_id=order.client_order_id,
        reduce_only=None if hedged else order.reduce_only,
        position_side=order.position_side,
        self_trade_prevention=order.self_trade_prevention,
        terms=order.terms.but(price_match=wanted.price_match),
    )


def _as_amended(refusal: Refusal) -> Refusal:
    if refusal.code == -4164:
        message = refusal.message.removesuffix(" (unless you choose reduce only)")
        return Refusal(-5029, message)
    return refusal
