"""circulating-supply as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_supply_is_listed_by_symbol(stocked: Desk) -> None:
    said = stocked.type("circulating_supply ETHUSDT BTCUSDT --csv")

    assert said.lines == ["symbol,Circulating Supply", "ETHUSDT,120", "BTCUSDT,19.5"]


def test_supply_is_found_by_a_part_of_the_assets_name(stocked: Desk) -> None:
    assert stocked.type("circulating-supply --match n --csv").lines[1:] == ["BNBUSDT,0.5"]


def test_an_unknown_supply_fails_with_how_to_look_for_it(stocked: Desk) -> None:
    said = stocked.type("circulating-supply PAXGUSDT")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(
        "error: no circulating supply for PAXGUSDT\n  hint: circulating-supply --match PAXG"
    )
