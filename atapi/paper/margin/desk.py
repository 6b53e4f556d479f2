"""Cross margin as users meet it: what the exchange is asked beside orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal

from atapi.paper.backoffice import Backoffice
from atapi.paper.margin import tables
from atapi.paper.margin.accounts import MarginAccounts, Standing
from atapi.paper.margin.loans import Loans
from atapi.paper.margin.records import Flow, InterestRecord, LoanRecord
from atapi.paper.margin.side_effects import LIQUIDATION
from atapi.paper.margin.terms import Terms
from atapi.paper.records import OrderRecord

Calls = Callable[
    [], AbstractContextManager[int]
]  # brings the exchange up to now, and keeps what the block did


class MarginDesk:
    """Borrowing, repaying, and what is known about both.

    Args:
        calls: Opens a call of the exchange.
    """

    def __init__(
        self,
        calls: Calls,
        office: Backoffice,
        terms: Terms,
        loans: Loans,
        accounts: MarginAccounts,
    ) -> None:
        self._calls = calls
        self._office = office
        self.terms = terms
        self._loans = loans
        self._accounts = accounts

    # --- debts --------------------------------------------------------------------------------------------------
    def borrow(self, account: str, asset: str, amount: Decimal) -> LoanRecord:
        """Borrow; refusals -3006, -3013, -3027, -3045."""
        with self._calls() as now:
            self._accounts.judge_borrow(account, asset, amount, now)
            return self._loans.borrow(account, asset, amount, now)

    def repay(self, account: str, asset: str, amount: Decimal) -> LoanRecord:
        """Repay, interest first; refusals -3015, -3016, -3027, -3041."""
        with self._calls() as now:
            self._accounts.judge_repay(account, asset, amount, now)
            return self._loans.repay(account, asset, amount, now)

    def loans(self, account: str, kind: str, start_ms: int, end_ms: int) -> Sequence[LoanRecord]:
        """List borrowings (BORROW) or repayments (REPAY), newest first."""
        with self._calls():
            return self._loans.history(account, kind, start_ms, end_ms)

    def interest(self, account: str, start_ms: int, end_ms: int) -> Sequence[InterestRecord]:
        """List interest, newest first."""
        with self._calls():
            return self._loans.interest(account, start_ms, end_ms)

    def set_interest_in_bnb(self, account: str, on: bool) -> None:
        """Switch paying interest in BNB."""
        with self._calls():
            self._office.accounts.set_burns_bnb(account, "interest", on)

    def interest_in_bnb(self, account: str) -> bool:
        """Whether interest is paid in BNB."""
        return self._office.accounts.burns_bnb(account, "interest")

    def set_leverage(self, account: str, leverage: int) -> None:
        """Choose three- or fivefold leverage."""
        with self._calls():
            self._accounts.set_leverage(account, leverage)

    # --- standing -----------------------------------------------------------------------------------------------
    def standing(self, account: str) -> Standing:
        """Value an account now."""
        with self._calls() as now:
            return self._accounts.standing(account, now)

    def borrowable(self, account: str, asset: str) -> tuple[Decimal, Decimal]:
        """Tell how much of an asset may be borrowed now, and a user's limit."""
        self.terms.check_asset(asset)
        with self._calls() as now:
            return self._accounts.borrowable(account, asset, now), self._accounts.limit(asset, now)

    def transferable(self, account: str, asset: str) -> Decimal:
        """Tell how much of an asset may leave the account."""
        self.terms.check_asset(asset)
        with self._calls() as now:
            return self._accounts.transferable(account, asset, now)

    def price(self, asset: str) -> Decimal | None:
        """Tell what one unit of an asset is worth in USDT now; None where it has no price."""
        with self._calls() as now:
            return self.terms.price(asset, now)

    def limit(self, asset: str) -> Decimal:
        """Tell the most a user may owe of an asset."""
        with self._calls() as now:
            return self._accounts.limit(asset, now)

    def inventory(self, asset: str) -> Decimal:
        """Tell how much of an asset lenders have left."""
        with self._calls() as now:
            return self._accounts.inventory(asset, now)

    # --- history ------------------------------------------------------------------------------------------------
    def flows(self, account: str, start_ms: int, end_ms: int) -> Sequence[Flow]:
        """List the margin wallet's ledger, oldest first."""
        with self._calls():
            rows = self._office.store.rows(tables.FLOWS, account, start_ms, end_ms)
            return [tables.flow_of(row) for row in rows]

    def liquidations(self, account: str) -> Sequence[OrderRecord]:
        """List the orders that the exchange placed to liquidate an account, newest first."""
        with self._calls():
            orders = self._office.orders.all(account, "margin", None)
            return [order for order in reversed(orders) if order.terms.side_effect == LIQUIDATION]
