"""The USD-M account: balances, positions, income, fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.matching.models.fees import RPI_RATE
from atapi.paper.exchange import FuturesTotals
from atapi.paper.records import ZERO
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.paging import time_span
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes import um
from atapi.paper.wire.symbols import um_rules

router = Router()

Json = dict[str, Any]
MARGIN_ASSET = "USDT"
WEEK_MS = 7 * 86_400_000
INCOME_HOURS = 200 * 24  # the longest span of one income request


@router.signed("GET", "/fapi/v2/account", weight=5)
def account_v2(call: Call) -> Json:
    """Show the account with one row for every listed symbol."""
    caller = call.account
    settings = call.exchange.futures.settings
    totals = call.exchange.futures_totals(caller)
    return {
        "feeTier": 0,
        "feeBurn": call.exchange.bnb_burn(caller)[1],
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": settings.joined(caller),
        "tradeGroupId": -1,
        **um.totals(totals),
        "assets": [
            um.account_asset(asset, wallet, own, call.now_ms) | {"marginAvailable": True}
            for asset, wallet, own in _assets(call, caller)
        ],
        "positions": [
            um.account_position_v2(rules, view, isolated=settings.isolated(caller, symbol))
            for symbol, rules in call.exchange.catalogue.um.items()
            for view in call.exchange.futures.views(caller, symbol)
        ],
    }


@router.signed("GET", "/fapi/v3/account", weight=5)
def account_v3(call: Call) -> Json:
    """Show the account with what is open."""
    caller = call.account
    totals = call.exchange.futures_totals(caller)
    return {
        **um.totals(totals),
        "assets": [
            um.account_asset(asset, wallet, own, call.now_ms) for asset, wallet, own in _assets(call, caller)
        ],
        "positions": [um.account_position_v3(view) for view in call.exchange.futures.busy_views(caller)],
    }


@router.signed("GET", "/fapi/v2/balance", weight=5)
@router.signed("GET", "/fapi/v3/balance", weight=5)
def balance(call: Call) -> list[Json]:
    """Show the wallet by asset."""
    caller = call.account
    return [um.balance(asset, wallet, own, call.now_ms) for asset, wallet, own in _assets(call, caller)]


@router.signed("GET", "/fapi/v2/positionRisk", weight=5)
def position_risk_v2(call: Call) -> list[Json]:
    """Show a symbol, or all of them, held or flat."""
    symbol = call.params.maybe_symbol()
    caller, futures = call.account, call.exchange.futures
    return [
        um.position_risk_v2(um_rules(call, name), view, isolated=futures.settings.isolated(caller, name))
        for name in (call.exchange.catalogue.um if symbol is None else [symbol])
        for view in futures.views(caller, name)
    ]


@router.signed("GET", "/fapi/v3/positionRisk", weight=5)
def position_risk_v3(call: Call) -> list[Json]:
    """Show positions that are open or have orders."""
    symbol = call.params.maybe_symbol()
    if symbol is not None:
        um_rules(call, symbol)
    return [
        um.position_risk_v3(view)
        for view in call.exchange.futures.busy_views(call.account)
        if symbol in (None, view.position.symbol)
    ]


@router.signed("GET", "/fapi/v1/accountConfig", weight=5)
def account_config(call: Call) -> Json:
    """Show the settings of the account."""
    settings = call.exchange.futures.settings
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": settings.hedged(call.account),
        "updateTime": 0,
        "multiAssetsMargin": settings.joined(call.account),
        "tradeGroupId": -1,
    }


@router.signed("GET", "/fapi/v1/commissionRate", weight=20)
def commission_rate(call: Call) -> Json:
    """Tell the fee rates of a symbol."""
    symbol = call.params.symbol()
    maker, taker = call.exchange.fee_rates(call.account, "um", symbol)
    return {
        "symbol": symbol,
        "makerCommissionRate": bare(maker),
        "takerCommissionRate": bare(taker),
        "rpiCommissionRate": bare(RPI_RATE),
    }


@router.signed("GET", "/fapi/v1/income", weight=30)
def income(call: Call) -> list[Json]:
    """List funding, fees, profits and transfers, oldest first; the last week unless asked otherwise."""
    return income_of(call, "um")


def income_of(call: Call, market: str) -> list[Json]:
    """List the income of a futures market as `income` asks for it."""
    symbol, kind = call.params.maybe("symbol"), call.params.maybe("incomeType")
    start, end = time_span(call.params, INCOME_HOURS)
    limit, number = call.params.limit(100, 1000), call.params.maybe_integer("page") or 1
    since = call.now_ms - WEEK_MS if start is None and end is None else start or 0
    rows = [
        row
        for row in call.exchange.income(call.account, market)
        if since <= row.time_ms and (end is None or row.time_ms <= end)
        if symbol in (None, row.symbol) and kind in (None, row.kind)
    ]
    first_page = start is None and number == 1
    rows = rows[-limit:] if first_page else rows[(number - 1) * limit : number * limit]
    return [um.income(row) for row in rows]


def _assets(call: Call, caller: str) -> list[tuple[str, Decimal, FuturesTotals | None]]:
    held = call.exchange.balances(caller, "um")
    wallets = {MARGIN_ASSET: ZERO} | {asset: free + locked for asset, (free, locked) in held.items()}
    margins = {rules.quote_asset for rules in call.exchange.catalogue.um.values()}
    return [
        (asset, wallet, call.exchange.futures_totals(caller, asset) if asset in margins else None)
        for asset, wallet in sorted(wallets.items())
    ]
