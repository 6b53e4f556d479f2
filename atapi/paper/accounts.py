"""Users of the exchange: their keys and their settings."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from atapi.matching.models.fees import RATES, Rates
from atapi.paper.effects import Effects
from atapi.paper.ids import ALPHABET, Ids
from atapi.paper.records import AccountRecord
from atapi.paper.store import Store

NOTHING: frozenset[str] = frozenset()
KeyMaker = Callable[[], tuple[str, str]]  # API key and secret

DEFAULT_LEVERAGE = 20
PERMISSIONS = ("read", "spot", "margin", "futures", "transfer")  # what a key may do; Binance's own switches


def random_key() -> tuple[str, str]:
    """Make an API key and its secret, 64 letters and digits each, as Binance's."""

    def letters() -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(64))

    return letters(), letters()


class Accounts:
    """Accounts by id and by key, and what each has set."""

    def __init__(self, store: Store, effects: Effects, ids: Ids, make_key: KeyMaker) -> None:
        self._effects = effects
        self._ids = ids
        self._make_key = make_key
        self._by_id = {record.account: record for record in store.accounts()}
        self._by_key = {record.api_key: record for record in self._by_id.values()}
        self._settings = {(account, name): value for account, name, value in store.settings()}
        self._memos: list[dict[Any, Any]] = []
        self._rates: dict[tuple[str, str], Rates] = self.memo()  # (account, market) -> rates
        self._burns: dict[tuple[str, str], bool] = self.memo()  # (account, market) -> whether BNB pays
        self._denied = {
            account: frozenset(PERMISSIONS).difference(value.split())
            for (account, name), value in self._settings.items()
            if name == "permissions"
        }

    def memo(self) -> dict[Any, Any]:
        """Make a place for what was read out of settings; it is emptied whenever one of them changes."""
        memo: dict[Any, Any] = {}
        self._memos.append(memo)
        return memo

    def create(self, name: str, time_ms: int, public_key: str | None = None) -> AccountRecord:
        """Make an account with a key of its own, which proves itself by a public key where one is given."""
        api_key, api_secret = self._make_key()
        record = AccountRecord(
            account=self._ids.account(),
            name=name,
            api_key=api_key,
            api_secret=public_key or api_secret,
            created_ms=time_ms,
        )
        self._by_id[record.account] = record
        self._by_key[api_key] = record
        self._effects.account(record)
        return record

    def all(self) -> Sequence[AccountRecord]:
        """List accounts in the order they were made."""
        return list(self._by_id.values())

    def of_key(self, api_key: str) -> AccountRecord | None:
        """Find the account of an API key."""
        return self._by_key.get(api_key)

    def burns_bnb(self, account: str, market: str) -> bool:
        """Whether an account pays a market's fees in BNB; as on Binance it does until it says otherwise.

        For `interest` it is the interest on margin loans, and only where it says so.
        """
        known = self._burns.get((account, market))
        if known is None:
            default = "false" if market == "interest" else "true"
            known = self._settings.get((account, f"bnb_burn.{market}"), default) == "true"
            self._burns[account, market] = known
        return known

    def set_burns_bnb(self, account: str, market: str, on: bool) -> None:
        """Switch paying a market's fees in BNB."""
        self.set(account, f"bnb_burn.{market}", "true" if on else "false")

    def leverage(self, account: str, symbol: str) -> int:
        """Leverage set for a symbol."""
        return int(self._settings.get((account, f"leverage.{symbol}"), DEFAULT_LEVERAGE))

    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """Set the leverage of a symbol."""
        self.set(account, f"leverage.{symbol}", str(leverage))

    def rates(self, account: str, market: str) -> Rates:
        """Fee rates of a market: a regular user's, or those agreed."""
        known = self._rates.get((account, market))
        if known is None:
            agreed = self._settings.get((account, f"fees.{market}"))
            known = RATES[market] if agreed is None else Rates(*map(Decimal, agreed.split()))
            self._rates[account, market] = known
        return known

    def set_rates(self, account: str, market: str, rates: Rates) -> None:
        """Agree fee rates of a market."""
        self.set(account, f"fees.{market}", f"{rates.maker:f} {rates.taker:f}")

    def denied(self, account: str) -> frozenset[str]:
        """List what an account's key may not do."""
        return self._denied.get(account, NOTHING)

    def allow(self, account: str, permissions: Sequence[str]) -> None:
        """Say all that an account's key may do."""
        self.set(account, "permissions", " ".join(permissions))
        self._denied[account] = frozenset(PERMISSIONS).difference(permissions)

    def setting(self, account: str, name: str, default: str) -> str:
        """Look up what an account has set."""
        return self._settings.get((account, name), default)

    def settings_of(self, prefix: str) -> list[tuple[str, str, str]]:
        """List account, name and value of the settings whose names begin so."""
        return [(a, name, v) for (a, name), v in self._settings.items() if name.startswith(prefix)]

    def set(self, account: str, name: str, value: str) -> None:
        """Set something of an account."""
        self._settings[account, name] = value
        for memo in self._memos:
            memo.clear()
        self._effects.setting(account, name, value)
