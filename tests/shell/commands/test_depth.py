"""depth as typed."""

from __future__ import annotations

from tests.shell.commands.desk import Desk


def test_depth_adds_up_both_sides(stocked: Desk) -> None:
    assert stocked.type("depth btcusdt --csv").lines == [
        "bid_size,bid,ask,ask_size,cum_bid_usdt,cum_ask_usdt",
        "2,99,101,3,198,303",
        "1,98,,,296,",  # 198 + 98
    ]


def test_depth_of_futures_comes_from_futures(stocked: Desk) -> None:
    assert stocked.type("depth BTCUSDT --venue futures --csv").lines[1] == "2,100,101,1,200,101"


def test_levels_have_bounds(desk: Desk) -> None:
    said = desk.type("depth BTCUSDT --levels 0")

    assert (said.code, said.err) == (2, "error: --levels 0 is outside 1..1000\n")


def test_an_unknown_symbol_has_a_nearest_one_whatever_was_typed(desk: Desk) -> None:
    said = desk.type("depth NOSUCH")

    assert said.code == 2
    assert said.err.startswith("error: no spot symbol 'NOSUCH'; did you mean ")
