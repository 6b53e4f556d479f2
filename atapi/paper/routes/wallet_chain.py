"""What comes to a wallet from outside: only what the faucet gave. Nothing leaves; those histories are empty."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import DepositRecord
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.router import Router
from atapi.paper.wire.rows import DAY_MS, span_of

router = Router()

Json = dict[str, Any]
QUARTER_MS = 90 * DAY_MS
WALLET_TYPES = {"spot": 0, "funding": 1}
SUCCESS = 1


@router.signed("GET", "/sapi/v1/capital/deposit/hisrec")
def deposits(call: Call) -> list[Json]:
    """List what came to the spot and the funding wallet, newest first; the last ninety days unless asked otherwise.

    Futures wallets tell theirs as income, the margin wallet in its flows.
    """
    call.params.skip("includeSource", "txId")
    coin, status = call.params.maybe("coin"), call.params.maybe_integer("status")
    first, limit = call.params.maybe_integer("offset") or 0, call.params.limit(1000, 1000)
    since, until = span_of(call.params, call.now_ms, usual_ms=QUARTER_MS, most_ms=QUARTER_MS)
    found = [
        record
        for record in reversed(call.exchange.deposits(call.account))
        if record.wallet in WALLET_TYPES and since <= record.time_ms <= until
        if coin in (None, record.asset) and status in (None, SUCCESS)
    ]
    return [_deposit(record) for record in found[first : first + limit]]


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


def _deposit(record: DepositRecord) -> Json:
    return {
        "id": str(record.deposit_id),
        "amount": bare(record.amount),
        "coin": record.asset,
        "network": record.asset,
        "status": SUCCESS,
        "address": "",
        "addressTag": "",
        "txId": f"faucet-{record.deposit_id}",
        "insertTime": record.time_ms,
        "completeTime": record.time_ms,
        "transferType": 1,  # from inside: it came over no chain
        "confirmTimes": "1/1",
        "unlockConfirm": 0,
        "walletType": WALLET_TYPES[record.wallet],
    }
