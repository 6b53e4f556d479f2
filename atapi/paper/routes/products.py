"""The product list of Binance's web site, for circulating supply."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.router import Router
from atapi.paper.wire.symbols import priced_symbols

router = Router()

Json = dict[str, Any]


@router.public("/bapi/asset/v2/public/asset-service/product/get-products", weight=0)
def products(call: Call) -> Json:
    """List every spot symbol with the coins in circulation of its base asset; null where that is unknown."""
    supply = call.exchange.feed.supply(call.now_ms)
    listed = call.exchange.catalogue.spot
    rows: list[Json] = [
        {
            "s": rules.symbol,
            "st": rules.status,
            "b": rules.base_asset,
            "q": rules.quote_asset,
            "ba": "",
            "qa": "",
            "i": eight(rules.lot_size),
            "ts": bare(rules.tick_size),
            "an": rules.base_asset,
            "qn": rules.quote_asset,
            "c": eight(call.exchange.last_price("spot", rules.symbol)),
            "pm": rules.quote_asset,
            "pn": rules.quote_asset,
            "cs": _number(supply.get(rules.base_asset)),
            "tags": [],
            "etf": False,
        }
        for rules in (listed[symbol] for symbol in priced_symbols(call.exchange, "spot"))
    ]
    return {"code": "000000", "message": None, "messageDetail": None, "data": rows, "success": True}


def _number(coins: Decimal | None) -> int | float | None:
    if coins is None:
        return None
    whole = int(coins)
    return whole if whole == coins else float(coins)
