"""Which rows of a list a request wants: by id, by time, and how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from atapi.paper.records import Refusal, TradeRecord
from atapi.paper.wire.call import Call
from atapi.paper.wire.params import Params

HOUR_MS = 3_600_000
TAPE = 1000  # public trades looked back on

Row = TypeVar("Row")


def page(
    params: Params,
    rows: Sequence[Row],
    *,
    id_of: Callable[[Row], int],
    time_of: Callable[[Row], int],
    cursor: str,
    limit: int,
    hours: int,
    keep_oldest: bool = False,
    now_ms: int | None = None,
) -> list[Row]:
    """Cut a list, oldest first, as `cursor`, `startTime`, `endTime` and `limit` ask.

    Args:
        cursor: Name of the parameter that gives the first id wanted.
        hours: Longest span between startTime and endTime; refusal -1127 beyond.
        now_ms: Given where a request that names no id or no time is of the newest such span, one that names one of the
            times of the span that begins or ends there, as on futures.
        keep_oldest: Which end is cut off without cursor and startTime: USD-M trades keep the oldest rows.
    """
    first_id = params.maybe_integer(cursor)
    start, end = time_span(params, hours)
    if now_ms is not None and first_id is None:
        start, end = _window(start, end, hours, now_ms)
    if first_id is not None:
        rows = [row for row in rows if id_of(row) >= first_id]
    if start is not None:
        rows = [row for row in rows if time_of(row) >= start]
    if end is not None:
        rows = [row for row in rows if time_of(row) <= end]
    if keep_oldest or first_id is not None or ("startTime" in params and "endTime" not in params):
        return list(rows[:limit])
    return list(rows[-limit:])


def trades_from(call: Call, market: str, symbol: str, limit: int) -> list[TradeRecord]:
    """List public trades as `fromId`, `startTime` and `endTime` ask; the newest where they do not."""
    first = call.params.maybe_integer("fromId")
    start, end = call.params.maybe_integer("startTime"), call.params.maybe_integer("endTime")
    rows = [
        trade
        for trade in call.exchange.public_trades(market, symbol, TAPE)
        if (first is None or trade.trade_id >= first)
        and (start is None or trade.time_ms >= start)
        and (end is None or trade.time_ms <= end)
    ]
    return rows[-limit:] if first is None and start is None else rows[:limit]


def _window(start: int | None, end: int | None, hours: int, now_ms: int) -> tuple[int, int]:
    span = hours * HOUR_MS
    if start is None:
        start = (now_ms if end is None else end) - span
    return start, min(now_ms, start + span) if end is None else end


def time_span(params: Params, hours: int) -> tuple[int | None, int | None]:
    """Read startTime and endTime."""
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    if start is not None and end is not None and end - start > hours * HOUR_MS:
        raise Refusal(-1127, f"More than {hours} hours between startTime and endTime.")
    return start, end
