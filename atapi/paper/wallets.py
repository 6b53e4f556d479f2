"""Wallets of all accounts over the ledger: what is free, what open orders hold, and moves between wallets."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP, ZERO
from atapi.matching.ledger import FAUCET, Holder, Ledger
from atapi.paper.effects import Effects
from atapi.paper.records import Refusal
from atapi.paper.store import Store

WALLETS = ("spot", "margin", "um", "cm", "funding")
MOST = Decimal(10) ** 15  # of any one deposit


class Wallets:
    """Free and held balances.

    Holds are no part of the ledger: an open order's funds stay its owner's. They are kept beside it and rebuilt
    from the open orders when the exchange starts.
    """

    def __init__(self, store: Store) -> None:
        self._ledger = Ledger()
        for holder, asset, balance in store.balances():
            self._ledger.restore(holder, asset, balance)
        self._held: dict[tuple[Holder, str], Decimal] = {}  # (holder, asset) -> held by open orders
        self._effects: Effects | None = None

    def bind(self, effects: Effects) -> None:
        """Say where changes are noted."""
        self._effects = effects

    def balance(self, holder: Holder, asset: str) -> Decimal:
        """Free and held together."""
        return self._ledger.balance(holder, asset)

    def knows(self, holder: Holder, asset: str) -> bool:
        """Whether anything of an asset was ever in a wallet."""
        return asset in self._ledger.assets(holder)

    def free(self, holder: Holder, asset: str) -> Decimal:
        """What is not held by open orders."""
        held = self._held.get((holder, asset))
        balance = self._ledger.balance(holder, asset)
        return balance if held is None else balance - held

    def free_and_held(self, holder: Holder, asset: str) -> tuple[Decimal, Decimal]:
        """Free and held apart."""
        held = self._held.get((holder, asset), ZERO)
        return self._ledger.balance(holder, asset) - held, held

    def of(self, holder: Holder) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Free and held by asset of one wallet, assets in alphabetical order, empty ones left out."""
        return {
            asset: self.free_and_held(holder, asset)
            for asset, balance in sorted(self._ledger.assets(holder).items())
            if balance
        }

    def owners(self, wallet: str) -> list[str]:
        """List the accounts that have anything in a wallet, or owe it, in alphabetical order."""
        return sorted(
            {
                holder.account
                for holder, _, balance in self._ledger.all()
                if holder.wallet == wallet and balance
            }
        )

    def hold(self, holder: Holder, asset: str, amount: Decimal) -> None:
        """Hold an amount for an open order; a negative one lets it go."""
        key = (holder, asset)
        held = self._held.get(key, ZERO) + amount
        assert held >= 0, f"{key} holds {held}"
        if held:
            self._held[key] = held
        else:
            self._held.pop(key, None)
        if self._effects is not None:
            self._effects.locked(holder, asset)

    def move(
        self, kind: str, time_ms: int, source: Holder, target: Holder, asset: str, amount: Decimal
    ) -> None:
        """Move an amount from one wallet to another and note why."""
        assert self._effects is not None
        entries = self._ledger.move(source, target, asset, amount)
        balances = [self._ledger.balance(source, asset), self._ledger.balance(target, asset)]
        self._effects.posting(time_ms, kind, entries, balances)

    def deposit(self, holder: Holder, asset: str, amount: Decimal, time_ms: int) -> None:
        """Give funds from the faucet.

        Raises:
            Refusal: An unknown wallet, or an amount that is none.
        """
        if holder.wallet not in WALLETS:
            raise Refusal(-1130, "Data sent for parameter 'wallet' is not valid.")
        if not (amount.is_finite() and 0 < amount <= MOST) or amount % LEDGER_STEP:
            raise Refusal(-1130, "Data sent for parameter 'amount' is not valid.")
        self.move("DEPOSIT", time_ms, Holder(FAUCET, holder.wallet), holder, asset, amount)
