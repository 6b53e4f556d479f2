"""The exchange's memory: one SQLite file, all effects of a call or none.

Calls are staged one by one and made durable together, by one append to a log (`write_ahead.py`) ahead of the file. The
file takes them up later, many whole calls in one transaction. Whoever reads sees what is staged, because every read
writes it first; whoever opens the file takes up what the log is ahead.

SQLite runs in WAL mode with synchronous NORMAL, and nothing waits for a disk: a killed process loses nothing that was
acknowledged; a power cut may lose the last moments, never consistency. This is a market for practice, so a commit
costs microseconds and not a disk's flush.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from atapi.errors import StorageError
from atapi.matching.ledger import Holder
from atapi.paper import schema, scribe
from atapi.paper.algos import AlgoRecord, algo_of
from atapi.paper.effects import Batch
from atapi.paper.records import (
    AccountRecord,
    AmendRecord,
    IncomeRecord,
    ListRecord,
    MarginChange,
    OrderRecord,
    PositionRecord,
    PreventedRecord,
    TradeRecord,
    TransferRecord,
    markets_in,
)
from atapi.paper.schema import Row
from atapi.paper.write_ahead import WriteAheadLog

MEMORY = ":memory:"
LOGGED = "logged"  # meta: number of the last record of the log that the file has taken up
TAKEN_UP_AT = 128  # calls that the log is ahead before the file takes them up
CHECKPOINT_PAGES = 10_000  # of SQLite's own log; a checkpoint waits for the disk, so there are few


class Store:
    """One exchange's file.

    Args:
        path: Where it lives; ":memory:" keeps it in memory only.
        patience_s: How long a write waits for another program that locked the file.
    Raises:
        StorageError: It cannot be opened, or is not an exchange of this version.
    """

    def __init__(self, path: str | Path, *, patience_s: float = 5.0) -> None:
        self.path = str(path)
        self._failed: str | None = None  # why nothing more is written
        self.complete: Callable[[], None] | None = None  # stages what was left for later
        self._behind: list[Batch] = []  # what the file has not taken up
        self._fresh: list[Batch] = []  # what the log has not, either
        try:
            self._db = sqlite3.connect(
                self.path, timeout=patience_s, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as e:
            raise StorageError(f"cannot open the exchange's file {self.path}: {e}") from e
        self._log: WriteAheadLog[list[Batch]] | None = None
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
            self._db.execute(schema.META)
            version = self.meta("schema")
            if version in (None, schema.VERSION):
                self._db.executescript(schema.DDL)
        except sqlite3.Error as e:
            self._db.close()
            raise StorageError(f"cannot open the exchange's file {self.path}: {e}") from e
        if version not in (None, schema.VERSION):
            self._db.close()
            raise StorageError(
                f"{self.path} is an exchange of version {version}, this is version {schema.VERSION}",
                hint="move it away, or use another --home",
            )
        self._log = self._open_log(new=version is None)
        self._count()

    def close(self) -> None:
        """Write what is staged and close the file."""
        if self._failed is None:
            self.take_up()
        self._db.close()
        if self._log is not None:
            self._log.close()

    def reset(self) -> None:
        """Forget everything; the file is as new."""
        self._behind, self._fresh = [], []
        facts = {"schema": schema.VERSION, LOGGED: str(self._number)}  # what the log still holds is over too
        self._write([Batch(meta=facts)], 0, schema.TABLES)
        if self._log is not None:
            self._log.begin_anew()
        self._count()

    def fail(self, reason: str) -> None:
        """Write nothing any more: memory and file have parted, and only opening it anew joins them."""
        self._failed = self._failed or reason

    def ready(self) -> None:
        """Get ready for the next call: let the file take up what is far behind.

        Raises:
            StorageError: A write or a call failed in the middle, and nothing is written any more.
        """
        self.check()
        if len(self._behind) >= TAKEN_UP_AT:
            self.take_up()

    def check(self) -> None:
        """Raise where nothing is written any more.

        Raises:
            StorageError: A write or a call failed in the middle.
        """
        if self._failed is not None:
            raise StorageError(f"the exchange stopped writing {self.path}: {self._failed}", hint="restart it")

    def write(self, batch: Batch) -> None:
        """Make a batch durable, all of it or none.

        Raises:
            StorageError: As `flush`.
        """
        self.stage(batch)
        self.flush()

    def stage(self, batch: Batch) -> None:
        """Take up what one whole call did, as it is now; the next `flush` makes it durable."""
        batch.freeze()
        self._behind.append(batch)
        if self._log is not None:
            self._fresh.append(batch)

    def flush(self) -> None:
        """Make every staged call durable.

        Raises:
            StorageError: It could not be written; from then on every write refuses, because what is in
                memory is ahead of the file.
        """
        if self.complete is not None:
            self.complete()
        if self._fresh:
            self.check()
            assert self._log is not None
            self._number += 1
            fresh, self._fresh = self._fresh, []
            try:
                self._log.append(self._number, fresh)
            except OSError as e:
                raise self._broken(self._log.path, e) from e

    def take_up(self) -> None:
        """Write what the file has not taken up yet, in one transaction.

        Raises:
            StorageError: As `flush`.
        """
        if self._behind:
            self._write(*self._hand_over())
        if self._log is not None and self._log.long:
            self._log.begin_anew()

    # --- reading ----------------------------------------------------------------------------------------------
    def meta(self, name: str) -> str | None:
        """Look up a fact about the exchange itself."""
        row = self._one("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else str(row[0])

    def accounts(self) -> list[AccountRecord]:
        """List accounts in the order they were made."""
        sql = f"SELECT {schema.ACCOUNT_COLUMNS} FROM accounts ORDER BY CAST(account AS INTEGER)"
        return [schema.account_of(row) for row in self._read(sql)]

    def balances(self) -> Iterator[tuple[Holder, str, Decimal]]:
        """Walk every balance."""
        for account, wallet, asset, balance in self._read("SELECT * FROM balances"):
            yield Holder(account, wallet), asset, Decimal(balance)

    def entries(self) -> Iterator[tuple[int, int, str, Holder, str, Decimal]]:
        """Walk the ledger, oldest first: posting, time, kind, holder, asset, amount."""
        sql = "SELECT posting, time_ms, kind, account, wallet, asset, amount FROM entries ORDER BY entry_id"
        for posting, time_ms, kind, account, wallet, asset, amount in self._read(sql):
            yield posting, time_ms, kind, Holder(account, wallet), asset, Decimal(amount)

    def settings(self) -> Iterator[tuple[str, str, str]]:
        """Walk account, name and value of every setting."""
        yield from self._read("SELECT account, name, value FROM settings")

    def positions(self) -> list[PositionRecord]:
        """List positions, flat ones too, in the order of account and symbol."""
        sql = f"SELECT {schema.POSITION_COLUMNS} FROM positions ORDER BY account, symbol, position_side"
        return [schema.position_of(row) for row in self._read(sql)]

    def open_orders(self) -> list[OrderRecord]:
        """List open orders of all accounts, oldest first."""
        return self._orders("status IN ('NEW', 'PARTIALLY_FILLED', 'PENDING_NEW')")

    def orders(self, account: str, market: str, symbol: str | None) -> list[OrderRecord]:
        """List an account's orders, oldest first."""
        if symbol is None:
            return self._orders("account = ? AND market = ?", account, market)
        return self._orders("account = ? AND market = ? AND symbol = ?", account, market, symbol)

    def order(self, market: str, order_id: int) -> OrderRecord | None:
        """Find one order by its id."""
        found = self._orders("market = ? AND order_id = ?", market, order_id)
        return found[0] if found else None

    def orders_by_client_id(self, account: str, market: str, client_order_id: str) -> list[OrderRecord]:
        """List orders that used a client id, oldest first."""
        where = "client_order_id = ? AND account = ? AND market = ?"
        return self._orders(where, client_order_id, account, market)

    def open_lists(self) -> list[ListRecord]:
        """List open order lists of all accounts, oldest first."""
        return self._lists("status = 'EXECUTING'")

    def lists(self, account: str) -> list[ListRecord]:
        """List an account's order lists, oldest first."""
        return self._lists("account = ?", account)

    def prevented(self, account: str, symbol: str, after: int = 0) -> list[PreventedRecord]:
        """List prevented trades of an account with itself, oldest first, with ids above `after`."""
        where = "account = ? AND symbol = ? AND match_id > ? ORDER BY match_id"
        sql = f"SELECT {schema.PREVENTED_COLUMNS} FROM prevented WHERE {where}"
        return [schema.prevented_of(row) for row in self._read(sql, account, symbol, after)]

    def amends(self, account: str, order_id: int) -> list[AmendRecord]:
        """List amendments of an order, oldest first."""
        sql = f"SELECT {schema.AMEND_COLUMNS} FROM amends WHERE account = ? AND order_id = ? ORDER BY execution_id"
        return [schema.amend_of(row) for row in self._read(sql, account, order_id)]

    def trades(self, account: str, market: str, symbol: str | None) -> list[TradeRecord]:
        """List an account's fills, oldest first."""
        if symbol is None:
            return self._trades("account = ? AND market = ? ORDER BY trade_id", account, market)
        where = "account = ? AND market = ? AND symbol = ? ORDER BY trade_id"
        return self._trades(where, account, market, symbol)

    def trades_of_symbol(self, books: str, symbol: str, since_ms: int, limit: int) -> list[TradeRecord]:
        """List the newest fills of all accounts in a symbol, oldest first; both sides of a trade have a row."""
        markets = markets_in(books)
        where = (
            f"market IN ({', '.join('?' * len(markets))}) AND symbol = ? AND time_ms >= ?"
            " ORDER BY trade_id DESC, maker LIMIT ?"
        )
        return self._trades(where, *markets, symbol, since_ms, limit)[::-1]

    def algos(self, where: str, *values: Any) -> list[AlgoRecord]:
        """List conditional orders that a condition of SQL holds for, oldest first."""
        sql = f"SELECT record FROM algos WHERE {where} ORDER BY algo_id"
        return [algo_of(row) for row in self._read(sql, *values)]

    def margin_changes(self, account: str, symbol: str) -> list[MarginChange]:
        """List changes of isolated margin, oldest first."""
        sql = "SELECT * FROM margin_changes WHERE account = ? AND symbol = ? ORDER BY change_id"
        return [schema.margin_change_of(row) for row in self._read(sql, account, symbol)]

    def income(self, account: str, market: str) -> list[IncomeRecord]:
        """List an account's income of a market, oldest first."""
        sql = (
            f"SELECT {schema.INCOME_COLUMNS} FROM income WHERE account = ? AND market = ? ORDER BY income_id"
        )
        return [schema.income_of(row) for row in self._read(sql, account, market)]

    def transfers(self, account: str) -> list[TransferRecord]:
        """List an account's transfers, oldest first."""
        sql = f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE account = ? ORDER BY transfer_id"
        return [schema.transfer_of(row) for row in self._read(sql, account)]

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Read rows of a table whose owner knows it."""
        return self._read(sql, *values).fetchall()

    def count_orders(self, client_order_id: str) -> int:
        """Count orders whose client id is like this."""
        row = self._one("SELECT count(*) FROM orders WHERE client_order_id LIKE ?", client_order_id)
        return int(row[0]) if row else 0

    def last_id(self, table: str, column: str, market: str | None = None) -> int:
        """Highest id used so far; 0 where none was."""
        if market is None:
            row = self._one(f"SELECT max({column}) FROM {table}")
        else:
            row = self._one(f"SELECT max({column}) FROM {table} WHERE market = ?", market)
        return int(row[0]) if row and row[0] is not None else 0

    # ------------------------------------------------------------------------------------------------------------
    def _count(self) -> None:
        self._posting = self.last_id("entries", "posting")

    def _open_log(self, *, new: bool) -> WriteAheadLog[list[Batch]] | None:
        """Open the log and take up what it is ahead of the file, unless the file was made just now."""
        self._number = 0
        if new:
            self._write([Batch(meta={"schema": schema.VERSION})], 0)
        if self.path == MEMORY:
            return None
        path = f"{self.path}-ahead"
        try:
            log = WriteAheadLog(path, list[Batch])
        except OSError as e:
            raise self._broken(path, e) from e
        if not new:
            self._count()
            self._number = int(self.meta(LOGGED) or 0)
            for number, batches in log.after(self._number):
                self._number = number
                self._behind += batches
            self._behind.append(Batch(meta={LOGGED: str(self._number)}))
            self.take_up()
        log.begin_anew()
        return log

    def _hand_over(self) -> tuple[list[Batch], int]:
        """Give away what the file is behind, and the number of the last posting before it."""
        if self.complete is not None:
            self.complete()
        if self._fresh:
            self._number += (
                1  # what was only staged becomes durable with the rest, and never stands in the log
            )
            self._fresh = []
        behind, self._behind = self._behind, []
        posting = self._posting
        self._posting += sum(len(batch.postings) for batch in behind)
        if self._log is not None:
            behind.append(Batch(meta={LOGGED: str(self._number)}))
        return behind, posting

    def _write(self, batches: list[Batch], posting: int, emptied: Sequence[str] = ()) -> None:
        self.check()
        try:
            scribe.write(self._db, batches, posting, emptied)
        except Exception as e:  # whatever it was, what comes after it must not be written without it
            raise self._broken(self.path, e) from e

    def _broken(self, path: str, error: Exception) -> StorageError:
        self.fail(str(error))
        return StorageError(f"cannot write the exchange's file {path}: {error}")

    def _one(self, sql: str, *values: Any) -> Row | None:
        row: Row | None = self._read(sql, *values).fetchone()
        return row

    def _read(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self.take_up()
        return self._db.execute(sql, values)

    def _orders(self, where: str, *values: Any) -> list[OrderRecord]:
        sql = f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE {where} ORDER BY order_id"
        return [schema.order_of(row) for row in self._read(sql, *values)]

    def _lists(self, where: str, *values: Any) -> list[ListRecord]:
        sql = f"SELECT {schema.LIST_COLUMNS} FROM lists WHERE {where} ORDER BY list_id"
        return [schema.list_of(row) for row in self._read(sql, *values)]

    def _trades(self, where: str, *values: Any) -> list[TradeRecord]:
        sql = f"SELECT {schema.TRADE_COLUMNS} FROM trades WHERE {where}"
        return [schema.trade_of(row) for row in self._read(sql, *values)]
