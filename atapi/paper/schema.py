"""The exchange's file: its tables, and how records become rows and back. Numbers are text, exact.

Column names are those of the records; a market account's history can be read with any SQLite tool. Very small numbers
may have an exponent (`1E-8`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import to_builtins

from atapi.paper.algos import ALGO_DDL
from atapi.paper.margin import tables as margin
from atapi.paper.order_terms import decoded, encoded
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
)

VERSION = "6"

META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
DDL = """
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY, name TEXT, api_key TEXT UNIQUE, api_secret TEXT, created_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    entry_id INTEGER PRIMARY KEY, posting INTEGER, time_ms INTEGER, kind TEXT,
    account TEXT, wallet TEXT, asset TEXT, amount TEXT
);
CREATE INDEX IF NOT EXISTS entries_of_deposits ON entries (account, entry_id) WHERE kind = 'DEPOSIT';
CREATE TABLE IF NOT EXISTS balances (
    account TEXT, wallet TEXT, asset TEXT, balance TEXT, PRIMARY KEY (account, wallet, asset)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    market TEXT, order_id INTEGER, account TEXT, client_order_id TEXT, symbol TEXT, side TEXT, type TEXT,
    time_in_force TEXT, price TEXT, quantity TEXT, quote_quantity TEXT, executed TEXT, quote_executed TEXT,
    status TEXT, reduce_only INTEGER, position_side TEXT, self_trade_prevention TEXT, expiry_reason TEXT,
    created_ms INTEGER, updated_ms INTEGER, terms TEXT, PRIMARY KEY (market, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_of ON orders (account, market, symbol, order_id);
CREATE INDEX IF NOT EXISTS orders_by_client ON orders (client_order_id, account, market);
CREATE INDEX IF NOT EXISTS orders_open ON orders (status) WHERE status IN ('NEW', 'PARTIALLY_FILLED', 'PENDING_NEW');
CREATE TABLE IF NOT EXISTS lists (
    list_id INTEGER PRIMARY KEY, account TEXT, client_id TEXT, symbol TEXT, kind TEXT, orders TEXT, status TEXT,
    created_ms INTEGER, updated_ms INTEGER
);
CREATE INDEX IF NOT EXISTS lists_of ON lists (account, list_id);
CREATE INDEX IF NOT EXISTS lists_open ON lists (status) WHERE status = 'EXECUTING';
CREATE TABLE IF NOT EXISTS prevented (
    match_id INTEGER PRIMARY KEY, account TEXT, symbol TEXT, taker_id INTEGER, maker_id INTEGER, mode TEXT,
    price TEXT, taker_quantity TEXT, maker_quantity TEXT, time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS prevented_of ON prevented (account, symbol, match_id);
CREATE TABLE IF NOT EXISTS amends (
    execution_id INTEGER PRIMARY KEY, account TEXT, symbol TEXT, order_id INTEGER, old_client_id TEXT,
    new_client_id TEXT, old_quantity TEXT, new_quantity TEXT, time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS amends_of ON amends (account, order_id, execution_id);
CREATE TABLE IF NOT EXISTS trades (
    market TEXT, trade_id INTEGER, account TEXT, order_id INTEGER, symbol TEXT, side TEXT, price TEXT,
    quantity TEXT, fee TEXT, fee_asset TEXT, realized TEXT, maker INTEGER, position_side TEXT, time_ms INTEGER,
    PRIMARY KEY (market, trade_id, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trades_of ON trades (account, market, symbol, trade_id);
CREATE INDEX IF NOT EXISTS trades_in ON trades (market, symbol, time_ms);
CREATE TABLE IF NOT EXISTS positions (
    account TEXT, symbol TEXT, position_side TEXT, quantity TEXT, cost TEXT, carry TEXT, isolated INTEGER,
    margin TEXT, fees TEXT, realized TEXT, updated_ms INTEGER, PRIMARY KEY (account, symbol, position_side)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS income (
    income_id INTEGER PRIMARY KEY, account TEXT, market TEXT, symbol TEXT, kind TEXT, amount TEXT, asset TEXT,
    trade_id INTEGER, time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS income_of ON income (account, market, income_id);
CREATE TABLE IF NOT EXISTS transfers (
    transfer_id INTEGER PRIMARY KEY, account TEXT, kind TEXT, asset TEXT, amount TEXT, time_ms INTEGER
);
CREATE TABLE IF NOT EXISTS margin_changes (
    change_id INTEGER PRIMARY KEY, account TEXT, symbol TEXT, position_side TEXT, kind INTEGER, amount TEXT,
    asset TEXT, time_ms INTEGER
);
CREATE TABLE IF NOT EXISTS um_amendments (
    amendment_id INTEGER PRIMARY KEY, account TEXT, market TEXT, order_id INTEGER, price_before TEXT,
    price_after TEXT, quantity_before TEXT, quantity_after TEXT, count INTEGER, time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS um_amendments_of ON um_amendments (account, market, order_id);
CREATE TABLE IF NOT EXISTS settings (
    account TEXT, name TEXT, value TEXT, PRIMARY KEY (account, name)
) WITHOUT ROWID;
"""
DDL += ALGO_DDL + margin.DDL
TABLES = (
    "accounts", "entries", "balances", "orders", "lists", "prevented", "amends", "trades", "positions", "income",
    "transfers", "settings", "meta", "algos", "margin_changes", "um_amendments", *margin.TABLES,
)  # fmt: skip

ORDER_COLUMNS = (
    "market, order_id, account, client_order_id, symbol, side, type, time_in_force, price, quantity, quote_quantity,"
    " executed, quote_executed, status, reduce_only, position_side, self_trade_prevention, expiry_reason,"
    " created_ms, updated_ms, terms"
)
LIST_COLUMNS = "list_id, account, client_id, symbol, kind, orders, status, created_ms, updated_ms"
PREVENTED_COLUMNS = (
    "match_id, account, symbol, taker_id, maker_id, mode, price, taker_quantity, maker_quantity, time_ms"
)
AMEND_COLUMNS = "execution_id, account, symbol, order_id, old_client_id, new_client_id, old_quantity, new_quantity, time_ms"
TRADE_COLUMNS = (
    "market, trade_id, account, order_id, symbol, side, price, quantity, fee, fee_asset, realized, maker,"
    " position_side, time_ms"
)
POSITION_COLUMNS = (
    "account, symbol, position_side, quantity, cost, carry, isolated, margin, fees, realized, updated_ms"
)
INCOME_COLUMNS = "income_id, account, market, symbol, kind, amount, asset, trade_id, time_ms"
TRANSFER_COLUMNS = "transfer_id, account, kind, asset, amount, time_ms"
ACCOUNT_COLUMNS = "account, name, api_key, api_secret, created_ms"

Row = tuple[Any, ...]


def row_of(record: OrderRecord | TradeRecord | PositionRecord | IncomeRecord) -> list[Any]:
    """Write a record whose fields stand in the order of its table's columns."""
    row: list[Any] = to_builtins(record)
    return row


def text(value: Decimal) -> str:
    """Write a number as it is kept: exact."""
    return str(value)


def order_row(o: OrderRecord) -> list[Any]:
    """Write an order in the order of `ORDER_COLUMNS`."""
    row: list[Any] = to_builtins(o)
    row[-1] = encoded(o.terms)
    return row


def order_of(row: Row) -> OrderRecord:
    """Read an order back."""
    return OrderRecord(
        market=row[0], order_id=row[1], account=row[2], client_order_id=row[3], symbol=row[4], side=row[5],
        type=row[6], time_in_force=row[7], price=Decimal(row[8]), quantity=Decimal(row[9]),
        quote_quantity=Decimal(row[10]), executed=Decimal(row[11]), quote_executed=Decimal(row[12]),
        status=row[13], reduce_only=bool(row[14]), position_side=row[15], self_trade_prevention=row[16],
        expiry_reason=row[17], created_ms=row[18], updated_ms=row[19], terms=decoded(row[20]),
    )  # fmt: skip


def list_row(o: ListRecord) -> Row:
    """Write an order list in the order of `LIST_COLUMNS`; its orders as `id:client id`, with spaces between."""
    orders = " ".join(f"{order_id}:{client_id}" for order_id, client_id in o.orders)
    return (
        o.list_id, o.account, o.client_id, o.symbol, o.kind, orders, o.status, o.created_ms, o.updated_ms,
    )  # fmt: skip


def list_of(row: Row) -> ListRecord:
    """Read an order list back."""
    orders = (part.partition(":") for part in row[5].split())
    return ListRecord(
        list_id=row[0], account=row[1], client_id=row[2], symbol=row[3], kind=row[4],
        orders=tuple((int(order_id), client_id) for order_id, _, client_id in orders), status=row[6], created_ms=row[7], updated_ms=row[8],
    )  # fmt: skip


def prevented_row(p: PreventedRecord) -> Row:
    """Write a prevented trade in the order of `PREVENTED_COLUMNS`."""
    return (
        p.match_id, p.account, p.symbol, p.taker_id, p.maker_id, p.mode, text(p.price),
        None if p.taker_quantity is None else text(p.taker_quantity),
        None if p.maker_quantity is None else text(p.maker_quantity), p.time_ms,
    )  # fmt: skip


def prevented_of(row: Row) -> PreventedRecord:
    """Read a prevented trade back."""
    return PreventedRecord(
        match_id=row[0], account=row[1], symbol=row[2], taker_id=row[3], maker_id=row[4], mode=row[5],
        price=Decimal(row[6]), taker_quantity=None if row[7] is None else Decimal(row[7]),
        maker_quantity=None if row[8] is None else Decimal(row[8]), time_ms=row[9],
    )  # fmt: skip


def amend_row(a: AmendRecord) -> Row:
    """Write an amendment in the order of `AMEND_COLUMNS`."""
    return (
        a.execution_id, a.account, a.symbol, a.order_id, a.old_client_id, a.new_client_id, text(a.old_quantity),
        text(a.new_quantity), a.time_ms,
    )  # fmt: skip


def amend_of(row: Row) -> AmendRecord:
    """Read an amendment back."""
    return AmendRecord(
        execution_id=row[0], account=row[1], symbol=row[2], order_id=row[3], old_client_id=row[4],
        new_client_id=row[5], old_quantity=Decimal(row[6]), new_quantity=Decimal(row[7]), time_ms=row[8],
    )  # fmt: skip


def trade_of(row: Row) -> TradeRecord:
    """Read a fill back."""
    return TradeRecord(
        market=row[0], trade_id=row[1], account=row[2], order_id=row[3], symbol=row[4], side=row[5],
        price=Decimal(row[6]), quantity=Decimal(row[7]), fee=Decimal(row[8]), fee_asset=row[9],
        realized=Decimal(row[10]), maker=bool(row[11]), position_side=row[12], time_ms=row[13],
    )  # fmt: skip


def position_of(row: Row) -> PositionRecord:
    """Read a position back."""
    return PositionRecord(
        account=row[0], symbol=row[1], position_side=row[2], quantity=Decimal(row[3]), cost=Decimal(row[4]),
        carry=Decimal(row[5]), isolated=bool(row[6]), margin=Decimal(row[7]), fees=Decimal(row[8]),
        realized=Decimal(row[9]), updated_ms=row[10],
    )  # fmt: skip


def income_of(row: Row) -> IncomeRecord:
    """Read a line of income back."""
    return IncomeRecord(
        income_id=row[0], account=row[1], market=row[2], symbol=row[3], kind=row[4], amount=Decimal(row[5]),
        asset=row[6], trade_id=row[7], time_ms=row[8],
    )  # fmt: skip


def transfer_row(t: TransferRecord) -> Row:
    """Write a transfer in the order of `TRANSFER_COLUMNS`."""
    return (t.transfer_id, t.account, t.kind, t.asset, text(t.amount), t.time_ms)


def transfer_of(row: Row) -> TransferRecord:
    """Read a transfer back."""
    return TransferRecord(
        transfer_id=row[0], account=row[1], kind=row[2], asset=row[3], amount=Decimal(row[4]), time_ms=row[5]
    )


def margin_change_row(c: MarginChange) -> Row:
    """Write a change of isolated margin; its number comes of itself."""
    return (None, c.account, c.symbol, c.position_side, c.kind, text(c.amount), c.asset, c.time_ms)


def margin_change_of(row: Row) -> MarginChange:
    """Read it back."""
    return MarginChange(
        account=row[1], symbol=row[2], position_side=row[3], kind=row[4], amount=Decimal(row[5]), asset=row[6],
        time_ms=row[7],
    )  # fmt: skip


def account_row(a: AccountRecord) -> Row:
    """Write an account in the order of `ACCOUNT_COLUMNS`."""
    return (a.account, a.name, a.api_key, a.api_secret, a.created_ms)


def account_of(row: Row) -> AccountRecord:
    """Read an account back."""
    return AccountRecord(account=row[0], name=row[1], api_key=row[2], api_secret=row[3], created_ms=row[4])
