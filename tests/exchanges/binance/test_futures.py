from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest

from atapi.clock import from_ms, to_ms, wall_ms
from atapi.domain.account import FeeRates
from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from atapi.errors import OutcomeUnknown, VenueError, VenueUnreachable
from atapi.exchanges.base import FuturesVenue
from atapi.exchanges.binance.venue import BinanceVenue
from tests.exchanges.binance.conftest import answers, payload
from tests.exchanges.binance.raw_server import RawServer, Received, Reply, reply

Serve = Callable[..., RawServer]
Adapter = Callable[..., BinanceVenue]

SELL = OrderRequest(
    market=Market.UM,
    symbol="BTCUSDT",
    side=Side.SELL,
    type=OrderType.LIMIT,
    quantity=D("0.014"),
    price=D("77300.00"),
    time_in_force=TimeInForce.IOC,
    client_order_id="at-aaaa-1p1",
)


def test_it_is_a_futures_venue(serve: Serve, adapter: Adapter) -> None:
    futures: FuturesVenue = adapter(serve()).futures  # checked by mypy as well

    assert futures.market is Market.UM


def test_rules_and_limits_are_read(serve: Serve, adapter: Adapter) -> None:
    futures = adapter(serve(answers(exchangeInfo="um_exchange_info"))).futures

    rules = futures.instruments()

    assert [symbol for symbol, rule in rules.items() if rule.perpetual] == [
        "BTCUSDT",
        "1000PEPEUSDT",
        "TSLAUSDT",
    ]
    assert futures.link.budget.limit("ORDERS", 10_000) == 300


@pytest.mark.parametrize(
    ("symbols", "query", "expected"),
    [
        (None, "", ["BTCUSDT", "ETHUSDT"]),
        (["ETHUSDT", "BTCUSDT"], "", ["ETHUSDT", "BTCUSDT"]),
        (["ETHUSDT"], "symbol=ETHUSDT", ["ETHUSDT"]),
    ],
)
def test_quotes_are_of_one_symbol_or_picked_out_of_all(
    serve: Serve, adapter: Adapter, symbols: list[str] | None, query: str, expected: list[str]
) -> None:
    rows = payload("um_ticker_24hr")
    server = serve(lambda received: reply(rows[1] if received.query else rows))

    assert [ticker.symbol for ticker in adapter(server).futures.tickers(symbols)] == expected
    assert server.requests[0].query == query


def test_a_symbol_that_is_not_there_is_named(serve: Serve, adapter: Adapter) -> None:
    futures = adapter(serve(answers(ticker_24hr="um_ticker_24hr"))).futures

    with pytest.raises(VenueError, match="NOSUCH") as caught:
        futures.tickers(["BTCUSDT", "NOSUCH"])

    assert caught.value.code == -1121


def test_prices_and_books(serve: Serve, adapter: Adapter) -> None:
    server = serve(
        lambda received: (
            reply([{"symbol": "BTCUSDT", "price": "77330.10", "time": 1}])
            if received.path == "/fapi/v2/ticker/price"
            else reply(payload("spot_book_ticker"))
        )
    )
    futures = adapter(server).futures

    assert futures.prices() == {"BTCUSDT": D("77330.10")}
    assert set(futures.book_tickers()) == {"BTCUSDT", "LUNAUSDT"}


@pytest.mark.parametrize(
    ("limit", "asked"), [(1, "5"), (5, "5"), (6, "10"), (101, "500"), (1000, "1000"), (5000, "1000")]
)
def test_depth_asks_for_a_limit_the_venue_takes(
    serve: Serve, adapter: Adapter, limit: int, asked: str
) -> None:
    server = serve(answers(depth="um_depth"))

    depth = adapter(server).futures.depth("BTCUSDT", limit)

    assert server.requests[0].parameters["limit"] == asked
    assert len(depth.bids) == min(limit, 2)


