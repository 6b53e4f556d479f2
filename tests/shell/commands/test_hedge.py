"""hedge as typed, at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from tests.shell.commands.paper_desk import PaperDesk


@pytest.fixture
def spread(paper: PaperDesk) -> PaperDesk:
    """A spread of 0.021 BTC."""
    paper.rows("open-spread BTCUSDT 1000usdt")
    return paper


def legs(desk: PaperDesk) -> tuple[D, D]:
    """What the spread's journal has: coins, perpetual."""
    [found] = desk.services.spreads.executor.spreads()
    return found.spot_quantity, found.perp_quantity


def check_even(desk: PaperDesk, quantity: str) -> None:
    """The legs are even in the journal and in the account, and the spread can still be closed."""
    spot, perp = legs(desk)
    assert 0 <= spot + perp < D("0.001")
    assert desk.row("positions")["qty"] == -perp == D(quantity)
    assert desk.row("spreads")["state"] == "HEDGED"
    assert desk.row("close-spread BTCUSDT")["state"] == "FLAT"
    assert desk.rows("positions") == []


def test_a_spread_short_of_a_leg_says_so(spread: PaperDesk) -> None:
    said = spread.type("sell BTCUSDT 0.01btc --from-spread")

    assert said.err.endswith("spread #1 is short of a leg: hedge BTCUSDT evens them\n")
    assert spread.row("spreads")["state"] == "EXPOSED"


def test_coins_sold_from_the_spread_have_the_perpetual_bought_back(spread: PaperDesk) -> None:
    spread.row("sell BTCUSDT 0.01btc --from-spread")

    row = spread.row("hedge BTCUSDT")

    assert (row["leg"], row["side"], row["qty"]) == ("perp", "BUY", D("0.01"))
    check_even(spread, "0.011")


def test_a_perpetual_bought_back_from_the_spread_has_the_coins_sold(spread: PaperDesk) -> None:
    spread.row("buy BTCUSDT 0.01btc --venue futures --reduce-only --from-spread")

    row = spread.row("hedge BTCUSDT")

    assert (row["leg"], row["side"]) == ("spot", "SELL")
    assert D("0.0099") < row["qty"] <= D("0.01001")
    check_even(spread, "0.011")


@pytest.mark.parametrize(
    ("market", "order", "leg"),
    [
        ("spot", {"side": "SELL", "type": "MARKET", "quantity": "0.01"}, "perp"),
        ("um", {"side": "BUY", "type": "MARKET", "quantity": "0.01", "reduceOnly": "true"}, "spot"),
    ],
)
def test_a_leg_traded_by_hand_becomes_the_spread_s_first(
    spread: PaperDesk, market: str, order: dict[str, str], leg: str
) -> None:
    spread.by_hand(market, **order)

    assert spread.row("hedge BTCUSDT")["leg"] == leg
    check_even(spread, "0.011")


def test_a_leg_that_the_exchange_took_away_is_evened(spread: PaperDesk) -> None:
    spread.rows("paper fault add adl BTCUSDT share=50%")

    row = spread.row("hedge BTCUSDT")

    assert (row["leg"], row["side"]) == ("spot", "SELL")
    spot, perp = legs(spread)
    assert 0 <= spot + perp < D("0.001")


def test_the_shorter_leg_is_topped_up_where_that_is_asked_for(spread: PaperDesk) -> None:
    spread.row("buy BTCUSDT 0.01btc --venue futures --reduce-only --from-spread")

    row = spread.row("hedge BTCUSDT --complete")

    assert (row["leg"], row["side"], row["qty"]) == ("perp", "SELL", D("0.01"))
    check_even(spread, "0.021")


def test_coins_are_topped_up_net_of_the_fee_kept_in_them(spread: PaperDesk) -> None:
    spread.row("sell BTCUSDT 0.01btc --from-spread")

    row = spread.row("hedge BTCUSDT --complete")

    assert (row["leg"], row["side"]) == ("spot", "BUY")
    assert row["qty"] == D("0.01001")  # 0.01 / (1 - 0.001), up to the lot, less the dust that was left
    check_even(spread, "0.021")


@pytest.mark.parametrize("words", ["", "--complete"])
def test_a_dry_run_shows_the_order_and_sends_nothing(spread: PaperDesk, words: str) -> None:
    spread.row("sell BTCUSDT 0.01btc --from-spread")
    before = spread.state()

    said = spread.type(f"hedge BTCUSDT {words} --dry-run --csv")

    assert said.lines[0] == "leg,side,qty,price"
    assert len(said.lines) == 2
    assert said.err.endswith("dry run: nothing was sent\n")
    assert spread.state() == before


@pytest.mark.parametrize("words", ["", "--complete"])
def test_even_legs_need_nothing(spread: PaperDesk, words: str) -> None:
    before = spread.state()

    said = spread.type(f"hedge BTCUSDT {words}")

    assert said.code == 1
    assert "the legs of #1 BTCUSDT differ by 0" in said.err
    assert "less than one lot" in said.err
    assert spread.state() == before


def test_without_a_spread_there_is_nothing_to_hedge(paper: PaperDesk) -> None:
    said = paper.type("hedge ETHUSDT")

    assert (said.code, said.err) == (1, "error: no open spread in ETHUSDT\n  hint: spreads\n")


def test_topping_up_is_held_against_the_limits(spread: PaperDesk) -> None:
    spread.row("sell BTCUSDT 0.01btc --from-spread")
    spread.type("limits set max-order 100usdt")
    before = spread.state()

    said = spread.type("hedge BTCUSDT --complete")

    assert said.code == 1
    assert "is over the order limit of 100 USDT" in said.err
    assert spread.state() == before
    assert spread.type("hedge BTCUSDT").code == 0  # which takes risk away


def test_an_order_on_mainnet_needs_somebody_or_yes(spread: PaperDesk) -> None:
    spread.row("sell BTCUSDT 0.01btc --from-spread")
    object.__setattr__(spread.services.network.info, "name", "mainnet")

    refused = spread.type("hedge BTCUSDT")

    assert refused.code == 1
    assert "needs --yes: nobody is at the terminal" in refused.err
    assert spread.type("hedge BTCUSDT --yes").code == 0
