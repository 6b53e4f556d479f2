"""Endpoints that page as Binance's do, over rows made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.clock import from_ms, to_ms
from atapi.domain.instruments import Market
from atapi.domain.market import Candle, FundingRate
from atapi.domain.orders import Fill, Side
from atapi.errors import VenueUnreachable
from atapi.exchanges.binance.paging import (
    candles_from,
    fills_by_id,
    fills_by_time,
    fundings_from,
    newest_candles,
    newest_fundings,
    windows,
)

MINUTE_MS = 60_000
HOUR = timedelta(hours=1)
LISTED = datetime(2026, 1, 1, tzinfo=UTC)
ONE = Decimal(1)


def candle(number: int) -> Candle:
    open_at = from_ms(number * MINUTE_MS)
    return Candle(
        open_at=open_at,
        open=ONE,
        high=ONE,
        low=ONE,
        close=ONE,
        volume=ONE,
        turnover=ONE,
        trades=1,
        close_at=open_at + timedelta(milliseconds=MINUTE_MS - 1),
    )


class Klines:
    """Minutes 0..n-1: from a start the oldest rows, without one the newest."""

    def __init__(self, count: int) -> None:
        self.bars = [candle(number) for number in range(count)]
        self.asked: list[tuple[int | None, int | None, int]] = []

    def __call__(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[Candle]:
        self.asked.append((start_ms, end_ms, limit))
        low = 0 if start_ms is None else start_ms
        high = 10**15 if end_ms is None else end_ms
        found = [bar for bar in self.bars if low <= to_ms(bar.open_at) <= high]
        return found[-limit:] if start_ms is None else found[:limit]


def minutes(bars: list[Candle]) -> list[int]:
    return [to_ms(bar.open_at) // MINUTE_MS for bar in bars]


@pytest.mark.parametrize(
    ("first", "last", "requests"),
    [(3, 5, 1), (3, 14, 2), (3, None, 5), (0, 9, 1), (19, 25, 1), (30, None, 1)],
)
def test_candles_from_a_start_come_in_pages_each_once(first: int, last: int | None, requests: int) -> None:
    klines = Klines(20)
    end = None if last is None else from_ms(last * MINUTE_MS)
    page = 10 if last is not None else 4

    bars = candles_from(klines, from_ms(first * MINUTE_MS), end, page)

    assert minutes(bars) == list(range(first, min(19 if last is None else last, 19) + 1))
    assert len(klines.asked) == requests


@given(
    count=st.integers(0, 30),
    limit=st.integers(1, 40),
    page=st.integers(1, 12),
    end=st.none() | st.integers(0, 40),
)
def test_the_newest_candles_are_the_last_ones_whatever_the_page(
    count: int, limit: int, page: int, end: int | None
) -> None:
    klines = Klines(count)

    bars = newest_candles(klines, None if end is None else from_ms(end * MINUTE_MS), limit, page)

    upto = count if end is None else min(count, end + 1)
    assert minutes(bars) == list(range(upto))[-limit:]
    assert all(asked <= page for _, _, asked in klines.asked)


def test_a_venue_that_repeats_itself_is_left() -> None:
    same = [candle(1), candle(2)]

    with pytest.raises(VenueUnreachable, match="again and again"):
        candles_from(lambda start, end, limit: same, from_ms(5 * MINUTE_MS), None, 2)


class Fundings:
    """Fundings some hours apart: from a start the oldest rows, without one the newest."""

    def __init__(self, count: int, hours: int) -> None:
        self.rates = [
            FundingRate(symbol="BTCUSDT", at=LISTED + number * hours * HOUR, rate=ONE, mark_price=None)
            for number in range(1, count + 1)
        ]
        self.requests = 0

    def __call__(self, start_ms: int | None, end_ms: int | None, limit: int) -> list[FundingRate]:
        self.requests += 1
        if start_ms is None:
            assert end_ms is None, "the venue does not say what an end alone means"
            return self.rates[-limit:]
        high = 10**15 if end_ms is None else end_ms
        return [rate for rate in self.rates if start_ms <= to_ms(rate.at) <= high][:limit]


@given(
    count=st.integers(0, 60),
    hours=st.sampled_from([1, 4, 8]),
    limit=st.integers(1, 30),
    page=st.integers(2, 12),
    end=st.none() | st.integers(0, 80),
)
def test_the_newest_fundings_are_the_last_ones_at_any_interval(
    count: int, hours: int, limit: int, page: int, end: int | None
) -> None:
    fundings = Fundings(count, hours)
    until = None if end is None else LISTED + end * hours * HOUR

    found = newest_fundings(fundings, until, limit, page)

    assert found == [rate for rate in fundings.rates if until is None or rate.at <= until][-limit:]


def test_few_fundings_take_one_request() -> None:
    fundings = Fundings(50, 8)

    found = newest_fundings(fundings, None, 10, 1000)

    assert (len(found), fundings.requests) == (10, 1)


def test_fundings_from_a_start_are_all_of_them() -> None:
    fundings = Fundings(25, 8)

    found = fundings_from(fundings, fundings.rates[3].at, None, 10)

    assert found == fundings.rates[3:]
    assert fundings.requests == 3  # 22 rows: 10, 10, 2


def fill(trade_id: int, at: datetime) -> Fill:
    return Fill(
        market=Market.UM,
        symbol="BTCUSDT",
        trade_id=str(trade_id),
        order_id="1",
        side=Side.BUY,
        price=ONE,
        quantity=ONE,
        fee=ONE,
        fee_asset="USDT",
        realized=None,
        maker=False,
        at=at,
    )


class Trades:
    """Own fills by window, the oldest of it first, or by id."""

    def __init__(self, times_ms: list[int], widest: timedelta = timedelta(days=7)) -> None:
        self.fills = [fill(1000 + number, from_ms(at)) for number, at in enumerate(sorted(times_ms))]
        self.widest = widest
        self.requests = 0

    def __call__(
        self, *, limit: int, startTime: int = 0, endTime: int = 0, fromId: int | None = None
    ) -> list[Fill]:
        self.requests += 1
        if fromId is not None:
            return [f for f in self.fills if int(f.trade_id) >= fromId][:limit]
        assert timedelta(milliseconds=endTime - startTime) < self.widest, "More than 7 days between them"
        return [f for f in self.fills if startTime <= to_ms(f.at) <= endTime][:limit]


WEEK = timedelta(days=7)
DAY_MS = 86_400_000


@given(
    st.lists(st.integers(0, 40 * DAY_MS) | st.integers(0, 3), max_size=25, unique=True),
    st.integers(2, 6),
    st.integers(0, 20),
)
def test_fills_by_time_are_all_there_each_once(times_ms: list[int], page: int, first_day: int) -> None:
    trades = Trades(times_ms)
    start, now = from_ms(first_day * DAY_MS), from_ms(40 * DAY_MS)

    found = fills_by_time(trades, start, now, WEEK, page)

    assert found == [f for f in trades.fills if start <= f.at <= now]


def test_fills_of_one_millisecond_across_a_page_are_not_lost() -> None:
    trades = Trades([5, 5, 5, 6, 6, 7])

    found = fills_by_time(trades, from_ms(0), from_ms(10), WEEK, 4)

    assert [f.trade_id for f in found] == ["1000", "1001", "1002", "1003", "1004", "1005"]


@given(st.integers(0, 30), st.integers(1, 8))
def test_fills_by_id_are_all_there(count: int, page: int) -> None:
    trades = Trades(list(range(count)))

    found = fills_by_id(trades, 1005, page)

    assert found == trades.fills[5:]


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(2, 10**8))
def test_windows_cover_every_millisecond_once(start_ms: int, length_ms: int, width_ms: int) -> None:
    width = timedelta(milliseconds=max(width_ms, length_ms // 50 + 2))

    cut = list(windows(from_ms(start_ms), from_ms(start_ms + length_ms), width))

    assert cut[0][0] == start_ms
    assert cut[-1][1] == start_ms + length_ms
    assert all(opens <= closes < opens + width / timedelta(milliseconds=1) for opens, closes in cut)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(cut))
