"""The tables of cross margin, and how its records become rows and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.margin.records import Flow, InterestRecord, LoanRecord

DDL = """
CREATE TABLE IF NOT EXISTS loans (
    loan_id INTEGER PRIMARY KEY, account TEXT, kind TEXT, asset TEXT, amount TEXT, interest TEXT, principal TEXT,
    time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS loans_of ON loans (account, kind, loan_id);
CREATE TABLE IF NOT EXISTS interest (
    interest_id INTEGER PRIMARY KEY, account TEXT, asset TEXT, raw_asset TEXT, principal TEXT, amount TEXT,
    daily_rate TEXT, kind TEXT, time_ms INTEGER
);
CREATE INDEX IF NOT EXISTS interest_of ON interest (account, time_ms);
CREATE INDEX IF NOT EXISTS entries_of_margin ON entries (account, entry_id) WHERE wallet = 'margin';
"""
TABLES = ("loans", "interest")

LOANS = "SELECT * FROM loans WHERE account = ? AND kind = ? AND time_ms BETWEEN ? AND ? ORDER BY loan_id DESC"
INTEREST = "SELECT * FROM interest WHERE account = ? AND time_ms BETWEEN ? AND ? ORDER BY interest_id DESC"
FLOWS = (
    "SELECT entry_id, posting, time_ms, kind, asset, amount FROM entries"
    " WHERE account = ? AND wallet = 'margin' AND time_ms BETWEEN ? AND ? ORDER BY entry_id"
)

Row = tuple[Any, ...]


def loan_row(r: LoanRecord) -> Row:
    """Write a borrowing or repayment."""
    return (
        r.loan_id, r.account, r.kind, r.asset, _text(r.amount), _text(r.interest), _text(r.principal), r.time_ms,
    )  # fmt: skip


def loan_of(row: Row) -> LoanRecord:
    """Read a borrowing or repayment back."""
    return LoanRecord(
        loan_id=row[0], account=row[1], kind=row[2], asset=row[3], amount=Decimal(row[4]), interest=Decimal(row[5]),
        principal=Decimal(row[6]), time_ms=row[7],
    )  # fmt: skip


def interest_row(r: InterestRecord) -> Row:
    """Write an hour's interest."""
    return (
        r.interest_id, r.account, r.asset, r.raw_asset, _text(r.principal), _text(r.amount), _text(r.daily_rate),
        r.kind, r.time_ms,
    )  # fmt: skip


def interest_of(row: Row) -> InterestRecord:
    """Read an hour's interest back."""
    return InterestRecord(
        interest_id=row[0], account=row[1], asset=row[2], raw_asset=row[3], principal=Decimal(row[4]),
        amount=Decimal(row[5]), daily_rate=Decimal(row[6]), kind=row[7], time_ms=row[8],
    )  # fmt: skip


def flow_of(row: Row) -> Flow:
    """Read a line of the ledger."""
    return Flow(
        flow_id=row[0], posting=row[1], time_ms=row[2], kind=row[3], asset=row[4], amount=Decimal(row[5])
    )


def _text(value: Decimal) -> str:
    return format(value, "f")
