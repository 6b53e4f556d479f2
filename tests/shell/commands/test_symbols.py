"""symbols as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_symbols_are_found_by_a_part_of_their_name(desk: Desk) -> None:
    said = desk.type("symbols --match pepe --csv")

    assert said.lines[1] == "PEPEUSDT,PEPE,USDT,TRADING,0.01,0.00001,5,1000PEPEUSDT"


def test_symbols_of_futures_are_those_of_futures(desk: Desk) -> None:
    assert "BTCUSDT_260327" in desk.type("symbols --venue futures --csv --columns symbol").lines


def test_spreadable_symbols_trade_on_both_markets(desk: Desk) -> None:
    said = desk.type("symbols --spreadable --csv --columns symbol")

    assert said.lines == ["symbol", "BTCUSDT", "ETHUSDT", "BNBUSDT", "PEPEUSDT", "1000SATSUSDT"]


def test_no_match_prints_no_data(desk: Desk) -> None:
    said = desk.type("symbols --match NOSUCH")

    assert (said.code, said.out, said.err) == (0, "", "no such symbol\n")


def test_a_wrong_venue_is_refused_with_the_right_ones(desk: Desk) -> None:
    said = desk.type("symbols --venue earn")

    assert (said.code, said.err) == (2, "error: --venue 'earn' is not one of spot, futures\n")
