"""Writes what calls did into the exchange's file, many whole calls in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import chain

from atapi.paper.batch_rows import Row, Rows
from atapi.paper.effects import Batch

AT_ONCE = 32  # rows of a statement; times columns, still below what every SQLite allows


def write(
    db: sqlite3.Connection, batches: Iterable[Batch], posting: int, emptied: Sequence[str] = ()
) -> None:
    """Write what calls did in one transaction.

    Args:
        posting: Number of the last posting before them.
        emptied: Tables to be emptied first.
    Raises:
        sqlite3.Error: Nothing of it was written.
    """
    rows = Rows.of(batches, posting)
    try:
        db.execute("BEGIN IMMEDIATE")
        for table in emptied:
            db.execute(f"DELETE FROM {table}")
        for table, added in rows.added.items():
            _insert(db, "INSERT", table, added)
        for table, changed in rows.changed.items():
            _insert(db, "INSERT OR REPLACE", table, list(changed.values()))
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _insert(db: sqlite3.Connection, verb: str, table: str, rows: Sequence[Row]) -> None:
    one = f"({','.join('?' * len(rows[0]))})"
    whole = len(rows) // AT_ONCE * AT_ONCE
    if whole:
        many = f"{verb} INTO {table} VALUES {','.join([one] * AT_ONCE)}"
        for start in range(0, whole, AT_ONCE):
            db.execute(many, tuple(chain.from_iterable(rows[start : start + AT_ONCE])))
    if whole < len(rows):
        db.executemany(f"{verb} INTO {table} VALUES {one}", rows[whole:])
