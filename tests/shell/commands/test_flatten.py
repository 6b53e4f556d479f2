"""flatten as typed, at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal as D

from tests.shell.commands.paper_desk import PaperDesk


def test_orders_spreads_and_positions_are_all_taken_away(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    paper.rows("open-spread ETHUSDT 1000usdt")
    paper.row("sell BTCUSDT 0.01btc --venue futures")
    paper.row("buy BNBUSDT 1bnb --venue futures")
    paper.row("buy BTCUSDT 0.01btc --price 40000")

    rows = paper.rows("flatten")

    assert [(r["what"], r["symbol"]) for r in rows] == [
        ("order 3 canceled", "BTCUSDT"),
        ("spread #1 closed", "BTCUSDT"),
        ("spread #2 closed", "ETHUSDT"),
        ("position closed", "BNBUSDT"),
        ("position closed", "BTCUSDT"),
    ]
    assert (paper.rows("positions"), paper.rows("orders"), paper.rows("spreads")) == ([], [], [])
    assert [r["qty"] for r in rows][1:] == [D("0.021"), rows[2]["qty"], 1, D("0.01")]
    assert all(r["pnl_usdt"] < 0 for r in rows[1:])


def test_what_others_made_is_said_and_left_except_positions(paper: PaperDesk) -> None:
    made = paper.by_hand("spot", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000")
    paper.by_hand("um", side="BUY", type="MARKET", quantity="0.01")
    paper.row("buy ETHUSDT 1eth")

    said = paper.type("flatten --csv")

    assert said.code == 0
    assert "sell 0.01 BTCUSDT reduce-only: " in said.err
    assert f"left alone, not made by atapi: {made['orderId']}" in said.err
    assert [line.split(",")[0] for line in said.lines[1:]] == ["position closed"]
    assert paper.rows("positions") == []
    assert len(paper.rows("orders")) == 1  # and the coins are there still
    assert {r["asset"] for r in paper.rows("balance")} >= {"ETH"}


def test_flat_is_flat_already(paper: PaperDesk) -> None:
    said = paper.type("flatten")

    assert (said.code, said.out, said.err) == (0, "", "flat already\n")


def test_a_dry_run_says_what_there_is_and_sends_nothing(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    before = paper.state()

    said = paper.type("flatten --dry-run")

    assert said.err.splitlines() == ["close spread #1 BTCUSDT of 0.021 BTC", "dry run: nothing was sent"]
    assert paper.state() == before


def test_one_that_fails_stops_no_other_and_the_command_that_mends_it_is_said(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    paper.row("buy ETHUSDT 1eth --venue futures")
    paper.rows("paper fault add code -1013 'text=Filter failure: X' method=POST path=/api/v3/order")

    said = paper.type("flatten --csv")

    assert (said.code, said.out) == (3, "")
    assert said.err.splitlines()[-3:] == [
        "left: spread in BTCUSDT: the order was refused (-1013): Filter failure: X (close-spread BTCUSDT)",
        "error: not flat: spread in BTCUSDT",
        "  hint: close-spread BTCUSDT",
    ]
    [position] = paper.rows("positions")
    assert position["symbol"] == "BTCUSDT"  # the hedge of coins that could not be sold

    paper.type("paper fault clear")
    assert paper.type("flatten").code == 0


def test_flatten_on_mainnet_needs_somebody_or_yes(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 40000")
    object.__setattr__(paper.services.network.info, "name", "mainnet")

    refused = paper.type("flatten")
    done = paper.rows("flatten --yes")

    assert refused.code == 1
    assert "needs --yes: nobody is at the terminal" in refused.err
    assert [r["what"] for r in done] == ["order 1 canceled"]


def test_a_halt_stops_what_adds_risk_and_nothing_that_takes_it_away(paper: PaperDesk) -> None:
    paper.rows("open-spread BTCUSDT 1000usdt")
    paper.row("buy ETHUSDT 1eth")
    placed = paper.row("buy BNBUSDT 1bnb --price 300")
    paper.type("limits halt")

    bought = paper.type("buy ETHUSDT 1eth")

    assert bought.code == 1
    assert "trading is halted since" in bought.err
    assert paper.row(f"cancel {placed['id']}")["status"] == "CANCELED"
    assert paper.row("sell ETHUSDT all")["status"] == "FILLED"
    assert [r["what"] for r in paper.rows("flatten")] == ["spread #1 closed"]
