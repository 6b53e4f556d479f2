"""fills as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_fills_are_listed_with_what_they_cost(stocked: Desk) -> None:
    said = stocked.type("fills btcusdt --csv")

    assert said.lines[1:] == ["2026-01-01T08:00:00Z,futures,BTCUSDT,SELL,60000.5,0.016,0.480004,USDT,0,18"]


def test_fills_since_a_span_are_the_newer_ones(stocked: Desk) -> None:
    said = stocked.type("fills BTCUSDT --since 3h")  # noon less three hours is after it

    assert (said.code, said.out, said.err) == (0, "", "no fills\n")


def test_without_symbols_it_is_said_which_were_searched(stocked: Desk) -> None:
    assert stocked.type("fills").err == "of BTCUSDT, ETHUSDT, BNBUSDT, XRPUSDT\n"
