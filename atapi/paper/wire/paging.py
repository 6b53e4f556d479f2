"""Which rows of a list a request wants: by id, by time, and how many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from atapi.paper.records import Refusal
from atapi.paper.wire.params import Params

HOUR_MS = 3_600_000

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
) -> list[Row]:
    """Cut a list, oldest first, as `cursor`, `startTime`, `endTime` and `limit` ask.

    Args:
        cursor: Name of the parameter that gives the first id wanted.
        hours: Longest span between startTime and endTime; refusal -1127 beyond.
        keep_oldest: Which end is cut off without cursor and startTime: USD-M trades keep the oldest rows.
    """
    first_id = params.maybe_integer(cursor)
    start, end = time_span(params, hours)
    if first_id is not None:
        rows = [row for row in rows if id_of(row) >= first_id]
    if start is not None:
        rows = [row for row in rows if time_of(row) >= start]
    if end is not None:
        rows = [row for row in rows if time_of(row) <= end]
    if keep_oldest or first_id is not None or (start is not None and end is None):
        return list(rows[:limit])
    return list(rows[-limit:])


def time_span(params: Params, hours: int) -> tuple[int | None, int | None]:
    """Read startTime and endTime."""
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    if start is not None and end is not None and end - start > hours * HOUR_MS:
        raise Refusal(-1127, f"More than {hours} hours between startTime and endTime.")
    return start, end
