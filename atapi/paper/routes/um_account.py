"""The USD-M account: balances, positions, income, fees."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.exchange import FuturesTotals
from atapi.paper.records import ZERO, Refusal
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
RPI_RATE = Decimal("0.00005")


@router.signed("GET", "/fapi/v2/account", weight=5)
def account_v2(call: Call) -> Json:
    """Show the account with one row for every listed symbol."""
    caller = call.account
    views = um.by_symbol(call.exchange.positions(caller))
    totals = call.exchange.futures_totals(caller)
    return {
        "feeTier": 0,
        "feeBurn": call.exchange.bnb_burn(caller)[1],
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
        **um.totals(totals),
        "assets": [
            um.account_asset(asset, wallet, own, call.now_ms) | {"marginAvailable": True}
            for asset, wallet, own in _assets(call, caller)
        ],
        "positions": [
            um.account_position_v2(rules, call.exchange.leverage(caller, symbol), views.get(symbol))
            for symbol, rules in call.exchange.catalogue.um.items()
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
        "positions": [um.account_position_v3(view) for view in call.exchange.positions(caller)],
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
    caller = call.account
    views = um.by_symbol(call.exchange.positions(caller))
    wanted = list(call.exchange.catalogue.um) if symbol is None else [symbol]
    rows = []
    for name in wanted:
        rules = um_rules(call, name)
        mark = _mark_price(call, name)
        rows.append(um.position_risk_v2(rules, call.exchange.leverage(caller, name), mark, views.get(name)))
    return rows


@router.signed("GET", "/fapi/v3/positionRisk", weight=5)
def position_risk_v3(call: Call) -> list[Json]:
    """Show open positions."""
    symbol = call.params.maybe_symbol()
    if symbol is not None:
        um_rules(call, symbol)
    listed = call.exchange.catalogue.um
    return [
        um.position_risk_v3(view, listed[view.position.symbol].quote_asset)
        for view in call.exchange.positions(call.account)
        if symbol in (None, view.position.symbol)
    ]


@router.signed("GET", "/fapi/v1/accountConfig", weight=5)
def account_config(call: Call) -> Json:
    """Show the settings of the account."""
    assert call.account
    return {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": False,
        "updateTime": 0,
        "multiAssetsMargin": False,
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


def _mark_price(call: Call, symbol: str) -> Decimal:
    try:
        return call.exchange.mark(symbol).mark_price
    except Refusal:  # listed, but without a price just now
        return ZERO


def _assets(call: Call, caller: str) -> list[tuple[str, Decimal, FuturesTotals | None]]:
    held = call.exchange.balances(caller, "um")
    wallets = {MARGIN_ASSET: ZERO} | {asset: free + locked for asset, (free, locked) in held.items()}
    margins = {rules.quote_asset for rules in call.exchange.catalogue.um.values()}
    return [
        (asset, wallet, call.exchange.futures_totals(caller, asset) if asset in margins else None)
        for asset, wallet in sorted(wallets.items())
    ]
