"""order as typed, at the embedded exchange."""

from __future__ import annotations

from typing import Any

from tests.shell.commands.paper_desk import PaperDesk


def fields(desk: PaperDesk, line: str) -> dict[str, Any]:
    return {row["field"]: (row["journal"], row["exchange"], row["differs"]) for row in desk.rows(line)}


def test_both_sides_of_an_order_are_shown(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc --price 40000")

    shown = fields(paper, f"order {placed['id']}")

    assert shown["order_id"] == ("1", "1", "")
    assert shown["client_order_id"][0] == shown["client_order_id"][1]
    assert shown["state"] == ("RESTING", "NEW", "")
    assert shown["qty"] == ("0.01", "0.01", "")
    assert shown["type"] == ("LIMIT GTC", "LIMIT", "")


def test_what_differs_is_marked_and_the_journal_brought_to_date(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures")
    paper.by_hand("um", "DELETE", orderId=str(placed["id"]))

    said = paper.type(f"order {placed['id']} --csv")
    again = fields(paper, f"order {placed['id']}")

    assert "state,RESTING,CANCELED,<>" in said.lines
    assert said.err == "the journal is brought to date: REJECTED, 0 filled\n"
    assert again["state"] == ("REJECTED", "CANCELED", "")


def test_an_order_changed_by_hand_is_taken_as_it_is(paper: PaperDesk) -> None:
    placed = paper.row("buy BTCUSDT 0.01btc --price 40000 --venue futures")
    paper.by_hand("um", "PUT", orderId=str(placed["id"]), side="BUY", quantity="0.02", price="41000")

    shown = fields(paper, f"order {placed['id']}")
    again = fields(paper, f"order {placed['id']}")

    assert (shown["qty"], shown["price"]) == (("0.01", "0.02", "<>"), ("40000", "41000", "<>"))
    assert (again["qty"], again["price"]) == (("0.02", "0.02", ""), ("41000", "41000", ""))


def test_an_older_order_of_somebody_elses_is_found_in_its_symbol(paper: PaperDesk) -> None:
    made = paper.by_hand("um", side="BUY", type="MARKET", quantity="0.01")

    without = paper.type(f"order {made['orderId']}")
    shown = fields(paper, f"order {made['orderId']} BTCUSDT")

    assert without.err == (
        f"error: no order '{made['orderId']}'\n  hint: orders lists them; order ID SYMBOL finds older ones\n"
    )
    assert shown["state"] == ("", "FILLED", "")


def test_an_order_nobody_knows_is_none(paper: PaperDesk) -> None:
    said = paper.type("order a1f")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: no order 'a1f'\n")
    assert paper.type("order a1f BTCUSDT").err == (
        "error: no order 'a1f' in BTCUSDT\n  hint: orders BTCUSDT --all\n"
    )
