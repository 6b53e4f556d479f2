"""spread as typed."""

from __future__ import annotations

import pytest

from tests.shell.commands.desk import Desk


def test_spread_is_quoted_with_own_fees(stocked: Desk) -> None:
    assert stocked.type("spread btcusdt --csv").lines == [
        "symbol,open_bp,close_bp,spot_ask,perp_bid,spot_bid,perp_ask,fees_bp",
        "BTCUSDT,5.0000,7.0007,100000,100050,99990,100060,30.0000",
    ]


def test_spread_without_a_key_leaves_the_fees_empty(stocked: Desk) -> None:
    stocked.network, stocked.key = "mainnet", None

    said = stocked.type("spread btcusdt --csv --columns open_bp,fees_bp")

    assert said.lines[1] == "5.0000,"
    assert said.err == "fees_bp is empty: own rates need a key\n"


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("spread", "spread needs SYMBOL", "spread BTCUSDT"),
        ("spread PAXGUSDT", "PAXGUSDT has no perpetual", "symbols --spreadable"),
        ("spread DEFIUSDT", "DEFIUSDT has no spot market to hedge with", "symbols --spreadable"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_cure(desk: Desk, line: str, error: str, hint: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out, said.err) == (2, "", f"error: {error}\n  hint: {hint}\n")
