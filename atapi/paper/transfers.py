"""Moves between the wallets of one account, named as on Binance's wire: MAIN_UMFUTURE, FUNDING_MAIN and so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.ledger import Holder
from atapi.paper.effects import Effects
from atapi.paper.ids import Ids
from atapi.paper.records import IncomeRecord, Refusal, TransferRecord
from atapi.paper.store import Store
from atapi.paper.wallets import Wallets

WALLET_OF = {
    "MAIN": "spot",
    "UMFUTURE": "um",
    "CMFUTURE": "cm",
    "MARGIN": "margin",
    "FUNDING": "funding",
}
FUTURES = ("um", "cm")
INSUFFICIENT = "Asset transfer failed: insufficient balance"


class Transfers:
    """Makes transfers and deposits.

    Args:
        spendable: How much of an asset may leave a futures wallet, at a time.
    """

    def __init__(
        self,
        store: Store,
        effects: Effects,
        wallets: Wallets,
        ids: Ids,
        spendable: Callable[[Holder, str, int], Decimal],
    ) -> None:
        self._store = store
        self._effects = effects
        self._wallets = wallets
        self._ids = ids
        self._spendable = spendable

    def deposit(self, holder: Holder, asset: str, amount: Decimal, time_ms: int) -> None:
        """Give an account funds from the faucet."""
        self._wallets.deposit(holder, asset, amount, time_ms)
        self._note_income(holder, asset, amount, time_ms)

    def transfer(self, account: str, kind: str, asset: str, amount: Decimal, time_ms: int) -> TransferRecord:
        """Move funds from one wallet to another.

        Raises:
            Refusal: An unknown kind, an amount that is none, or more than may leave the wallet.
        """
        names = kind.split("_")
        if len(names) != 2 or names[0] == names[1] or not all(name in WALLET_OF for name in names):
            raise Refusal(-1130, "Data sent for parameter 'type' is not valid.")
        source, target = (Holder(account, WALLET_OF[name]) for name in names)
        if not amount.is_finite() or amount <= 0:
            raise Refusal(-1130, "Data sent for parameter 'amount' is not valid.")
        if amount > self._free(source, asset, time_ms):
            raise Refusal(-5013, INSUFFICIENT)
        if amount % LEDGER_STEP:
            raise Refusal(-1111, "Parameter 'amount' has too much precision.")
        self._wallets.move("TRANSFER", time_ms, source, target, asset, amount)
        self._note_income(source, asset, -amount, time_ms)
        self._note_income(target, asset, amount, time_ms)
        record = TransferRecord(
            account=account,
            transfer_id=self._ids.transfer(),
            kind=kind,
            asset=asset,
            amount=amount,
            time_ms=time_ms,
        )
        self._effects.transfer(record)
        return record

    def of(self, account: str) -> Sequence[TransferRecord]:
        """List an account's transfers, oldest first."""
        return self._store.transfers(account)

    def _free(self, holder: Holder, asset: str, time_ms: int) -> Decimal:
        if holder.wallet in FUTURES:
            return self._spendable(holder, asset, time_ms)
        return self._wallets.free(holder, asset)

    def _note_income(self, holder: Holder, asset: str, amount: Decimal, time_ms: int) -> None:
        if holder.wallet in FUTURES:
            self._effects.income(
                IncomeRecord(
                    account=holder.account,
                    market=holder.wallet,
                    income_id=self._ids.income(),
                    symbol="",
                    kind="TRANSFER",
                    amount=amount,
                    asset=asset,
                    trade_id=None,
                    time_ms=time_ms,
                )
            )
