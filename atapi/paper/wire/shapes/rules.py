"""exchangeInfo: what can be traded, and by which rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.matching import spot_filters as spot
from atapi.matching.contracts import Inverse
from atapi.matching.filters import MAX_OPEN_ORDERS, UM_MAX_PRICE
from atapi.paper.feeds.base import PerpetualRules, SpotRules
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.spot_features import FLAGS
from atapi.paper.wire.figures import bare, eight, places

Json = dict[str, Any]

NEVER_MS = 4133404800000  # when a perpetual is delivered
CM_FILTERS = ("PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MAX_NUM_ORDERS", "PERCENT_PRICE")
CM_MAX_ALGO_ORDERS = 20  # USD-M tells none since 2025-12-29
SPOT_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
PREVENTION_MODES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"]


def spot_symbol(rules: SpotRules, permission_sets: bool, *, margin: bool) -> Json:
    """Print one symbol of `/api/v3/exchangeInfo`."""
    return {
        "symbol": rules.symbol,
        "status": rules.status,
        "baseAsset": rules.base_asset,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote_asset,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": [kind for kind in SPOT_TYPES if kind not in rules.without],
        **{flag: feature not in rules.without for flag, feature in FLAGS.items()},
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": margin,
        "filters": spot_filters(rules),
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"] if margin else ["SPOT"]] if permission_sets else [],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": PREVENTION_MODES,
    }


def um_symbol(rules: PerpetualRules) -> Json:
    """Print one symbol of `/fapi/v1/exchangeInfo`."""
    return {
        "symbol": rules.symbol,
        "pair": rules.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": rules.delivery_ms or NEVER_MS,
        "onboardDate": rules.onboard_ms,
        "status": rules.status,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base_asset,
        "quoteAsset": rules.quote_asset,
        "marginAsset": rules.quote_asset,
        "pricePrecision": rules.price_precision,
        "quantityPrecision": rules.quantity_precision,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": places(rules.liquidation_fee, 6),
        "marketTakeBound": bare(rules.price_band),
        "maxMoveOrderLimit": 10000,
        "filters": _um_filters(rules),
        "orderTypes": [
            "LIMIT",
            "MARKET",
            "STOP",
            "STOP_MARKET",
            "TAKE_PROFIT",
            "TAKE_PROFIT_MARKET",
            "TRAILING_STOP_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        "permissionSets": [],
    }


def cm_symbol(rules: PerpetualRules) -> Json:
    """Print one symbol of `/dapi/v1/exchangeInfo`: a status of another name, a contract size, no least notional."""
    assert isinstance(rules.contract, Inverse), rules.symbol
    shape = um_symbol(rules)
    status = shape.pop("status")
    filters = [row for row in shape["filters"] if row["filterType"] in CM_FILTERS]
    filters.insert(4, {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": CM_MAX_ALGO_ORDERS})
    return shape | {
        "pair": pair_of(rules.symbol),
        "contractStatus": status,
        "marginAsset": rules.margin_asset,
        "contractSize": int(rules.contract.size),
        "equalQtyPrecision": 4,
        "filters": filters,
    }


def exchange_filters() -> list[Json]:
    """Print the filters that count over all symbols of an account; exchangeInfo does not list them."""
    return [
        {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": spot.EXCHANGE_MAX_ORDERS},
        {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": spot.EXCHANGE_MAX_ALGO_ORDERS},
        {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": spot.EXCHANGE_MAX_ORDER_LISTS},
    ]


def spot_filters(rules: SpotRules) -> list[Json]:
    """Print a symbol's filters, the price filter first."""
    return _spot_filters(rules) + _caps(rules)


def _caps(rules: SpotRules) -> list[Json]:
    filters: list[Json] = []
    if rules.max_position is not None:
        filters.append({"filterType": "MAX_POSITION", "maxPosition": eight(rules.max_position)})
    if rules.max_iceberg_orders is not None:
        filters.append(
            {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": rules.max_iceberg_orders}
        )
    return filters


def _spot_filters(rules: SpotRules) -> list[Json]:
    (bid_down, bid_up), (ask_down, ask_up) = spot.BAND["BUY"], spot.BAND["SELL"]
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": eight(rules.tick_size),
            "maxPrice": eight(spot.MAX_PRICE),
            "tickSize": eight(rules.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": eight(rules.lot_size),
            "maxQty": eight(rules.max_quantity),
            "stepSize": eight(rules.lot_size),
        },
        {"filterType": "ICEBERG_PARTS", "limit": spot.MAX_ICEBERG_PARTS},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": eight(Decimal(0)),
            "maxQty": eight(rules.market_max_quantity),
            "stepSize": eight(Decimal(0)),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": spot.MIN_TRAILING_DELTA,
            "maxTrailingAboveDelta": spot.MAX_TRAILING_DELTA,
            "minTrailingBelowDelta": spot.MIN_TRAILING_DELTA,
            "maxTrailingBelowDelta": spot.MAX_TRAILING_DELTA,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": bare(bid_up),
            "bidMultiplierDown": bare(bid_down),
            "askMultiplierUp": bare(ask_up),
            "askMultiplierDown": bare(ask_down),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": eight(rules.min_notional),
            "applyMinToMarket": True,
            "maxNotional": eight(spot.MAX_NOTIONAL),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": MAX_OPEN_ORDERS},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": spot.MAX_ORDER_LISTS},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": spot.MAX_ALGO_ORDERS},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": spot.MAX_AMENDS},
    ]


def _um_filters(rules: PerpetualRules) -> list[Json]:
    price = rules.price_precision
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": places(rules.tick_size, price),
            "maxPrice": bare(UM_MAX_PRICE),
            "tickSize": places(rules.tick_size, price),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": bare(rules.lot_size),
            "maxQty": bare(rules.max_quantity),
            "stepSize": bare(rules.lot_size),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": bare(rules.lot_size),
            "maxQty": bare(rules.market_max_quantity),
            "stepSize": bare(rules.lot_size),
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": MAX_OPEN_ORDERS},
        {"filterType": "MIN_NOTIONAL", "notional": bare(rules.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": places(1 + rules.price_band, 4),
            "multiplierDown": places(1 - rules.price_band, 4),
            "multiplierDecimal": "4",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]
