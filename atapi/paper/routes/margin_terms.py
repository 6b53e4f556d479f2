"""What cross margin lends, at which rates and against what; isolated margin, of which there is none."""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import Any

from atapi.matching.credit import HOURS_A_DAY
from atapi.matching.models.lending import collateral_ratio, daily_rate
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router, Security
from atapi.paper.wire.rows import DAY_MS, WEEK_MS, span_of

router = Router()

Json = dict[str, Any]
DAYS_A_YEAR = 365
VIP_LEVELS = range(10)
MOST_ASSETS = 20
ISOLATED_ACCOUNT = "/sapi/v1/margin/isolated/account"


@router.route("GET", "/sapi/v1/margin/allAssets", security=Security.KEY)
def assets(call: Call) -> list[Json]:
    """List what can be pledged and borrowed."""
    wanted = call.params.maybe("asset")
    return [
        {
            "assetFullName": name,
            "assetName": name,
            "isBorrowable": True,
            "isMortgageable": True,
            "userMinBorrow": "0.00000000",
            "userMinRepay": "0.00000000",
        }
        for name in call.exchange.margin.terms.assets
        if wanted in (None, name)
    ]


@router.route("GET", "/sapi/v1/margin/allPairs", security=Security.KEY)
def pairs(call: Call) -> list[Json]:
    """List what trades on margin."""
    wanted = call.params.maybe("symbol")
    return [
        {
            "base": rules.base_asset,
            "id": zlib.crc32(rules.symbol.encode()),
            "isBuyAllowed": True,
            "isMarginTrade": True,
            "isSellAllowed": True,
            "quote": rules.quote_asset,
            "symbol": rules.symbol,
        }
        for rules in call.exchange.margin.terms.pairs()
        if wanted in (None, rules.symbol)
    ]


@router.route("GET", "/sapi/v1/margin/priceIndex", security=Security.KEY, weight=10)
def price_index(call: Call) -> Json:
    """Tell the price that accounts are valued at."""
    symbol = call.exchange.margin.terms.check_pair(call.params.symbol()).symbol
    price = call.exchange.last_price("spot", symbol)
    return {"calcTime": call.now_ms, "price": eight(price), "symbol": symbol}


@router.route("GET", "/sapi/v1/margin/crossMarginCollateralRatio", security=Security.KEY, weight=100)
def collateral_ratios(call: Call) -> list[Json]:
    """List how much of an asset's value counts, whatever the amount."""
    by_ratio: dict[Decimal, list[str]] = {}
    for asset in call.exchange.margin.terms.assets:
        by_ratio.setdefault(collateral_ratio(asset), []).append(asset)
    return [
        {
            "collaterals": [
                {"minUsdValue": "0", "maxUsdValue": "9000000000000000", "discountRate": bare(ratio)}
            ],
            "assetNames": names,
        }
        for ratio, names in sorted(by_ratio.items(), reverse=True)
    ]


@router.route("GET", "/sapi/v1/margin/limit-price-pairs", security=Security.KEY)
def limited_pairs(call: Call) -> Json:
    """List pairs whose prices are bound to the index: none."""
    return {"crossMarginSymbols": []}


@router.signed("GET", "/sapi/v1/margin/crossMarginData", weight=lambda params: 1 if "coin" in params else 5)
def cross_margin_data(call: Call) -> list[Json]:
    """List rates and limits; they are the same for every level of user."""
    level, coin = call.params.maybe_integer("vipLevel") or 0, call.params.maybe("coin")
    _check_level(level)
    desk = call.exchange.margin
    names = desk.terms.assets if coin is None else [coin]
    desk.terms.check_asset(names[0])
    call.prove()
    pairs: dict[str, list[str]] = {}
    for rules in desk.terms.pairs():
        pairs.setdefault(rules.base_asset, []).append(rules.symbol)
        pairs.setdefault(rules.quote_asset, []).append(rules.symbol)
    return [
        {
            "vipLevel": level,
            "coin": name,
            "transferIn": True,
            "borrowable": True,
            "dailyInterest": bare(daily_rate(name)),
            "yearlyInterest": bare(daily_rate(name) * DAYS_A_YEAR),
            "borrowLimit": bare(desk.limit(name)),
            "marginablePairs": pairs.get(name, []),
        }
        for name in names
    ]


@router.signed("GET", "/sapi/v1/margin/interestRateHistory")
def interest_rates(call: Call) -> list[Json]:
    """List the daily rate of an asset, day by day, newest first; it never changes."""
    asset, level = call.params.text("asset"), call.params.maybe_integer("vipLevel") or 0
    _check_level(level)
    call.exchange.margin.terms.check_asset(asset)
    start, end = span_of(call.params, call.now_ms, usual_ms=WEEK_MS, most_ms=31 * DAY_MS)
    call.prove()
    rate = eight(daily_rate(asset))
    days = range(min(end, call.now_ms) // DAY_MS * DAY_MS, start - 1, -DAY_MS)
    return [{"asset": asset, "dailyInterestRate": rate, "timestamp": day, "vipLevel": level} for day in days]


@router.signed("GET", "/sapi/v1/margin/next-hourly-interest-rate", weight=100)
def next_rates(call: Call) -> list[Json]:
    """Tell the rate of the next hour, for up to twenty assets."""
    names = call.params.text("assets").split(",")
    call.params.text("isIsolated")
    if len(names) > MOST_ASSETS:
        raise invalid("assets")
    for name in names:
        call.exchange.margin.terms.check_asset(name)
    return [
        {"asset": name, "nextHourlyInterestRate": eight(daily_rate(name) / HOURS_A_DAY)} for name in names
    ]


@router.signed("GET", "/sapi/v1/margin/available-inventory", weight=50)
def inventory(call: Call) -> Json:
    """Tell what lenders have left."""
    kind = call.params.choice("type", ("MARGIN", "ISOLATED"), invalid("type"))
    call.prove()
    desk = call.exchange.margin
    names = desk.terms.assets if kind == "MARGIN" else []
    return {"assets": {name: bare(desk.inventory(name)) for name in names}, "updateTime": call.now_ms}


# --- isolated margin ------------------------------------------------------------------------------------------
@router.signed("GET", ISOLATED_ACCOUNT, weight=10)
def isolated_account(call: Call) -> Json:
    """Show no isolated accounts."""
    nothing = "0.00000000"
    answer: Json = {"assets": []}
    if call.params.maybe("symbols") is None:
        answer |= dict.fromkeys(("totalAssetOfBtc", "totalLiabilityOfBtc", "totalNetAssetOfBtc"), nothing)
    return answer


@router.signed("POST", ISOLATED_ACCOUNT, weight=300)
@router.signed("DELETE", ISOLATED_ACCOUNT, weight=300)
def no_isolated_account(call: Call) -> Json:
    """Refuse to open or close one."""
    call.params.symbol()
    call.prove()
    raise Refusal(-1020, "This operation is not supported.")


@router.signed("GET", "/sapi/v1/margin/isolated/accountLimit")
def isolated_limit(call: Call) -> Json:
    """Tell how many isolated accounts there may be: none."""
    return {"enabledAccount": 0, "maxAccount": 0}


@router.route("GET", "/sapi/v1/margin/isolated/allPairs", security=Security.KEY)
@router.signed("GET", "/sapi/v1/margin/isolatedMarginData")
@router.signed("GET", "/sapi/v1/margin/isolatedMarginTier")
def nothing_isolated(call: Call) -> list[Json]:
    """List what can be traded or borrowed in isolation: nothing."""
    return []


def _check_level(level: int) -> None:
    if level not in VIP_LEVELS:
        raise invalid("vipLevel")
