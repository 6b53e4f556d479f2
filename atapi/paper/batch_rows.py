"""What whole calls did, as rows of the exchange's tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from atapi.paper import schema
from atapi.paper.algos import algo_row
from atapi.paper.effects import Batch
from atapi.paper.schema import row_of, text

Row = Sequence[Any]


class Rows:
    """Rows of any number of calls; of what changed, the newest.

    Args:
        posting: Number of the last posting before them.
    """

    def __init__(self, posting: int) -> None:
        self.added: dict[str, list[Row]] = {}  # table -> rows to insert
        self.changed: dict[str, dict[Any, Row]] = {}  # table -> key -> row to insert or replace
        self._posting = posting

    @classmethod
    def of(cls, batches: Iterable[Batch], posting: int) -> Rows:
        """Write what calls did."""
        rows = cls(posting)
        for batch in batches:
            rows.take(batch)
        return rows

    def take(self, batch: Batch) -> None:
        """Add what one call did."""
        if batch.postings:
            self._add("entries", self._entries(batch))
            balances: dict[Any, Row] = {
                key: (*key[0], key[1], text(value)) for key, value in batch.balances.items()
            }
            self._change("balances", balances)
        if batch.orders:
            self._change("orders", {key: schema.order_row(o) for key, o in batch.orders.items()})
        if batch.trades:
            self._add("trades", [row_of(trade) for trade in batch.trades])
        if batch.positions:
            self._change("positions", {key: row_of(one) for key, one in batch.positions.items()})
        if batch.income:
            self._add("income", [row_of(line) for line in batch.income])
        if batch.meta:
            self._change("meta", {name: (name, value) for name, value in batch.meta.items()})
        self._take_rarer(batch)

    def _take_rarer(self, batch: Batch) -> None:
        if batch.lists:
            self._change("lists", {key: schema.list_row(record) for key, record in batch.lists.items()})
        if batch.prevented:
            self._add("prevented", [schema.prevented_row(record) for record in batch.prevented])
        if batch.amends:
            self._add("amends", [schema.amend_row(record) for record in batch.amends])
        if batch.algos:
            self._change("algos", {key: algo_row(algo) for key, algo in batch.algos.items()})
        if batch.margin_changes:
            self._add("margin_changes", [schema.margin_change_row(one) for one in batch.margin_changes])
        if batch.transfers:
            self._add("transfers", [schema.transfer_row(transfer) for transfer in batch.transfers])
        if batch.accounts:
            self._add("accounts", [schema.account_row(account) for account in batch.accounts])
        if batch.settings:
            self._change("settings", {key: (*key, value) for key, value in batch.settings.items()})
        for table, rows in batch.rows.items():
            self._change(table, {row[0]: row for row in rows})

    def _entries(self, batch: Batch) -> list[Row]:
        rows: list[Row] = []
        for time_ms, kind, entries in batch.postings:
            self._posting += 1
            for (account, wallet), asset, amount in entries:
                rows.append((None, self._posting, time_ms, kind, account, wallet, asset, text(amount)))
        return rows

    def _add(self, table: str, rows: list[Row]) -> None:
        present = self.added.get(table)
        if present is None:
            self.added[table] = rows
        else:
            present += rows

    def _change(self, table: str, rows: dict[Any, Row]) -> None:
        present = self.changed.get(table)
        if present is None:
            self.changed[table] = rows
        else:
            present |= rows
