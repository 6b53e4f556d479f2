"""sell as typed, at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.shell.commands.paper_desk import PaperDesk
from tests.shell.commands.test_buy import balance


def test_all_sells_what_is_free_down_to_the_lot(paper: PaperDesk) -> None:
    paper.type("buy BTCUSDT 1000usdt")

    row = paper.row("sell BTCUSDT all")

    assert row["filled"] == row["qty"] == D("0.02157")
    assert balance(paper, "BTC") == D("0.0215784") - D("0.02157")


def test_coins_that_a_spread_stands_on_are_not_sold(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    before = paper.state()

    said = paper.type("sell BTCUSDT 0.01btc")
    everything = paper.type("sell BTCUSDT all")

    assert said.code == everything.code == 1
    assert (
        said.err.splitlines()[-2:]
        == [
            "error: 0.021000 of 0.021009 BTC on spot belong to spread #1",
            "  hint: close-spread BTCUSDT; or --from-spread, and its other leg stands alone",
        ]
        or "belong to spread #1" in said.err
    )
    assert paper.state() == before


def test_other_coins_of_the_same_kind_are(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    paper.row("buy BTCUSDT 0.01btc")

    row = paper.row("sell BTCUSDT all")

    assert D("0.0099") < row["filled"] <= D("0.01")
    [spread] = paper.rows("spreads")
    assert (spread["state"], spread["qty"]) == ("HEDGED", D("0.021"))


def test_from_spread_sells_them_all_the_same_and_the_spread_knows(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")

    row = paper.row("sell BTCUSDT 0.01btc --from-spread")
    more = paper.type("sell BTCUSDT 0.02btc --from-spread")

    assert (row["status"], row["avg_price"]) == ("FILLED", D("46291.67"))
    assert "spread #1 has 0.01100897 BTC to take" in more.err
    spread = paper.row("spreads")
    assert spread["state"] == "EXPOSED"
    assert D("-0.011") < spread["delta"] < D("-0.0099")


def test_a_spread_taken_apart_leg_by_leg_is_flat(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")

    paper.row("sell BTCUSDT all --from-spread")
    last = paper.type("buy BTCUSDT all --venue futures --reduce-only --from-spread")

    assert "short of a leg" not in last.err
    assert paper.rows("spreads") == []
    assert paper.row("spreads --all")["state"] == "FLAT"


def test_a_position_that_hedges_is_not_bought_back(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    before = paper.state()

    for words in ("0.005btc", "0.005btc --reduce-only", "all --reduce-only"):
        said = paper.type(f"buy BTCUSDT {words} --venue futures")
        assert said.code == 1
        assert "-0.021 of the position of -0.021 BTC belong to spread #1" in said.err
    assert paper.state() == before


def test_a_short_of_ones_own_beside_a_spread_can_be_bought_back(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    paper.row("sell BTCUSDT 0.01btc --venue futures")

    too_much = paper.type("buy BTCUSDT 0.011btc --venue futures --reduce-only")
    row = paper.row("buy BTCUSDT 0.01btc --venue futures --reduce-only")

    assert too_much.code == 1
    assert row["status"] == "FILLED"
    assert paper.row("positions")["qty"] == D("0.021")


def test_reduce_only_closes_and_never_turns_a_position(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.02btc --venue futures")

    turned = paper.type("sell BTCUSDT 0.03btc --venue futures --reduce-only")
    half = paper.row("sell BTCUSDT 50% --venue futures --reduce-only")
    rest = paper.row("sell BTCUSDT all --venue futures --reduce-only")

    assert "0.03 BTC is more than the position of 0.02" in turned.err
    assert (half["filled"], rest["filled"]) == (D("0.01"), D("0.01"))
    assert paper.rows("positions") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("BTCUSDT 0.01btc", "spot has 0 BTC free; 0.01 BTC is needed"),
        ("BTCUSDT all", "is under BTCUSDT's minimum of 5 USDT"),
        ("BTCUSDT 0.01btc --venue futures --reduce-only", "BTCUSDT has no position that a sell would reduce"),
    ],
)
def test_what_is_not_there_is_not_sold(paper: PaperDesk, words: str, said: str) -> None:
    before = paper.state()

    told = paper.type(f"sell {words}")

    assert told.code == 1
    assert said in told.err
    assert paper.state() == before


def test_a_multiplied_perpetual_is_counted_in_coins(paper: PaperDesk) -> None:
    row = paper.row("sell 1000PEPEUSDT 5000000pepe --venue futures")

    assert row["filled"] == 5000
