"""klines as typed."""

from __future__ import annotations

import pytest

from tests.shell.commands.desk import Desk


def test_klines_since_a_span_count_back_from_the_venues_time(stocked: Desk) -> None:
    said = stocked.type("klines BTCUSDT --since 36h --csv --columns Date,Close")  # back from noon

    assert said.lines == ["Date,Close", "2025-12-31,101", "2026-01-01,102.5"]


def test_klines_of_futures_come_from_futures(stocked: Desk) -> None:
    said = stocked.type("klines BTCUSDT --last 1 --venue futures --csv")

    assert said.lines[1] == "2026-01-01,102,103,102,103,2,206,3"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("klines", "klines needs SYMBOL"),
        ("klines BTCUSDT --last 0", "--last 0 is outside 1..1000"),
        ("klines BTCUSDT --since 01.11.2026", "--since '01.11.2026' is not a time"),
        ("klines BTCUSDT --interval 7d", "--interval '7d' is not one of 1s, 1m"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(desk: Desk, line: str, error: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {error}")
    assert len(said.err.splitlines()) <= 2
