"""Spot orders that wait for a price: which of them a price or a bar sends to work.

Only bars that opened after an order was placed are looked at, and the market's price at each look. A touch is enough:
the price was reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from atapi.matching.triggers import Trigger, lies_above
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Bar
from atapi.paper.records import ZERO, OrderRecord

CONTINGENT = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")


def trigger_of(order: OrderRecord) -> Trigger:
    """Tell what an order waits for."""
    terms = order.terms
    return Trigger(
        sells=order.side == "SELL",
        above=lies_above(order.type, order.side),
        stop=terms.stop_price or None,
        delta=terms.trailing_delta,
        extreme=terms.extreme or None,
    )


class Waiting:
    """Waiting orders by symbol."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._orders: dict[str, dict[int, OrderRecord]] = {}  # symbol -> id -> order

    def add(self, order: OrderRecord) -> None:
        """Let an order wait."""
        self._orders.setdefault(order.symbol, {})[order.order_id] = order

    def discard(self, order: OrderRecord) -> None:
        """Let go of an order that waits no more."""
        orders = self._orders.get(order.symbol, {})
        orders.pop(order.order_id, None)
        if not orders:
            self._orders.pop(order.symbol, None)

    def reached(self, symbol: str, bar: Bar) -> bool:
        """Whether a bar matters to anything that waits."""
        return any(
            order.terms.trailing_delta or trigger_of(order).live(bar)[1] is not None
            for order in self._orders.get(symbol, {}).values()
        )

    def see(self, symbol: str, price: Decimal, now_ms: int) -> list[OrderRecord]:
        """Take in the market's price; list the orders it sends to work."""
        return [
            order
            for order in self._in_turn(symbol)
            if self._after(order, *trigger_of(order).see(price), now_ms) is not None
        ]

    def live(self, symbol: str, bar: Bar, time_ms: int) -> list[tuple[OrderRecord, Decimal]]:
        """Take in a bar that is over; list the orders it sends to work, and at which price."""
        found = []
        for order in self._in_turn(symbol):
            if order.updated_ms <= bar.open_ms:
                price = self._after(order, *trigger_of(order).live(bar), time_ms)
                if price is not None:
                    found.append((order, price))
        return found

    def _in_turn(self, symbol: str) -> Iterator[OrderRecord]:
        # Stop losses first: where a bar reaches both orders of an OCO, the one that loses is believed.
        orders = self._orders.get(symbol, {}).values()
        yield from sorted(orders, key=lambda order: (not order.type.startswith("STOP"), order.order_id))

    def _after(
        self, order: OrderRecord, trigger: Trigger, price: Decimal | None, now_ms: int
    ) -> Decimal | None:
        extreme = trigger.extreme or ZERO
        if extreme != order.terms.extreme:
            since = order.terms.trailing_ms if order.terms.extreme else now_ms
            order.terms = order.terms.but(extreme=extreme, trailing_ms=since)
            self._effects.keep(order)
        return price
