"""The wallets of an account on Binance: transfers, margin and funding balances. Implements `WalletVenue`.

/sapi exists on the live network and in the embedded exchange; demo and testnet have none.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from atapi.clock import to_ms
from atapi.domain.account import Balance, BnbDiscount, Transfer, Wallet
from atapi.domain.numbers import wire
from atapi.errors import UsageError
from atapi.exchanges.binance import parse, parse_account
from atapi.exchanges.binance.futures import BinanceFutures
from atapi.exchanges.binance.spot import BinanceSpot

PAGE = 100  # most rows of one answer about transfers
NAMES = {
    Wallet.SPOT: "MAIN",
    Wallet.FUTURES: "UMFUTURE",
    Wallet.MARGIN: "MARGIN",
    Wallet.FUNDING: "FUNDING",
}  # wallet -> the venue's word in a transfer's type


class BinanceWallet:
    """What /sapi knows of an account."""

    def __init__(self, spot: BinanceSpot, futures: BinanceFutures) -> None:
        self._spot = spot
        self._futures = futures

    def transfer(self, asset: str, amount: Decimal, source: Wallet, target: Wallet) -> str:
        """Move funds between wallets and tell the transfer's id.

        Raises:
            UsageError: From a wallet to itself.
            InsufficientBalance: The source holds too little.
            OutcomeUnknown: It may or may not have been made.
        """
        if source is target:
            raise UsageError(f"transfer from {source} to {target} moves nothing", hint="name two wallets")
        kind = f"{NAMES[source]}_{NAMES[target]}"
        payload = self._spot.api.user_universal_transfer(kind, asset, wire(amount))
        return parse.outcome("asset/transfer", lambda row: str(parse.whole(row, "tranId")), payload)

    def transfers(self, source: Wallet, target: Wallet, *, start: datetime) -> list[Transfer]:
        """List the moves from one wallet to another from `start` on, oldest first, paging as needed."""
        kind, found, page = f"{NAMES[source]}_{NAMES[target]}", list[Transfer](), 1
        while True:
            payload = self._spot.api.user_universal_transfer_history(
                kind, startTime=to_ms(start), current=page, size=PAGE
            )
            rows = parse.read(
                "asset/transfer", lambda answer: answer.get("rows", []), payload
            )  # none: no rows
            found += parse.read_all(
                "asset/transfer", lambda row: parse_account.transfer(row, source, target), rows
            )
            if len(rows) < PAGE:
                return sorted(found, key=lambda moved: moved.at)
            page += 1

    def other_balances(self, wallet: Wallet) -> list[Balance]:
        """List the margin or the funding wallet; zero balances are left out."""
        if wallet is Wallet.MARGIN:
            rows = parse.read(
                "margin/account", lambda row: row["userAssets"], self._spot.api.margin_account()
            )
            found = parse.read_all("margin/account", parse_account.margin_balance, rows)
        elif wallet is Wallet.FUNDING:
            rows = self._spot.api.funding_wallet()
            found = parse.read_all("get-funding-asset", parse_account.funding_balance, rows)
        else:
            raise UsageError(f"the {wallet} wallet is listed by its own market")
        return [balance for balance in found if balance.free or balance.locked or balance.owed]

    def bnb_discount(self) -> BnbDiscount:
        """Tell where fees are paid in BNB."""
        spot = self._spot.api.bnbBurn_status()
        futures = self._futures.api.get_bnb_burn()
        return BnbDiscount(
            spot=parse.read("bnbBurn", lambda row: parse.flag(row, "spotBNBBurn"), spot),
            futures=parse.read("feeBurn", lambda row: parse.flag(row, "feeBurn"), futures),
        )
