"""Pages of bars."""

from __future__ import annotations

import pytest

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from atapi.paper.records import Refusal
from tests.paper.feed_of_bars import DEFAULT, HOUR, T0, D, FeedOfBars
from tests.paper.worlds import world

NOW = T0 + 10 * HOUR + HOUR // 2


def opens(exchange: Exchange, start: int | None, end: int | None, limit: int) -> list[int]:
    bars = exchange.bars(Series.SPOT, "BTCUSDT", HOUR, start, end, limit)
    return [(bar.open_ms - T0) // HOUR for bar in bars]


@pytest.mark.parametrize(
    ("start", "end", "limit", "expected"),
    [
        (None, None, 3, [8, 9, 10]),  # the newest, the running one included
        (None, T0 + 5 * HOUR, 2, [4, 5]),
        (None, T0 + 5 * HOUR - 1, 2, [3, 4]),
        (T0, None, 3, [0, 1, 2]),  # from the start up
        (T0 + 1, None, 2, [1, 2]),
        (T0 + 9 * HOUR, None, 100, [9, 10]),  # nothing later than now
        (T0 + 2 * HOUR, T0 + 3 * HOUR, 100, [2, 3]),
        (T0 + 11 * HOUR, None, 100, []),
        (T0 + 5 * HOUR, T0, 100, []),
    ],
)
def test_pages(start: int | None, end: int | None, limit: int, expected: list[int]) -> None:
    assert opens(world(at_ms=NOW), start, end, limit) == expected


def test_a_gap_does_not_shorten_a_page() -> None:
    prices = [(0, D(50000)), (T0 + 3 * HOUR - 1, None), (T0 + 7 * HOUR, D(50500))]
    exchange = world(FeedOfBars({**DEFAULT, (Series.SPOT, "BTCUSDT"): prices}), at_ms=NOW)

    assert opens(exchange, None, None, 6) == [1, 2, 7, 8, 9, 10]
    assert opens(exchange, T0 + HOUR, None, 4) == [1, 2, 7, 8]


def test_a_page_ends_where_the_data_begins() -> None:
    begins = T0 + 8 * HOUR
    exchange = world(FeedOfBars({(Series.SPOT, "BTCUSDT"): [(begins, D(50000))]}), at_ms=NOW)

    assert opens(exchange, None, None, 500) == [8, 9, 10]


def test_an_unknown_symbol_is_refused() -> None:
    with pytest.raises(Refusal, match="Invalid symbol"):
        world().bars(Series.UM, "NOSUCH", HOUR, None, None, 1)
