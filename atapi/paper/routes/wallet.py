"""Wallets: transfers, what they hold, what the key may do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.records import ZERO
from atapi.paper.routes.spot_account import spot_assets
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.params import missing
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]
WEEK_MS = 7 * 86_400_000


@router.signed("POST", "/sapi/v1/asset/transfer", weight=300)
def transfer(call: Call) -> Json:
    """Move funds between two wallets."""
    kind, asset, amount = call.params.text("type"), call.params.text("asset"), call.params.decimal("amount")
    return {"tranId": call.exchange.transfer(call.account, kind, asset, amount).transfer_id}


@router.signed("GET", "/sapi/v1/asset/transfer")
def transfers(call: Call) -> Json:
    """List transfers of one kind, newest first; the last week unless asked otherwise."""
    kind = call.params.text("type")
    current, size = call.params.maybe_integer("current") or 1, call.params.maybe_integer("size") or 10
    start, end = call.params.maybe_integer("startTime"), call.params.maybe_integer("endTime")
    until = call.now_ms if end is None else end
    since = until - WEEK_MS if start is None else start
    found = [
        record
        for record in reversed(call.exchange.transfers(call.account))
        if record.kind == kind and since <= record.time_ms <= until
    ]
    size = min(size, 100)
    rows = [
        {
            "asset": record.asset,
            "amount": bare(record.amount),
            "type": record.kind,
            "status": "CONFIRMED",
            "tranId": record.transfer_id,
            "timestamp": record.time_ms,
        }
        for record in found[(current - 1) * size : current * size]
    ]
    return {"total": len(found), "rows": rows}


@router.signed("POST", "/sapi/v1/asset/get-funding-asset")
def funding_assets(call: Call) -> list[Json]:
    """Show the funding wallet."""
    return _holdings(call, "funding", {})


@router.signed("POST", "/sapi/v3/asset/getUserAsset", weight=5)
def user_assets(call: Call) -> list[Json]:
    """Show the spot wallet, what is above zero."""
    return _holdings(call, "spot", {"ipoable": "0"})


def _holdings(call: Call, wallet: str, extra: Json) -> list[Json]:
    asset = call.params.maybe("asset")
    valued = call.params.flag("needBtcValuation")
    held = call.exchange.balances(call.account, wallet)
    return [
        {"asset": name, "free": bare(free), "locked": bare(locked), "freeze": "0", "withdrawing": "0"}
        | extra
        | {"btcValuation": bare(round(btc_value(call, name, free + locked), 8)) if valued else "0"}
        for name, (free, locked) in sorted(held.items())
        if free + locked > 0 and asset in (None, name)
    ]


@router.signed("GET", "/sapi/v1/asset/tradeFee")
def trade_fees(call: Call) -> list[Json]:
    """Tell the spot fee rates of a symbol or of all."""
    symbol = call.params.maybe("symbol")
    caller = call.account
    rows = []
    for name in [symbol] if symbol else list(call.exchange.catalogue.spot):
        maker, taker = call.exchange.fee_rates(caller, "spot", name)
        rows.append({"symbol": name, "makerCommission": bare(maker), "takerCommission": bare(taker)})
    return rows


@router.signed("GET", "/sapi/v1/account/apiRestrictions")
def restrictions(call: Call) -> Json:
    """Tell what the key may do; withdrawing is nothing that any here can."""
    caller = call.account
    created = next(a.created_ms for a in call.exchange.accounts() if a.account == caller)
    denied = call.exchange.denied(caller)
    return {
        "ipRestrict": False,
        "createTime": created,
        "enableReading": "read" not in denied,
        "enableWithdrawals": False,
        "enableInternalTransfer": "transfer" not in denied,
        "enableMargin": "margin" not in denied,
        "enableFutures": "futures" not in denied,
        "permitsUniversalTransfer": "transfer" not in denied,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": "spot" not in denied,
        "enablePortfolioMarginTrading": False,
    }


@router.signed("GET", "/sapi/v1/bnbBurn")
def bnb_burn(call: Call) -> Json:
    """Tell whether spot fees are paid in BNB."""
    return {"spotBNBBurn": call.exchange.bnb_burn(call.account)[0], "interestBNBBurn": False}


@router.signed("POST", "/sapi/v1/bnbBurn")
def set_bnb_burn(call: Call) -> Json:
    """Switch paying spot fees in BNB."""
    if "spotBNBBurn" not in call.params and "interestBNBBurn" not in call.params:
        raise missing("spotBNBBurn")
    burn = call.params.flag("spotBNBBurn") if "spotBNBBurn" in call.params else None
    call.exchange.set_bnb_burn(call.account, spot=burn)
    return {"spotBNBBurn": call.exchange.bnb_burn(call.account)[0], "interestBNBBurn": False}


@router.public("/sapi/v1/system/status")
def status(call: Call) -> Json:
    """Say that the system works."""
    return {"status": 0, "msg": "normal"}


@router.signed("GET", "/sapi/v1/capital/config/getall", weight=10)
def coins(call: Call) -> list[Json]:
    """List every coin with what the account holds; deposits and withdrawals are closed."""
    held = call.exchange.balances(call.account, "spot")
    names = sorted({*spot_assets(call), *held})
    return [_coin(name, *held.get(name, (ZERO, ZERO))) for name in names]


def _coin(name: str, free: Decimal, locked: Decimal) -> Json:
    network = {
        "network": name,
        "coin": name,
        "withdrawIntegerMultiple": "0.00000001",
        "isDefault": True,
        "depositEnable": False,
        "withdrawEnable": False,
        "depositDesc": "",
        "withdrawDesc": "",
        "name": name,
        "resetAddressStatus": False,
        "withdrawFee": "0",
        "withdrawMin": "0",
        "withdrawMax": "0",
        "minConfirm": 1,
        "unLockConfirm": 0,
        "sameAddress": False,
    }
    return {
        "coin": name,
        "name": name,
        "free": eight(free),
        "locked": eight(locked),
        "freeze": "0",
        "withdrawing": "0",
        "ipoing": "0",
        "ipoable": "0",
        "storage": "0",
        "isLegalMoney": False,
        "trading": True,
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "networkList": [network],
    }


def btc_value(call: Call, asset: str, amount: Decimal) -> Decimal:
    """Value an amount in BTC at last prices, through USDT where there is no direct pair; 0 where there is none."""
    if asset == "BTC" or not amount:
        return amount
    listed = call.exchange.catalogue.spot
    if f"{asset}BTC" in listed:
        return amount * call.exchange.last_price("spot", f"{asset}BTC")
    if "BTCUSDT" not in listed or (asset != "USDT" and f"{asset}USDT" not in listed):
        return ZERO
    usdt = Decimal(1) if asset == "USDT" else call.exchange.last_price("spot", f"{asset}USDT")
    return amount * usdt / call.exchange.last_price("spot", "BTCUSDT")
