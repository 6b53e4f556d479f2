from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from atapi.clock import from_ms, to_ms, wall_ms
from atapi.domain.instruments import Market
from atapi.domain.orders import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from atapi.errors import InsufficientBalance, OrderNotFound, OutcomeUnknown, VenueError, VenueUnreachable
from atapi.exchanges.base import MarginVenue
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import answers, body, payload
from tests.exchanges.binance.raw_server import RawServer, Received, Reply, http, reply

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]

AT = datetime(2026, 11, 21, 2, 33, 0, 123000, tzinfo=UTC)  # 1795228380123
SELL = OrderRequest(
    market=Market.MARGIN,
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.LIMIT,
    quantity=D("0.01300000"),
    price=D("77300.00"),
    time_in_force=TimeInForce.IOC,
    client_order_id="at-aaaa-1s1",
    borrows=True,
)


def margin(venue: BinanceVenue) -> MarginVenue:
    assert venue.margin is not None  # checked by mypy as well: it is a margin venue
    return venue.margin


def test_networks_without_sapi_have_no_margin(adapter: Adapter, serve: Serve) -> None:
    server = serve()

    assert (
        adapter(server, endpoints=Endpoints(server.url, server.url, server.url, wallet=False)).margin is None
    )


@pytest.mark.parametrize(
    ("changes", "side_effect"),
    [
        ({}, "&sideEffectType=MARGIN_BUY"),
        ({"borrows": False, "repays": True, "side": Side.BUY}, "&sideEffectType=AUTO_REPAY"),
        ({"repays": True}, "&sideEffectType=AUTO_BORROW_REPAY"),
        ({"borrows": False}, ""),
    ],
)
def test_an_order_says_what_it_borrows_and_repays(
    serve: Serve, adapter: Adapter, changes: dict[str, Any], side_effect: str
) -> None:
    server = serve(answers(margin_order="margin_order_full"))
    request = replace(SELL, **changes)

    order = margin(adapter(server)).place(request)

    [received] = server.requests
    assert (received.method, received.path) == ("POST", "/sapi/v1/margin/order")
    assert received.query.startswith(
        f"symbol=BTCUSDT&side={request.side}&type=LIMIT&timeInForce=IOC&quantity=0.01300000&price=77300.00"
        f"{side_effect}&newClientOrderId=at-aaaa-1s1&newOrderRespType=FULL&recvWindow=3000&timestamp="
    )
    assert order.market is Market.MARGIN
    assert order.status is OrderStatus.FILLED
    assert order.filled == D("0.013")
    assert order.quote_filled == D("1005.0612")


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (-3006, "Your borrow amount has exceed maximum borrow amount.", VenueError),
        (-3045, "The system doesn't have enough asset now.", VenueError),
        (-3044, "System busy.", OutcomeUnknown),
        (-2010, "Account has insufficient balance for requested action.", InsufficientBalance),
        (-1007, "Timeout waiting for response from backend server.", OutcomeUnknown),
    ],
)
def test_a_refused_order(
    serve: Serve, adapter: Adapter, code: int, message: str, expected: type[Exception]
) -> None:
    server = serve(answers(margin_order=reply({"code": code, "msg": message}, status=400)))

    with pytest.raises(expected):
        margin(adapter(server)).place(SELL)

    assert len(server.requests) == 1


@pytest.mark.parametrize("spoiled", [{}, {"clientOrderId": "another"}, {"executedQty": None}])
def test_an_answer_that_is_not_about_the_order_proves_nothing(
    serve: Serve, adapter: Adapter, spoiled: dict[str, Any]
) -> None:
    answer = payload("margin_order_query") | spoiled if spoiled else {}
    server = serve(answers(margin_order=reply(answer)))

    with pytest.raises(OutcomeUnknown):
        margin(adapter(server)).place(SELL)


def test_an_order_is_asked_for_by_our_id(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(margin_order="margin_order_query"))

    order = margin(adapter(server)).order("BTCUSDT", "at-aaaa-1s1")

    [received] = server.requests
    assert (received.method, received.path) == ("GET", "/sapi/v1/margin/order")
    assert received.query.startswith("symbol=BTCUSDT&origClientOrderId=at-aaaa-1s1&timestamp=")
    assert (order.market, order.client_order_id, order.created_at) == (Market.MARGIN, "at-aaaa-1s1", AT)


def test_an_order_that_is_not_there(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(margin_order=reply({"code": -2013, "msg": "Order does not exist."}, status=400)))

    with pytest.raises(OrderNotFound):
        margin(adapter(server)).order("BTCUSDT", "at-aaaa-1s1")


def test_a_cancel_is_answered_with_a_text_for_an_id_and_without_a_time(
    serve: Serve, adapter: Adapter
) -> None:
    server = serve(answers(margin_order="margin_order_cancel"))

    order = margin(adapter(server)).cancel("BTCUSDT", "at-aaaa-1s1")

    assert (order.order_id, order.client_order_id) == ("28457", "at-aaaa-1s1")
    assert order.status is OrderStatus.CANCELED
    assert abs(order.updated_at - from_ms(wall_ms())) < timedelta(minutes=1)  # when it was answered


