"""Users of the embedded exchange: who there is, new ones, their funds and terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from atapi.domain.account import Wallet
from atapi.domain.amounts import Amount
from atapi.domain.numbers import LEDGER_STEP
from atapi.errors import UsageError
from atapi.exchanges.paper_backroom import Fees, Gift, PaperAccount
from atapi.services.ratios import as_bps
from atapi.services.valuation import money
from atapi.table import Table, column


class AccountControl(Protocol):
    """The control path of an embedded exchange, as far as it is about accounts."""

    def accounts(self) -> Sequence[PaperAccount]:
        """List accounts in the order they were made."""
        ...

    def add_account(
        self,
        name: str,
        *,
        funded: bool,
        fees: Mapping[str, Fees],
        permissions: tuple[str, ...] | None,
        public_key: str | None = None,
    ) -> PaperAccount:
        """Make an account."""
        ...

    def change_account(
        self, name: str, *, fees: Mapping[str, Fees], permissions: tuple[str, ...] | None
    ) -> PaperAccount:
        """Change what an account pays and may do."""
        ...

    def fund_account(self, name: str) -> Sequence[Gift]:
        """Give an account funds in every wallet, and tell which."""
        ...

    def deposit(self, name: str, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give an account funds of one kind."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account and the terms it trades on."""

    name: str
    key: str
    spot_maker_bp: Decimal = column(digits=4)
    spot_taker_bp: Decimal = column(digits=4)
    futures_maker_bp: Decimal = column(digits=4)
    futures_taker_bp: Decimal = column(digits=4)
    may: str  # what its key may do
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialRow:
    """One thing a client needs to know of a new account."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftRow:
    """Funds an account was given."""

    wallet: str
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PaperAccounts:
    """Makes and funds accounts of the embedded exchange."""

    control: AccountControl

    def list(self) -> Table:
        """List accounts with their keys and terms; secrets are told only once."""
        return Table.of([_row(account) for account in self.control.accounts()], AccountRow)

    def add(
        self,
        name: str,
        *,
        funded: bool,
        fees: Mapping[str, Fees],
        permissions: tuple[str, ...] | None,
        public_key: str | None = None,
    ) -> Table:
        """Make an account, and show its key and its secret, the latter this once; of a public key there is none."""
        made = self.control.add_account(
            name, funded=funded, fees=fees, permissions=permissions, public_key=public_key
        )
        told = {"name": made.name, "key": made.key}
        if public_key is None:
            told["secret"] = made.secret or ""
        return Table.of([CredentialRow(name=n, value=v) for n, v in told.items()], CredentialRow)

    def change(self, name: str, *, fees: Mapping[str, Fees], permissions: tuple[str, ...] | None) -> Table:
        """Change what an account pays and may do, and show its terms."""
        changed = self.control.change_account(name, fees=fees, permissions=permissions)
        return Table.of([_row(changed)], AccountRow)

    def fund(self, name: str, amount: Amount | None, wallet: Wallet) -> Table:
        """Give an account an amount, or something in every wallet where none is said, and show what it got.

        Raises:
            UsageError: A share of something, or more decimals than the ledger has.
        """
        if amount is None:
            gifts = self.control.fund_account(name)
        else:
            if amount.asset is None:
                raise UsageError("a deposit needs an asset", hint=f"paper account fund {name} 1000usdt")
            if amount.value % LEDGER_STEP:
                raise UsageError(f"{money(amount.value, amount.asset)} has more than 8 decimals")
            self.control.deposit(name, wallet, amount.asset, amount.value)
            gifts = [Gift(wallet=wallet, asset=amount.asset, amount=amount.value)]
        rows = [GiftRow(wallet=gift.wallet, asset=gift.asset, amount=gift.amount) for gift in gifts]
        return Table.of(rows, GiftRow)


def _row(account: PaperAccount) -> AccountRow:
    spot, futures = account.fees["spot"], account.fees["futures"]
    return AccountRow(
        name=account.name,
        key=account.key,
        spot_maker_bp=as_bps(spot.maker),
        spot_taker_bp=as_bps(spot.taker),
        futures_maker_bp=as_bps(futures.maker),
        futures_taker_bp=as_bps(futures.taker),
        may=", ".join(account.permissions),
        created=account.created,
    )
