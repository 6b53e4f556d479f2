from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from atapi.clock import from_ms, to_ms, wall_ms
from atapi.domain.account import FeeRates
from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Fill, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from atapi.errors import (
    DuplicateOrder,
    InsufficientBalance,
    OrderNotFound,
    OutcomeUnknown,
    VenueError,
    VenueUnreachable,
)
from atapi.exchanges.base import SpotVenue
from atapi.exchanges.binance.spot import BinanceSpot
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import answers, body, payload
from tests.exchanges.binance.raw_server import RawServer, Received, Reply, http, reply

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]

BUY = OrderRequest(
    market=Market.SPOT,
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    quantity=D("0.01400000"),
    price=D("77320.00"),
    time_in_force=TimeInForce.IOC,
    client_order_id="at-aaaa-1s1",
)


def test_it_is_a_spot_venue(serve: Serve, adapter: Adapter) -> None:
    spot: SpotVenue = adapter(serve()).spot  # checked by mypy as well

    assert spot.market is Market.SPOT


def test_rules_are_read_once_until_refreshed(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(exchangeInfo="spot_exchange_info"))
    spot = adapter(server).spot

    first, second = spot.instruments(), spot.instruments()
    spot.refresh_instruments()
    spot.instruments()

    assert first is second
    assert set(first) == {"BTCUSDT", "DOGEBTC"}
    assert len(server.requests) == 2
    assert server.requests[0].query == "showPermissionSets=false"
    assert spot.link.budget.limit("REQUEST_WEIGHT", 60_000) == 6000


def test_server_time(serve: Serve, adapter: Adapter) -> None:
    server = serve(reply({"serverTime": 1795228380123}), clock=False)

    assert adapter(server).spot.server_time() == datetime(2026, 11, 21, 2, 33, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("symbols", "query"),
    [
        (None, ""),
        (["ETHUSDT", "BTCUSDT"], "symbols=%5B%22ETHUSDT%22%2C%22BTCUSDT%22%5D"),
        ([f"X{number}" for number in range(99)] + ["ETHUSDT", "BTCUSDT"], ""),
    ],
)
def test_quotes_of_many_symbols(
    serve: Serve, adapter: Adapter, symbols: list[str] | None, query: str
) -> None:
    server = serve(answers(ticker_24hr="spot_ticker_24hr"))
    spot = adapter(server).spot

    if symbols is not None and len(symbols) > 100:
        with pytest.raises(VenueError, match="X0"):
            spot.tickers(symbols)
    else:
        found = [ticker.symbol for ticker in spot.tickers(symbols)]
        assert found == (symbols or ["BTCUSDT", "ETHUSDT"])

    assert server.requests[0].query == query


def test_quotes_of_one_symbol(serve: Serve, adapter: Adapter) -> None:
    one = {"symbol": "BTCUSDT", "price": "77312.40000000"}
    server = serve(answers(ticker_price=reply(one), ticker_bookTicker=reply(payload("spot_book_ticker")[0])))
    spot = adapter(server).spot

    assert spot.prices(["BTCUSDT"]) == {"BTCUSDT": D("77312.4")}
    assert spot.book_tickers(["BTCUSDT"])["BTCUSDT"].ask == D("77312.4")
    assert [received.query for received in server.requests] == ["symbol=BTCUSDT"] * 2


def test_no_symbols_are_no_question(serve: Serve, adapter: Adapter) -> None:
    server = serve()
    spot = adapter(server).spot

    assert (spot.tickers([]), spot.prices([]), spot.book_tickers([])) == ([], {}, {})
    assert server.connections == 0


def test_depth(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(depth="spot_depth"))

    depth = adapter(server).spot.depth("BTCUSDT", limit=3)

    assert [level.price for level in depth.bids] == [D("77312.39"), D(77312), D(77300)]
    assert server.requests[0].query == "symbol=BTCUSDT&limit=3"


def test_candles_are_asked_for_in_the_venue_s_words(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(klines="klines"))
    spot = adapter(server).spot

    newest = spot.candles("BTCUSDT", "1h", limit=2)
    until = spot.candles("BTCUSDT", "1h", limit=2, end=from_ms(1795229999999))
    since = spot.candles("BTCUSDT", "1h", start=from_ms(1795222800000))

    assert newest == until == since
    assert [candle.close for candle in newest] == [D("77000.1"), D("77312.4")]
    assert [received.query for received in server.requests] == [
        "symbol=BTCUSDT&interval=1h&limit=2",
        "symbol=BTCUSDT&interval=1h&endTime=1795229999999&limit=2",
        "symbol=BTCUSDT&interval=1h&startTime=1795222800000&limit=1000",
    ]


