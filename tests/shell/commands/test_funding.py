"""funding as typed."""

from __future__ import annotations

import json

import pytest

from tests.shell.commands.desk import Desk


def test_funding_history_as_json_is_data_only(stocked: Desk) -> None:
    said = stocked.type("funding BTCUSDT --last 5 --json")

    rows = json.loads(said.out)
    assert len(rows) == 5
    assert rows[-1] == {
        "time": "2026-01-01T08:00:00Z",
        "symbol": "BTCUSDT",
        "rate_bp": 1.0,
        "interval_h": 8,
        "mark": 60000.5,
        "apr_pct": 10.95,
    }
    assert said.err == ""


def test_funding_since_a_span(stocked: Desk) -> None:
    said = stocked.type("funding BTCUSDT --since 1d --csv --columns time,interval_h")

    assert said.lines == [  # a day before noon is before the payment at 16:00
        "time,interval_h",
        "2025-12-31T16:00:00Z,8",
        "2026-01-01T00:00:00Z,8",
        "2026-01-01T08:00:00Z,8",
    ]


def test_funding_of_all_counts_down(stocked: Desk) -> None:
    assert stocked.type("funding --csv").lines == [
        "symbol,rate_bp,next_in,apr_pct",
        "BTCUSDT,1.0000,04:00:00,10.9500",
    ]


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("funding --last 5", "funding --last and --since need SYMBOL", "funding BTCUSDT --last 30"),
        (
            "funding PEPEUSDT",
            "PEPEUSDT has no perpetual",
            "on futures it is 1000PEPEUSDT, one contract = 1000 PEPE",
        ),
        (
            "funding DEFIUSD",
            "no futures symbol 'DEFIUSD'; did you mean DEFIUSDT?",
            "symbols --venue futures --match DEFI",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_cure(desk: Desk, line: str, error: str, hint: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out, said.err) == (2, "", f"error: {error}\n  hint: {hint}\n")
