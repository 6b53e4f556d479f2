"""The insurance fund: takes liquidation fees in, and pays what a bankrupt account cannot."""

from __future__ import annotations

from decimal import Decimal

from atapi.matching.ledger import CLEARING, FAUCET, INSURANCE, Holder
from atapi.paper.wallets import Wallets

FIRST_FUND = {"um": Decimal(1_000_000), "cm": Decimal(1000)}  # of each margin asset, by market
ENDOWED = "FUND"


class InsuranceFund:
    """One balance for each margin asset.

    Args:
        market: Which futures market it stands behind.
    """

    def __init__(self, wallets: Wallets, market: str) -> None:
        self._wallets = wallets
        self._endowment = FIRST_FUND[market]
        self._own, self._faucet, self._clearing = (
            Holder(name, market) for name in (INSURANCE, FAUCET, CLEARING)
        )

    def balance(self, asset: str) -> Decimal:
        """What it holds, or will begin with."""
        begun = self._wallets.knows(self._own, asset)
        return self._wallets.balance(self._own, asset) if begun else self._endowment

    def open(self, asset: str, now_ms: int) -> None:
        """Give it what it begins with, where that has not been done."""
        if not self._wallets.knows(self._own, asset):
            self._wallets.move(ENDOWED, now_ms, self._faucet, self._own, asset, self._endowment)

    def book(self, asset: str, profit: Decimal, now_ms: int) -> None:
        """Book what it made, or lost, of a position it took over and closed at the mark."""
        if profit:
            self._wallets.move("INSURANCE_CLEAR", now_ms, self._clearing, self._own, asset, profit)

    def spend(self, asset: str, amount: Decimal, now_ms: int) -> None:
        """Take so much out of it, to see what happens when it is short."""
        self.open(asset, now_ms)
        self._wallets.move("FUND", now_ms, self._own, self._faucet, asset, amount)
