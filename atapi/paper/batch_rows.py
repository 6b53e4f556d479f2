"""What one whole call did, as rows of the exchange's tables."""

from __future__ import annotations

from typing import Any

from atapi.paper import schema
from atapi.paper.algos import algo_row
from atapi.paper.effects import Batch
from atapi.paper.schema import Row, text

Added = dict[str, list[Row]]  # table -> rows to insert
Changed = dict[str, dict[Any, Row]]  # table -> key -> row to insert or replace


def rows_of(batch: Batch, posting: int) -> tuple[Added, Changed]:
    """Write a batch as rows.

    Args:
        posting: Number of the last posting before it.
    """
    added: Added = {}
    changed: Changed = {}
    if batch.postings:
        added["entries"] = _entries(batch, posting)
        changed["balances"] = {k: (*k[0], k[1], text(value)) for k, value in batch.balances.items()}
    if batch.orders:
        changed["orders"] = {key: schema.order_row(order) for key, order in batch.orders.items()}
    if batch.trades:
        added["trades"] = [schema.trade_row(trade) for trade in batch.trades]
    if batch.positions:
        changed["positions"] = {key: schema.position_row(one) for key, one in batch.positions.items()}
    if batch.income:
        added["income"] = [schema.income_row(line) for line in batch.income]
    if batch.meta:
        changed["meta"] = {name: (name, value) for name, value in batch.meta.items()}
    _rarer(batch, added, changed)
    return added, changed


def _rarer(batch: Batch, added: Added, changed: Changed) -> None:
    if batch.lists:
        changed["lists"] = {key: schema.list_row(record) for key, record in batch.lists.items()}
    if batch.prevented:
        added["prevented"] = [schema.prevented_row(record) for record in batch.prevented]
    if batch.amends:
        added["amends"] = [schema.amend_row(record) for record in batch.amends]
    if batch.algos:
        changed["algos"] = {key: algo_row(algo) for key, algo in batch.algos.items()}
    if batch.margin_changes:
        added["margin_changes"] = [schema.margin_change_row(one) for one in batch.margin_changes]
    if batch.transfers:
        added["transfers"] = [schema.transfer_row(transfer) for transfer in batch.transfers]
    if batch.accounts:
        added["accounts"] = [schema.account_row(account) for account in batch.accounts]
    if batch.settings:
        changed["settings"] = {key: (*key, value) for key, value in batch.settings.items()}
    for table, rows in batch.rows.items():
        changed[table] = {row[0]: row for row in rows}


def _entries(batch: Batch, posting: int) -> list[Row]:
    rows: list[Row] = []
    for time_ms, kind, entries in batch.postings:
        posting += 1
        for (account, wallet), asset, amount in entries:
            rows.append((None, posting, time_ms, kind, account, wallet, asset, text(amount)))
    return rows
