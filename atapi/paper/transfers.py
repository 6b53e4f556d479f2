"""Moves between the wallets of one account, named as on Binance's wire: MAIN_UMFUTURE, FUNDING_MAIN and so on.

Option wallets only keep what is moved into them. Isolated margin and portfolio margin accounts there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.ledger import Holder
from atapi.paper.effects import Effects
from atapi.paper.ids import Ids
from atapi.paper.margin.accounts import MarginAccounts
from atapi.paper.records import DepositRecord, IncomeRecord, Refusal, TransferRecord
from atapi.paper.store import Store
from atapi.paper.wallets import Wallets

WALLET_OF = {
    "MAIN": "spot",
    "UMFUTURE": "um",
    "CMFUTURE": "cm",
    "MARGIN": "margin",
    "FUNDING": "funding",
    "OPTION": "option",
}
FUTURES = ("um", "cm")
NO_PAIR = frozenset({"UMFUTURE_CMFUTURE", "CMFUTURE_UMFUTURE", "CMFUTURE_OPTION", "OPTION_CMFUTURE"})
ISOLATED = ("ISOLATEDMARGIN_MARGIN", "MARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN")
DEPOSITS = (
    "SELECT entry_id, wallet, asset, amount, time_ms FROM entries WHERE account = ? AND kind = 'DEPOSIT'"
    " ORDER BY entry_id"
)
PORTFOLIO = ("MAIN_PORTFOLIO_MARGIN", "PORTFOLIO_MARGIN_MAIN")
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
        margin: MarginAccounts,
    ) -> None:
        self._store = store
        self._effects = effects
        self._wallets = wallets
        self._ids = ids
        self._spendable = spendable
        self._margin = margin

    def deposit(self, holder: Holder, asset: str, amount: Decimal, time_ms: int) -> None:
        """Give an account funds from the faucet."""
        self._wallets.deposit(holder, asset, amount, time_ms)
        self._note_income(holder, asset, amount, time_ms)

    def transfer(self, account: str, kind: str, asset: str, amount: Decimal, time_ms: int) -> TransferRecord:
        """Move funds from one wallet to another.

        Raises:
            Refusal: An unknown kind, an amount that is none, or more than may leave the wallet.
        """
        source, target = (Holder(account, wallet) for wallet in wallets_of(kind))
        if not amount.is_finite() or amount <= 0:
            raise Refusal(-1130, "Data sent for parameter 'amount' is not valid.")
        if target.wallet == "margin":
            self._margin.check_asset(asset)
        if source.wallet == "margin":
            self._margin.judge_transfer_out(account, asset, amount, time_ms)
        elif amount > self._free(source, asset, time_ms):
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

    def deposits(self, account: str) -> Sequence[DepositRecord]:
        """List what an account was given, oldest first."""
        return [
            DepositRecord(
                deposit_id=row[0], wallet=row[1], asset=row[2], amount=Decimal(row[3]), time_ms=row[4]
            )
            for row in self._store.rows(DEPOSITS, account)
        ]

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


def wallets_of(kind: str) -> tuple[str, str]:
    """Tell from which wallet to which a kind of transfer goes.

    Raises:
        Refusal: -1130 for no kind of Binance's, -3003 and -3029 for accounts that nobody has here.
    """
    if kind in ISOLATED:
        raise Refusal(-3003, "Margin account does not exist.")
    if kind in PORTFOLIO:
        raise Refusal(-3029, "Transfer failed.")
    names = kind.split("_")
    known = len(names) == 2 and names[0] != names[1] and all(name in WALLET_OF for name in names)
    if not known or kind in NO_PAIR:
        raise Refusal(-1130, "Data sent for parameter 'type' is not valid.")
    return WALLET_OF[names[0]], WALLET_OF[names[1]]
