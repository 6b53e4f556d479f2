"""The journal: what we meant to do, written down before we do it.

SQLite with a write-ahead log and `synchronous=FULL`: a commit that returned survives a pulled plug. An attempt's
SENDING row is committed before the first byte of its order leaves; outcomes can be asked for again. Every change is
also an event in a hash chain, so a damaged or edited journal is noticed before it is traded on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from atapi.clock import from_ms, to_ms
from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import StorageError
from atapi.execution.effects import Attempt, AttemptState

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE spread (
    spread_id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, spot_symbol TEXT NOT NULL, base_asset TEXT NOT NULL,
    quote_asset TEXT NOT NULL, multiplier TEXT NOT NULL, state TEXT NOT NULL, tag TEXT NOT NULL,
    created_ms INTEGER NOT NULL);
CREATE TABLE intent (
    intent_id INTEGER PRIMARY KEY, spread_id INTEGER NOT NULL REFERENCES spread, kind TEXT NOT NULL,
    terms TEXT NOT NULL, done INTEGER NOT NULL, created_ms INTEGER NOT NULL);
CREATE TABLE attempt (
    client_order_id TEXT PRIMARY KEY, intent_id INTEGER NOT NULL REFERENCES intent, leg TEXT NOT NULL,
    number INTEGER NOT NULL, market TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, type TEXT NOT NULL,
    quantity TEXT NOT NULL, price TEXT, time_in_force TEXT, reduce_only INTEGER NOT NULL, state TEXT NOT NULL,
    order_id TEXT, executed TEXT NOT NULL, net TEXT NOT NULL, reason TEXT NOT NULL, reason_code INTEGER,
    UNIQUE (intent_id, leg, number));
CREATE TABLE fill (
    market TEXT NOT NULL, symbol TEXT NOT NULL, trade_id TEXT NOT NULL, intent_id INTEGER NOT NULL REFERENCES intent,
    leg TEXT NOT NULL, order_id TEXT NOT NULL, side TEXT NOT NULL, price TEXT NOT NULL, quantity TEXT NOT NULL,
    fee TEXT NOT NULL, fee_asset TEXT NOT NULL, realized TEXT, maker INTEGER NOT NULL, at_ms INTEGER NOT NULL,
    PRIMARY KEY (market, symbol, trade_id));
CREATE TABLE event (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, chain TEXT NOT NULL);
"""


