"""Rebuilding: a new journal out of what the venue itself recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from atapi.clock import Clock
from atapi.domain.account import Position
from atapi.domain.numbers import plain
from atapi.domain.spreads import Pair
from atapi.errors import UsageError
from atapi.exchanges.base import FuturesVenue, MarginVenue, Orders, SpotVenue
from atapi.execution.executor import Executor
from atapi.execution.rebuild import Derived, Records, derive
from atapi.services.symbols import SymbolBook
from atapi.table import Table

REACH = timedelta(days=90)  # orders older than that are not shown by every market


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One fact about the journal."""

    field: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildService:
    """Derives the spreads that stand from positions, orders and trades, and begins a journal with them."""

    spot: SpotVenue
    futures: FuturesVenue
    margin: MarginVenue | None
    symbols: SymbolBook
    executor: Executor
    clock: Clock

    def run(self) -> list[str]:
        """Put the journal aside, begin another, and tell line by line what it holds.

        Raises:
            StorageError: Another process may write.
        """
        self.executor.own()
        said: list[str] = []
        found: list[Derived] = []
        for position in self.futures.positions():
            derived = self._derive(position)
            if derived is None:
                said.append(f"{position.symbol}: no spot market; its position is left alone")
                continue
            found.append(derived)
            said.append(_told(position, derived))
        tags = sorted({tag for derived in found for tag in derived.instances})
        self.executor.rebuild([d.spread for d in found if d.spread is not None], tags)
        return said

    def table(self, said: Sequence[str] = ()) -> Table:
        """State what the journal holds and who may write it.

        Args:
            said: Lines to be shown below.

        Raises:
            StorageError: It is not to be trusted.
        """
        if not self.executor.begun:
            return Table.of([], JournalRow, empty="no journal yet: the first order makes one", notes=said)
        journal = self.executor.journal
        last = journal.last_written()
        facts = {
            "file": str(journal.path),
            "tag in its orders": journal.instance,
            "spreads": str(len(journal.spreads())),
            "unfinished": str(len(journal.open_intents())),
            "last order": "none" if last is None else f"{last:%Y-%m-%d %H:%M:%S}",
            "written by": self.executor.holder() or "this process, or nobody",
        }
        rows = [JournalRow(field=field, value=value) for field, value in facts.items()]
        return Table.of(rows, JournalRow, empty="", notes=said)

    def _derive(self, position: Position) -> Derived | None:
        try:
            pair = self.symbols.pair(position.symbol)
        except UsageError:
            return None
        coins = self._coins(pair, reverse=position.quantity > 0)
        return derive(pair, position.quantity, self._records(self.futures, pair.symbol), coins)

    def _coins(self, pair: Pair, *, reverse: bool) -> Records:
        venue: Orders | None = self.margin if reverse else self.spot
        return Records(orders=(), fills=()) if venue is None else self._records(venue, pair.spot.symbol)

    def _records(self, venue: Orders, symbol: str) -> Records:
        start = self.clock.now() - REACH
        return Records(orders=venue.orders(symbol, start=start), fills=venue.fills(symbol, start=start))


def _told(position: Position, derived: Derived) -> str:
    spread = derived.spread
    if spread is None:
        return f"{position.symbol}: no order of ours had a part in its position; it is left alone"
    legs = (
        f"spot {plain(spread.spot_quantity)}, perp {plain(spread.perp_quantity)}, {len(spread.fills)} trades"
    )
    rest = f"; {plain(derived.unexplained)} of the position is not explained" if derived.unexplained else ""
    return f"{position.symbol}: a spread since {spread.created_at:%Y-%m-%d %H:%M}: {legs}{rest}"
