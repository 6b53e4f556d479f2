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
    symbol, bars, period = _bars(call, "symbol")
    rules, rows = um_rules(call, symbol), []
    for bar in bars:
        over = bar.open_ms + period
        days = call.exchange.bars(Series.UM, symbol, DAY, None, over // DAY * DAY - 1, 1)
        held = floor_to(days[-1].volume / 2, rules.lot_size) if days else Decimal(0)
        rows.append((over, held, bar.close))
    if rows:
        over, _, close = rows[-1]
        rows[-1] = (over, call.exchange.open_interest(symbol), close)
    supply = call.exchange.feed.supply(call.now_ms).get(rules.base_asset, Decimal(0))
    return [
        {
            "symbol": symbol,
            "sumOpenInterest": bare(held),
            "sumOpenInterestValue": bare(held * close),
            "CMCCirculatingSupply": bare(supply),
            "timestamp": over,
        }
        for over, held, close in rows
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
    if call.params.text("contractType") != "PERPETUAL":
        raise invalid("contractType")
    symbol, bars, period = _bars(call, "pair")
    index = _closes(call, Series.INDEX, symbol, bars, period)
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
                "pair": symbol,
                "timestamp": bar.open_ms + period,
            }
        )
    return rows


def _ratios(call: Call, leaning: Decimal) -> list[Json]:
    symbol, bars, period = _bars(call, "symbol")
    return [_ratio(symbol, bar.open_ms + period, HALF + (_share(bar) - HALF) * leaning) for bar in bars]


def _ratio(symbol: str, time_ms: int, long: Decimal) -> Json:
    long = min(1 - LEAST_SHARE, max(LEAST_SHARE, long)).quantize(Decimal("0.0001"))
    return {
        "symbol": symbol,
        "longShortRatio": places(long / (1 - long), 4),
        "longAccount": places(long, 4),
        "shortAccount": places(1 - long, 4),
        "timestamp": time_ms,
    }


def _share(bar: Bar) -> Decimal:
    return bar.taker_volume / bar.volume if bar.volume else HALF


def _bars(call: Call, name: str) -> tuple[str, list[Bar], int]:
    """Read symbol, period and span, and give the bars of it that are over."""
    params = call.params
    symbol = params.symbol(name)
    um_rules(call, symbol)
    period = PERIODS.get(params.text("period"))
    if period is None:
        raise invalid("period")
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    limit = params.limit(30, 500)
    last = min(call.now_ms if end is None else end, call.now_ms) // period * period - 1
    found = call.exchange.bars(Series.UM, symbol, period, start, last, limit)
    return symbol, [bar for bar in found if bar.open_ms + period <= call.now_ms], period


def _closes(call: Call, series: Series, symbol: str, bars: list[Bar], period: int) -> dict[int, Decimal]:
    if not bars:
        return {}
    found = call.exchange.bars(series, symbol, period, bars[0].open_ms, bars[-1].open_ms, len(bars))
    return {bar.open_ms: bar.close for bar in found}
