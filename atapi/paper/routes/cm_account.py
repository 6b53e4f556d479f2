"""The COIN-M account: balances by coin, positions, income, fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.exchange import FuturesTotals
from atapi.paper.records import ZERO
from atapi.paper.routes.um_account import income_of
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules, wanted
from atapi.paper.wire.figures import bare
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import cm, um

router = Router()

Json = dict[str, Any]


@router.signed("GET", "/dapi/v1/account", weight=5)
def account(call: Call) -> Json:
    """Show the account with one row for every listed coin and symbol."""
    caller = call.account
    desk = call.exchange.desk("cm")
    return {
        "assets": [
            um.account_asset(asset, wallet, totals, call.now_ms)
            for asset, wallet, totals in _assets(call, caller)
        ],
        "positions": [
            cm.account_position(rules, view, isolated=desk.settings.isolated(caller, symbol))
            for symbol, rules in call.exchange.catalogue.cm.items()
            for view in desk.views(caller, symbol)
        ],
        "canDeposit": True,
        "canTrade": True,
        "canWithdraw": True,
        "feeTier": 0,
        "updateTime": 0,
    }


@router.signed("GET", "/dapi/v1/balance")
def balance(call: Call) -> list[Json]:
    """Show the wallet by coin."""
    rows = _assets(call, call.account)
    return [cm.balance(asset, wallet, totals, call.now_ms) for asset, wallet, totals in rows]


@router.signed("GET", "/dapi/v1/positionRisk")
def position_risk(call: Call) -> list[Json]:
    """Show symbols, held or flat: of a margin asset, of a pair, or all."""
    margin_asset = call.params.maybe("marginAsset")
    symbols = wanted(call)
    caller, desk = call.account, call.exchange.desk("cm")
    listed = [cm_rules(call, symbol) for symbol in symbols]
    return [
        cm.position_risk(rules, view, isolated=desk.settings.isolated(caller, rules.symbol))
        for rules in listed
        if margin_asset in (None, rules.margin_asset)
        for view in desk.views(caller, rules.symbol)
    ]


@router.signed("GET", "/dapi/v1/income", weight=20)
def income(call: Call) -> list[Json]:
    """List funding, fees, profits and transfers, oldest first; the last week unless asked otherwise."""
    return [row | {"tranId": str(row["tranId"])} for row in income_of(call, "cm")]  # a string here


@router.signed("GET", "/dapi/v1/commissionRate", weight=20)
def commission_rate(call: Call) -> Json:
    """Tell the fee rates of a symbol."""
    symbol = call.params.symbol()
    maker, taker = call.exchange.fee_rates(call.account, "cm", symbol)
    return {"symbol": symbol, "makerCommissionRate": bare(maker), "takerCommissionRate": bare(taker)}


def _assets(call: Call, caller: str) -> list[tuple[str, Decimal, FuturesTotals | None]]:
    margins = {rules.margin_asset for rules in call.exchange.catalogue.cm.values()}
    held = call.exchange.balances(caller, "cm")
    wallets = dict.fromkeys(margins, ZERO) | {asset: free for asset, (free, _) in held.items()}
    return [
        (asset, wallet, call.exchange.futures_totals(caller, asset, "cm") if asset in margins else None)
        for asset, wallet in sorted(wallets.items())
    ]
