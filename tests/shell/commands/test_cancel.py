"""cancel and cancel-all as typed, at the embedded exchange."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shell.commands.paper_desk import PaperDesk

RESTING = "buy BTCUSDT 0.01btc --price 40000"


def by_hand(desk: PaperDesk, market: str = "spot") -> str:
    """Make an order on the website."""
    made: Any = desk.by_hand(
        market, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="41000"
    )
    return str(made["orderId"])


@pytest.mark.parametrize("venue", ["spot", "futures"])
def test_an_order_is_canceled_by_its_id(paper: PaperDesk, venue: str) -> None:
    placed = paper.row(f"{RESTING} --venue {venue}")

    row = paper.row(f"cancel {placed['id']}")

    assert row == {"id": placed["id"], "symbol": "BTCUSDT", "status": "CANCELED", "filled": 0}
    assert paper.rows("orders") == []
    assert paper.services.trading.finder.unsettled() == []


def test_by_its_client_order_id_or_a_beginning_of_it(paper: PaperDesk) -> None:
    for venue in ("spot", "futures"):
        paper.row(f"{RESTING} --venue {venue}")
    first, second = (row.request.client_order_id for row in paper.services.trading.finder.unsettled())

    ambiguous = paper.type(f"cancel {first[:10]}")
    whole = paper.row(f"cancel {first}")
    beginning = paper.row(f"cancel {second[:-2]}")

    assert (ambiguous.code, ambiguous.out) == (2, "")
    assert f"error: '{first[:10]}' is several orders: {first} on spot, {second} on futures" in ambiguous.err
    assert (whole["status"], beginning["status"]) == ("CANCELED", "CANCELED")


def test_a_beginning_of_a_number_is_no_id(paper: PaperDesk) -> None:
    paper.row(f"{RESTING} --venue futures")

    said = paper.type("cancel 8")

    assert (said.code, said.err) == (1, "error: no order '8'\n  hint: orders lists them\n")
    assert len(paper.rows("orders")) == 1


def test_a_symbol_means_ones_own_orders_and_leaves_others_alone(paper: PaperDesk) -> None:
    foreign = by_hand(paper)
    paper.row(RESTING)
    paper.row(f"{RESTING} --venue futures")

    said = paper.type("cancel btc/usdt --csv")

    assert len(said.lines) == 3
    assert said.err == f"left alone, not made by atapi: {foreign}\n"
    assert [row["id"] for row in paper.rows("orders")] == [foreign]


def test_somebody_elses_order_is_canceled_only_by_its_id(paper: PaperDesk) -> None:
    foreign = by_hand(paper)

    by_symbol = paper.type("cancel BTCUSDT")
    by_id = paper.row(f"cancel {foreign}")

    assert by_symbol.code == 1
    assert by_symbol.err == (
        f"error: nothing of atapi's to cancel in BTCUSDT\n  hint: cancel {foreign} names others' orders\n"
    )
    assert by_id["status"] == "CANCELED"
    assert paper.rows("orders") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ETHUSDT", "nothing to cancel in ETHUSDT"),
        ("a1f", "no order 'a1f'"),
        ("4711", "no order '4711'"),
    ],
)
def test_what_is_not_there_is_not_canceled(paper: PaperDesk, words: str, said: str) -> None:
    paper.row(RESTING)
    before = paper.state()

    told = paper.type(f"cancel {words}")

    assert told.code == 1
    assert f"error: {said}\n" in told.err
    assert paper.state() == before


def test_an_order_that_is_done_is_not_canceled_again(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc")

    said = paper.type(f"cancel {placed['id']}")

    assert said.code == 1
    assert "is FILLED: nothing to do" in said.err


def test_an_order_that_ended_behind_our_back_is_told_as_it_ended(paper: PaperDesk) -> None:
    placed = paper.row(f"{RESTING} --venue futures")
    plan = paper.services.changes.plan_cancel([str(placed["id"])])
    paper.by_hand("um", "DELETE", orderId=str(placed["id"]))

    report = paper.services.changes.cancel(plan)

    assert [(c.status, c.filled) for c in report.ended] == [("CANCELED", 0)]
    assert paper.services.trading.finder.unsettled() == []


@pytest.mark.parametrize("when", ["after", "before"])
@pytest.mark.parametrize("made_by", ["atapi", "hand"])
def test_a_cancel_without_an_answer_is_found_out_about(paper: PaperDesk, when: str, made_by: str) -> None:
    placed = paper.row(f"{RESTING} --venue futures")["id"] if made_by == "atapi" else by_hand(paper, "um")
    paper.rows(f"paper fault add status 503 {when} method=DELETE path=/fapi/v1/order times=1")

    row = paper.row(f"cancel {placed}")

    assert row["status"] == "CANCELED"
    assert paper.rows("orders") == []


def test_cancel_all_leaves_what_others_made_unless_told(paper: PaperDesk) -> None:
    foreign = by_hand(paper, "um")
    paper.row(RESTING)
    paper.row(f"{RESTING} --again")
    paper.row(f"{RESTING} --venue futures")

    own = paper.type("cancel-all --csv")
    rest = paper.rows("cancel-all --foreign")
    none = paper.type("cancel-all")

    assert own.lines == ["venue,canceled", "spot,2", "futures,1"]
    assert own.err == f"left alone, not made by atapi: {foreign}\n"
    assert rest == [{"venue": "futures", "canceled": 1}]
    assert (none.code, none.err) == (0, "no open orders of atapi's\n")


def test_cancel_all_on_one_venue_leaves_the_other(paper: PaperDesk) -> None:
    paper.row(RESTING)
    paper.row(f"{RESTING} --venue futures")

    paper.rows("cancel-all --venue spot")

    assert [row["venue"] for row in paper.rows("orders")] == ["futures"]


def test_cancel_all_on_mainnet_needs_somebody_or_yes(paper: PaperDesk) -> None:
    paper.row(RESTING)
    object.__setattr__(paper.services.network.info, "name", "mainnet")

    refused = paper.type("cancel-all")
    done = paper.rows("cancel-all --yes")

    assert refused.code == 1
    assert "needs --yes: nobody is at the terminal" in refused.err
    assert done == [{"venue": "spot", "canceled": 1}]
