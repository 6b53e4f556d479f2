"""Cross margin: the account as it stands; borrowing is not simulated yet, so nothing is ever owed."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import ZERO
from atapi.paper.routes.wallet import btc_value
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import eight
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]
NO_DEBT = "999"  # how Binance prints the level of an account that owes nothing


@router.signed("GET", "/sapi/v1/margin/account", weight=10)
def account(call: Call) -> Json:
    """Show the cross-margin account."""
    held = call.exchange.balances(call.account, "margin")
    total = sum((btc_value(call, asset, free + locked) for asset, (free, locked) in held.items()), start=ZERO)
    btc_price = call.exchange.last_price("spot", "BTCUSDT") if total else ZERO
    return {
        "created": True,
        "borrowEnabled": False,
        "marginLevel": NO_DEBT,
        "collateralMarginLevel": NO_DEBT,
        "totalAssetOfBtc": eight(total),
        "totalLiabilityOfBtc": eight(ZERO),
        "totalNetAssetOfBtc": eight(total),
        "TotalCollateralValueInUSDT": eight(total * btc_price),
        "totalOpenOrderLossInUSDT": eight(ZERO),
        "tradeEnabled": False,
        "transferInEnabled": True,
        "transferOutEnabled": True,
        "accountType": "MARGIN_1",
        "userAssets": [
            {
                "asset": asset,
                "borrowed": eight(ZERO),
                "free": eight(free),
                "interest": eight(ZERO),
                "locked": eight(locked),
                "netAsset": eight(free + locked),
            }
            for asset, (free, locked) in sorted(held.items())
        ],
    }


@router.public("/sapi/v1/margin/allPairs")
@router.public("/sapi/v1/margin/allAssets")
@router.public("/sapi/v1/margin/isolated/allPairs")
def nothing(call: Call) -> list[Json]:
    """List what can be traded or borrowed on margin: nothing yet."""
    return []
