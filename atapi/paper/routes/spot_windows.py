"""Spot tickers of other windows: so many minutes, hours or days back, or the day of a time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.intervals import DAY, HOUR, MINUTE
from atapi.paper.wire.params import Params, invalid, missing
from atapi.paper.wire.router import Router
from atapi.paper.wire.shapes.market import SPOT_PRINTER, mini_ticker, window_ticker
from atapi.paper.wire.statistics import DayStatistics, window_statistics
from atapi.paper.wire.statuses import with_status
from atapi.paper.wire.symbols import wanted_symbols
from atapi.paper.wire.zones import read_zone

router = Router()

Json = dict[str, Any]
MOST_SYMBOLS = 100
_WINDOW = re.compile(r"([1-9][0-9]?)([mhd])", re.ASCII)
_UNITS = {"m": (MINUTE, 59), "h": (HOUR, 23), "d": (DAY, 7)}  # length, most of them


def _weight(params: Params) -> int:
    wanted = wanted_symbols(params)
    return min(200, 4 * len(wanted or ()))


@router.public("/api/v3/ticker", weight=_weight)
def rolling(call: Call) -> Any:
    """Sum up the last `windowSize`, from a full minute on."""
    span = read_window(call.params.maybe("windowSize") or "1d")
    start = call.now_ms - span
    start -= start % MINUTE
    return _each(call, lambda symbol: window_statistics(call.exchange, symbol, start))


@router.public("/api/v3/ticker/tradingDay", weight=_weight)
def trading_day(call: Call) -> Any:
    """Sum up the running day of a time zone."""
    ahead = read_zone(call.params.maybe("timeZone"))
    local = call.now_ms + ahead
    start = local - local % DAY - ahead
    return _each(
        call, lambda symbol: window_statistics(call.exchange, symbol, start, close_ms=start + DAY - 1)
    )


def read_window(text: str) -> int:
    """Read `15m`, `4h` or `7d` in milliseconds; refusal -1130 for others."""
    match = _WINDOW.fullmatch(text)
    length, most = _UNITS[match[2]] if match else (0, 0)
    if match is None or int(match[1]) > most:
        raise invalid("windowSize")
    return int(match[1]) * length


def _each(call: Call, of: Callable[[str], DayStatistics]) -> Any:
    kind = call.params.maybe("type") or "FULL"
    if kind not in ("FULL", "MINI"):
        raise Refusal(-1139, "Invalid ticker type.")
    wanted = wanted_symbols(call.params)
    if wanted is None:
        raise missing("symbol")
    if len(wanted) > MOST_SYMBOLS:
        raise Refusal(-1101, f"Too many parameters; expected '{MOST_SYMBOLS}' and received '{len(wanted)}'.")
    show = mini_ticker if kind == "MINI" else window_ticker
    rows = [show(of(symbol), SPOT_PRINTER) for symbol in with_status(call, wanted)]
    return rows[0] if "symbol" in call.params else rows
