"""Double entry: money only moves, from one wallet to another, so nothing appears or is lost.

A balance is the sum of its entries, never anything else. What users gain, one of the system's own accounts loses:
their balances may be negative, and all accounts together always come to zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from atapi.domain.numbers import LEDGER_STEP, ZERO

# The exchange's own accounts. A user's id never begins with "@".
FAUCET = "@faucet"  # where deposits come from
FEES = "@fees"  # where trading fees go
CROWD = "@crowd"  # the synthetic counterparty of spot trades
CLEARING = "@clearing"  # the other side of realized futures profit
FUNDING_POOL = "@funding"  # the other side of funding payments
LENDERS = "@lenders"  # who lends to margin accounts, and has claims on them
INSURANCE = "@insurance"  # takes over what a liquidation leaves, and its fee


class Holder(NamedTuple):
    """One wallet of one account."""

    account: str
    wallet: str  # "spot", "margin", "um", "cm", "funding"; "loan" and "interest": what is owed, below zero


@cache
def holder(account: str, wallet: str) -> Holder:
    """Name a wallet; the same one each time, because a trade names several."""
    return Holder(account, wallet)


class Entry(NamedTuple):
    """One line of a posting."""

    holder: Holder
    asset: str
    amount: Decimal  # signed


class Ledger:
    """All balances of an exchange."""

    def __init__(self) -> None:
        self._balances: dict[Holder, dict[str, Decimal]] = {}  # holder -> asset -> sum of its entries

    def balance(self, holder: Holder, asset: str) -> Decimal:
        """Sum of all entries of one asset in one wallet."""
        assets = self._balances.get(holder)
        return assets.get(asset, ZERO) if assets else ZERO

    def assets(self, holder: Holder) -> Mapping[str, Decimal]:
        """All balances of one wallet, by asset."""
        return self._balances.get(holder, {})

    def move(self, source: Holder, target: Holder, asset: str, amount: Decimal) -> tuple[Entry, Entry]:
        """Move an amount of one asset, whole in the ledger's last digit; a negative one moves it back."""
        assert amount % LEDGER_STEP == 0, f"{amount} {asset} is finer than the ledger"
        loss = -amount
        self._add(source, asset, loss)
        self._add(target, asset, amount)
        return Entry(source, asset, loss), Entry(target, asset, amount)

    def restore(self, holder: Holder, asset: str, balance: Decimal) -> None:
        """Set a balance as it was kept."""
        self._balances.setdefault(holder, {})[asset] = balance

    def all(self) -> Iterator[Entry]:
        """Walk every balance there is."""
        for holder, assets in self._balances.items():
            for asset, amount in assets.items():
                yield Entry(holder, asset, amount)

    def _add(self, holder: Holder, asset: str, amount: Decimal) -> None:
        assets = self._balances.get(holder)
        if assets is None:
            assets = self._balances[holder] = {}
        assets[asset] = assets.get(asset, ZERO) + amount