def test_an_order_goes_out_exactly_as_asked(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order="spot_order_full"))

    order = adapter(server).spot.place(BUY)

    [received] = server.requests
    sent = received.parameters
    assert (received.method, received.path) == ("POST", "/api/v3/order")
    del sent["timestamp"], sent["signature"]
    assert sent == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.01400000",
        "price": "77320.00",
        "newClientOrderId": "at-aaaa-1s1",
        "newOrderRespType": "FULL",
        "recvWindow": "3000",
    }
    assert (order.status, order.filled, order.quote_filled) == (
        OrderStatus.EXPIRED,
        D("0.013"),
        D("1005.0612"),
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply({"code": -2010, "msg": "Duplicate order sent."}, 400), DuplicateOrder),
        (
            reply({"code": -2010, "msg": "Account has insufficient balance for requested action."}, 400),
            InsufficientBalance,
        ),
        (reply({"code": -1013, "msg": "Filter failure: LOT_SIZE"}, 400), VenueError),
        (http(b"{}"), OutcomeUnknown),
        (http(b"<html>"), OutcomeUnknown),
        (reply([]), OutcomeUnknown),
        (
            reply({"orderId": 1, "clientOrderId": "other", "status": "NEW", "executedQty": "0"}),
            OutcomeUnknown,
        ),
        (Reply(b"", "close"), OutcomeUnknown),
        (reply({}, 502), OutcomeUnknown),
    ],
)
def test_an_order_s_failure_says_what_is_known(
    serve: Serve, adapter: Adapter, answer: Reply, expected: type[Exception]
) -> None:
    server = serve(answer)

    with pytest.raises(expected) as caught:
        adapter(server).spot.place(BUY)

    assert type(caught.value) is expected
    assert len(server.requests) == 1


@pytest.mark.parametrize("cut", range(0, len(body("spot_order_full")), 7))
def test_a_truncated_answer_that_is_still_http_proves_nothing(
    serve: Serve, adapter: Adapter, cut: int
) -> None:
    server = serve(http(body("spot_order_full")[:cut]))

    with pytest.raises(OutcomeUnknown):
        adapter(server).spot.place(BUY)


def test_asking_for_canceling_and_listing_orders(serve: Serve, adapter: Adapter) -> None:
    server = serve(
        lambda received: http(
            body("spot_order_cancel" if received.method == "DELETE" else "spot_order_query")
            if received.path.endswith("/order")
            else b"[" + body("spot_order_query") + b"]"
        )
    )
    spot = adapter(server).spot

    asked = spot.order("BTCUSDT", "at-aaaa-1s1")
    canceled = spot.cancel("BTCUSDT", "at-aaaa-1s1")
    [listed] = spot.open_orders("BTCUSDT")
    spot.open_orders()

    assert (asked.status, canceled.status) == (OrderStatus.FILLED, OrderStatus.CANCELED)
    assert asked.client_order_id == canceled.client_order_id == listed.client_order_id == "at-aaaa-1s1"
    assert [
        (r.method, r.parameters.get("origClientOrderId"), r.parameters.get("symbol")) for r in server.requests
    ] == [
        ("GET", "at-aaaa-1s1", "BTCUSDT"),
        ("DELETE", "at-aaaa-1s1", "BTCUSDT"),
        ("GET", None, "BTCUSDT"),
        ("GET", None, None),
    ]


@pytest.mark.parametrize(("method", "code"), [("order", -2013), ("cancel", -2011)])
def test_an_order_the_venue_does_not_show(serve: Serve, adapter: Adapter, method: str, code: int) -> None:
    server = serve(reply({"code": code, "msg": "Unknown order sent."}, 400))

    with pytest.raises(OrderNotFound):
        getattr(adapter(server).spot, method)("BTCUSDT", "at-aaaa-1s1")


def test_a_post_only_order_is_a_type_of_its_own(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order="spot_order_full"))

    adapter(server).spot.place(replace(BUY, time_in_force=TimeInForce.GTX))

    sent = server.requests[0].parameters
    assert (sent["type"], sent["price"]) == ("LIMIT_MAKER", "77320.00")
    assert "timeInForce" not in sent


SMALLER = Amendment(
    market=Market.SPOT,
    symbol="BTCUSDT",
    side=Side.BUY,
    client_order_id="at-aaaa-1o1",
    quantity=D("0.01"),
    price=D("77320"),
)


def amended(**changes: object) -> Reply:
    order = {"clientOrderId": "at-aaaa-1o1", "qty": "0.01000000", "price": "77320.00000000", **changes}
    return reply({"transactTime": 1795228380456, "executionId": 75, "amendedOrder": order})


def test_a_smaller_quantity_keeps_the_client_order_id(serve: Serve, adapter: Adapter) -> None:
    server = serve(amended())

    adapter(server).spot.amend(SMALLER)

    [received] = server.requests
    sent = received.parameters
    assert (received.method, received.path) == ("PUT", "/api/v3/order/amend/keepPriority")
    del sent["timestamp"], sent["signature"]
    assert sent == {
        "symbol": "BTCUSDT",
        "origClientOrderId": "at-aaaa-1o1",
        "newClientOrderId": "at-aaaa-1o1",
        "newQty": "0.01",
        "recvWindow": "3000",
    }


