"""What open spot orders hold of their owners' funds. The orders of a list share one hold: the largest of theirs."""

from __future__ import annotations

from decimal import Decimal

from atapi.matching.ledger import Holder
from atapi.paper.order_terms import NO_LIST
from atapi.paper.records import ZERO, OrderRecord
from atapi.paper.wallets import Wallets

Group = tuple[int, str]  # order list, asset


class Holds:
    """Holds by order. Only those of order lists are kept here; any other order's is simply its own."""

    def __init__(self, wallets: Wallets) -> None:
        self._wallets = wallets
        self._groups: dict[Group, dict[int, Decimal]] = {}  # group -> order id -> what it would hold alone

    def change(self, order: OrderRecord, holder: Holder, asset: str, amount: Decimal) -> None:
        """Hold so much more for an order, or less where negative."""
        if not amount:
            return
        if order.terms.list_id == NO_LIST:
            self._wallets.hold(holder, asset, amount)
            return
        key = (order.terms.list_id, asset)
        group = self._groups.setdefault(key, {})
        before = _held(group)
        group[order.order_id] = group.get(order.order_id, ZERO) + amount
        if not group[order.order_id]:
            del group[order.order_id]
        if _held(group) != before:
            self._wallets.hold(holder, asset, _held(group) - before)
        if not group:
            del self._groups[key]

    def room(self, order: OrderRecord, holder: Holder, asset: str) -> Decimal:
        """Tell what an order may hold: what is free, and what its list holds already."""
        return self._wallets.free(holder, asset) + _held(self._groups.get((order.terms.list_id, asset), {}))


def _held(group: dict[int, Decimal]) -> Decimal:
    return max(group.values(), default=ZERO)