class Journal:
    """The durable record of one account's intents, attempts and fills.

    Args:
        path: File of the journal, made where absent.
        binding: What it belongs to (network, account); a journal bound otherwise is refused.

    Raises:
        StorageError: Unreadable, damaged, of a newer version, or bound to another account.
    """

    def __init__(self, path: Path, binding: Mapping[str, str]) -> None:
        self._path = path
        fresh = not path.exists()
        try:
            if fresh:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA fullfsync=ON")
            self._db.execute("PRAGMA foreign_keys=ON")
            if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
                self._create(binding)
            self._check(binding)
        except (sqlite3.Error, OSError) as e:
            raise StorageError(
                f"the journal {path} cannot be used: {e}", hint="check the disk and its rights"
            ) from e

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- intents ------------------------------------------------------------------------------------------------
    def create_spread(self, spread: Spread) -> int:
        """Write a new spread down and tell its id; `spread.spread_id` is not used."""
        with self._commit() as db:
            cursor = db.execute(
                "INSERT INTO spread (symbol, spot_symbol, base_asset, quote_asset, multiplier, state, tag, created_ms)"
                " VALUES (?,?,?,?,?,?,?,?)",
                (spread.symbol, spread.spot_symbol, spread.base_asset, spread.quote_asset, str(spread.multiplier),
                 spread.state, spread.tag, to_ms(spread.created_at)),
            )  # fmt: skip
            spread_id = int(cursor.lastrowid or 0)
            self._event(db, "spread", {"id": spread_id, "symbol": spread.symbol, "state": spread.state})
            return spread_id

    def create_intent(self, spread_id: int, kind: str, terms: Mapping[str, str], at: datetime) -> int:
        """Write down what is meant to be done and tell its id."""
        with self._commit() as db:
            cursor = db.execute(
                "INSERT INTO intent (spread_id, kind, terms, done, created_ms) VALUES (?,?,?,0,?)",
                (spread_id, kind, json.dumps(dict(terms), sort_keys=True), to_ms(at)),
            )
            intent_id = int(cursor.lastrowid or 0)
            self._event(
                db, "intent", {"id": intent_id, "spread": spread_id, "kind": kind, "terms": dict(terms)}
            )
            return intent_id

    def finish_intent(self, intent_id: int) -> None:
        """Mark an intent as brought to its end."""
        with self._commit() as db:
            db.execute("UPDATE intent SET done=1 WHERE intent_id=?", (intent_id,))
            self._event(db, "done", {"intent": intent_id})

    def open_intents(self) -> list[tuple[int, int, str, dict[str, str]]]:
        """List intents that were not brought to their end: (intent, spread, kind, terms)."""
        rows = self._db.execute(
            "SELECT intent_id, spread_id, kind, terms FROM intent WHERE done=0 ORDER BY intent_id"
        )
        return [(i, s, kind, json.loads(terms)) for i, s, kind, terms in rows]

    # --- attempts and fills -------------------------------------------------------------------------------------
    def write_attempt(self, attempt: Attempt) -> None:
        """Insert or update one attempt, durably."""
        r = attempt.request
        with self._commit() as db:
            db.execute(
                "INSERT INTO attempt VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (client_order_id) DO UPDATE"
                " SET state=excluded.state, order_id=excluded.order_id, executed=excluded.executed, net=excluded.net,"
                " reason=excluded.reason, reason_code=excluded.reason_code",
                (r.client_order_id, attempt.intent_id, attempt.leg, attempt.number, r.market, r.symbol, r.side, r.type,
                 str(r.quantity), None if r.price is None else str(r.price), r.time_in_force, int(r.reduce_only),
                 attempt.state, attempt.order_id, str(attempt.executed), str(attempt.net), attempt.reason, attempt.reason_code),
            )  # fmt: skip
            self._event(
                db,
                "attempt",
                {"id": r.client_order_id, "state": attempt.state, "executed": str(attempt.executed),
                 "side": r.side, "quantity": str(r.quantity), "reason": attempt.reason},
            )  # fmt: skip

    def attempts(self, intent_id: int) -> list[Attempt]:
        """List the attempts of one intent in the order they were made."""
        rows = self._db.execute("SELECT * FROM attempt WHERE intent_id=? ORDER BY rowid", (intent_id,))
        return [_attempt(row) for row in rows]

    def write_fills(self, intent_id: int, leg: LegName, fills: tuple[Fill, ...]) -> None:
        """Write fills down; one seen before is left as it is."""
        with self._commit() as db:
            for f in fills:
                db.execute(
                    "INSERT OR IGNORE INTO fill VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                    (f.market, f.symbol, f.trade_id, intent_id, leg, f.order_id, f.side, str(f.price), str(f.quantity),
                     str(f.fee), f.fee_asset, None if f.realized is None else str(f.realized), int(f.maker),
                     to_ms(f.at)),
                )  # fmt: skip
                self._event(db, "fill", {"trade": f.trade_id, "leg": leg, "quantity": str(f.quantity)})

    def write_state(self, spread_id: int, state: SpreadState, note: str) -> None:
        """Set a spread's state."""
        with self._commit() as db:
            db.execute("UPDATE spread SET state=? WHERE spread_id=?", (state, spread_id))
            self._event(db, "state", {"spread": spread_id, "state": state, "note": note})

    # --- reading ------------------------------------------------------------------------------------------------
    def spreads(self) -> list[Spread]:
        """List every spread with its fills, oldest first."""
        fills: dict[int, list[tuple[LegName, Fill]]] = {}  # spread id -> fills
        for row in self._db.execute(
            "SELECT intent.spread_id, fill.* FROM fill JOIN intent USING (intent_id) ORDER BY fill.at_ms, fill.rowid"
        ):
            fills.setdefault(row[0], []).append((LegName(row[5]), _fill(row[1:])))
        rows = self._db.execute(
            "SELECT spread_id, symbol, spot_symbol, base_asset, quote_asset, multiplier, state, tag, created_ms"
            " FROM spread ORDER BY spread_id"
        )
        return [
            Spread(
                spread_id=r[0],
                symbol=r[1],
                spot_symbol=r[2],
                base_asset=r[3],
                quote_asset=r[4],
                multiplier=Decimal(r[5]),
                state=SpreadState(r[6]),
                tag=r[7],
                created_at=from_ms(r[8]),
                fills=tuple(fills.get(r[0], ())),
            )
            for r in rows
        ]

    def spread(self, spread_id: int) -> Spread:
        """Read one spread."""
        return next(s for s in self.spreads() if s.spread_id == spread_id)

    # --- inside -------------------------------------------------------------------------------------------------
    def _create(self, binding: Mapping[str, str]) -> None:
        with self._commit() as db:
            for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                db.execute(statement)
            db.execute("INSERT INTO meta VALUES ('version', ?)", (str(SCHEMA_VERSION),))
            for name, value in binding.items():
                db.execute("INSERT INTO meta VALUES (?,?)", (name, value))
            self._event(db, "created", dict(binding))

    def _check(self, binding: Mapping[str, str]) -> None:
        meta = dict(self._db.execute("SELECT name, value FROM meta"))
        version = int(meta.pop("version", "0"))
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"the journal {self._path} is of version {version}, this atapi knows {SCHEMA_VERSION}",
                hint="upgrade atapi",
            )
        if meta != dict(binding):
            was = ", ".join(f"{k} {v}" for k, v in sorted(meta.items()))
            raise StorageError(
                f"the journal {self._path} belongs to {was}", hint="another --home, or move it away"
            )
        [state] = self._db.execute("PRAGMA quick_check").fetchone()
        if state != "ok" or not self._chain_holds():
            raise StorageError(
                f"the journal {self._path} is damaged; it will not be traded on",
                hint="restore a copy, or move it away and close positions by hand",
            )

    def _chain_holds(self) -> bool:
        previous = ""
        for kind, body, chain in self._db.execute("SELECT kind, body, chain FROM event ORDER BY seq"):
            if chain != _link(previous, kind, body):
                return False
            previous = chain
        return True

    @contextmanager
    def _commit(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as e:
            raise StorageError(
                f"the journal {self._path} cannot be written: {e}", hint="nothing was sent"
            ) from e

    def _event(self, db: sqlite3.Connection, kind: str, body: Mapping[str, Any]) -> None:
        text = json.dumps(body, sort_keys=True)
        last = db.execute("SELECT chain FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        db.execute(
            "INSERT INTO event (kind, body, chain) VALUES (?,?,?)",
            (kind, text, _link(last[0] if last else "", kind, text)),
        )


def _link(previous: str, kind: str, body: str) -> str:
    return hashlib.sha256(f"{previous}\n{kind}\n{body}".encode()).hexdigest()


def _attempt(row: tuple[Any, ...]) -> Attempt:
    return Attempt(
        intent_id=row[1],
        leg=LegName(row[2]),
        number=row[3],
        request=OrderRequest(
            client_order_id=row[0],
            market=Market(row[4]),
            symbol=row[5],
            side=Side(row[6]),
            type=OrderType(row[7]),
            quantity=Decimal(row[8]),
            price=None if row[9] is None else Decimal(row[9]),
            time_in_force=None if row[10] is None else TimeInForce(row[10]),
            reduce_only=bool(row[11]),
        ),
        state=AttemptState(row[12]),
        order_id=row[13],
        executed=Decimal(row[14]),
        net=Decimal(row[15]),
        reason=row[16],
        reason_code=row[17],
    )


def _fill(row: tuple[Any, ...]) -> Fill:
    return Fill(
        market=Market(row[0]),
        symbol=row[1],
        trade_id=row[2],
        order_id=row[5],
        side=Side(row[6]),
        price=Decimal(row[7]),
        quantity=Decimal(row[8]),
        fee=Decimal(row[9]),
        fee_asset=row[10],
        realized=None if row[11] is None else Decimal(row[11]),
        maker=bool(row[12]),
        at=from_ms(row[13]),
    )
