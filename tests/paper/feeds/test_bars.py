from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.feeds.bars import DAY, HOUR, INTERVALS, MINUTE, WEEK, combine, gather, point, slot, slots
from atapi.paper.feeds.base import Bar
from tests.paper.feeds.recordings import at


def bar(open_ms: int, prices: str, volume: int = 1) -> Bar:
    start, high, low, end = map(Decimal, prices.split())
    number = Decimal(volume)
    return Bar(open_ms, start, high, low, end, number, number * 10, volume * 2, number / 2, number * 5)


@pytest.mark.parametrize(
    ("interval", "opens"),
    [
        ("1m", "2026-01-07T13:47"),
        ("15m", "2026-01-07T13:45"),
        ("4h", "2026-01-07T12:00"),
        ("1d", "2026-01-07"),
        ("1w", "2026-01-05"),  # a Monday
    ],
)
def test_a_bar_opens_on_the_grid_of_its_interval(interval: str, opens: str) -> None:
    assert slot(at("2026-01-07T13:47:31"), INTERVALS[interval]) == at(opens)


def test_weeks_open_on_mondays_before_1970_too() -> None:
    assert slot(at("1969-12-31"), WEEK) == at("1969-12-29")


def test_slots_reach_from_the_first_bar_that_opens_within_to_the_end_of_the_last() -> None:
    assert slots(1, 3 * HOUR, HOUR) == (HOUR, 4 * HOUR)
    assert slots(HOUR, HOUR, HOUR) == (HOUR, 2 * HOUR)


def test_combining_takes_first_open_extremes_last_close_and_sums() -> None:
    combined = combine(
        0, [bar(0, "10 12 9 11", 1), bar(HOUR, "11 15 11 14", 2), bar(2 * HOUR, "14 14 8 8", 4)]
    )

    assert combined == bar(0, "10 15 8 8", 1 + 2 + 4)


def test_gathering_leaves_out_what_has_no_parts() -> None:
    parts = [bar(0, "10 12 9 11"), bar(HOUR, "11 15 11 14"), bar(2 * DAY + MINUTE, "14 14 8 8")]

    days = gather(parts, DAY)

    assert [day.open_ms for day in days] == [0, 2 * DAY]  # a day opens at midnight, whenever it first trades
    assert days[0].close == 14


def test_a_point_has_a_price_and_no_volume() -> None:
    seven, zero = Decimal(7), Decimal(0)

    assert point(5, seven) == Bar(5, seven, seven, seven, seven, zero, zero, 0, zero, zero)
