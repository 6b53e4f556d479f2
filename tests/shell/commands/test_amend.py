"""amend as typed, at the embedded exchange."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from atapi.domain.amounts import parse_amount
from atapi.errors import Refused
from tests.shell.commands.paper_desk import PaperDesk


def test_a_futures_order_changes_price_and_quantity_under_its_id(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 40000 --venue futures")

    said = paper.type(f"amend {placed['id']} --price 41000 --qty 0.01btc --csv")

    assert said.lines == [
        "id,old_price,price,old_qty,qty,status",
        f"{placed['id']},40000.00,41000,0.020,0.01,RESTING",
    ]
    assert said.err == (
        f"order {placed['id']}: buy 0.02 BTCUSDT at 40000 becomes 0.01 at 41000: 410.00 USDT\n"
    )
    order = paper.row("orders")
    assert (order["id"], order["price"], order["qty"], order["differs"]) == (
        placed["id"],
        41000,
        D("0.01"),
        "",
    )
    [row] = paper.services.trading.finder.unsettled()
    assert (row.request.price, row.request.quantity) == (41000, D("0.01"))


def test_a_spot_order_shrinks_and_keeps_its_client_order_id(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 40000")
    [before] = paper.services.trading.finder.unsettled()

    row = paper.row(f"amend {placed['id']} --qty 0.005btc")

    assert (row["old_qty"], row["qty"], row["status"]) == (D("0.02"), D("0.005"), "RESTING")
    order = paper.row("orders")
    assert (order["qty"], order["differs"]) == (D("0.005"), "")
    assert (
        paper.services.trading.finder.unsettled()[0].request.client_order_id == before.request.client_order_id
    )
    assert paper.row(f"cancel {placed['id']}")["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("venue", "words", "code", "said"),
    [
        ("spot", "", 2, "amend needs --price, --qty or both"),
        ("spot", "--price 41000", 1, "spot changes only the quantity where an order rests\n  hint: cancel 1; buy BTCUSDT 0.02btc --price 41000"),
        ("spot", "--qty 0.03btc", 1, "spot makes an order only smaller\n  hint: buy BTCUSDT 0.01btc --price 40000 --again"),
        ("spot", "--qty 0.02btc", 1, "order 1 is so already"),
        ("spot", "--qty 0.005", 2, "amount '0.005' has no unit"),
        ("spot", "--qty 100usdt", 2, "--qty is of the base asset"),
        ("spot", "--qty 0.0000001btc", 1, "0.0000001 BTC is no multiple of 0.00001"),
        ("spot", "--qty 0.00001btc", 1, "is under BTCUSDT's minimum of 5 USDT"),
        ("futures", "--price 41000.01", 1, "price 41000.01 is no multiple of 0.1\n  hint: 41000\n"),
        ("futures", "--price 41e3", 2, "--price '41e3' is not a price"),
        ("futures", "--qty 0.001btc", 1, "is under BTCUSDT's minimum of 50 USDT"),
    ],
)  # fmt: skip
def test_what_an_order_cannot_become_changes_nothing(
    paper: PaperDesk, venue: str, words: str, code: int, said: str
) -> None:
    placed = paper.row(f"buy BTCUSDT 0.02btc --price 40000 --venue {venue}")
    before = paper.state()

    told = paper.type(f"amend {placed['id']} {words}")

    assert (told.code, told.out) == (code, "")
    assert said in told.err
    assert paper.state() == before


def test_somebody_elses_order_is_not_changed(paper: PaperDesk) -> None:
    made = paper.by_hand("spot", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.02", price="40000")

    said = paper.type(f"amend {made['orderId']} --qty 0.01btc")

    assert said.code == 1
    assert "is not one that atapi made here" in said.err


def test_a_refused_change_leaves_the_order_as_it_was(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 40000 --venue futures")

    said = paper.type(f"amend {placed['id']} --price 90000")

    assert said.code == 1
    assert "Binance refused the change (-4016): " in said.err
    assert paper.row("orders")["price"] == 40000


def test_a_change_whose_answer_is_lost_is_found_in_the_order_itself(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 40000 --venue futures")
    paper.rows("paper fault add status 503 after method=PUT path=/fapi/v1/order times=1")

    row = paper.row(f"amend {placed['id']} --price 41000")

    assert (row["price"], row["status"]) == (41000, "RESTING")


def test_an_order_that_filled_first_is_told_as_filled(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 40000 --venue futures")
    changes = paper.services.changes
    plan = changes.plan_amend(str(placed["id"]), price=None, amount=parse_amount("0.01btc"))
    paper.by_hand("um", "DELETE", orderId=str(placed["id"]))

    with pytest.raises(Refused, match="ended before it could be changed: REJECTED, 0 filled"):
        changes.amend(plan)
    assert paper.services.trading.finder.unsettled() == []


def test_a_dearer_order_is_held_against_the_limits(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.02btc --price 20000 --venue futures")
    paper.type("limits set max-order 700usdt")

    over = paper.type(f"amend {placed['id']} --price 40000")
    within = paper.type(f"amend {placed['id']} --price 30000")

    assert over.code == 1
    assert paper.row("orders")["price"] == 30000
    assert "800 USDT is over the order limit of 700 USDT" in over.err
    assert within.code == 0


def test_a_larger_futures_order_that_fills_beyond_its_first_quantity_is_counted(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures")

    row = paper.row(f"amend {placed['id']} --qty 0.03btc --price 47000")

    assert row["status"] == "FILLED"
    assert paper.row("positions")["qty"] == D("0.03")
    assert paper.services.trading.finder.unsettled() == []
