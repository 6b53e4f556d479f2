"""Filters of spot that few symbols have: how much of a coin an account may hold, how many icebergs it may have."""

from __future__ import annotations

from atapi.matching.filters import Breach
from atapi.matching.ledger import Holder
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import SpotRules
from atapi.paper.records import ZERO, OrderRecord


def breach_of_caps(office: Backoffice, rules: SpotRules, order: OrderRecord) -> Breach | None:
    """Find which of them a new order breaks."""
    if rules.max_iceberg_orders is not None and order.terms.iceberg:
        standing = office.orders.open(order.account, order.market, order.symbol)
        if sum(bool(other.terms.iceberg) for other in standing) >= rules.max_iceberg_orders:
            return Breach(-1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS")
    if rules.max_position is not None and order.side == "BUY":
        free, held = office.wallets.free_and_held(Holder(order.account, order.market), rules.base_asset)
        bought = sum(
            (
                other.remaining
                for other in office.orders.open(order.account, order.market, order.symbol)
                if other.side == "BUY"
            ),
            ZERO,
        )
        if free + held + bought + order.quantity > rules.max_position:
            return Breach(-1013, "Filter failure: MAX_POSITION")
    return None