def test_candles_page_by_fifteen_hundred(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(klines="klines"))

    adapter(server).futures.candles("BTCUSDT", "1h", start=from_ms(1795222800000))

    assert server.requests[0].parameters["limit"] == "1500"


def test_marks_are_of_perpetuals_alone(serve: Serve, adapter: Adapter) -> None:
    rows = payload("premium_index")
    server = serve(lambda received: reply(rows[1] if received.query else rows))
    futures = adapter(server).futures

    assert [mark.symbol for mark in futures.marks()] == ["BTCUSDT", "ETHUSDT"]
    assert [mark.symbol for mark in futures.marks(["ETHUSDT", "BTCUSDT"])] == ["ETHUSDT", "BTCUSDT"]
    assert [mark.funding_rate for mark in futures.marks(["ETHUSDT"])] == [D("-0.000012")]
    assert futures.marks([]) == []


def test_funding_history(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(fundingRate="funding_rate"))
    futures = adapter(server).futures

    newest = futures.funding_history("BTCUSDT", limit=2)
    since = futures.funding_history("BTCUSDT", start=from_ms(1795190400000))

    assert newest == since
    assert [rate.rate for rate in newest] == [D("0.00006188"), D("-0.00001")]
    assert [received.query for received in server.requests] == [
        "symbol=BTCUSDT&limit=2",
        "symbol=BTCUSDT&startTime=1795190400000&limit=1000",
    ]


def test_funding_terms_are_eight_hours_where_none_are_listed(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(fundingInfo="funding_info"))

    terms = adapter(server).futures.funding_terms(["LPTUSDT", "XYZUSDT"])

    assert terms["LPTUSDT"].interval == timedelta(hours=4)
    assert (terms["XYZUSDT"].interval, terms["XYZUSDT"].cap) == (timedelta(hours=8), None)


def test_an_order_goes_out_exactly_as_asked(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order="um_order_result"))

    order = adapter(server).futures.place(SELL)

    [received] = server.requests
    sent = received.parameters
    assert (received.method, received.path) == ("POST", "/fapi/v1/order")
    del sent["timestamp"], sent["signature"]
    assert sent == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "0.014",
        "price": "77300.00",
        "newClientOrderId": "at-aaaa-1p1",
        "newOrderRespType": "RESULT",
        "recvWindow": "3000",
    }
    assert (order.status, order.filled, order.quote_filled) == (OrderStatus.FILLED, D("0.014"), None)


def test_a_reduce_only_market_order_says_so_and_names_no_price(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order="um_order_result"))
    request = OrderRequest(
        market=Market.UM,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=D("0.014"),
        reduce_only=True,
        client_order_id="at-aaaa-1p1",
    )

    adapter(server).futures.place(request)

    sent = server.requests[0].parameters
    assert sent["reduceOnly"] == "true"
    assert not {"price", "timeInForce"} & set(sent)


def test_a_post_only_order_is_a_time_in_force(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order="um_order_result"))

    adapter(server).futures.place(replace(SELL, time_in_force=TimeInForce.GTX))

    sent = server.requests[0].parameters
    assert (sent["type"], sent["timeInForce"], sent["price"]) == ("LIMIT", "GTX", "77300.00")


CHANGED = Amendment(
    market=Market.UM,
    symbol="BTCUSDT",
    side=Side.SELL,
    client_order_id="at-aaaa-1p1",
    quantity=D("0.014"),
    price=D("77300"),
)


def test_an_order_is_changed_under_its_own_id(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order=reply({**payload("um_order_result"), "status": "NEW", "modifyId": 4})))

    adapter(server).futures.amend(CHANGED)

    [received] = server.requests
    sent = received.parameters
    assert (received.method, received.path) == ("PUT", "/fapi/v1/order")
    del sent["timestamp"], sent["signature"]
    assert sent == {
        "symbol": "BTCUSDT",
        "side": "SELL",
        "quantity": "0.014",
        "price": "77300",
        "origClientOrderId": "at-aaaa-1p1",
        "recvWindow": "3000",
    }


