"""Bars of another time zone: the same ones, opened by its clock; built of the widest bars that fit both clocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import gcd

from atapi.clock import from_ms, to_ms
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.records import Refusal
from atapi.paper.wire.intervals import DAY, HOUR, INTERVALS, MINUTE, MONTH, bars_of, known, merge
from atapi.paper.wire.params import invalid

WEEK = 7 * DAY
MONDAY = 4 * DAY  # the first one, 1970-01-05
MOST_BARS = 100_000  # read for one page

_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(:([0-5][0-9]))?", re.ASCII)


def read_zone(text: str | None) -> int:
    """Read `-1:00`, `05:45` or `8` as milliseconds ahead of UTC; refusal -1130 for others."""
    if text is None:
        return 0
    match = _ZONE.fullmatch(text.strip())  # a `+` that nobody encoded arrives as a space
    if match is None:
        raise invalid("timeZone")
    span = int(match[2]) * HOUR + int(match[4] or 0) * MINUTE
    ahead = -span if match[1] == "-" else span
    if not -12 * HOUR <= ahead <= 14 * HOUR:
        raise invalid("timeZone")
    return ahead


def zoned_bars(
    exchange: Exchange,
    symbol: str,
    interval: str,
    ahead_ms: int,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[tuple[Bar, int]]:
    """List spot bars with their close times as a zone's clock opens them, by Binance's paging rules.

    Raises:
        Refusal: -1120 for an interval that is none, -1121 for the symbol.
    """
    if not known(interval, "spot"):
        raise Refusal(-1120, "Invalid interval.")
    if not ahead_ms or (interval != MONTH and interval != "1w" and not ahead_ms % INTERVALS[interval]):
        return bars_of(exchange, Series.SPOT, symbol, interval, start_ms, end_ms, limit)
    last = exchange.now_ms() if end_ms is None else min(end_ms, exchange.now_ms())
    opens = list(_opens(interval, ahead_ms, start_ms, last, limit))
    if not opens:
        return []
    close = _next(interval, opens[-1], ahead_ms)
    step = max(span for span in INTERVALS.values() if not gcd(DAY, ahead_ms) % span and span <= DAY)
    if interval not in (MONTH, "1w"):
        step = max(span for span in INTERVALS.values() if not gcd(INTERVALS[interval], ahead_ms) % span)
    bars = exchange.bars(Series.SPOT, symbol, step, opens[0], min(close - 1, last), MOST_BARS)
    groups: dict[int, list[Bar]] = {}
    for bar in bars:
        groups.setdefault(_open(interval, bar.open_ms, ahead_ms), []).append(bar)
    return [(merge(at, group), _next(interval, at, ahead_ms) - 1) for at, group in groups.items()]


def _opens(interval: str, ahead_ms: int, start_ms: int | None, last_ms: int, limit: int) -> Iterator[int]:
    if start_ms is None:
        newest = [_open(interval, last_ms, ahead_ms)]
        while len(newest) < limit and newest[-1] > 0:
            newest.append(_open(interval, newest[-1] - 1, ahead_ms))
        yield from reversed(newest)
        return
    at = _open(interval, start_ms, ahead_ms)
    if at < start_ms:
        at = _next(interval, at, ahead_ms)
    while at <= last_ms and limit:
        yield at
        at, limit = _next(interval, at, ahead_ms), limit - 1


def _open(interval: str, at_ms: int, ahead_ms: int) -> int:
    local = at_ms + ahead_ms
    if interval == MONTH:
        day = from_ms(local).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return to_ms(day) - ahead_ms
    span, base = (WEEK, MONDAY) if interval == "1w" else (INTERVALS[interval], 0)
    return local - (local - base) % span - ahead_ms


def _next(interval: str, open_ms: int, ahead_ms: int) -> int:
    if interval != MONTH:
        return open_ms + (WEEK if interval == "1w" else INTERVALS[interval])
    return _open(interval, open_ms + 32 * DAY, ahead_ms)
