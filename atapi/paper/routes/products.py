"""The product list of Binance's web site, for circulating supply."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.router import Router
from atapi.paper.wire.statistics import day_statistics
from atapi.paper.wire.symbols import priced_symbols

router = Router()

Json = dict[str, Any]


PATH = "public/asset-service/product"


@router.public(f"/bapi/asset/v2/{PATH}/get-products", weight=0)
@router.public(f"/exchange-api/v2/{PATH}/get-products", weight=0)
def products(call: Call) -> Json:
    """List every spot symbol with the coins in circulation of its base asset; null where that is unknown."""
    supply = call.exchange.feed.supply(call.now_ms)
    symbols = priced_symbols(call.exchange, "spot")
    return _answered([_product(call, symbol, supply) for symbol in symbols])


@router.public(f"/bapi/asset/v2/{PATH}/get-product-by-symbol", weight=0)
def product(call: Call) -> Json:
    """Show one symbol of that list."""
    symbol = call.params.symbol()
    call.exchange.last_price("spot", symbol)  # refused where nobody lists it
    return _answered(_product(call, symbol, call.exchange.feed.supply(call.now_ms)))


def _answered(data: Any) -> Json:
    return {"code": "000000", "message": None, "messageDetail": None, "data": data, "success": True}


def _product(call: Call, symbol: str, supply: Mapping[str, Decimal]) -> Json:
    rules = call.exchange.catalogue.spot[symbol]
    day = day_statistics(call.exchange, "spot", symbol)
    bar = day.bar
    return {
        "s": symbol,
        "st": rules.status,
        "b": rules.base_asset,
        "q": rules.quote_asset,
        "ba": "",
        "qa": "",
        "i": eight(rules.lot_size),
        "ts": bare(rules.tick_size),
        "an": rules.base_asset,
        "qn": rules.quote_asset,
        "o": eight(bar.open),
        "h": eight(bar.high),
        "l": eight(bar.low),
        "c": eight(day.last),
        "v": eight(bar.volume),
        "qv": eight(bar.turnover),
        "y": 0,
        "as": float(bar.volume - bar.taker_volume),  # what takers sold; a number on this wire
        "pm": rules.quote_asset,
        "pn": rules.quote_asset,
        "cs": _number(supply.get(rules.base_asset)),
        "tags": [],
        "pom": False,
        "pomt": None,
        "lc": False,
        "g": False,
        "sd": False,
        "r": False,
        "hd": False,
        "rb": False,
        "ks": False,
        "etf": False,
    }


def _number(coins: Decimal | None) -> int | float | None:
    if coins is None:
        return None
    whole = int(coins)
    return whole if whole == coins else float(coins)
