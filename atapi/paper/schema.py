"""The exchange's file: its tables, and how records become rows and back. Numbers are text, exact and plain.

Column names are those of the records; a market account's history can be read with any SQLite tool.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from atapi.paper.algos import ALGO_DDL
from atapi.paper.records import (
    PLAIN_TERMS,
    AccountRecord,
    IncomeRecord,
    MarginChange,
    OrderRecord,
    PositionRecord,
    TradeRecord,
    TransferRecord,
    UmTerms,
)

_encode = msgspec.json.encode
_decode_terms = msgspec.json.Decoder(UmTerms).decode

VERSION = "3"

META = "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
DDL = """
CREATE TABLE IF NOT EXISTS accounts (
    account TEXT PRIMARY KEY, name TEXT, api_key TEXT UNIQUE, api_secret TEXT, created_ms INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries (
    entry_id INTEGER PRIMARY KEY, posting INTEGER, time_ms INTEGER, kind TEXT,
    account TEXT, wallet TEXT, asset TEXT, amount TEXT
);
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
CREATE INDEX IF NOT EXISTS orders_open ON orders (status) WHERE status IN ('NEW', 'PARTIALLY_FILLED');
CREATE TABLE IF NOT EXISTS trades (
    market TEXT, trade_id INTEGER, account TEXT, order_id INTEGER, symbol TEXT, side TEXT, price TEXT,
    quantity TEXT, fee TEXT, fee_asset TEXT, realized TEXT, maker INTEGER, position_side TEXT, time_ms INTEGER,
    PRIMARY KEY (market, trade_id, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trades_of ON trades (account, market, symbol, trade_id);
CREATE INDEX IF NOT EXISTS trades_in ON trades (market, symbol, time_ms);
CREATE TABLE IF NOT EXISTS positions (
    account TEXT, symbol TEXT, position_side TEXT, quantity TEXT, cost TEXT, carry TEXT, isolated INTEGER,
    margin TEXT, updated_ms INTEGER, PRIMARY KEY (account, symbol, position_side)
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
CREATE TABLE IF NOT EXISTS settings (
    account TEXT, name TEXT, value TEXT, PRIMARY KEY (account, name)
) WITHOUT ROWID;
"""
DDL += ALGO_DDL
TABLES = (
    "accounts", "entries", "balances", "orders", "trades", "positions", "income", "transfers", "settings", "meta", "algos",
    "margin_changes",
)  # fmt: skip

ORDER_COLUMNS = (
    "market, order_id, account, client_order_id, symbol, side, type, time_in_force, price, quantity, quote_quantity,"
    " executed, quote_executed, status, reduce_only, position_side, self_trade_prevention, expiry_reason,"
    " created_ms, updated_ms, terms"
)
TRADE_COLUMNS = (
    "market, trade_id, account, order_id, symbol, side, price, quantity, fee, fee_asset, realized, maker,"
    " position_side, time_ms"
)
POSITION_COLUMNS = "account, symbol, position_side, quantity, cost, carry, isolated, margin, updated_ms"
INCOME_COLUMNS = "income_id, account, market, symbol, kind, amount, asset, trade_id, time_ms"
TRANSFER_COLUMNS = "transfer_id, account, kind, asset, amount, time_ms"
ACCOUNT_COLUMNS = "account, name, api_key, api_secret, created_ms"

Row = tuple[Any, ...]


def text(value: Decimal) -> str:
    """Write a number as it is kept: plain, exact."""
    return format(value, "f")


def order_row(o: OrderRecord) -> Row:
    """Write an order in the order of `ORDER_COLUMNS`."""
    return (
        o.market, o.order_id, o.account, o.client_order_id, o.symbol, o.side, o.type, o.time_in_force,
        text(o.price), text(o.quantity), text(o.quote_quantity), text(o.executed), text(o.quote_executed),
        o.status, int(o.reduce_only), o.position_side, o.self_trade_prevention, o.expiry_reason,
        o.created_ms, o.updated_ms, None if o.terms == PLAIN_TERMS else _encode(o.terms).decode(),
    )  # fmt: skip


def order_of(row: Row) -> OrderRecord:
    """Read an order back."""
    return OrderRecord(
        market=row[0], order_id=row[1], account=row[2], client_order_id=row[3], symbol=row[4], side=row[5],
        type=row[6], time_in_force=row[7], price=Decimal(row[8]), quantity=Decimal(row[9]),
        quote_quantity=Decimal(row[10]), executed=Decimal(row[11]), quote_executed=Decimal(row[12]),
        status=row[13], reduce_only=bool(row[14]), position_side=row[15], self_trade_prevention=row[16],
        expiry_reason=row[17], created_ms=row[18], updated_ms=row[19],
        terms=PLAIN_TERMS if row[20] is None else _decode_terms(row[20]),
    )  # fmt: skip


def trade_row(t: TradeRecord) -> Row:
    """Write a fill in the order of `TRADE_COLUMNS`."""
    return (
        t.market, t.trade_id, t.account, t.order_id, t.symbol, t.side, text(t.price), text(t.quantity),
        text(t.fee), t.fee_asset, text(t.realized), int(t.maker), t.position_side, t.time_ms,
    )  # fmt: skip


def trade_of(row: Row) -> TradeRecord:
    """Read a fill back."""
    return TradeRecord(
        market=row[0], trade_id=row[1], account=row[2], order_id=row[3], symbol=row[4], side=row[5],
        price=Decimal(row[6]), quantity=Decimal(row[7]), fee=Decimal(row[8]), fee_asset=row[9],
        realized=Decimal(row[10]), maker=bool(row[11]), position_side=row[12], time_ms=row[13],
    )  # fmt: skip


def position_row(p: PositionRecord) -> Row:
    """Write a position in the order of `POSITION_COLUMNS`."""
    return (
        p.account, p.symbol, p.position_side, text(p.quantity), text(p.cost), text(p.carry),
        int(p.isolated), text(p.margin), p.updated_ms,
    )  # fmt: skip


def position_of(row: Row) -> PositionRecord:
    """Read a position back."""
    return PositionRecord(
        account=row[0], symbol=row[1], position_side=row[2], quantity=Decimal(row[3]), cost=Decimal(row[4]),
        carry=Decimal(row[5]), isolated=bool(row[6]), margin=Decimal(row[7]), updated_ms=row[8],
    )  # fmt: skip


def income_row(i: IncomeRecord) -> Row:
    """Write a line of income in the order of `INCOME_COLUMNS`."""
    return (
        i.income_id,
        i.account,
        i.market,
        i.symbol,
        i.kind,
        text(i.amount),
        i.asset,
        i.trade_id,
        i.time_ms,
    )


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
