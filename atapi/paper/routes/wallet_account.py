"""The account behind all wallets: its standing, the worth of each wallet, and transfers by their older name."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import ZERO
from atapi.paper.routes.wallet import btc_value
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]
WALLETS = {  # wallet -> as the wire names it
    "spot": "Spot",
    "funding": "Funding",
    "margin": "Cross Margin",
    "um": "USDⓈ-M Futures",
    "cm": "COIN-M Futures",
    "option": "Options",
}
NEVER_USED = ("Isolated Margin", "Earn", "Trading Bots")
FUTURES_TRANSFERS = ("MAIN_UMFUTURE", "UMFUTURE_MAIN", "MAIN_CMFUTURE", "CMFUTURE_MAIN")  # types 1 to 4


@router.signed("GET", "/sapi/v1/asset/wallet/balance", weight=60)
def balances(call: Call) -> list[Json]:
    """Tell what each wallet is worth in BTC; debts of the margin wallet are taken off, positions are not counted."""
    quote = call.params.maybe("quoteAsset") or "BTC"
    if quote != "BTC":
        raise invalid("quoteAsset")
    rows = []
    for wallet, name in WALLETS.items():
        held = call.exchange.balances(call.account, wallet)
        worth = sum((btc_value(call, asset, free + locked) for asset, (free, locked) in held.items()), ZERO)
        if wallet == "margin":
            debts = call.exchange.margin.standing(call.account).debts
            worth -= sum((btc_value(call, asset, debt.total) for asset, debt in debts.items()), ZERO)
        rows.append({"activate": True, "balance": bare(round(worth, 8)), "walletName": name})
    return rows + [{"activate": False, "balance": "0", "walletName": name} for name in NEVER_USED]


@router.signed("GET", "/sapi/v1/account/status")
def status(call: Call) -> Json:
    """Say that the account is in order."""
    return {"data": "Normal"}


@router.signed("GET", "/sapi/v1/account/info")
def info(call: Call) -> Json:
    """Tell what the account has opened."""
    return {
        "vipLevel": 0,
        "isMarginEnabled": True,
        "isFutureEnabled": True,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": False,
    }


@router.signed("GET", "/sapi/v1/account/apiTradingStatus")
def trading_status(call: Call) -> Json:
    """Say that trading is not locked."""
    return {
        "data": {
            "isLocked": False,
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 150, "IFER": 150, "UFR": 300},
            "updateTime": 0,
        }
    }


@router.signed("POST", "/sapi/v1/futures/transfer")
def futures_transfer(call: Call) -> Json:
    """Move funds between spot and futures, by a number from 1 to 4."""
    kind, asset, amount = (
        call.params.integer("type"),
        call.params.text("asset"),
        call.params.decimal("amount"),
    )
    if not 1 <= kind <= len(FUTURES_TRANSFERS):
        raise invalid("type")
    moved = call.exchange.transfer(call.account, FUTURES_TRANSFERS[kind - 1], asset, amount)
    return {"tranId": moved.transfer_id}
