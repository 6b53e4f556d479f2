"""The shipped markets: trading rules, sizes and habits of the coins that the embedded exchange knows.

Rules of the large symbols are those Binance lists in 2026; prices and turnovers are round numbers of the same order
as the real ones, made up once so that the synthetic feed has somewhere to stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from atapi.paper.feeds.base import Book, Catalogue, PerpetualRules, Series, SpotRules
from atapi.paper.feeds.brackets import TIERS, brackets

QUOTE = "USDT"

# price: middle of the synthetic range, USDT. beta: share in the whole market's moves. own: daily volatility of its
# own, percent. turnover: million USDT a day. supply: coins in circulation on 2026-01-01; issued: coins a day since.
_COINS = """
coin price     beta own turnover supply          issued   crowd
BTC  67000     1.0  0.9 1500     19960000        450      deep
ETH  3400      1.2  1.7 900      120700000       0        large
BNB  590       0.9  1.5 220      137700000       0        middle
XRP  1.4       1.1  2.6 400      60600000000     0        middle
TRX  0.24      0.6  1.4 60       94700000000     0        middle
LTC  85        1.1  2.0 60       76600000        576      middle
SOL  155       1.4  2.6 450      562000000       65000    middle
DOGE 0.16      1.3  2.9 250      168000000000    13698000 middle
ADA  0.52      1.3  2.5 120      36000000000     0        middle
AVAX 31        1.4  2.8 80       429000000       0        middle
LINK 15        1.3  2.6 90       708000000       0        middle
DOT  6.2       1.3  2.5 45       1650000000      300000   middle
PEPE 0.000025  1.5  3.4 180      420690000000000 0        small
SHIB 0.0000215 1.4  3.2 60       589000000000000 0        small
NEAR 5.2       1.4  3.0 60       1280000000      160000   small
UNI  8.4       1.3  2.9 45       630000000       0        small
ATOM 6.8       1.2  2.5 25       485000000       80000    small
FIL  4.6       1.3  2.8 30       720000000       200000   small
ARB  0.82      1.4  3.0 35       5700000000      2600000  small
OP   1.75      1.4  3.1 30       1900000000      900000   small
SUI  1.9       1.5  3.5 150      3740000000      1400000  small
APT  8.6       1.4  3.1 35       750000000       370000   small
INJ  22        1.4  3.3 30       100000000       0        small
ETC  24        1.2  2.3 30       154000000       14000    small
BCH  410       1.1  2.2 45       19970000        450      small
AAVE 140       1.3  2.8 50       15200000        0        small
WIF  1.9       1.6  4.2 70       999000000       0        small
XLM  0.12      1.1  2.5 35       32000000000     0        small
WLD  2.3       1.5  3.8 60       2500000000      1700000  small
HBAR 0.09      1.3  3.0 40       42800000000     0        small
NEXO 1.25      0.8  2.0 3        646000000       0        thin
"""

_SPOT = """
coin tick       lot     max_quantity market_max
BTC  0.01       0.00001 9000         104
ETH  0.01       0.0001  9000         1600
BNB  0.01       0.001   900000       2800
XRP  0.0001     0.1     9222449      900000
TRX  0.0001     0.1     9000000      5000000
LTC  0.01       0.001   90000        9000
SOL  0.01       0.001   90000        8000
DOGE 0.00001    1       9000000      6000000
ADA  0.0001     0.1     900000       800000
AVAX 0.01       0.01    90000        20000
LINK 0.01       0.01    90000        30000
DOT  0.001      0.01    90000        60000
PEPE 0.00000001 1       92141578737  50000000000
SHIB 0.00000001 1       46116860414  20000000000
NEAR 0.001      0.1     900000       90000
UNI  0.001      0.01    90000        30000
ATOM 0.001      0.01    90000        40000
FIL  0.001      0.01    9222449      60000
ARB  0.0001     0.1     922320       400000
OP   0.0001     0.01    92233        90000
SUI  0.0001     0.1     900000       400000
APT  0.001      0.01    90000        40000
INJ  0.01       0.01    90000        15000
ETC  0.01       0.01    90000        20000
BCH  0.1        0.001   90000        2000
AAVE 0.01       0.001   90000        4000
WIF  0.001      0.01    92233        90000
XLM  0.0001     1       9000000      2000000
WLD  0.001      0.1     922320       200000
HBAR 0.00001    1       9000000      3000000
NEXO 0.001      0.1     922320       20000
"""

# least: MIN_NOTIONAL, USDT. digits: pricePrecision/quantityPrecision. band, fee, cap: percent. premium: where the
# premium index settles in calm times, basis points. ratio: how many times the spot turnover it trades.
_UM = """
symbol   tick      lot   least digits max_quantity market_max band fee  hours cap    interest premium ratio
BTC      0.10      0.001 50    2/3    1000         120        5    1.25 8     0.3    0.01     -3.7    8
ETH      0.01      0.001 20    2/3    10000        2000       5    1.5  8     0.3    0.01     -3.7    9
BNB      0.010     0.01  5     3/2    10000        2000       5    1.5  8     0.375  0        3       2
XRP      0.0001    0.1   5     4/1    1000000      500000     5    1.5  8     0.375  0.01     -4      3
TRX      0.00001   1     5     5/0    10000000     5000000    5    1.5  8     0.4875 0.01     -3.5    2
LTC      0.01      0.001 20    2/3    10000        5000       5    1.5  8     0.375  0.01     -4.5    4
SOL      0.0100    0.01  5     4/2    1000000      50000      5    1.5  8     0.375  0.01     -3      6
DOGE     0.000010  1     5     6/0    50000000     30000000   10   1.5  8     0.4875 0.01     -2.5    5
ADA      0.00010   1     5     5/0    10000000     2000000    10   1.5  8     0.375  0.01     -4      4
AVAX     0.001     1     5     4/0    10000000     50000      10   1.5  8     0.375  0.01     -4.5    3
LINK     0.001     0.01  20    3/2    100000       50000      10   1.5  8     0.375  0.01     -4      3
DOT      0.001     0.1   5     3/1    1000000      200000     10   1.5  8     0.4875 0.01     -5.5    3
1000PEPE 0.0000001 1     5     7/0    10000000     9000000    15   1.5  8     2      0.01     4       4
1000SHIB 0.000001  1     5     6/0    10000000     9000000    15   1.5  8     0.4875 0.01     -3      3
NEAR     0.001     1     5     4/0    10000000     100000     15   1.5  8     2      0.01     -5      3
UNI      0.001     1     5     4/0    10000000     100000     15   1.5  8     0.45   0.01     -4      3
ATOM     0.001     0.01  5     3/2    100000       50000      15   1.5  8     2      0.01     -6      3
FIL      0.001     0.1   5     3/1    1000000      100000     15   1.5  8     2      0.01     -4.5    4
ARB      0.0001    0.1   5     6/1    1000000      500000     15   1.5  8     2      0.01     -5      3
OP       0.0001    0.1   5     7/1    1000000      500000     15   1.5  4     2      0.01     -4.5    3
SUI      0.0001    0.1   5     6/1    10000000     500000     15   1.5  8     0.75   0.01     -1.5    5
APT      0.001     0.1   5     5/1    1000000      100000     15   1.5  8     2      0.01     -5      3
INJ      0.001     0.1   5     7/1    1000000      50000      15   1.5  4     2      0.01     -4      3
ETC      0.001     0.01  20    3/2    100000       50000      10   1.5  8     2      0.01     -4.5    3
BCH      0.01      0.001 20    2/3    10000        5000       10   1.5  8     0.375  0.01     -4.5    3
AAVE     0.010     0.1   5     3/1    10000000     20000      15   1.5  8     0.75   0.01     -3.5    4
WIF      0.0001    0.1   5     7/1    1000000      500000     15   1.5  4     2      0.01     0       4
XLM      0.00001   1     5     5/0    10000000     5000000    15   1.5  8     0.75   0.01     -3.5    3
WLD      0.0001    1     5     7/0    10000000     1000000    15   1.5  1     2      0.01     0       4
HBAR     0.00001   1     5     5/0    10000000     5000000    15   1.5  8     2      0.01     -4      3
"""

# half: half the spread, basis points. spot, um: USDT resting at the touch. growth: of each next level. step: bps.
_CROWDS = """
crowd  half spot  um     growth step
deep   0.05 60000 150000 1.08   0.5
large  0.1  40000 90000  1.08   0.5
middle 0.5  15000 30000  1.09   1
small  1.5  4000  8000   1.10   2
thin   5    800   800    1.12   5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One coin: its rules on spot and as a perpetual, and how it trades in the synthetic feed."""

    spot: SpotRules
    um: PerpetualRules | None  # None where only spot exists
    multiplier: int  # coins in one unit of the perpetual's base asset
    crowd: str
    price: Decimal  # middle of the synthetic range, quote asset
    beta: float
    own_volatility: float  # a day, fraction
    turnover: int  # quote asset a day
    supply: int  # coins on 2026-01-01
    issued: int  # coins a day
    premium_bps: float  # where the premium index settles in calm times
    um_ratio: int  # turnover of the perpetual / turnover of spot


@cache
def markets() -> Mapping[str, Market]:
    """List the shipped markets by spot symbol."""
    spot = {row["coin"]: row for row in _rows(_SPOT)}
    perpetuals = {row["symbol"].removeprefix("1000"): row for row in _rows(_UM)}
    listed = (_market(row, spot[row["coin"]], perpetuals.get(row["coin"])) for row in _rows(_COINS))
    return {market.spot.symbol: market for market in listed}


@cache
def by_perpetual() -> Mapping[str, Market]:
    """List the shipped markets that have a perpetual by its symbol."""
    return {market.um.symbol: market for market in markets().values() if market.um}


@cache
def catalogue() -> Catalogue:
    """List the rules of every shipped symbol."""
    return Catalogue(
        spot={symbol: market.spot for symbol, market in markets().items()},
        um={symbol: market.um for symbol, market in by_perpetual().items() if market.um},
    )


def find(series: Series, symbol: str) -> Market | None:
    """Find a market by the symbol it has in that series."""
    return (markets() if series is Series.SPOT else by_perpetual()).get(symbol)


def crowd_book(crowd: str, series: Series) -> Book:
    """Tell how a crowd quotes: `deep`, `large`, `middle`, `small` or `thin`."""
    row = _crowds()[crowd]
    return Book(
        half_spread_bps=Decimal(row["half"]),
        top_notional=Decimal(row["spot" if series is Series.SPOT else "um"]),
        growth=Decimal(row["growth"]),
        step_bps=Decimal(row["step"]),
    )


@cache
def _crowds() -> Mapping[str, Mapping[str, str]]:
    return {row["crowd"]: row for row in _rows(_CROWDS)}


def _rows(text: str) -> list[dict[str, str]]:
    header, *lines = text.strip().splitlines()
    return [dict(zip(header.split(), line.split(), strict=True)) for line in lines]


def _market(coin: dict[str, str], spot: dict[str, str], um: dict[str, str] | None) -> Market:
    return Market(
        spot=SpotRules(
            symbol=coin["coin"] + QUOTE,
            base_asset=coin["coin"],
            quote_asset=QUOTE,
            tick_size=Decimal(spot["tick"]),
            lot_size=Decimal(spot["lot"]),
            min_notional=Decimal(5),
            max_quantity=Decimal(spot["max_quantity"]),
            market_max_quantity=Decimal(spot["market_max"]),
        ),
        um=_perpetual(um, coin["crowd"]) if um else None,
        multiplier=1000 if um and um["symbol"].startswith("1000") else 1,
        crowd=coin["crowd"],
        price=Decimal(coin["price"]),
        beta=float(coin["beta"]),
        own_volatility=float(coin["own"]) / 100,
        turnover=int(coin["turnover"]) * 1_000_000,
        supply=int(coin["supply"]),
        issued=int(coin["issued"]),
        premium_bps=float(um["premium"]) if um else 0.0,
        um_ratio=int(um["ratio"]) if um else 0,
    )


def _perpetual(row: dict[str, str], crowd: str) -> PerpetualRules:
    percent = Decimal("0.01")
    cap = Decimal(row["cap"]) * percent
    price_precision, quantity_precision = row["digits"].split("/")
    return PerpetualRules(
        symbol=row["symbol"] + QUOTE,
        base_asset=row["symbol"],
        quote_asset=QUOTE,
        tick_size=Decimal(row["tick"]),
        lot_size=Decimal(row["lot"]),
        min_notional=Decimal(row["least"]),
        price_precision=int(price_precision),
        quantity_precision=int(quantity_precision),
        brackets=brackets(row["symbol"] if row["symbol"] in TIERS else crowd),
        max_quantity=Decimal(row["max_quantity"]),
        market_max_quantity=Decimal(row["market_max"]),
        price_band=Decimal(row["band"]) * percent,
        liquidation_fee=Decimal(row["fee"]) * percent,
        interval_hours=int(row["hours"]),
        funding_cap=cap,
        funding_floor=-cap,
        interest_rate=Decimal(row["interest"]) * percent,
    )
