"""What cross margin keeps beside the ledger: why debts changed, what interest was for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRecord:
    """One borrowing or repayment."""

    account: str
    loan_id: int  # `tranId` on the wire
    kind: str  # BORROW, REPAY
    asset: str
    amount: Decimal
    interest: Decimal  # the part of a repayment that paid interest
    principal: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRecord:
    """One hour's interest on one debt."""

    account: str
    interest_id: int
    asset: str  # what it is owed or was paid in
    raw_asset: str  # what was borrowed
    principal: Decimal
    amount: Decimal
    daily_rate: Decimal
    kind: str  # ON_BORROW, PERIODIC; with _CONVERTED where it was paid in BNB
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One line of the margin wallet's ledger."""

    flow_id: int
    posting: int
    time_ms: int
    kind: str  # as the ledger calls it
    asset: str
    amount: Decimal  # signed
