"""marketcap-summary as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_the_summary_adds_up_each_day(stocked: Desk) -> None:
    said = stocked.type("marketcap_summary BTCUSDT ETHUSDT --days 2 --csv")

    assert said.lines == [
        "Date,Total MarketCap",
        "2025-12-31,3289",  # 1969 + 1320
        "2026-01-01,3438",  # 1998 + 1440
    ]
