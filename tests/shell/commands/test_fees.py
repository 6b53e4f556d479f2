"""fees as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_fees_are_in_basis_points(stocked: Desk) -> None:
    said = stocked.type("fees BTCUSDT")

    assert said.lines[1].split() == ["BTCUSDT", "10.00", "10.00", "2.00", "5.00"]
    assert said.err == "fees are not paid in BNB\n"