def test_orders_open_and_done(serve: Serve, adapter: Adapter) -> None:
    rows = http(b"[" + body("margin_order_query") + b"]")
    server = serve(answers(margin_openOrders=rows, margin_allOrders=rows))
    venue = margin(adapter(server))

    assert venue.open_orders("BTCUSDT") == venue.orders("BTCUSDT")
    assert venue.orders("BTCUSDT", start=AT + timedelta(seconds=1)) == []
    assert [r.query.split("&timestamp")[0] for r in server.requests] == [
        "symbol=BTCUSDT",
        "symbol=BTCUSDT&limit=500",
        "symbol=BTCUSDT&limit=500",
    ]


def test_fills_of_an_order(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(margin_myTrades="margin_trades"))

    [fill] = margin(adapter(server)).fills("BTCUSDT", order_id="28457")

    assert server.requests[0].query.startswith("symbol=BTCUSDT&orderId=28457&fromId=0&limit=1000&timestamp=")
    assert (fill.market, fill.side, fill.trade_id, fill.order_id) == (Market.MARGIN, Side.SELL, "99", "28457")
    assert (fill.price, fill.quantity, fill.fee, fill.fee_asset) == (
        D("77312.4"), D("0.013"), D("1.0050612"), "USDT",
    )  # fmt: skip


def test_the_book_and_the_fees_are_spots(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(depth="spot_depth", account_commission="spot_commission"))
    venue = adapter(server)

    assert margin(venue).depth("BTCUSDT", 3) == venue.spot.depth("BTCUSDT", 3)
    assert margin(venue).fee_rates("BTCUSDT") == venue.spot.fee_rates("BTCUSDT")


def test_an_account_that_owes_nothing(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(margin_account="margin_account"))

    account = margin(adapter(server)).account()

    assert (account.level, account.debts) == (999, 0)
    assert account.of("BTC").free == D("0.004995")
    assert account.of("ETH").owed == 0
    assert account.may_borrow
    assert account.may_trade


def test_an_account_that_owes(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(margin_account="margin_account_owing"))

    account = margin(adapter(server)).account()

    assert (account.level, account.collateral_level, account.collateral) == (D("2.5"), D("2.4"), 2400)
    assert account.debts == 1000
    assert account.of("BTC").owed == D("0.01300014")


def test_an_account_without_a_level_is_not_guessed_at(serve: Serve, adapter: Adapter) -> None:
    shape = {name: value for name, value in payload("margin_account").items() if name != "marginLevel"}
    server = serve(answers(margin_account=reply(shape)))

    with pytest.raises(VenueUnreachable, match="marginLevel"):
        margin(adapter(server)).account()


def test_what_may_be_borrowed_and_at_what_rate(serve: Serve, adapter: Adapter) -> None:
    rates = [{"asset": "BTC", "nextHourlyInterestRate": "0.00000571"}]
    server = serve(
        answers(**{
            "margin_maxBorrowable": reply({"amount": "1.69248805", "borrowLimit": "60"}),
            "margin_available-inventory": reply({"assets": {"BTC": "17.5"}, "updateTime": 1795228380123}),
            "margin_next-hourly-interest-rate": reply(rates),
        })
    )  # fmt: skip
    venue = margin(adapter(server))

    assert venue.max_borrowable("BTC") == D("1.69248805")
    assert venue.inventory("BTC") == D("17.5")
    assert venue.inventory("PEPE") == 0
    assert venue.hourly_rate("BTC") == D("0.00000571")
    assert [r.query.split("&timestamp")[0] for r in server.requests] == [
        "asset=BTC", "type=MARGIN", "type=MARGIN", "assets=BTC&isIsolated=FALSE",
    ]  # fmt: skip


def test_interest_is_found_by_what_was_borrowed_whatever_it_was_paid_in(
    serve: Serve, adapter: Adapter
) -> None:
    server = serve(answers(margin_interestHistory="margin_interest"))

    lines = margin(adapter(server)).interest("BTC", start=AT, end=AT + timedelta(days=2))

    assert [(line.asset, line.amount) for line in lines] == [("BTC", D("0.00000014")), ("BNB", D("0.000012"))]
    assert server.requests[0].query.startswith(
        f"startTime={to_ms(AT)}&endTime={to_ms(AT + timedelta(days=2))}&current=1&size=100&timestamp="
    )


def test_interest_is_read_month_by_month_and_page_by_page(serve: Serve, adapter: Adapter) -> None:
    [line] = [row for row in payload("margin_interest")["rows"] if row["type"] == "ON_BORROW"]

    def answer(received: Received) -> Reply:
        query = dict(pair.split("=") for pair in received.query.split("&"))
        first = int(query["current"]) == 1
        begins = int(query["startTime"])
        return reply({
            "rows": [line | {"txId": begins + n} for n in range(100 if first else 1)], "total": 101,
        })  # fmt: skip

    server = serve(answer)

    lines = margin(adapter(server)).interest("BTC", start=AT, end=AT + timedelta(days=45))

    assert len(lines) == 200  # two windows of a hundred; the second pages repeat a line
    assert len(server.requests) == 4


@pytest.mark.parametrize("kind", ["BORROW", "REPAY"])
def test_a_loan_is_taken_and_given_back(serve: Serve, adapter: Adapter, kind: str) -> None:
    server = serve(answers(**{"margin_borrow-repay": reply({"tranId": 100000001})}))
    venue = margin(adapter(server))

    told = (venue.borrow if kind == "BORROW" else venue.repay)("BTC", D("0.0130"))

    [received] = server.requests
    assert told == "100000001"
    assert (received.method, received.path) == ("POST", "/sapi/v1/margin/borrow-repay")
    assert received.query.startswith(f"asset=BTC&isIsolated=FALSE&amount=0.0130&type={kind}&timestamp=")
