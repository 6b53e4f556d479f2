"""open-spread as typed, at the embedded exchange: cut into slices, resting in the book, within its limits."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.shell.commands.paper_desk import PaperDesk


def test_the_plan_shows_the_joint_lot_and_where_dust_stays(paper: PaperDesk) -> None:
    said = paper.type("open-spread BTCUSDT 1000usdt --dry-run")

    # 0.02102 * 0.999 = 0.02099898: one lot more, 0.02103, leaves 0.00000897 more than the perpetual
    assert "  joint lot 0.001 BTC" in said.err
    assert "  dust 0.00000897 BTC stays in spot, below its step of 0.00001" in said.err
    assert "USDT of the amount stay, below the lot" in said.err


def test_slices_open_the_whole_and_are_told_before(paper: PaperDesk) -> None:
    said = paper.type("open-spread BTCUSDT 10000usdt --slices 4 --json")

    assert "  4 slices of 0.054 BTC, one after the other, each within 5.00bp" in said.err
    [spread] = paper.rows("spreads")
    orders = paper.rows("orders --all")
    assert (spread["state"], spread["qty"]) == ("HEDGED", D("0.215"))
    # 0.215 in quarters of whole lots, each as much as the others left due: 0.054, 0.054, 0.054, 0.053
    assert [o["filled"] for o in orders if o["venue"] == "futures"] == [
        D(q) for q in ("0.054", "0.054", "0.054", "0.053")
    ]
    assert len([o for o in orders if o["venue"] == "spot"]) == 4


def test_a_limit_of_what_stands_unhedged_makes_slices(paper: PaperDesk) -> None:
    said = paper.type("open-spread BTCUSDT 3000usdt --max-unhedged 1000usdt")

    assert "never more than 1000 USDT of one leg without the other" in said.err
    orders = [o for o in paper.rows("orders --all") if o["venue"] == "futures"]
    assert len(orders) > 2
    assert all(o["filled"] * o["price"] <= 1000 for o in orders)


def test_a_span_alone_settles_the_slices(paper: PaperDesk) -> None:
    said = paper.type("open-spread BTCUSDT 10000usdt --over 10m --dry-run")

    assert "  20 slices of 0.011 BTC, one every 30 s, each within 5.00bp" in said.err


def test_the_maker_route_is_told_with_its_patience(paper: PaperDesk) -> None:
    said = paper.type("open-spread BTCUSDT 10000usdt --route maker --patience 20s --max-gap 1s --dry-run")

    assert "  the perpetual rests at the touch up to 20 s; then the rest is taken" in said.err
    assert "  the second leg goes at market 1 s after the first" in said.err


def test_by_the_maker_route_it_ends_hedged_and_nothing_rests(paper: PaperDesk) -> None:
    paper.type("open-spread BTCUSDT 1000usdt --route maker --patience 1s")

    [spread] = paper.rows("spreads")
    assert (spread["state"], spread["qty"]) == ("HEDGED", D("0.021"))
    assert paper.rows("orders") == []


@pytest.mark.parametrize(
    ("line", "code", "error", "hint"),
    [
        (
            "open-spread BTCUSDT 100usdt --slices 4", 1,
            "4 slices of 0.0005 BTC are under the minimum of 0.002 BTC", "a larger AMOUNT",
        ),
        (
            "open-spread BTCUSDT 1000usdt --max-unhedged 20usdt", 1,
            "--max-unhedged 20usdt is under the smallest slice of 0.002 BTC", "--max-unhedged 93usdt",
        ),
        (
            "open-spread BTCUSDT 1000usdt --max-unhedged 0.01btc", 2,
            "--max-unhedged is not in USDT", "--max-unhedged 500usdt",
        ),
        (
            "open-spread BTCUSDT 1000usdt --patience 10s", 2,
            "--patience is for orders that rest", "--route maker",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_cure(
    paper: PaperDesk, line: str, code: int, error: str, hint: str
) -> None:
    said = paper.type(line)

    assert (said.code, said.err.splitlines()[-2:]) == (code, [f"error: {error}", f"  hint: {hint}"])


def test_closing_goes_in_slices_too(paper: PaperDesk) -> None:
    paper.type("open-spread BTCUSDT 10000usdt")

    said = paper.type("close-spread BTCUSDT --slices 2")

    assert "  2 slices of 0.108 BTC, one after the other, each within 5.00bp" in said.err
    [spread] = paper.rows("spreads --all")
    assert spread["state"] == "FLAT"
    assert len([o for o in paper.rows("orders --all") if o["venue"] == "futures"]) == 3


def test_closing_by_the_maker_route_leaves_nothing(paper: PaperDesk) -> None:
    paper.type("open-spread BTCUSDT 1000usdt")

    paper.type("close-spread BTCUSDT --route maker --patience 1s")

    [spread] = paper.rows("spreads --all")
    assert spread["state"] == "FLAT"
    assert (paper.rows("orders"), paper.rows("positions")) == ([], [])
