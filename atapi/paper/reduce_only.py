"""Keeps reduce-only orders within the position: cuts the one that no longer fits, expires those beyond."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.listing import Listing
from atapi.paper.records import ZERO, OrderRecord

if TYPE_CHECKING:
    from atapi.paper.um_market import UmMarket

REDUCED_AWAY = "REDUCE_ONLY"


def follow_position(
    market: UmMarket, listing: Listing[PerpetualRules], account: str, side: str, now_ms: int
) -> None:
    """Cut an account's reduce-only orders for one side of a symbol to what it still holds."""
    resting = [
        (order, listing.book.get(order.order_id))
        for order in market.office.orders.open(account, market.name, listing.symbol)
        if order.reduce_only and order.position_side == side
    ]
    if not resting:
        return
    held = market.positions.quantity(account, listing.symbol, side)
    left = abs(held)
    for order, lots in sorted(resting, key=lambda item: _priority(item[0])):
        if lots is None:
            continue  # still being matched
        if not left or (order.side == "SELL") != (held > 0):
            market.end(listing, order, "EXPIRED", REDUCED_AWAY, now_ms)
        elif order.remaining > left:
            listing.book.fill(lots, listing.lots(order.remaining - left))
            order.quantity = order.executed + left
            order.updated_ms = now_ms
            market.office.effects.order(order)
            left = ZERO
        else:
            left -= order.remaining


def _priority(order: OrderRecord) -> tuple[Decimal, int]:
    return (order.price if order.side == "SELL" else -order.price, order.order_id)
