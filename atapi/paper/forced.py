"""Orders by which positions were liquidated, as streams tell them: the largest of each symbol and second."""

from __future__ import annotations

from collections import deque
from copy import copy
from decimal import Decimal
from typing import NamedTuple

from atapi.paper.records import OrderRecord

KEPT = 1000
SECOND = 1000


class Forced(NamedTuple):
    """One forced order, done."""

    number: int
    order: OrderRecord
    last: Decimal  # quantity of its last fill


class ForcedOrders:
    """The newest forced orders of one futures market, numbered."""

    def __init__(self) -> None:
        self._rows: deque[Forced] = deque(maxlen=KEPT)
        self.last = 0  # number of the newest

    def note(self, order: OrderRecord, last: Decimal) -> None:
        """Keep one."""
        self.last += 1
        self._rows.append(Forced(self.last, copy(order), last))

    def since(self, number: int, symbol: str = "") -> list[Forced]:
        """List those after a number, the largest of each symbol and second, in their order."""
        largest: dict[tuple[str, int], Forced] = {}
        for row in self._rows:
            order = row.order
            if row.number <= number or symbol not in ("", order.symbol):
                continue
            key = (order.symbol, order.updated_ms // SECOND)
            if key not in largest or order.quantity > largest[key].order.quantity:
                largest[key] = row
        return list(largest.values())