@pytest.mark.parametrize(
    "answer",
    [amended(qty="0.02"), amended(price=None), amended(clientOrderId="other"), http(b"{}"), reply({}, 502)],
)
def test_an_unclear_amendment_proves_nothing(serve: Serve, adapter: Adapter, answer: Reply) -> None:
    server = serve(answer)

    with pytest.raises(OutcomeUnknown):
        adapter(server).spot.amend(SMALLER)

    assert len(server.requests) == 1


def test_the_wallet_leaves_out_what_is_empty(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(account="spot_account"))

    balances = adapter(server).spot.balances()

    assert [(b.asset, b.free, b.locked) for b in balances] == [
        ("BTC", D("0.013986"), D(0)),
        ("USDT", D(900), D("99.5")),
    ]
    assert server.requests[0].parameters["omitZeroBalances"] == "true"


def test_fee_rates(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(account_commission="spot_commission"))

    assert adapter(server).spot.fee_rates("BTCUSDT") == FeeRates(maker=D("0.00091"), taker=D("0.00102"))


def test_an_answer_without_a_field_names_endpoint_and_field(serve: Serve, adapter: Adapter) -> None:
    server = serve(reply({"uid": 1}))

    with pytest.raises(VenueUnreachable, match="account: no field 'balances'"):
        adapter(server).spot.balances()


# --- fills --------------------------------------------------------------------------------------------------


class MyTrades:
    """`myTrades` over trades a minute apart: newest without a cursor, windows of a day, or ascending by id."""

    def __init__(self, count: int) -> None:
        self.newest_ms = wall_ms() - 1000
        self.rows = [
            {
                **payload("my_trades")[0],
                "id": number,
                "orderId": 7 + number % 2,
                "time": self._at(count, number),
            }
            for number in range(count)
        ]

    def _at(self, count: int, number: int) -> int:
        return self.newest_ms - (count - 1 - number) * 60_000

    def __call__(self, received: Received) -> Reply:
        asked: dict[str, Any] = {
            name: value for name, value in received.parameters.items() if name != "signature"
        }
        limit, rows = int(asked["limit"]), self.rows
        if "orderId" in asked:
            rows = [row for row in rows if row["orderId"] == int(asked["orderId"])]
        if "fromId" in asked:
            return reply([row for row in rows if row["id"] >= int(asked["fromId"])][:limit])
        if "startTime" in asked:
            start, end = int(asked["startTime"]), int(asked["endTime"])
            assert end - start < 86_400_000
            return reply([row for row in rows if start <= row["time"] <= end][:limit])
        return reply(rows[-limit:])


def ids(fills: list[Fill]) -> list[int]:
    return [int(fill.trade_id) for fill in fills]


def test_a_few_fills_since_a_time_take_one_request(serve: Serve, adapter: Adapter) -> None:
    trades = MyTrades(10)
    server = serve(trades)
    start = from_ms(trades.newest_ms) - timedelta(minutes=3)

    fills = adapter(server).spot.fills("BTCUSDT", start=start)

    assert ids(fills) == [6, 7, 8, 9]
    assert len(server.requests) == 1


def test_more_fills_than_a_page_since_a_time_are_all_found(serve: Serve, adapter: Adapter) -> None:
    trades = MyTrades(2600)
    server = serve(trades)
    start = from_ms(trades.newest_ms) - timedelta(minutes=2500)

    fills = adapter(server).spot.fills("BTCUSDT", start=start - timedelta(days=2))
    recent = adapter(server).spot.fills("BTCUSDT", start=start)

    assert ids(fills) == list(range(2600))
    assert ids(recent) == list(range(99, 2600))
    assert to_ms(recent[0].at) == to_ms(start)


def test_fills_of_one_order_are_all_found(serve: Serve, adapter: Adapter) -> None:
    server = serve(MyTrades(2600))

    fills = adapter(server).spot.fills("BTCUSDT", order_id="8")

    assert ids(fills) == list(range(1, 2600, 2))


def test_without_a_start_the_newest_page_is_read(serve: Serve, adapter: Adapter) -> None:
    server = serve(MyTrades(1200))

    assert ids(adapter(server).spot.fills("BTCUSDT")) == list(range(200, 1200))


def test_the_connector_is_made_at_first_use_only(serve: Serve, adapter: Adapter) -> None:
    made: list[object] = []
    link = adapter(serve(answers(klines="klines"))).spot.link

    def make(line: object) -> object:
        made.append(line)
        from atapi.exchanges.binance.apis import SpotApi

        return SpotApi(link)

    spot = BinanceSpot(link, make)
    before = list(made)
    spot.candles("BTCUSDT", "1h", limit=2)
    spot.candles("BTCUSDT", "1h", limit=2)

    assert (before, made) == ([], [link])
