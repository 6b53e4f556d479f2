"""COIN-M's `/futures/data/*`: by pair, in contracts and coins; made as USD-M's are."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.paper.feeds.base import Series
from atapi.paper.feeds.coin_margined import perpetual_of
from atapi.paper.routes.um_statistics import (
    EVERYBODY,
    TOP_POSITIONS,
    TOP_TRADERS,
    basis_rows,
    held_rows,
    period_bars,
    perpetual_only,
    ratio,
)
from atapi.paper.wire.call import Call
from atapi.paper.wire.coins import cm_rules
from atapi.paper.wire.figures import bare, places
from atapi.paper.wire.router import Router

router = Router()

Json = dict[str, Any]


@router.public("/futures/data/openInterestHist", weight=0)
def open_interest(call: Call) -> list[Json]:
    """Tell open interest over time, in contracts and in coins."""
    perpetual_only(call)
    pair, symbol = _pair(call)
    value = cm_rules(call, symbol).contract.value
    return [
        {
            "pair": pair,
            "contractType": "PERPETUAL",
            "sumOpenInterest": bare(held),
            "sumOpenInterestValue": places(value(held, bar.close), 8),
            "timestamp": over,
        }
        for over, held, bar in held_rows(call, Series.CM, symbol)
    ]


@router.public("/futures/data/topLongShortAccountRatio", weight=0)
def top_accounts(call: Call) -> list[Json]:
    """Tell how many of the largest accounts are long."""
    return _ratios(call, TOP_TRADERS)


@router.public("/futures/data/topLongShortPositionRatio", weight=0)
def top_positions(call: Call) -> list[Json]:
    """Tell how much of the largest accounts' positions is long."""
    rows = _ratios(call, TOP_POSITIONS)
    for row in rows:
        row["longPosition"], row["shortPosition"] = row.pop("longAccount"), row.pop("shortAccount")
    return rows


@router.public("/futures/data/globalLongShortAccountRatio", weight=0)
def all_accounts(call: Call) -> list[Json]:
    """Tell how many of all accounts are long."""
    return _ratios(call, EVERYBODY)


@router.public("/futures/data/takerBuySellVol", weight=0)
def takers(call: Call) -> list[Json]:
    """Tell what takers bought and sold, in contracts and in coins."""
    perpetual_only(call)
    pair, symbol = _pair(call)
    bars, period = period_bars(call, Series.CM, symbol)
    return [
        {
            "pair": pair,
            "contractType": "PERPETUAL",
            "takerBuyVol": bare(bar.taker_volume),
            "takerSellVol": bare(bar.volume - bar.taker_volume),
            "takerBuyVolValue": places(bar.taker_turnover, 8),
            "takerSellVolValue": places(bar.turnover - bar.taker_turnover, 8),
            "timestamp": bar.open_ms + period,
        }
        for bar in bars
    ]


@router.public("/futures/data/basis", weight=0)
def basis(call: Call) -> list[Json]:
    """Tell how far the perpetual is from its index."""
    perpetual_only(call)
    pair, symbol = _pair(call)
    return basis_rows(call, Series.CM, symbol, pair)


@router.public("/dapi/v1/constituents", weight=2)
def constituents(call: Call) -> Json:
    """Say what an index is made of: of the spot price that USD-M's is, too."""
    pair = call.params.symbol()
    cm_rules(call, perpetual_of(pair))
    return {
        "symbol": pair,
        "time": call.now_ms,
        "constituents": [{"exchange": "binance", "symbol": f"{pair}T"}],
    }


def _ratios(call: Call, leaning: Decimal) -> list[Json]:
    pair, symbol = _pair(call)
    bars, period = period_bars(call, Series.CM, symbol)
    return [{"pair": pair, **ratio(bar, bar.open_ms + period, leaning)} for bar in bars]


def _pair(call: Call) -> tuple[str, str]:
    pair = call.params.symbol("pair")
    return pair, cm_rules(call, perpetual_of(pair)).symbol
