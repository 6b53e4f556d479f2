"""Debts. They are balances of the ledger: what an account owes stands below zero in its wallets `loan` and
`interest`, and above it in those of the lenders, who also gave the coins.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from atapi.domain.numbers import to_ledger
from atapi.matching.credit import Debt, hourly_interest, split
from atapi.matching.ledger import LENDERS, Holder
from atapi.matching.models.fees import BNB
from atapi.matching.models.lending import BNB_DISCOUNT, daily_rate
from atapi.paper.backoffice import Backoffice
from atapi.paper.margin import tables
from atapi.paper.margin.records import InterestRecord, LoanRecord
from atapi.paper.margin.terms import Terms
from atapi.paper.records import ZERO

ASSETS, LOAN, INTEREST = "margin", "loan", "interest"  # wallets
NOTHING = Debt(ZERO, ZERO)


class Loans:
    """Borrows, repays and charges interest; whether it may is judged before."""

    def __init__(self, office: Backoffice, terms: Terms) -> None:
        self._office = office
        self._terms = terms
        wallets = office.wallets
        self._debtors = {account for w in (LOAN, INTEREST) for account in wallets.owners(w)} - {LENDERS}

    # --- what is owed -------------------------------------------------------------------------------------------
    def debtors(self) -> list[str]:
        """List the accounts that owe anything, in alphabetical order."""
        return sorted(self._debtors)

    def debts(self, account: str) -> dict[str, Debt]:
        """Tell what an account owes, by asset in alphabetical order."""
        if account not in self._debtors:
            return {}
        wallets = self._office.wallets
        assets = {*wallets.of(Holder(account, LOAN)), *wallets.of(Holder(account, INTEREST))}
        return {asset: self.debt(account, asset) for asset in sorted(assets)}

    def debt(self, account: str, asset: str) -> Debt:
        """Tell what an account owes of an asset."""
        balance = self._office.wallets.balance
        return Debt(-balance(Holder(account, LOAN), asset), -balance(Holder(account, INTEREST), asset))

    def lent(self, asset: str) -> Decimal:
        """Tell how much of an asset is lent to all accounts."""
        return self._office.wallets.balance(Holder(LENDERS, LOAN), asset)

    # --- changes ------------------------------------------------------------------------------------------------
    def borrow(self, account: str, asset: str, amount: Decimal, now_ms: int) -> LoanRecord:
        """Lend an amount; the hour that has begun is charged at once."""
        self._move("BORROW", ASSETS, account, asset, amount, now_ms)
        self._move("BORROW", LOAN, account, asset, -amount, now_ms)
        self._debtors.add(account)
        record = self._note(account, "BORROW", asset, amount, ZERO, now_ms)
        self._charge(account, asset, amount, "ON_BORROW", now_ms)
        return record

    def repay(
        self, account: str, asset: str, amount: Decimal, now_ms: int, *, kind: str = "REPAY"
    ) -> LoanRecord:
        """Take an amount back, interest first; no more than is owed."""
        part = split(amount, self.debt(account, asset))
        self._move(kind, ASSETS, account, asset, -amount, now_ms)
        self._forgive(kind, account, asset, part.interest, part.principal, now_ms)
        return self._note(account, "REPAY", asset, amount, part.interest, now_ms)

    def take_over(self, payer: str, account: str, asset: str, now_ms: int) -> None:
        """Let another account pay all that is owed of an asset."""
        debt = self.debt(account, asset)
        self._move("OTHER_LIQUIDATION", ASSETS, payer, asset, -debt.total, now_ms)
        self._forgive("OTHER_LIQUIDATION", account, asset, debt.interest, debt.principal, now_ms)

    def charge_hour(self, hour_ms: int) -> None:
        """Charge everybody the hour that begins."""
        for account in self.debtors():
            for asset, debt in self.debts(account).items():
                self._charge(account, asset, debt.principal, "PERIODIC", hour_ms)

    # --- history ------------------------------------------------------------------------------------------------
    def history(self, account: str, kind: str, start_ms: int, end_ms: int) -> Sequence[LoanRecord]:
        """List borrowings or repayments, newest first."""
        rows = self._office.store.rows(tables.LOANS, account, kind, start_ms, end_ms)
        return [tables.loan_of(row) for row in rows]

    def interest(self, account: str, start_ms: int, end_ms: int) -> Sequence[InterestRecord]:
        """List interest, newest first."""
        rows = self._office.store.rows(tables.INTEREST, account, start_ms, end_ms)
        return [tables.interest_of(row) for row in rows]

    # ------------------------------------------------------------------------------------------------------------
    def _charge(self, account: str, asset: str, principal: Decimal, kind: str, now_ms: int) -> None:
        amount = hourly_interest(principal, daily_rate(asset))
        if not amount:
            return
        coins = self._in_bnb(account, asset, amount, now_ms)
        if coins is None:
            self._move("INTEREST", INTEREST, account, asset, -amount, now_ms)
        else:
            self._move("INTEREST", ASSETS, account, BNB, -coins, now_ms)
        record = InterestRecord(
            account=account,
            interest_id=self._office.ids.next("interest"),
            asset=asset if coins is None else BNB,
            raw_asset=asset,
            principal=principal,
            amount=amount if coins is None else coins,
            daily_rate=daily_rate(asset),
            kind=kind if coins is None else f"{kind}_CONVERTED",
            time_ms=now_ms,
        )
        self._office.effects.row("interest", tables.interest_row(record))

    def _in_bnb(self, account: str, asset: str, amount: Decimal, now_ms: int) -> Decimal | None:
        # What interest costs in BNB; None where it is not paid so, or BNB does not suffice.
        office = self._office
        if asset == BNB or not office.accounts.burns_bnb(account, INTEREST):
            return None
        price, bnb = self._terms.price(asset, now_ms), self._terms.price(BNB, now_ms)
        if price is None or not bnb:
            return None
        coins = to_ledger(amount * price / bnb * BNB_DISCOUNT)
        return coins if 0 < coins <= office.wallets.free(Holder(account, ASSETS), BNB) else None

    def _forgive(
        self, kind: str, account: str, asset: str, interest: Decimal, principal: Decimal, now_ms: int
    ) -> None:
        for wallet, amount in ((INTEREST, interest), (LOAN, principal)):
            if amount:
                self._move(kind, wallet, account, asset, amount, now_ms)
        if not any(debt.total for debt in self.debts(account).values()):
            self._debtors.discard(account)

    def _move(self, kind: str, wallet: str, account: str, asset: str, amount: Decimal, now_ms: int) -> None:
        lenders, mine = Holder(LENDERS, wallet), Holder(account, wallet)
        self._office.wallets.move(kind, now_ms, lenders, mine, asset, amount)

    def _note(
        self, account: str, kind: str, asset: str, amount: Decimal, interest: Decimal, now_ms: int
    ) -> LoanRecord:
        record = LoanRecord(
            account=account,
            loan_id=self._office.ids.next("loan"),
            kind=kind,
            asset=asset,
            amount=amount,
            interest=interest,
            principal=amount - interest,
            time_ms=now_ms,
        )
        self._office.effects.row("loans", tables.loan_row(record))
        return record
