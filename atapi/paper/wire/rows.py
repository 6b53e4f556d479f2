"""Pages of rows as the wallets' endpoints give them: `current`, `size`, and a span of time up to now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from atapi.paper.records import Refusal
from atapi.paper.wire.params import Params, invalid

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS
MOST_ROWS = 100

Row = TypeVar("Row")


class Page(NamedTuple):
    """Which rows of a list are wanted."""

    current: int  # from 1
    size: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Cut a list."""
        return rows[(self.current - 1) * self.size : self.current * self.size]

    def shown(self, rows: Sequence[Row], shapes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Print a page of so many rows in all."""
        return {"rows": list(shapes), "total": len(rows)}


def page_of(params: Params) -> Page:
    """Read `current` and `size`: the first ten rows, never more than a hundred."""
    current, size = params.maybe_integer("current"), params.maybe_integer("size")
    current, size = 1 if current is None else current, 10 if size is None else size
    if current < 1:
        raise invalid("current")
    if size < 1:
        raise invalid("size")
    return Page(current, min(size, MOST_ROWS))


def span_of(params: Params, now_ms: int, *, usual_ms: int, most_ms: int) -> tuple[int, int]:
    """Read `startTime` and `endTime`: what was usual before the end, which is now; refusal -1127 beyond the most."""
    start, end = params.maybe_integer("startTime"), params.maybe_integer("endTime")
    if end is None:
        end = now_ms if start is None else max(now_ms, start)
        if start is not None:
            end = min(end, start + most_ms)
    if start is None:
        start = end - usual_ms
    if end - start > most_ms:
        raise Refusal(-1127, f"More than {most_ms // HOUR_MS} hours between startTime and endTime.")
    return start, end
