"""buy as typed, at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from atapi.domain.instruments import Market
from tests.shell.commands.paper_desk import PaperDesk


def balance(desk: PaperDesk, asset: str, field: str = "total") -> D:
    rows = [r for r in desk.rows("balance") if (r["wallet"], r["asset"]) == ("spot", asset)]
    return D(rows[0][field]) if rows else D(0)


def test_a_purchase_takes_within_its_cap_and_says_what_it_paid(paper: PaperDesk) -> None:
    before = balance(paper, "USDT")

    said = paper.type("buy BTCUSDT 1000usdt")

    assert (said.code, said.err) == (
        0,
        "buy 0.0216 BTCUSDT on spot, at most 46315.29\n  999.91 USDT, fee 1.00 USDT, slippage 0.00bp\n",
    )
    assert [line.split() for line in said.lines] == [
        ["id", "symbol", "side", "type", "qty", "price", "status", "filled", "avg_price", "fee"],
        ["1", "BTCUSDT", "BUY", "LIMIT", "IOC", "0.0216", "46315.29", "FILLED", "0.0216", "46292.15",
         "0.0000216", "BTC"],
    ]  # fmt: skip
    assert before - balance(paper, "USDT") == D("0.0216") * D("46292.15")
    assert balance(paper, "BTC") == D("0.0216") - D("0.0000216")


def test_a_limit_order_rests_and_locks_what_it_may_cost(paper: PaperDesk) -> None:
    row = paper.row("buy BTCUSDT 0.01btc --price 40000")

    assert (row["type"], row["status"], row["filled"], row["avg_price"]) == ("LIMIT GTC", "RESTING", 0, None)
    assert balance(paper, "USDT", "locked") == 400
    assert [(o["id"], o["price"], o["status"]) for o in paper.rows("orders")] == [(row["id"], 40000, "NEW")]


@pytest.mark.parametrize("venue", ["spot", "futures"])
def test_a_post_only_order_rests_or_is_refused(paper: PaperDesk, venue: str) -> None:
    rests = paper.row(f"buy BTCUSDT 0.01btc --price 40000 --post-only --venue {venue}")
    crosses = paper.type(f"buy BTCUSDT 0.01btc --price 60000 --post-only --venue {venue} --again")

    assert (rests["type"], rests["status"]) == ("LIMIT GTX", "RESTING")
    assert crosses.code == 1
    assert len(paper.rows("orders")) == 1


def test_a_dry_run_sends_nothing(paper: PaperDesk) -> None:
    before = paper.state()

    row = paper.row("buy BTCUSDT 1000usdt --dry-run")

    assert (row["qty"], row["price"], row["limit"]) == (D("0.0216"), D("46292.15"), D("46315.29"))
    assert paper.state() == before


def test_all_spends_what_is_free_at_the_worst_price_allowed(paper: PaperDesk) -> None:
    row = paper.row("buy BTCUSDT all --max-slippage 50bp")

    assert row["filled"] == row["qty"]
    assert 0 <= balance(paper, "USDT") < 50_000 * D("0.006")


def test_what_the_book_does_not_hold_within_the_limit_is_not_bought(paper: PaperDesk) -> None:
    said = paper.type("buy BTCUSDT 0.01btc --price 40000 --tif ioc")

    assert said.code == 1
    assert "nothing filled within 40000; BTCUSDT is as it was" in said.err
    assert paper.rows("orders") == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("BTCUSDT 1000", 2, "amount '1000' has no unit\n  hint: 1000usdt (quote), 0.01btc (base), 25% or all"),
        ("BTCUSDT 1,000usdt", 2, "amount '1,000usdt' is not a number and a unit"),
        ("BTCUSDT 1eth", 2, "amount '1eth' is in ETH, BTCUSDT trades BTC against USDT"),
        ("NOSUCH 1000usdt", 2, "no spot symbol 'NOSUCH'; did you mean "),
        ("BTCUSDT 0.01btc --price 1e5", 2, "--price '1e5' is not a price"),
        ("BTCUSDT 0.01btc --price 0", 2, "--price '0' is not a price"),
        ("BTCUSDT 0.01btc --tif ioc", 2, "--tif needs --price"),
        ("BTCUSDT 0.01btc --post-only", 2, "--post-only needs --price"),
        ("BTCUSDT 0.01btc --price 40000 --post-only --tif fok", 2, "--post-only and --tif fok exclude each other"),
        ("BTCUSDT 0.01btc --price 40000 --max-slippage 5bp", 2, "--price and --max-slippage exclude each other"),
        ("BTCUSDT 0.01btc --dead-man", 2, "--dead-man needs --price"),
        ("BTCUSDT 0.01btc --price 40000 --dead-man --tif ioc", 2, "--dead-man and --tif ioc exclude each other"),
        ("BTCUSDT 0.01btc --reduce-only", 2, "--reduce-only is for futures"),
        ("BTCUSDT 1usdt", 1, "0.00002 BTC (0.93 USDT) is under BTCUSDT's minimum of 5 USDT\n  hint: smallest now: 0.00011 BTC"),
        ("BTCUSDT 0.0123456btc", 1, "0.0123456 BTC is no multiple of 0.00001\n  hint: 0.01234btc; or give usdt"),
        ("BTCUSDT 0.01btc --price 40000.123", 1, "price 40000.123 is no multiple of 0.01\n  hint: 40000.12\n"),
        ("BTCUSDT 60000usdt --max-slippage 1%", 1, "spot has 50000.00 USDT free; "),
        ("BTCUSDT 45000usdt --venue futures --max-slippage 1%", 0, ""),
        ("BTCUSDT 3000000usdt --venue futures --max-slippage 20%", 1, "futures margin would be "),
        ("BTCUSDT 0.01btc --venue futures --reduce-only", 1, "BTCUSDT has no position that a buy would reduce"),
        ("BTCUSDT 99999999999usdt", 1, "error: "),
    ],
)  # fmt: skip
def test_what_makes_no_sense_or_breaks_a_rule_sends_nothing(
    paper: PaperDesk, words: str, code: int, said: str
) -> None:
    before = paper.state()

    told = paper.type(f"buy {words}")

    assert told.code == code, told.err
    assert said in told.err
    if code:
        assert told.out == ""
        assert paper.state() == before


def test_one_like_it_that_is_not_done_needs_again(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 40000")

    second = paper.type("buy BTCUSDT 0.02btc --price 41000")
    other = paper.type("buy BTCUSDT 0.01btc --price 40000 --venue futures")
    typed = paper.type("buy BTCUSDT 0.02btc --price 41000 --again")

    assert second.err.splitlines()[-2:] == [
        "error: an order to BUY 0.01 BTCUSDT at 40000 on spot is not done (1)",
        "  hint: --again sends another; cancel 1",
    ]
    assert (second.code, other.code, typed.code) == (1, 0, 0)


def test_one_that_filled_meanwhile_does_not_stand_in_the_way(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 46000 --venue futures")
    paper.by_hand(
        "um", "DELETE", origClientOrderId=paper.services.trading.finder.unsettled()[0].request.client_order_id
    )

    row = paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures")

    assert row["status"] == "RESTING"
    assert len(paper.services.trading.finder.unsettled()) == 1


def test_a_refusal_of_the_exchange_is_told_in_its_words(paper: PaperDesk) -> None:
    plan = "buy BTCUSDT 0.01btc --price 90000 --venue futures --tif gtc"

    said = paper.type(plan)

    assert said.code == 1
    assert "error: Binance refused the order (-4016): " in said.err
    assert paper.rows("orders") == []


def test_an_order_on_mainnet_needs_somebody_or_yes(paper: PaperDesk) -> None:
    object.__setattr__(paper.services.network.info, "name", "mainnet")
    before = paper.state()

    said = paper.type("buy BTCUSDT 1000usdt")

    assert said.code == 1
    assert said.err.splitlines()[-1] == "error: buy on paper needs --yes: nobody is at the terminal"
    assert paper.state() == before


def test_an_order_over_the_limit_sends_nothing(paper: PaperDesk) -> None:
    paper.type("limits set max-order 500usdt")
    before = paper.state()

    said = paper.type("buy BTCUSDT 1000usdt")

    assert said.code == 1
    assert said.err == (
        "error: 1000 USDT is over the order limit of 500 USDT\n  hint: limits set max-order 1000usdt\n"
    )
    assert paper.state() == before
    assert paper.type("buy BTCUSDT 400usdt").code == 0


def test_a_sale_of_what_is_held_passes_every_limit(paper: PaperDesk) -> None:
    paper.type("buy BTCUSDT 1000usdt")
    paper.type("limits set max-order 10usdt")

    assert paper.type("sell BTCUSDT all").code == 0


def test_the_futures_switch_is_refused_where_it_would_cancel_other_orders(paper: PaperDesk) -> None:
    made = paper.by_hand("um", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000")

    said = paper.type("buy BTCUSDT 0.01btc --price 40000 --venue futures --dead-man")

    assert said.code == 1
    assert said.err.splitlines()[-2:] == [
        f"error: the dead-man switch of BTCUSDT would cancel other open orders too: {made['orderId']}",
        f"  hint: cancel {made['orderId']}; or without --dead-man",
    ]
    assert len(paper.rows("orders")) == 1


def test_an_order_beside_one_under_the_switch_is_put_under_it_too(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures --dead-man")

    without = paper.type("sell BTCUSDT 0.01btc --price 47000 --venue futures")
    takes = paper.type("sell BTCUSDT 0.01btc --venue futures")
    under = paper.type("sell BTCUSDT 0.01btc --price 47000 --venue futures --dead-man")

    assert (without.code, takes.code, under.code) == (1, 0, 0)
    assert "orders in BTCUSDT are under the dead-man switch" in without.err


def test_an_order_under_the_switch_lives_while_the_heart_beats(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures --dead-man")
    lifeline = paper.services.trading.lifeline

    paper.rows("paper advance 100s")
    lifeline.beat()
    paper.rows("paper advance 100s")
    alive = paper.rows("orders")
    paper.rows("paper advance 60s")

    assert [row["status"] for row in alive] == ["NEW"]
    assert [row["status"] for row in paper.rows("orders")] == ["CANCELED"]  # the journal still believes in it


def test_a_spot_order_is_held_by_a_process_until_it_is_done(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc --price 40000 --dead-man")
    lifeline = paper.services.trading.lifeline

    held = lifeline.held(Market.SPOT, "BTCUSDT")
    paper.row(f"cancel {placed['id']}")
    lifeline.beat()

    assert len(held) == 1
    assert lifeline.held(Market.SPOT, "BTCUSDT") == set()


def test_an_order_that_is_refused_is_held_by_nobody(paper: PaperDesk) -> None:
    said = paper.type("buy BTCUSDT 0.01btc --price 60000 --post-only --dead-man")

    assert said.code == 1
    assert paper.services.trading.lifeline.held(Market.SPOT, "BTCUSDT") == set()
