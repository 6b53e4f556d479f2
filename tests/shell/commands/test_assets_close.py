"""assets-close as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_closes_are_exact_and_end_with_the_running_day(stocked: Desk) -> None:
    assert stocked.type("assets_close ETHUSDT BTCUSDT --days 2 --csv").lines == [
        "Date,ETHUSDT,BTCUSDT",
        "2025-12-31,11,101",
        "2026-01-01,12,102.5",
    ]


def test_days_have_bounds(desk: Desk) -> None:
    said = desk.type("assets-close --days 1001")

    assert (said.code, said.err) == (2, "error: --days 1001 is outside 2..1000\n")