def test_an_answer_that_tells_of_other_values_proves_nothing(serve: Serve, adapter: Adapter) -> None:
    server = serve(answers(order=reply({**payload("um_order_result"), "price": "77301.00"})))

    with pytest.raises(OutcomeUnknown, match=r"77301\.00"):
        adapter(server).futures.amend(CHANGED)


@pytest.mark.parametrize("seconds", [120, 0])
def test_the_countdown_is_armed_and_disarmed(serve: Serve, adapter: Adapter, seconds: int) -> None:
    told = reply({"symbol": "BTCUSDT", "countdownTime": str(seconds * 1000)})
    server = serve(reply({}, 503), told)  # it sets something to a value: saying it twice is harmless

    adapter(server).futures.countdown("BTCUSDT", seconds)

    assert [(r.method, r.path) for r in server.requests] == [("POST", "/fapi/v1/countdownCancelAll")] * 2
    assert server.requests[1].parameters["countdownTime"] == str(seconds * 1000)


def test_a_countdown_answered_with_another_time_is_not_armed(serve: Serve, adapter: Adapter) -> None:
    server = serve(reply({"symbol": "BTCUSDT", "countdownTime": "0"}))

    with pytest.raises(VenueUnreachable, match="answered with 0 ms"):
        adapter(server).futures.countdown("BTCUSDT", 120)


def test_an_answer_about_another_order_proves_nothing(serve: Serve, adapter: Adapter) -> None:
    server = serve(reply({**payload("um_order_result"), "clientOrderId": "another"}))

    with pytest.raises(OutcomeUnknown, match="another"):
        adapter(server).futures.place(SELL)


def test_asking_for_canceling_and_listing_orders(serve: Serve, adapter: Adapter) -> None:
    listed = payload("um_order_query")
    server = serve(lambda received: reply(listed if received.path.endswith("/order") else [listed]))
    futures = adapter(server).futures

    orders = [
        futures.order("BTCUSDT", "at-aaaa-1p1"),
        futures.cancel("BTCUSDT", "at-aaaa-1p1"),
        *futures.open_orders("BTCUSDT"),
        *futures.open_orders(),
    ]

    assert {order.client_order_id for order in orders} == {"at-aaaa-1p1"}
    assert [(r.method, r.path) for r in server.requests] == [
        ("GET", "/fapi/v1/order"),
        ("DELETE", "/fapi/v1/order"),
        ("GET", "/fapi/v1/openOrders"),
        ("GET", "/fapi/v1/openOrders"),
    ]


class UserTrades:
    """`userTrades` over trades an hour apart; within a week's window the oldest rows, as the venue does it."""

    def __init__(self, count: int) -> None:
        self.newest_ms = wall_ms() - 1000
        row = payload("user_trades")[0]
        self.rows = [
            {**row, "id": number, "time": self.newest_ms - (count - 1 - number) * 3_600_000}
            for number in range(count)
        ]

    def __call__(self, received: Received) -> Reply:
        asked = received.parameters
        if "orderId" in asked:
            return reply(self.rows[:3])
        start, end = int(asked["startTime"]), int(asked["endTime"])
        assert end - start < 7 * 86_400_000
        return reply([row for row in self.rows if start <= row["time"] <= end][: int(asked["limit"])])


def test_fills_are_read_week_by_week(serve: Serve, adapter: Adapter) -> None:
    trades = UserTrades(500)  # three weeks
    server = serve(trades)
    futures = adapter(server).futures
    start = from_ms(trades.newest_ms) - timedelta(hours=450)

    since = futures.fills("BTCUSDT", start=start)
    week = futures.fills("BTCUSDT")
    of_order = futures.fills("BTCUSDT", order_id="22542179")

    assert [int(fill.trade_id) for fill in since] == list(range(49, 500))
    assert [int(fill.trade_id) for fill in week] == list(range(500 - 168, 500))
    assert [int(fill.trade_id) for fill in of_order] == [0, 1, 2]


