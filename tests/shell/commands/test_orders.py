"""orders as typed."""

from __future__ import annotations

from dataclasses import replace

from atapi.domain.orders import OrderStatus
from tests.shell.commands.desk import Desk
from tests.shell.commands.paper_desk import PaperDesk
from tests.shell.commands.stock import RESTING

ROW = "17,2026-01-01T08:00:00Z,spot,BTCUSDT,BUY,LIMIT,0.5,0.1,59000,NEW,"


def test_open_orders_of_both_markets_are_listed(stocked: Desk) -> None:
    assert stocked.type("orders --csv").lines[1:] == [ROW]
    assert stocked.type("orders --venue futures --csv").lines[1:] == []


def test_done_orders_are_shown_when_asked_for(stocked: Desk) -> None:
    stocked.spot.all_orders = [replace(RESTING, status=OrderStatus.CANCELED)]

    assert stocked.type("orders BTCUSDT").err == "no open orders\n"
    assert stocked.type("orders BTCUSDT --all --csv").lines[1:] == [ROW.replace("NEW", "CANCELED")]


def test_an_order_that_ended_elsewhere_is_shown_with_what_differs(paper: PaperDesk) -> None:
    paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures")
    placed = paper.row("orders")
    paper.by_hand("um", "DELETE", orderId=str(placed["id"]))

    said = paper.type("orders --csv")

    assert placed["differs"] == ""
    assert said.lines[1].endswith(",CANCELED,journal RESTING; exchange CANCELED")
    assert said.err == "order ID asks how it stands and brings the journal to date\n"


def test_somebody_elses_orders_are_listed_too(paper: PaperDesk) -> None:
    paper.by_hand("spot", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price="40000")
    paper.row("buy BTCUSDT 0.01btc --price 41000")

    rows = paper.rows("orders BTCUSDT --venue spot")

    assert [(r["price"], r["differs"]) for r in rows] == [(40000, ""), (41000, "")]
