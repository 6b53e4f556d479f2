"""Writes what calls did into the exchange's file, whole transactions, here or on a thread of its own.

SQLite lets other threads run while it works, so that what is already durable elsewhere can be written beside the calls
that follow. Rows go in many to a statement: each statement then hands the interpreter over once, not once a row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from atapi.paper.batch_rows import Row, Rows
from atapi.paper.effects import Batch

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

AT_ONCE = 32  # rows of a statement; times columns, still below what every SQLite allows


class Scribe:
    """The one who writes into a file.

    Args:
        db: The file, which nobody else may use while `busy`.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._pool: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the thread is still at work."""
        return self._writing is not None and not self._writing.done()

    def write(self, batches: Sequence[Batch], posting: int) -> None:
        """Write what calls did in one transaction, now.

        Args:
            posting: Number of the last posting before them.
        Raises:
            sqlite3.Error: Nothing of it was written, or what the thread wrote before failed.
        """
        self.wait()
        self._transact(batches, posting)

    def write_beside(self, batches: Sequence[Batch], posting: int) -> None:
        """Let the thread write what calls did; what the one before failed with is raised now.

        Raises:
            sqlite3.Error: As `write`.
        """
        self.wait()
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor  # only a busy exchange needs it

            self._pool = ThreadPoolExecutor(1, thread_name_prefix="exchange's file")
        self._writing = self._pool.submit(self._transact, batches, posting)

    def wait(self) -> None:
        """Wait until the thread has finished.

        Raises:
            sqlite3.Error: What it was writing was not written.
        """
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def clear(self, tables: Sequence[str], first: Batch) -> None:
        """Empty tables and write their first rows, in one transaction.

        Raises:
            sqlite3.Error: Nothing was changed.
        """
        self.wait()
        self._transact([first], 0, tables)

    def close(self) -> None:
        """Let the thread go."""
        if self._pool is not None:
            self._pool.shutdown()

    def _transact(self, batches: Sequence[Batch], posting: int, emptied: Sequence[str] = ()) -> None:
        rows, db = Rows.of(batches, posting), self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            for table in emptied:
                db.execute(f"DELETE FROM {table}")
            for table, added in rows.added.items():
                self._insert("INSERT", table, added)
            for table, changed in rows.changed.items():
                self._insert("INSERT OR REPLACE", table, list(changed.values()))
            db.execute("COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _insert(self, verb: str, table: str, rows: Sequence[Row]) -> None:
        one = f"({','.join('?' * len(rows[0]))})"
        whole = len(rows) // AT_ONCE * AT_ONCE
        if whole:
            many = f"{verb} INTO {table} VALUES {','.join([one] * AT_ONCE)}"
            for start in range(0, whole, AT_ONCE):
                self._db.execute(many, tuple(chain.from_iterable(rows[start : start + AT_ONCE])))
        if whole < len(rows):
            self._db.executemany(f"{verb} INTO {table} VALUES {one}", rows[whole:])
