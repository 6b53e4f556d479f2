"""Order lists: what their orders do to each other, hold together and tell, and that a restart changes none of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atapi.paper.exchange import Exchange, Submit
from atapi.paper.records import Refusal
from atapi.paper.views import ListSubmit
from tests.paper.feed_of_bars import MINUTE, D
from tests.paper.test_spot_waiting import moving
from tests.paper.worlds import funded, world


def leg(type: str, side: str, quantity: str = "0.1", **more: Any) -> Submit:
    for name in ("price", "stop_price"):
        if name in more:
            more[name] = D(more[name])
    if type in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"):
        more.setdefault("time_in_force", "GTC")
    return Submit(symbol="BTCUSDT", side=side, type=type, quantity=D(quantity), **more)


def bracket(side: str = "SELL", stop: str = "49000", limit: str = "51000") -> tuple[Submit, Submit]:
    return leg("STOP_LOSS", side, stop_price=stop), leg("LIMIT_MAKER", side, price=limit)


def oco(*legs: Submit, client_id: str | None = None) -> ListSubmit:
    return ListSubmit(symbol="BTCUSDT", kind="OCO", legs=legs, client_id=client_id)


def oto(*legs: Submit) -> ListSubmit:
    return ListSubmit(symbol="BTCUSDT", kind="OTO", legs=legs)


def statuses(exchange: Exchange, account: str) -> list[tuple[str, str | None]]:
    return [(order.status, order.expiry_reason) for order in exchange.orders(account, "spot", "BTCUSDT")]


def state_of(exchange: Exchange, account: str) -> str:
    return exchange.spot.lists(account)[-1].status


def heard(exchange: Exchange) -> list[tuple[str, Any]]:
    """What the exchange tells from now on: orders by type and status, lists by their status."""
    told: list[tuple[str, Any]] = []

    def listen(kind: str, record: Any) -> None:
        if kind == "order":
            told.append((record.type, record.status))
        elif kind == "list":
            told.append((record[0].kind, record[1]))

    exchange.subscribe(listen)
    return told


def test_an_oco_holds_its_funds_once_and_is_canceled_as_one() -> None:
    exchange = world()
    account = funded(exchange)

    record, orders, trades = exchange.spot.place_list(account, oco(*bracket()))
    assert (record.status, record.kind, len(orders), trades) == ("EXECUTING", "OCO", 2, [])
    assert exchange.balances(account, "spot")["BTC"] == (D("9.9"), D("0.1"))

    exchange.cancel(account, "spot", "BTCUSDT", order_id=orders[1].order_id, client_order_id=None)
    assert statuses(exchange, account) == [("CANCELED", None), ("CANCELED", None)]
    assert exchange.balances(account, "spot")["BTC"] == (10, 0)
    assert state_of(exchange, account) == "ALL_DONE"
    assert exchange.spot.open_lists(account) == []


def test_an_oco_to_buy_holds_what_its_dearer_order_needs() -> None:
    exchange = world()
    account = funded(exchange)
    pair = (
        leg("STOP_LOSS_LIMIT", "BUY", stop_price="51000", price="51100"),
        leg("LIMIT_MAKER", "BUY", price="49000"),
    )

    exchange.spot.place_list(account, oco(*pair))

    assert exchange.balances(account, "spot")["USDT"][1] == 5110  # 0.1 * 51 100, not 4 900


def test_the_stop_of_an_oco_ends_its_limit() -> None:
    exchange = world(moving((MINUTE + 1, "48900")))
    account = funded(exchange)
    exchange.spot.place_list(account, oco(*bracket()))
    told = heard(exchange)

    exchange.advance(3 * MINUTE)

    assert statuses(exchange, account) == [("FILLED", None), ("EXPIRED", "OCO_TRIGGER")]
    assert told == [
        ("LIMIT_MAKER", "EXPIRED"),
        ("OCO", "ALL_DONE"),
        ("STOP_LOSS", "NEW"),  # now on the book
        ("STOP_LOSS", "FILLED"),
    ]
    assert exchange.balances(account, "spot")["BTC"] == (D("9.9"), 0)


def test_the_first_fill_of_an_ocos_limit_ends_its_stop() -> None:
    exchange = world()
    account, taker = funded(exchange), funded(exchange, "taker")
    pair = leg("STOP_LOSS", "SELL", stop_price="49000"), leg("LIMIT_MAKER", "SELL", price="50001")
    exchange.spot.place_list(account, oco(*pair))

    exchange.place(taker, "spot", leg("MARKET", "BUY", "0.04"))

    assert statuses(exchange, account) == [("EXPIRED", "OCO_TRIGGER"), ("PARTIALLY_FILLED", None)]
    assert exchange.balances(account, "spot")["BTC"] == (D("9.9"), D("0.06"))
    assert state_of(exchange, account) == "ALL_DONE"


def test_a_bar_that_reaches_both_orders_of_an_oco_is_believed_to_have_lost() -> None:
    exchange = world(moving((MINUTE + 1, "52000"), (MINUTE + 2, "48000"), (MINUTE + 3, "50000")))
    account = funded(exchange)
    exchange.spot.place_list(account, oco(*bracket()))

    exchange.advance(3 * MINUTE)

    assert statuses(exchange, account) == [("FILLED", None), ("EXPIRED", "OCO_TRIGGER")]


@pytest.mark.parametrize(
    ("side", "stop", "limit"),
    [
        ("SELL", "50000", "51000"),  # the stop is not below the market
        ("SELL", "49000", "50000"),
        ("BUY", "50000", "49000"),
        ("BUY", "51000", "50000"),
    ],
)
def test_the_prices_of_an_oco_lie_on_either_side_of_the_market(side: str, stop: str, limit: str) -> None:
    exchange = world()
    account = funded(exchange)

    with pytest.raises(Refusal) as caught:
        exchange.spot.place_list(account, oco(*bracket(side, stop, limit)))

    assert caught.value.code == -2010
    assert caught.value.message == "The relationship of the prices for the orders is not correct."
    assert exchange.orders(account, "spot", None) == []


def test_a_pending_order_follows_when_the_working_one_is_filled() -> None:
    exchange = world()
    account, taker = funded(exchange, spot_USDT="6000"), funded(exchange, "taker")
    working, pending = leg("LIMIT", "BUY", price="49999.50"), leg("LIMIT", "SELL", "0.09", price="51000")
    _, orders, _ = exchange.spot.place_list(account, oto(working, pending))
    assert [order.status for order in orders] == ["NEW", "PENDING_NEW"]
    assert "BTC" not in exchange.balances(account, "spot")

    exchange.place(taker, "spot", leg("MARKET", "SELL", "0.04"))
    assert statuses(exchange, account) == [("PARTIALLY_FILLED", None), ("PENDING_NEW", None)]
    exchange.place(taker, "spot", leg("MARKET", "SELL", "0.06"))

    assert statuses(exchange, account) == [("FILLED", None), ("NEW", None)]
    assert exchange.balances(account, "spot")["BTC"] == (D("0.0099"), D("0.09"))  # 0.1 less 0.1 % fee
    assert state_of(exchange, account) == "ALL_DONE"


def test_a_pending_order_without_funds_is_rejected_when_its_turn_comes() -> None:
    exchange = world()
    account = funded(exchange, spot_USDT="6000")
    working, pending = leg("LIMIT", "BUY", price="51000"), leg("LIMIT", "SELL", "0.1", price="51000")

    _, orders, trades = exchange.spot.place_list(account, oto(working, pending))

    assert [order.status for order in orders] == ["FILLED", "PENDING_NEW"]  # as it was when answered
    assert len(trades) == 1
    assert statuses(exchange, account) == [
        ("FILLED", None),
        ("EXPIRED", "REJECTED"),
    ]  # the fee left 0.0999 BTC


def test_a_working_order_that_expires_takes_the_pending_ones_with_it() -> None:
    exchange = world()
    account = funded(exchange)
    working = leg("LIMIT", "BUY", price="49000", time_in_force="IOC")

    exchange.spot.place_list(account, oto(working, *bracket()))

    assert statuses(exchange, account) == [
        ("EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ("EXPIRED", "OTO_PHASE_ONE_EXPIRED"),
        ("EXPIRED", "OTO_PHASE_ONE_EXPIRED"),
    ]
    assert exchange.balances(account, "spot")["USDT"] == (1_000_000, 0)


def test_an_otoco_buys_and_brackets_what_it_bought() -> None:
    exchange = world(moving((2 * MINUTE, "48990"), (3 * MINUTE, "49500"), (10 * MINUTE, "51000.01")))
    account = funded(exchange)
    told = heard(exchange)
    exchange.spot.place_list(account, oto(leg("LIMIT", "BUY", price="49000"), *bracket(stop="48000")))

    exchange.advance(5 * MINUTE)
    assert statuses(exchange, account) == [("FILLED", None), ("NEW", None), ("NEW", None)]
    assert state_of(exchange, account) == "EXECUTING"
    assert exchange.balances(account, "spot")["BTC"] == (D("9.9999"), D("0.1"))  # 10.1 less the fee
    exchange.advance(10 * MINUTE)

    assert statuses(exchange, account) == [("FILLED", None), ("EXPIRED", "OCO_TRIGGER"), ("FILLED", None)]
    assert told == [
        ("OTO", "EXEC_STARTED"),
        ("STOP_LOSS", "PENDING_NEW"),
        ("LIMIT_MAKER", "PENDING_NEW"),
        ("LIMIT", "NEW"),
        ("LIMIT", "FILLED"),
        ("STOP_LOSS", "NEW"),
        ("LIMIT_MAKER", "NEW"),
        ("STOP_LOSS", "EXPIRED"),
        ("OTO", "ALL_DONE"),
        ("LIMIT_MAKER", "FILLED"),
    ]


def test_lists_go_on_after_a_restart(tmp_path: Path) -> None:
    feed, path = moving((2 * MINUTE, "48990"), (10 * MINUTE, "51000.01")), str(tmp_path / "exchange")
    exchange = world(feed, path=path)
    account = funded(exchange)
    exchange.spot.place_list(account, oto(leg("LIMIT", "BUY", price="49000"), *bracket(stop="48000")))
    balances = exchange.balances(account, "spot")

    exchange = world(feed, path=path)
    assert exchange.balances(account, "spot") == balances
    exchange.advance(5 * MINUTE)
    balances = exchange.balances(account, "spot")

    exchange = world(feed, at_ms=exchange.now_ms(), path=path)
    assert exchange.balances(account, "spot") == balances
    exchange.advance(10 * MINUTE)

    assert statuses(exchange, account) == [("FILLED", None), ("EXPIRED", "OCO_TRIGGER"), ("FILLED", None)]
    assert state_of(exchange, account) == "ALL_DONE"


def test_two_orders_count_where_there_is_room_for_one() -> None:
    exchange = world()
    account = funded(exchange)
    for cents in range(199):
        exchange.place(
            account, "spot", leg("LIMIT", "BUY", "0.001", price=f"490{cents // 100:02}.{cents % 100:02}")
        )

    with pytest.raises(Refusal) as caught:
        exchange.spot.place_list(account, oco(*bracket()))

    assert caught.value.message == "Filter failure: MAX_NUM_ORDERS"
    assert len(exchange.open_orders(account, "spot", "BTCUSDT")) == 199


def test_a_lists_own_name_is_unique_among_open_lists() -> None:
    exchange = world()
    account = funded(exchange)
    exchange.spot.place_list(account, oco(*bracket(), client_id="mine"))

    with pytest.raises(Refusal) as caught:
        exchange.spot.place_list(account, oco(*bracket(), client_id="mine"))
    assert (caught.value.code, caught.value.message) == (-2010, "Duplicate order sent.")

    exchange.spot.cancel_list(account, "BTCUSDT", list_id=None, client_id="mine")
    again, _, _ = exchange.spot.place_list(account, oco(*bracket(), client_id="mine"))
    assert exchange.spot.list_of(account, list_id=None, client_id="mine") == again
