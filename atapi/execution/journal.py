"""The journal: what we meant to do, written down before we do it.

SQLite with a write-ahead log and `synchronous=FULL`: a commit that returned survives a pulled plug. An attempt's
SENDING row is committed before the first byte of its order leaves; outcomes can be asked for again, and wait for the
next commit where the writer says so (`held`). Every change is also an event in a hash chain, so a damaged or edited
journal is noticed before it is traded on.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from atapi.clock import from_ms, to_ms
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.orders import Fill
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import StorageError
from atapi.execution import journal_schema as schema
from atapi.execution.commits import Commits
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.ids import instance_tag
from atapi.execution.journal_check import MIGRATED, SEALED, fault, seal, snapshot
from atapi.execution.journal_log import lost_commits
from atapi.execution.journal_rows import (
    ATTEMPT,
    FILL,
    INTENT,
    SPREAD,
    Intent,
    attempt_of,
    attempt_values,
    fill_of,
    fill_values,
    intent_of,
    interest_of,
    interest_values,
    spread_of,
    spread_values,
)
from atapi.execution.lock import one_at_a_time

INTEREST = "interest"  # the kind of event that holds it
_UNREADABLE = (LookupError, TypeError, ValueError)  # what a flipped byte makes of reading a row
_LIVE = (AttemptState.SENDING, AttemptState.RESTING)


class Journal:
    """The durable record of one account's intents, attempts and fills.

    Args:
        path: File of the journal, made where absent.
        binding: What it belongs to (network, account); a journal bound otherwise is refused.
        seed: What the tag of a new journal's orders is made from; of another host's journal it is another.

    Raises:
        StorageError: Unreadable, damaged, of a newer version, or bound to another account.
    """

    def __init__(self, path: Path, binding: Mapping[str, str], *, seed: bytes) -> None:
        self._path = path
        fresh = not path.exists()
        try:
            if fresh:
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600))
            with one_at_a_time(
                path.with_name(f"{path.name}.opening")
            ):  # many at once trip over the log's recovery
                self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA fullfsync=ON")
                self._db.execute("PRAGMA foreign_keys=ON")
                self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self._commits = Commits(self._db, path)
            self._make_ready(binding, seed)
            self.instance = self._check(binding)
        except (sqlite3.Error, OSError, *_UNREADABLE) as e:
            raise StorageError(
                f"the journal {path} cannot be used: {e}", hint="check the disk and its rights"
            ) from e

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def held(self) -> AbstractContextManager[None]:
        """Make this thread's writes durable together: at each `flush`, and at the block's end."""
        return self._commits.held()

    def flush(self) -> None:
        """Make durable what was held back; nothing may reach a venue before.

        Raises:
            StorageError: It could not be, or something before it could not.
        """
        self._commits.flush()

    # --- intents ------------------------------------------------------------------------------------------------
    def create_spread(self, spread: Spread) -> int:
        """Write a new spread down and tell its id; `spread.spread_id` is not used."""
        with self._commits as db:
            spread_id = self._next(db, "spread", "spread_id")
            self._insert(db, "spread", SPREAD, spread_values(spread_id, spread))
            return spread_id

    def create_intent(self, spread_id: int | None, kind: str, terms: Mapping[str, str], at: datetime) -> int:
        """Write down what is meant to be done and tell its id."""
        text = json.dumps(dict(terms), sort_keys=True)
        with self._commits as db:
            intent_id = self._next(db, "intent", "intent_id")
            self._insert(db, "intent", INTENT, (intent_id, spread_id, kind, text, 0, to_ms(at)))
            return intent_id

    def finish_intent(self, intent_id: int) -> None:
        """Mark an intent as brought to its end."""
        with self._commits as db:
            db.execute("UPDATE intent SET done=1 WHERE intent_id=?", (intent_id,))
            self._commits.event("done", {"intent": intent_id})

    def open_intents(self) -> list[Intent]:
        """List intents that were not brought to their end, oldest first."""
        return self._intents("WHERE done=0 ORDER BY intent_id")

    @property
    def begun(self) -> bool:
        """Whether anything was ever meant to be done."""
        return self._db.execute("SELECT 1 FROM intent LIMIT 1").fetchone() is not None

    def intent(self, intent_id: int) -> Intent:
        """Read one intent."""
        [found] = self._intents("WHERE intent_id=?", intent_id)
        return found

    # --- attempts and fills -------------------------------------------------------------------------------------
    def write_attempt(self, attempt: Attempt, at: datetime) -> None:
        """Insert or update one attempt, durably.

        Args:
            at: The venue's time; kept of the first writing, which is before the sending.
        """
        values = attempt_values(attempt)
        with self._commits as db:
            written = db.execute(
                f"INSERT INTO attempt ({ATTEMPT}, written_ms) VALUES ({_marks(ATTEMPT)},?)"
                " ON CONFLICT (client_order_id) DO UPDATE SET state=excluded.state, order_id=excluded.order_id,"
                " executed=excluded.executed, net=excluded.net, reason=excluded.reason,"
                " reason_code=excluded.reason_code, quantity=excluded.quantity, price=excluded.price"
                " RETURNING written_ms",
                (*values, to_ms(at)),
            )
            [written_ms] = written.fetchone()
            self._commits.event("attempt", {**_named(ATTEMPT, values), "written_ms": written_ms})

    def attempts(self, intent_id: int) -> list[Attempt]:
        """List the attempts of one intent in the order they were made."""
        return [a for a, _ in self._attempts("WHERE intent_id=? ORDER BY rowid", intent_id)]

    def attempt(self, client_order_id: str) -> Attempt | None:
        """Read one attempt; None where the journal has none of that id."""
        return next((a for a, _ in self._attempts("WHERE client_order_id=?", client_order_id)), None)

    def live_attempts(self) -> list[Attempt]:
        """List the attempts whose outcome is not known for good: on their way, or resting."""
        return [a for a, _ in self._attempts("WHERE state IN (?,?) ORDER BY rowid", *_LIVE)]

    def attempts_since(self, at: datetime) -> list[tuple[Attempt, datetime]]:
        """List the attempts written from a time on, oldest first, with that time."""
        return self._attempts("WHERE written_ms>=? ORDER BY rowid", to_ms(at))

    def written_at(self, client_order_id: str) -> datetime:
        """Tell when an attempt was written first."""
        row = self._db.execute("SELECT written_ms FROM attempt WHERE client_order_id=?", (client_order_id,))
        return from_ms(row.fetchone()[0])

    def order_ids(self, market: Market, symbol: str) -> set[str]:
        """List the venue's ids of the orders of a symbol that are known."""
        query = "SELECT order_id FROM attempt WHERE market=? AND symbol=? AND order_id IS NOT NULL"
        return {order_id for (order_id,) in self._db.execute(query, (market, symbol))}

    def last_written(self) -> datetime | None:
        """Tell when the newest attempt was written; None where there is none."""
        [last] = self._db.execute("SELECT max(written_ms) FROM attempt").fetchone()
        return None if last is None else from_ms(last)

    def write_fills(self, intent_id: int, leg: LegName, fills: tuple[Fill, ...]) -> None:
        """Write fills down; one seen before is left as it is."""
        with self._commits as db:
            for f in fills:
                known = db.execute(
                    "SELECT 1 FROM fill WHERE market=? AND symbol=? AND trade_id=?",
                    (f.market, f.symbol, f.trade_id),
                )
                if known.fetchone() is None:
                    self._insert(db, "fill", FILL, fill_values(intent_id, leg, f))

    def order_fills(self) -> list[tuple[LegName, Fill]]:
        """List the fills of orders that belong to no spread, oldest first."""
        columns = ", ".join(f"fill.{name}" for name in FILL.split(", "))
        rows = self._db.execute(
            f"SELECT {columns} FROM fill JOIN intent USING (intent_id) WHERE intent.spread_id IS NULL"
            " ORDER BY fill.at_ms, fill.rowid"
        )
        return [fill_of(row) for row in rows]

    def write_state(self, spread_id: int, state: SpreadState, note: str) -> None:
        """Set a spread's state."""
        with self._commits as db:
            db.execute("UPDATE spread SET state=? WHERE spread_id=?", (state, spread_id))
            self._commits.event("state", {"spread": spread_id, "state": state, "note": note})

    def write_interest(self, spread_id: int, lines: Sequence[Interest]) -> None:
        """Write down interest that was charged for what a spread borrowed; the caller knows what is written already."""
        self.note(INTEREST, {"spread": spread_id, "lines": [interest_values(line) for line in lines]})

    def interest(self, spread_id: int) -> list[Interest]:
        """List the interest that was written down for one spread, oldest first."""
        notes = (note for note in self.notes(INTEREST) if note["spread"] == spread_id)
        return [interest_of(values) for note in notes for values in note["lines"]]

    # --- whatever else is to be kept ----------------------------------------------------------------------------
    def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append an event: a cancel, an alarm, a policy, a transfer; `kind` is the asker's own word."""
        with self._commits:
            self._commits.event(kind, body)

    def notes(self, kind: str) -> list[dict[str, Any]]:
        """List the events of one kind, oldest first."""
        rows = self._db.execute("SELECT body FROM event WHERE kind=? ORDER BY seq", (kind,))
        return [json.loads(body) for (body,) in rows]

    # --- reading ------------------------------------------------------------------------------------------------
    def spreads(self) -> list[Spread]:
        """List every spread with its fills, oldest first."""
        return self._spreads("IS NOT NULL")

    def spread(self, spread_id: int) -> Spread:
        """Read one spread."""
        [found] = self._spreads("=?", spread_id)
        return found

    def spot_of(self, spread_id: int) -> tuple[str, Decimal]:
        """Tell a spread's spot symbol, and how many of its units are in one of the perpetual."""
        query = "SELECT spot_symbol, multiplier FROM spread WHERE spread_id=?"
        symbol, multiplier = self._db.execute(query, (spread_id,)).fetchone()
        return symbol, Decimal(multiplier)

    # --- inside -------------------------------------------------------------------------------------------------
    def _spreads(self, which: str, *values: object) -> list[Spread]:
        fills: dict[int, list[tuple[LegName, Fill]]] = {}  # spread id -> fills
        columns = ", ".join(f"fill.{name}" for name in FILL.split(", "))
        for spread_id, *row in self._db.execute(
            f"SELECT intent.spread_id, {columns} FROM fill JOIN intent USING (intent_id)"
            f" WHERE intent.spread_id {which} ORDER BY fill.at_ms, fill.rowid",
            values,
        ):
            fills.setdefault(spread_id, []).append(fill_of(tuple(row)))
        rows = self._db.execute(
            f"SELECT {SPREAD} FROM spread WHERE spread_id {which} ORDER BY spread_id", values
        )
        return [
            spread_of(row, tuple(fills.get(row[0], ())), self.interest(row[0]) if row[-1] else [])
            for row in rows
        ]

    def _intents(self, which: str, *values: object) -> list[Intent]:
        return [intent_of(row) for row in self._db.execute(f"SELECT {INTENT} FROM intent {which}", values)]

    def _attempts(self, which: str, *values: object) -> list[tuple[Attempt, datetime]]:
        rows = self._db.execute(f"SELECT {ATTEMPT}, written_ms FROM attempt {which}", values)
        return [(attempt_of(row), from_ms(row[-1])) for row in rows]

    def _make_ready(self, binding: Mapping[str, str], seed: bytes) -> None:
        version = schema.version(self._db)
        [page_size] = self._db.execute("PRAGMA page_size").fetchone()
        if lost_commits(self._path, page_size):  # before anything is written over what is left of them
            raise self._unsound("its log is damaged, and commits are lost")
        if version is None:
            with self._commits as db:
                if schema.version(db) is None:  # else another process made it a moment ago
                    schema.create(db, binding, instance_tag(seed))
                    self._commits.event("created", dict(binding))
                    self._commits.event(SEALED, seal(db))
        elif version == 1:
            schema.migrate(self._db, instance_tag(repr(sorted(binding.items())).encode()))
            with self._commits as db:
                self._commits.event(MIGRATED, {"from": version})
                self._commits.event(SEALED, seal(db))
                for kind, row in snapshot(db):
                    self._commits.event(kind, row)
        elif version > schema.VERSION:
            raise StorageError(
                f"the journal {self._path} is of version {version}, this atapi knows {schema.VERSION}",
                hint="upgrade atapi",
            )

    def _check(self, binding: Mapping[str, str]) -> str:
        """See that it is ours and sound; tell its tag."""
        meta = dict(self._db.execute("SELECT name, value FROM meta WHERE name<>'version'"))
        instance: str = meta.pop("instance", "")
        if meta != dict(binding):
            was = ", ".join(f"{k} {v}" for k, v in sorted(meta.items()))
            raise StorageError(
                f"the journal {self._path} belongs to {was}", hint="another --home, or move it away"
            )
        wrong = fault(self._db)
        if wrong is not None:
            raise self._unsound(wrong)
        return instance

    def _unsound(self, wrong: str) -> StorageError:
        return StorageError(
            f"the journal {self._path} will not be traded on: {wrong}",
            hint="journal rebuild makes a new one from the venue's records; or restore a copy",
        )

    def _next(self, db: sqlite3.Connection, table: str, key: str) -> int:
        [last] = db.execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchone()
        return int(last) + 1

    def _insert(self, db: sqlite3.Connection, table: str, columns: str, values: tuple[object, ...]) -> None:
        db.execute(f"INSERT INTO {table} ({columns}) VALUES ({_marks(columns)})", values)
        self._commits.event(table, _named(columns, values))


def _named(columns: str, values: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(_names(columns), values, strict=True))


@cache
def _names(columns: str) -> tuple[str, ...]:
    return tuple(columns.split(", "))


@cache
def _marks(columns: str) -> str:
    return ",".join("?" * len(_names(columns)))
