"""The journal's tables, made new or brought up from an older version."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

VERSION = 2

_INTENT = """(
    intent_id INTEGER PRIMARY KEY, spread_id INTEGER REFERENCES spread, kind TEXT NOT NULL,
    terms TEXT NOT NULL, done INTEGER NOT NULL, created_ms INTEGER NOT NULL)"""

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE spread (
    spread_id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, spot_symbol TEXT NOT NULL, base_asset TEXT NOT NULL,
    quote_asset TEXT NOT NULL, multiplier TEXT NOT NULL, state TEXT NOT NULL, tag TEXT NOT NULL,
    created_ms INTEGER NOT NULL, reverse INTEGER NOT NULL DEFAULT 0)""",
    f"CREATE TABLE intent {_INTENT}",  # spread_id is NULL where a single order belongs to none
    """CREATE TABLE attempt (
    client_order_id TEXT PRIMARY KEY, intent_id INTEGER NOT NULL REFERENCES intent, leg TEXT NOT NULL,
    number INTEGER NOT NULL, market TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
    quantity TEXT NOT NULL, price TEXT, time_in_force TEXT, reduce_only INTEGER NOT NULL, state TEXT NOT NULL,
    order_id TEXT, executed TEXT NOT NULL, net TEXT NOT NULL, reason TEXT NOT NULL, reason_code INTEGER,
    reducing INTEGER NOT NULL DEFAULT 0, borrows INTEGER NOT NULL DEFAULT 0, repays INTEGER NOT NULL DEFAULT 0,
    written_ms INTEGER NOT NULL DEFAULT 0, UNIQUE (intent_id, leg, number))""",
    """CREATE TABLE fill (
    market TEXT NOT NULL, symbol TEXT NOT NULL, trade_id TEXT NOT NULL, intent_id INTEGER NOT NULL REFERENCES intent,
    leg TEXT NOT NULL, order_id TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    fee TEXT NOT NULL, fee_asset TEXT NOT NULL, realized TEXT, maker INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (market, symbol, trade_id))""",
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, chain TEXT NOT NULL)",
)

_FROM_1 = (
    "ALTER TABLE spread ADD COLUMN reverse INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN reducing INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN borrows INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN repays INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE attempt ADD COLUMN written_ms INTEGER NOT NULL DEFAULT 0",
    f"CREATE TABLE intent_2 {_INTENT}",
    "INSERT INTO intent_2 SELECT * FROM intent",
    "DROP TABLE intent",
    "ALTER TABLE intent_2 RENAME TO intent",
)


def create(db: sqlite3.Connection, binding: Mapping[str, str], instance: str) -> None:
    """Make the tables of an empty file, inside the caller's transaction.

    Args:
        binding: What the journal belongs to: network and account.
        instance: The tag its orders carry; see `ids`.
    """
    for statement in _TABLES:
        db.execute(statement)
    rows = {"version": str(VERSION), "instance": instance, **binding}
    db.executemany("INSERT INTO meta VALUES (?,?)", rows.items())


def version(db: sqlite3.Connection) -> int | None:
    """Tell the version of a file; None where it is empty."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
        return None
    row = db.execute("SELECT value FROM meta WHERE name='version'").fetchone()
    return int(row[0]) if row else 0


def migrate(db: sqlite3.Connection, instance: str) -> None:
    """Bring a file of version 1 up, all of it or nothing.

    Args:
        instance: The tag that version made its orders with, which it did not keep.
    """
    # A table that others refer to can only be made anew while nobody checks the references.
    db.execute("PRAGMA foreign_keys=OFF")
    db.execute("PRAGMA legacy_alter_table=ON")
    db.execute("BEGIN IMMEDIATE")
    for statement in _FROM_1:
        db.execute(statement)
    db.execute("INSERT INTO meta VALUES ('instance', ?)", (instance,))
    db.execute("UPDATE meta SET value=? WHERE name='version'", (str(VERSION),))
    db.execute("COMMIT")
    db.execute("PRAGMA legacy_alter_table=OFF")
    db.execute("PRAGMA foreign_keys=ON")
