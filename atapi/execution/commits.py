"""Makes what is written durable: each deed of the journal by itself, or a thread's deeds together.

A failed commit ends all writing in this process: after a failed sync nobody knows what the disk holds, and a second
try may be told that all is well.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from atapi.errors import StorageError
from atapi.execution.journal_check import link

_MEND = "mend the disk, then start atapi again"
_as_text = json.JSONEncoder(sort_keys=True).encode


class Commits:
    """A connection's transactions; entered, it gives the connection within one.

    Args:
        db: In autocommit mode.
        path: Its file, for messages.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._writing = threading.RLock()
        self._holder: int | None = None  # the thread whose deeds become durable together
        self._stopped = ""  # why nothing is written any more
        self._last: str | None = None  # the chain's last link, once a transaction has asked for it

    def __enter__(self) -> sqlite3.Connection:
        self._writing.acquire()
        try:
            self._check()
            if not self._db.in_transaction:
                self._execute("BEGIN IMMEDIATE")
                self._last = None  # another process may have written since
        except BaseException:
            self._writing.release()
            raise
        return self._db

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            if failure is not None:
                self._give_up(failure)
            elif self._holder != threading.get_ident():
                self._execute("COMMIT")
        finally:
            self._writing.release()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make this thread's deeds durable together: at each `flush`, and at the block's end."""
        if self._holder == threading.get_ident():
            yield
            return
        assert self._holder is None, "two transactions at once"
        self._holder = threading.get_ident()
        try:
            yield
        except BaseException:
            self._holder = None
            if not self._stopped:
                self.flush()  # what was learned is true whatever went wrong
            raise
        self._holder = None
        self.flush()

    def flush(self) -> None:
        """Make durable what was held back.

        Raises:
            StorageError: It could not be, or something before it could not.
        """
        with self._writing:
            self._check()
            if self._db.in_transaction:
                self._execute("COMMIT")

    def event(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append to the chain, within a transaction."""
        if self._last is None:
            last = self._db.execute("SELECT chain FROM event ORDER BY seq DESC LIMIT 1").fetchone()
            self._last = last[0] if last else ""
        text = _as_text(body)
        self._last = link(self._last, kind, text)
        self._db.execute("INSERT INTO event (kind, body, chain) VALUES (?,?,?)", (kind, text, self._last))

    def _check(self) -> None:
        if self._stopped:
            raise StorageError(f"the journal {self._path} was given up: {self._stopped}", hint=_MEND)

    def _execute(self, statement: str) -> None:
        try:
            self._db.execute(statement)
        except sqlite3.Error as e:
            self._give_up(e)

    def _give_up(self, failure: BaseException) -> None:
        if self._db.in_transaction:  # some failures have ended it already
            self._db.execute("ROLLBACK")
        if (
            isinstance(failure, sqlite3.Error) or self._holder is not None
        ):  # what was held back is lost with it
            self._stopped = str(failure) or type(failure).__name__
        if isinstance(failure, sqlite3.Error):
            raise StorageError(
                f"the journal {self._path} cannot be written: {failure}", hint=_MEND
            ) from failure
