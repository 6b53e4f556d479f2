"""What happened between two moments, in its order.

Each source of happenings tells when its next one is; the earliest happens, and then all are asked again, because what
happened may have changed what follows: a fill opens a position, a position is liquidated, a stop becomes an order. At
the end every symbol with an open order is looked at as it is now: the crowd quotes anew and takes what its quotes cross.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from atapi.paper.market import Market
from atapi.paper.orders import Orders
from atapi.paper.prices import DAY


class Source(Protocol):
    """Something that happens by itself as time goes on."""

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when it next happens in after_ms < time <= until_ms; None where it does not."""
        ...

    def happen(self, at_ms: int) -> None:
        """Let everything of this moment happen."""
        ...


class Timeline:
    """Brings markets from one moment to a later one.

    Args:
        sources: In the order in which they happen where they happen at once.
    """

    def __init__(self, orders: Orders, markets: Mapping[str, Market[Any]], sources: Sequence[Source]) -> None:
        self._orders = orders
        self._markets = markets
        self._sources = sources

    def run(self, after_ms: int, now_ms: int) -> None:
        """Let everything happen that lies in after_ms < time <= now_ms."""
        at = after_ms
        while at < now_ms:
            at = self._step(at, min(now_ms, (at // DAY + 1) * DAY))
        for name, market in self._markets.items():
            for symbol in self._orders.symbols(name):
                market.look(symbol, now_ms)

    def _step(self, after_ms: int, until_ms: int) -> int:
        due: list[tuple[Source, int]] = []
        until = until_ms
        for source in self._sources:
            at = source.next_ms(after_ms, until)
            if at is not None:
                assert after_ms < at <= until, (source, after_ms, at, until)
                until = at  # nothing later needs to be looked for
                due.append((source, at))
        for source, at in due:
            if at == until:
                source.happen(at)
        return until
