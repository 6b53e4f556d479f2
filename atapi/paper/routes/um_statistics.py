"""`/futures/data/*`: open interest, who is long, what takers did, basis; all of it made from the feed's bars.

Assumes: the ratios of accounts and positions follow the takers' share of volume, because a feed knows no holders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.domain.numbers import floor_to
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare, places
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router
from atapi.paper.wire.symbols import um_rules

router = Router()

Json = dict[str, Any]
MINUTE, DAY = 60_000, 86_400_000
PERIODS = {
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": 60 * MINUTE,
    "2h": 120 * MINUTE,
    "4h": 240 * MINUTE,
    "6h": 360 * MINUTE,
    "12h": 720 * MINUTE,
    "1d": DAY,
}
HALF = Decimal("0.5")
LEAST_SHARE = Decimal("0.01")
TOP_TRADERS = Decimal("0.8")  # how much of the takers' leaning shows in each ratio
TOP_POSITIONS = Decimal(1)
EVERYBODY = Decimal("0.5")


@router.public("/futures/data/openInterestHist", weight=0)
def open_interest(call: Call) -> list[Json]:
    """Tell open interest over time: half of what the last whole day traded; now, the accounts' positions too."""
    symbol = call.params.symbol()
    rules = um_rules(call, symbol)
    supply = call.exchange.feed.supply(call.now_ms).get(rules.base_asset, Decimal(0))
    return [
        {
            "symbol": symbol,
            "sumOpenInterest": bare(held),
            "sumOpenInterestValue": bare(held * bar.close),
            "CMCCirculatingSupply": bare(supply),
            "timestamp": over,
        }
        for over, held, bar in held_rows(call, Series.UM, symbol)
    ]


@router.public("/futures/data/topLongShortAccountRatio", weight=0)
def top_accounts(call: Call) -> list[Json]:
    """Tell how many of the largest accounts are long."""
    return _ratios(call, TOP_TRADERS)


@router.public("/futures/data/topLongShortPositionRatio", weight=0)
def top_positions(call: Call) -> list[Json]:
    """Tell how much of the largest accounts' positions is long."""
    return _ratios(call, TOP_POSITIONS)


@router.public("/futures/data/globalLongShortAccountRatio", weight=0)
def all_accounts(call: Call) -> list[Json]:
    """Tell how many of all accounts are long."""
    return _ratios(call, EVERYBODY)


@router.public("/futures/data/takerlongshortRatio", weight=0)
def takers(call: Call) -> list[Json]:
    """Tell what takers bought and sold."""
    _, bars, period = _bars(call, "symbol")
    rows = []
    for bar in bars:
        sold = bar.volume - bar.taker_volume
        rows.append(
            {
                "buySellRatio": places(bar.taker_volume / sold if sold else Decimal(1), 4),
                "buyVol": places(bar.taker_volume, 4),
                "sellVol": places(sold, 4),
                "timestamp": bar.open_ms + period,
            }
        )
    return rows


@router.public("/futures/data/basis", weight=0)
def basis(call: Call) -> list[Json]:
    """Tell how far the perpetual is from its index."""
    perpetual_only(call)
    symbol = call.params.symbol("pair")
    um_rules(call, symbol)
    return basis_rows(call, Series.UM, symbol, symbol)


@router.public("/futures/data/delivery-price", weight=0)
def delivery_prices(call: Call) -> list[Json]:
    """List prices that quarterly contracts were delivered at: there are none."""
    um_rules(call, call.params.symbol("pair"))
    return []


def _ratios(call: Call, leaning: Decimal) -> list[Json]:
    symbol, bars, period = _bars(call, "symbol")
    return [{"symbol": symbol, **ratio(bar, bar.open_ms + period, leaning)} for bar in bars]


def ratio(bar: Bar, time_ms: int, leaning: Decimal) -> Json:
    """Tell who is long, as far as the takers' share of a bar's volume shows it."""
    share = bar.taker_volume / bar.volume if bar.volume else HALF
    long = HALF + (share - HALF) * leaning
    long = min(1 - LEAST_SHARE, max(LEAST_SHARE, long)).quantize(Decimal("0.0001"))
    return {
        "longShortRatio": places(long / (1 - long), 4),
        "longAccount": places(long, 4),
        "shortAccount": places(1 - long, 4),
        "timestamp": time_ms,
    }


def basis_rows(call: Call, series: Series, symbol: str, pair: str) -> list[Json]:
    """Tell how far a perpetual is from its index."""
    bars, period = period_bars(call, series, symbol)
    index: dict[int, Decimal] = {}
    if bars:
        spans = bars[0].open_ms, bars[-1].open_ms, len(bars)
        index = {b.open_ms: b.close for b in call.exchange.bars(Series.INDEX, symbol, period, *spans)}
    rows = []
    for bar in bars:
        fair = index.get(bar.open_ms, bar.close)
        rows.append(
            {
                "indexPrice": bare(fair),
                "contractType": "PERPETUAL",
                "basisRate": places((bar.close - fair) / fair, 4),
                "futuresPrice": bare(bar.close),
                "annualizedBasisRate": "",
                "basis": bare(bar.close - fair),
                "pair": pair,
                "timestamp": bar.open_ms + period,
            }
        )
    return rows


def held_rows(call: Call, series: Series, symbol: str) -> list[tuple[int, Decimal, Bar]]:
    """Tell open interest over time: half of what the last whole day traded; now, the accounts' positions too."""
    bars, period = period_bars(call, series, symbol)
    market = "cm" if series is Series.CM else "um"
    lot, rows = call.exchange.catalogue.perpetuals(market)[symbol].lot_size, []
    for bar in bars:
        over = bar.open_ms + period
        days = call.exchange.bars(series, symbol, DAY, None, over // DAY * DAY - 1, 1)
        held = floor_to(days[-1].volume / 2, lot) if days else Decimal(0)
        rows.append((over, held, bar))
    if rows:
        rows[-1] = (rows[-1][0], call.exchange.open_interest(symbol, market), rows[-1][2])
    return rows


def period_bars(call: Call, series: Series, symbol: str) -> tuple[list[Bar], int]:
    """Read period and span, and give the bars of it that are over."""
    call.gateway.limits["um"].draw("statistics")
    params = call.params
    period = PERIODS.get(params.text("period"))
    if period is None:
        raise invalid("period")
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    limit = params.limit(30, 500)
    last = min(call.now_ms if end is None else end, call.now_ms) // period * period - 1
    found = call.exchange.bars(series, symbol, period, start, last, limit)
    return [bar for bar in found if bar.open_ms + period <= call.now_ms], period


def perpetual_only(call: Call) -> None:
    """Refuse a kind of contract that there is none of."""
    if call.params.text("contractType") != "PERPETUAL":
        raise invalid("contractType")


def _bars(call: Call, name: str) -> tuple[str, list[Bar], int]:
    symbol = call.params.symbol(name)
    um_rules(call, symbol)
    bars, period = period_bars(call, Series.UM, symbol)
    return symbol, bars, period
