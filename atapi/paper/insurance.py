"""The insurance fund: takes liquidation fees in, and pays what a bankrupt account cannot."""

from __future__ import annotations

from decimal import Decimal

from atapi.matching.ledger import CLEARING, FAUCET, INSURANCE, Holder
from atapi.paper.wallets import Wallets

FIRST_FUND = Decimal(1_000_000)  # of each margin asset; Binance's holds a thousand times as much
FUND = Holder(INSURANCE, "um")
CLEARING_WALLET = Holder(CLEARING, "um")
ENDOWED = "FUND"


class InsuranceFund:
    """One balance for each margin asset.

    Args:
        endowment: What it begins with in each asset, given when it is first asked.
    """

    def __init__(self, wallets: Wallets, endowment: Decimal = FIRST_FUND) -> None:
        self._wallets = wallets
        self._endowment = endowment

    def balance(self, asset: str) -> Decimal:
        """What it holds, or will begin with."""
        begun = self._wallets.knows(FUND, asset)
        return self._wallets.balance(FUND, asset) if begun else self._endowment

    def open(self, asset: str, now_ms: int) -> None:
        """Endow it, where that has not been done."""
        if not self._wallets.knows(FUND, asset):
            self._wallets.move(ENDOWED, now_ms, Holder(FAUCET, "um"), FUND, asset, self._endowment)

    def book(self, asset: str, profit: Decimal, now_ms: int) -> None:
        """Book what it made, or lost, of a position it took over and closed at the mark."""
        if profit:
            self._wallets.move("INSURANCE_CLEAR", now_ms, CLEARING_WALLET, FUND, asset, profit)

    def spend(self, asset: str, amount: Decimal, now_ms: int) -> None:
        """Take so much out of it, to see what happens when it is short."""
        self.open(asset, now_ms)
        self._wallets.move("FUND", now_ms, FUND, Holder(FAUCET, "um"), asset, amount)
