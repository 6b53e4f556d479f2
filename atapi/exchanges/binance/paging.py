"""Reading more than one answer holds: candles, fills, funding and income, page by page, each row once.

Every endpoint pages differently; what each of them does is said where it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Protocol

from atapi.clock import to_ms
from atapi.domain.market import Candle, FundingRate
from atapi.domain.orders import Fill, Order
from atapi.errors import VenueUnreachable

FIRST_FUNDING = datetime(2019, 9, 1, tzinfo=UTC)  # no perpetual of Binance is older
MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)  # the longest window a spot book's own orders and fills take
LONGEST_INTERVAL = timedelta(hours=8)  # between two fundings of one perpetual

FillPage = Callable[..., list[Fill]]  # by startTime and endTime, or by fromId
OrderPage = Callable[..., list[Order]]  # by startTime and endTime


class Candles(Protocol):
    """Fetches at most `limit` bars, oldest first: from `start_ms` on, or the newest up to `end_ms`."""

    def __call__(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[Candle]: ...


class Fundings(Protocol):
    """Fetches at most `limit` fundings, oldest first: from `start_ms` on, or the newest."""

    def __call__(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[FundingRate]: ...


def candles_from(fetch: Candles, start: datetime, end: datetime | None, page: int) -> list[Candle]:
    """Read every bar that opens from `start` to `end`."""
    cursor, last = to_ms(start), None if end is None else to_ms(end)
    bars: list[Candle] = []
    while last is None or cursor <= last:
        rows = fetch(cursor, last, page)
        bars += rows
        if len(rows) < page:
            break
        cursor = _onward(cursor, to_ms(rows[-1].open_at) + 1)
    return bars


def newest_candles(fetch: Candles, end: datetime | None, limit: int, page: int) -> list[Candle]:
    """Read the newest `limit` bars that open up to `end`."""
    last = None if end is None else to_ms(end)
    pages: list[list[Candle]] = []
    while limit > 0:
        asked = min(limit, page)
        rows = fetch(None, last, asked)
        pages.append(rows)
        limit -= len(rows)
        if len(rows) < asked:
            break
        last = to_ms(rows[0].open_at) - 1
    return [bar for rows in reversed(pages) for bar in rows]


def fundings_from(fetch: Fundings, start: datetime, end: datetime | None, page: int) -> list[FundingRate]:
    """Read every funding from `start` to `end`."""
    cursor, last = to_ms(start), None if end is None else to_ms(end)
    rates: list[FundingRate] = []
    while last is None or cursor <= last:
        rows = fetch(cursor, last, page)
        rates += rows
        if len(rows) < page:
            break
        cursor = _onward(cursor, to_ms(rows[-1].at) + 1)
    return rates


def newest_fundings(fetch: Fundings, end: datetime | None, limit: int, page: int) -> list[FundingRate]:
    """Read the newest `limit` fundings up to `end`."""
    if end is None and limit <= page:
        return fetch(None, None, limit)
    if end is None:
        newest = fetch(None, None, page)
        if len(newest) < page:
            return newest
        end = newest[-1].at
    # the venue counts forward from a start, so look back further until there are enough
    span = limit * LONGEST_INTERVAL
    while True:
        start = max(end - span, FIRST_FUNDING)
        found = fundings_from(fetch, start, end, page)
        if len(found) >= limit or start == FIRST_FUNDING:
            return found[-limit:]
        span *= 4


def fills_by_id(fetch: FillPage, first_id: int, page: int) -> list[Fill]:
    """Read every fill from a trade id on."""
    fills: list[Fill] = []
    while True:
        rows = fetch(fromId=first_id, limit=page)
        fills += rows
        if len(rows) < page:
            return fills
        first_id = _onward(first_id, int(rows[-1].trade_id) + 1)


def fills_by_time(
    fetch: FillPage, start: datetime, now: datetime, window: timedelta, page: int
) -> list[Fill]:
    """Read every fill from `start` to `now`, where one answer spans at most `window` and keeps the oldest rows."""
    fills: dict[str, Fill] = {}  # trade id -> fill: a page begins with the millisecond the last one ended in
    for opens_ms, closes_ms in windows(start, now, window):
        cursor = opens_ms
        while True:
            rows = fetch(startTime=cursor, endTime=closes_ms, limit=page)
            fills |= {row.trade_id: row for row in rows}
            if len(rows) < page:
                break
            ended = to_ms(rows[-1].at)
            cursor = ended if ended > cursor else cursor + 1
    return in_order(fills.values())


def orders_by_time(
    fetch: OrderPage, start: datetime, now: datetime, window: timedelta, page: int
) -> list[Order]:
    """Read every order made from `start` to `now`, where one answer spans at most `window`.

    Of a window that holds more than a page the venue gives the newest rows, so such a window is halved.
    """
    found: dict[str, Order] = {}  # order id -> order
    spans = list(windows(start, now, window))
    while spans:
        opens_ms, closes_ms = spans.pop()
        rows = fetch(startTime=opens_ms, endTime=closes_ms, limit=page)
        found |= {row.order_id: row for row in rows}
        if len(rows) >= page and closes_ms > opens_ms:
            middle = (opens_ms + closes_ms) // 2
            spans += [(opens_ms, middle), (middle + 1, closes_ms)]
    return oldest_first(found.values())


def orders_since(
    fetch: OrderPage, start: datetime | None, now: Callable[[], datetime], page: int
) -> list[Order]:
    """Read the newest orders of a spot book, or every one made from `start` on."""
    found = fetch(limit=page)  # without a cursor: the newest
    if start is not None and len(found) == page and min(order.created_at for order in found) >= start:
        found = orders_by_time(fetch, start, now(), DAY, page)
    return oldest_first(order for order in found if start is None or order.created_at >= start)


def fills_since(
    fetch: FillPage,
    start: datetime | None,
    now: Callable[[], datetime],
    page: int,
    *,
    order_id: str | None,
) -> list[Fill]:
    """Read fills in a spot book: of one order, or every one from `start` on, else the newest."""
    if order_id is not None:
        fills = fills_by_id(lambda **cursor: fetch(orderId=int(order_id), **cursor), 0, page)
    else:
        fills = fetch(limit=page)  # without a cursor: the newest
        if start is not None and len(fills) == page and min(fill.at for fill in fills) >= start:
            fills = _fills_from(fetch, start, now(), page)
    return in_order(fill for fill in fills if start is None or fill.at >= start)


def oldest_first(orders: Iterable[Order]) -> list[Order]:
    """Sort orders as they were made."""
    return sorted(orders, key=lambda order: (order.created_at, int(order.order_id)))


def windows(start: datetime, now: datetime, width: timedelta) -> Iterator[tuple[int, int]]:
    """Cut a span into windows of at most `width`, in milliseconds, both ends included."""
    while start <= now:
        closes = min(start + width - MILLISECOND, now)
        yield to_ms(start), to_ms(closes)
        start = closes + MILLISECOND


def in_order(fills: Iterable[Fill]) -> list[Fill]:
    """Sort fills as they happened."""
    return sorted(fills, key=lambda fill: (fill.at, int(fill.trade_id)))


def _fills_from(fetch: FillPage, start: datetime, now: datetime, page: int) -> list[Fill]:
    # more than a page since `start`: find the first by its day, the rest by their ids
    for opens_ms, closes_ms in windows(start, now, DAY):
        first = fetch(startTime=opens_ms, endTime=closes_ms, limit=1)
        if first:
            return fills_by_id(fetch, int(first[0].trade_id), page)
    return []


def _onward(before: int, after: int) -> int:
    if after <= before:
        raise VenueUnreachable("the venue sends the same page again and again")
    return after
