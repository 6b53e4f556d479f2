"""income as typed."""

from __future__ import annotations

import pytest

from tests.shell.commands.desk import Desk


def test_income_of_one_kind_since_a_span(stocked: Desk) -> None:
    said = stocked.type("income --kind funding --since 1d --csv")

    assert said.lines == [
        "time,symbol,kind,amount,asset",
        "2026-01-01T08:00:00Z,BTCUSDT,funding,0.0960008,USDT",
    ]


@pytest.mark.parametrize(
    ("line", "empty"),
    [
        ("income", "nothing in 30 days\n"),
        ("income --kind fee --since 2025-12-02", "no fee since 2025-12-02\n"),
    ],
)
def test_no_income_is_said_beside_and_prints_nothing(desk: Desk, line: str, empty: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out, said.err) == (0, "", empty)
    assert desk.type(f"{line} --json").out.strip() == "[]"


def test_an_unknown_kind_is_refused_with_the_known_ones(desk: Desk) -> None:
    said = desk.type("income --kind tax")

    assert (said.code, said.err) == (2, "error: --kind 'tax' is not one of funding, fee, pnl, transfer\n")
