"""What comes to a wallet from outside, and leaves it: nothing does here, so these histories are empty."""

from __future__ import annotations

from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]


@router.signed("GET", "/sapi/v1/capital/deposit/hisrec")
def deposits(call: Call) -> list[Json]:
    """List deposits over a chain: funds come from the exchange's own faucet, as transfers of nobody."""
    return []


@router.signed("GET", "/sapi/v1/capital/withdraw/history", by_account=True)
def withdrawals(call: Call) -> list[Json]:
    """List withdrawals; no key may make any."""
    return []


@router.signed("GET", "/sapi/v1/asset/assetDividend", weight=10)
def dividends(call: Call) -> Json:
    """List what assets paid."""
    return {"rows": [], "total": 0}


@router.signed("GET", "/sapi/v1/asset/dribblet")
def dust(call: Call) -> Json:
    """List small balances exchanged for BNB."""
    return {"total": 0, "userAssetDribblets": []}