def test_fees(serve: Serve, adapter: Adapter) -> None:
    row = {"symbol": "BTCUSDT", "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005"}
    server = serve(answers(commissionRate=reply(row)))

    assert adapter(server).futures.fee_rates("BTCUSDT") == FeeRates(maker=D("0.0002"), taker=D("0.0005"))


def test_wallet_account_and_positions(serve: Serve, adapter: Adapter) -> None:
    server = serve(
        answers(
            balance="um_balance",
            account="um_account",
            accountConfig="um_account_config",
            positionRisk="position_risk",
        )
    )
    futures = adapter(server).futures

    assert [(b.asset, b.total) for b in futures.balances()] == [("USDT", D("1000.5")), ("BNB", D("0.1"))]
    assert futures.account().hedge_mode is False
    assert [p.symbol for p in futures.positions()] == ["BTCUSDT", "LPTUSDT"]
    assert [p.symbol for p in futures.positions(["LPTUSDT", "ETHUSDT"])] == ["LPTUSDT"]
    assert [p.quantity for p in futures.positions(["BTCUSDT"])] == [D("-0.014")]
    assert server.requests[-1].parameters["symbol"] == "BTCUSDT"


def test_income_is_paged_sorted_and_each_row_there_once(serve: Serve, adapter: Adapter) -> None:
    row = payload("income")[0]
    rows = [{**row, "tranId": number, "time": 1795219200000 + number} for number in range(2300)]
    same = {**row, "tranId": 5, "incomeType": "COMMISSION", "tradeId": "77", "time": 1795219200001}

    def page(received: Received) -> Reply:
        number, limit = int(received.parameters["page"]), int(received.parameters["limit"])
        assert limit == 1000
        shown = [*rows, same, same]
        return reply(shown[(number - 1) * limit : number * limit])

    server = serve(page)
    start, end = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)

    found = adapter(server).futures.income(kind="FUNDING_FEE", symbol="BTCUSDT", start=start, end=end)

    assert len(found) == 2301  # the repeated commission once, beside the funding of the same transaction id
    assert [row.at for row in found] == sorted(row.at for row in found)
    assert len(server.requests) == 3
    sent = server.requests[0].parameters
    assert (sent["incomeType"], sent["symbol"]) == ("FUNDING_FEE", "BTCUSDT")
    assert (sent["startTime"], sent["endTime"]) == (str(to_ms(start)), str(to_ms(end)))


def test_leverage_is_read_and_set(serve: Serve, adapter: Adapter) -> None:
    set_to = {"leverage": 5, "maxNotionalValue": "1000000", "symbol": "BTCUSDT"}
    server = serve(answers(symbolConfig="symbol_config", leverage=reply(set_to)))
    futures = adapter(server).futures

    before = futures.leverage("BTCUSDT")
    futures.set_leverage("BTCUSDT", 5)
    with pytest.raises(VenueUnreachable, match="answered with 5, not 6"):
        futures.set_leverage("BTCUSDT", 6)

    assert before == 21
    assert server.requests[1].parameters["leverage"] == "5"


@pytest.mark.parametrize("as_list", [True, False])
def test_brackets_come_lowest_first_in_either_shape(serve: Serve, adapter: Adapter, as_list: bool) -> None:
    table = payload("leverage_bracket")
    raw = {
        "symbol": "BTCUSDT",
        "brackets": [
            {k: float(v) if isinstance(v, D) else v for k, v in b.items()} for b in table[0]["brackets"]
        ],
    }
    server = serve(reply([raw] if as_list else raw))

    brackets = adapter(server).futures.brackets("BTCUSDT")

    assert [b.leverage for b in brackets] == [150, 100]
    assert brackets[1].maintenance_rate == D("0.005")
