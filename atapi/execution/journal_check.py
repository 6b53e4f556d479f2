"""Tells whether a journal is what it was when it was written: the file, the chain of its events, and its tables.

Every row is also in the event that wrote it. So the tables can be derived from the chain, and a number that was
edited, or that a failing disk flipped, shows as a difference.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

from atapi.execution.journal_rows import ATTEMPT, FILL, INTENT, SPREAD

Rows = dict[tuple[str, ...], dict[str, Any]]  # (table, key…) -> column -> value

_TABLES = {  # table -> its columns, and the first columns of its key
    "spread": (SPREAD, 1),
    "intent": (INTENT, 1),
    "attempt": (f"{ATTEMPT}, written_ms", 1),
    "fill": (FILL, 3),
}

MIGRATED = "migrated"  # events before it did not hold their rows; those after it state them all
_SEAL = ("the file",)
SEALED = "sealed"  # states what holds for a file's life: how its tables were made, and whose it is


def link(previous: str, kind: str, body: str) -> str:
    """Chain an event to the one before it."""
    return hashlib.sha256(f"{previous}\n{kind}\n{body}".encode()).hexdigest()


def fault(db: sqlite3.Connection) -> str | None:
    """Name what is wrong with a journal; None where it is sound.

    All of it is read as of one moment: another process may be writing.
    """
    db.execute("BEGIN")
    try:
        return _fault(db)
    finally:
        db.execute("ROLLBACK")


def seal(db: sqlite3.Connection) -> dict[str, Any]:
    """State what nothing changes once the tables are made; a flipped bit there could turn texts into numbers."""
    made = list(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"))
    tables = hashlib.sha256(repr(made).encode()).hexdigest()
    return {"tables": tables, "meta": dict(db.execute("SELECT name, value FROM meta ORDER BY name"))}


def snapshot(db: sqlite3.Connection) -> list[tuple[str, dict[str, Any]]]:
    """State every row as the event that would have written it."""
    return [(table, row) for (table, *_), row in _stored(db).items() if table in _TABLES]


def _fault(db: sqlite3.Connection) -> str | None:
    [state] = db.execute("PRAGMA quick_check").fetchone()
    if state != "ok":
        return f"the file is damaged ({state})"
    derived = _derived(db)
    if derived is None:
        return "its history is broken"
    stored = _stored(db)
    for key in derived.keys() | stored.keys():
        if derived.get(key) != stored.get(key):
            return f"{' '.join(key)} is not what was written"
    return None


def _derived(db: sqlite3.Connection) -> Rows | None:
    """Derive the tables from the events; None where the chain is broken."""
    rows: Rows = {}
    previous = ""
    [begins] = db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE kind=?", (MIGRATED,)).fetchone()
    events = db.execute("SELECT seq, kind, body, chain FROM event ORDER BY seq")
    for number, (seq, kind, text, chain) in enumerate(events, start=1):
        if seq != number or chain != link(previous, kind, text):
            return None
        previous = chain
        if seq <= begins:
            continue
        body = json.loads(text)
        if kind == "state":
            rows["spread", str(body["spread"])]["state"] = body["state"]
        elif kind == "done":
            rows["intent", str(body["intent"])]["done"] = 1
        elif kind == SEALED:
            rows[_SEAL] = body
        elif kind in _TABLES:
            key = _key(kind, body)
            rows[key] = body
    return rows


def _stored(db: sqlite3.Connection) -> Rows:
    rows: Rows = {_SEAL: seal(db)}
    for table, (columns, _) in _TABLES.items():
        names = columns.split(", ")
        for values in db.execute(f"SELECT {columns} FROM {table}"):
            row = dict(zip(names, values, strict=True))
            rows[_key(table, row)] = row
    return rows


def _key(table: str, row: dict[str, Any]) -> tuple[str, ...]:
    columns, width = _TABLES[table]
    return (table, *(str(row[name]) for name in columns.split(", ")[:width]))
