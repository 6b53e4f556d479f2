"""What stands behind USD-M prices and margin: index constituents, asset indices, insurance fund, deleveraging risk."""

from __future__ import annotations

from typing import Any

from atapi.paper.collateral import AssetIndex
from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.router import Router
from atapi.paper.wire.symbols import um_rules

router = Router()

Json = dict[str, Any]


@router.public("/fapi/v1/constituents", weight=2)
def constituents(call: Call) -> Json:
    """Say what an index is made of: here of one spot price."""
    symbol = call.params.symbol()
    um_rules(call, symbol)
    price = call.exchange.mark(symbol).index_price
    return {
        "symbol": symbol,
        "time": call.now_ms,
        "constituents": [
            {"exchange": "binance", "symbol": symbol, "price": eight(price), "weight": "1.00000000"}
        ],
    }


@router.public("/fapi/v1/indexInfo", weight=lambda params: 1 if "symbol" in params else 10)
def index_info(call: Call) -> list[Json]:
    """List composite indices: there are none."""
    if call.params.maybe_symbol() is not None:
        raise Refusal(-1121, "Invalid symbol.")
    return []


@router.public("/fapi/v1/assetIndex", weight=lambda params: 1 if "symbol" in params else 10)
def asset_index(call: Call) -> Any:
    """Tell what margin assets are worth in multi-assets mode."""
    symbol = call.params.maybe_symbol()
    rows = [_index(index, call.now_ms) for index in call.exchange.futures.asset_indices()]
    if symbol is None:
        return rows
    found = next((row for row in rows if row["symbol"] == symbol), None)
    if found is None:
        raise Refusal(-1121, "Invalid symbol.")
    return found


@router.public("/fapi/v1/insuranceBalance")
def insurance_balance(call: Call) -> Any:
    """Tell what the insurance fund holds for each margin asset."""
    symbol = call.params.maybe_symbol()
    listed = call.exchange.catalogue.um
    wanted = list(listed.values()) if symbol is None else [um_rules(call, symbol)]
    rows = [
        {
            "symbols": [rules.symbol for rules in listed.values() if rules.margin_asset == asset],
            "assets": [
                {
                    "asset": asset,
                    "marginBalance": bare(call.exchange.futures.insurance.balance(asset)),
                    "updateTime": call.now_ms,
                }
            ],
        }
        for asset in sorted({rules.margin_asset for rules in wanted})
    ]
    return rows if symbol is None else rows[0]


@router.public("/fapi/v1/symbolAdlRisk")
def adl_risk(call: Call) -> Any:
    """Tell how likely deleveraging is: not, while the insurance fund is whole."""
    symbol = call.params.maybe_symbol()
    wanted = list(call.exchange.catalogue.um) if symbol is None else [um_rules(call, symbol).symbol]
    rows = [{"symbol": name, "adlRisk": "low", "updateTime": call.now_ms} for name in wanted]
    return rows if symbol is None else rows[0]


def _index(index: AssetIndex, now_ms: int) -> Json:
    return {
        "symbol": f"{index.asset}USD",
        "time": now_ms,
        "index": eight(index.index),
        "bidBuffer": eight(index.buffer),
        "askBuffer": eight(index.buffer),
        "bidRate": eight(index.bid),
        "askRate": eight(index.ask),
        "autoExchangeBidBuffer": eight(index.buffer),
        "autoExchangeAskBuffer": eight(index.buffer),
        "autoExchangeBidRate": eight(index.bid),
        "autoExchangeAskRate": eight(index.ask),
    }
