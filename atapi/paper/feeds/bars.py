"""Bars put together: where an interval begins, and how smaller bars make larger ones, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from atapi.paper.feeds.base import Bar

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

INTERVALS = {  # Binance's names; a month has no fixed length and is left to whoever asks
    "1s": SECOND,
    "1m": MINUTE,
    "3m": 3 * MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "30m": 30 * MINUTE,
    "1h": HOUR,
    "2h": 2 * HOUR,
    "4h": 4 * HOUR,
    "6h": 6 * HOUR,
    "8h": 8 * HOUR,
    "12h": 12 * HOUR,
    "1d": DAY,
    "3d": 3 * DAY,
    "1w": WEEK,
}

_MONDAY = 4 * DAY  # 1970-01-05, the first Monday; weeks begin there, everything else at 1970-01-01
_ZERO = Decimal(0)


def slot(ms: int, interval_ms: int) -> int:
    """Tell when the bar that a moment falls into opens."""
    phase = _MONDAY if interval_ms == WEEK else 0
    return (ms - phase) // interval_ms * interval_ms + phase


def slots(start_ms: int, end_ms: int, interval_ms: int) -> tuple[int, int]:
    """Tell the opening of the first bar and the end of the last bar that open within [start_ms, end_ms]."""
    return slot(start_ms + interval_ms - 1, interval_ms), slot(end_ms, interval_ms) + interval_ms


def point(open_ms: int, price: Decimal) -> Bar:
    """Make the bar of a moment of which only the price is known."""
    return Bar(open_ms, price, price, price, price, _ZERO, _ZERO, 0, _ZERO, _ZERO)


def gather(pieces: Iterable[Bar], interval_ms: int) -> list[Bar]:
    """Put bars, oldest first and none overlapping, together into bars of a larger or the same interval."""
    by_slot = groupby(pieces, key=lambda piece: slot(piece.open_ms, interval_ms))
    return [combine(open_ms, list(parts)) for open_ms, parts in by_slot]


def combine(open_ms: int, parts: Sequence[Bar]) -> Bar:
    """Make one bar of its parts: first open, highest, lowest, last close, sums of the rest."""
    first, last = parts[0], parts[-1]
    if first is last and first.open_ms == open_ms:
        return first
    return Bar(
        open_ms,
        first.open,
        max(part.high for part in parts),
        min(part.low for part in parts),
        last.close,
        sum((part.volume for part in parts), _ZERO),
        sum((part.turnover for part in parts), _ZERO),
        sum(part.trades for part in parts),
        sum((part.taker_volume for part in parts), _ZERO),
        sum((part.taker_turnover for part in parts), _ZERO),
    )
