"""positions as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_a_short_is_shown_with_its_side_and_its_margin(stocked: Desk) -> None:
    said = stocked.type("positions --csv")

    assert said.lines[1] == "BTCUSDT,SHORT,0.016,60000.5,60000,90000,10,96,-0.00000001,2"


def test_no_position_is_said_beside_and_prints_nothing(stocked: Desk) -> None:
    said = stocked.type("positions ETHUSDT")

    assert (said.code, said.out, said.err) == (0, "", "no open positions\n")


def test_a_symbol_that_only_spot_lists_has_no_positions_to_show(desk: Desk) -> None:
    said = desk.type("positions PEPEUSDT")

    assert said.code == 2
    assert said.err.startswith("error: PEPEUSDT has no perpetual\n  hint: on futures it is 1000PEPEUSDT")
