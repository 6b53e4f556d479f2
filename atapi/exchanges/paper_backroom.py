"""Accounts, faults and recordings of the embedded exchange, as its control path tells and changes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from atapi.clock import from_ms
from atapi.domain.account import Wallet
from atapi.domain.numbers import wire
from atapi.exchanges.paper_admin import WALLETS, PaperAdmin

MARKETS = {"spot": "spot", "futures": "um"}  # as people say it -> as the exchange does


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Fractions of notional."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """One account of an embedded exchange."""

    name: str
    key: str
    secret: str | None  # told once, to whoever made it; None where it has a public key
    fees: Mapping[str, Fees]  # "spot", "futures" -> rates
    permissions: tuple[str, ...]
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Funds an account was given."""

    wallet: Wallet
    asset: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFault:
    """One fault that stands at an embedded exchange."""

    number: int
    fault: str  # as it was asked for
    met: int  # requests or events that fitted
    struck: int  # those it befell


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultWord:
    """One word that a fault may begin with."""

    action: str
    value: str  # what it takes; empty where nothing
    befalls: str
    about: str


@dataclass(frozen=True, slots=True)
class PaperBackroom:
    """What may be done to the accounts and the conduct of an embedded exchange.

    Attributes:
        admin: Its control path, where it runs now.
    """

    admin: Callable[[], PaperAdmin]

    def accounts(self) -> list[PaperAccount]:
        """List accounts in the order they were made."""
        return [_account(row) for row in self.admin().request("GET", "accounts")["accounts"]]

    def add_account(
        self,
        name: str,
        *,
        funded: bool,
        fees: Mapping[str, Fees],
        permissions: tuple[str, ...] | None,
        public_key: str | None = None,
    ) -> PaperAccount:
        """Make an account; this once its secret is told, unless it signs with the private half of a public key.

        Raises:
            VenueError: The name is taken or none, there is no such permission, or the key is none.
        """
        body: dict[str, Any] = {"name": name, "funded": funded} | _terms(fees, permissions)
        if public_key is not None:
            body["public_key"] = public_key
        return _account(self.admin().request("POST", "accounts", body))

    def change_account(
        self, name: str, *, fees: Mapping[str, Fees], permissions: tuple[str, ...] | None
    ) -> PaperAccount:
        """Change what an account pays and may do, as far as it is said."""
        body = {"name": name} | _terms(fees, permissions)
        return _account(self.admin().request("POST", "accounts/terms", body))

    def fund_account(self, name: str) -> list[Gift]:
        """Give an account funds in every wallet, and tell which."""
        told = self.admin().request("POST", "accounts/fund", {"name": name})["funds"]
        wallet_of = {theirs: ours for ours, theirs in WALLETS.items()}
        return [
            Gift(wallet=wallet_of[row["wallet"]], asset=row["asset"], amount=Decimal(row["amount"]))
            for row in told
        ]

    def deposit(self, name: str, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give an account funds of one kind."""
        body = {"account": name, "wallet": WALLETS[wallet], "asset": asset, "amount": wire(amount)}
        self.admin().request("POST", "deposit", body)

    def faults(self) -> list[PaperFault]:
        """List the faults that stand."""
        return [_fault(row) for row in self.admin().request("GET", "faults")["faults"]]

    def fault_words(self) -> list[FaultWord]:
        """List the words a fault may begin with."""
        return [FaultWord(**row) for row in self.admin().request("GET", "faults/words")["actions"]]

    def add_fault(self, line: str) -> PaperFault:
        """Set a fault.

        Raises:
            VenueError: A word of it makes no sense.
        """
        return _fault(self.admin().request("POST", "faults", {"fault": line}))

    def clear_faults(self, number: int | None) -> int:
        """Take away one fault, or all; tells how many went.

        Raises:
            VenueError: There is no such fault.
        """
        body = {} if number is None else {"id": number}
        return int(self.admin().request("POST", "faults/clear", body)["cleared"])

    def record(self, path: str, symbols: Sequence[str]) -> None:
        """Begin to write a log.

        Raises:
            VenueError: It is recording already, cannot write the file, or lists no such symbol.
        """
        self.admin().request("POST", "record", {"path": path, "symbols": list(symbols)})

    def stop_recording(self) -> tuple[str, int]:
        """Finish the log; tells which file it is, and how many lines it got.

        Raises:
            VenueError: Nothing is being recorded.
        """
        told = self.admin().request("POST", "record/stop", {})
        return told["path"], int(told["lines"])


def _fault(row: Mapping[str, Any]) -> PaperFault:
    return PaperFault(number=row["id"], fault=row["fault"], met=row["met"], struck=row["struck"])


def _terms(fees: Mapping[str, Fees], permissions: tuple[str, ...] | None) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if fees:
        told["fees"] = {
            MARKETS[market]: {"maker": wire(rates.maker), "taker": wire(rates.taker)}
            for market, rates in fees.items()
        }
    if permissions is not None:
        told["permissions"] = list(permissions)
    return told


def _account(row: Mapping[str, Any]) -> PaperAccount:
    return PaperAccount(
        name=row["name"],
        key=row["key"],
        secret=row.get("secret"),
        fees={
            ours: Fees(
                maker=Decimal(row["fees"][theirs]["maker"]), taker=Decimal(row["fees"][theirs]["taker"])
            )
            for ours, theirs in MARKETS.items()
        },
        permissions=tuple(row["permissions"]),
        created=from_ms(int(row["created_ms"])),
    )
