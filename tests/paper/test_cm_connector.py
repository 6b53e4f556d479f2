"""The official COIN-M connector, unmodified: it reads, trades one order's life, and hears its own stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from queue import Queue
from typing import Any

import pytest
from binance.cm_futures import CMFutures
from binance.error import ClientError
from binance.spot import Spot
from binance.websocket.cm_futures.websocket_client import CMFuturesWebsocketClient

from atapi.paper.host import Hosted
from tests.paper.test_connectors import hang_up

Host = Callable[..., Hosted]
SYMBOL = {"symbol": "BTCUSD_PERP"}
PAIR = {"pair": "BTCUSD"}
BUY = {**SYMBOL, "side": "BUY", "type": "MARKET"}


@pytest.fixture
def cm_client(host: Host) -> Iterator[Any]:
    hosted = host(at=None)
    client = CMFutures(hosted.api_key, hosted.api_secret, base_url=hosted.cm_url, timeout=10)
    yield client
    client.session.close()


@pytest.fixture
def coins(host: Host) -> None:
    """Buy a tenth of a bitcoin on spot and move it to the coin-margined wallet."""
    hosted = host(at=None)
    client = Spot(hosted.api_key, hosted.api_secret, base_url=hosted.spot_url, timeout=10)
    client.new_order("BTCUSDT", "BUY", "MARKET", quantity="0.11")
    client.user_universal_transfer("MAIN_CMFUTURE", "BTC", "0.1")
    client.session.close()


READS: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchange_info": {},
    "depth": {**SYMBOL, "limit": 10},
    "trades": {**SYMBOL, "limit": 10},
    "historical_trades": {**SYMBOL, "limit": 10},
    "agg_trades": {**SYMBOL, "limit": 10},
    "klines": {**SYMBOL, "interval": "1h", "limit": 5},
    "continuous_klines": {**PAIR, "contractType": "PERPETUAL", "interval": "1h", "limit": 5},
    "index_price_klines": {**PAIR, "interval": "1h", "limit": 5},
    "mark_price_klines": {**SYMBOL, "interval": "1h", "limit": 5},
    "mark_price": SYMBOL,
    "funding_rate": {**SYMBOL, "limit": 5},
    "ticker_24hr_price_change": PAIR,
    "ticker_price": SYMBOL,
    "book_ticker": PAIR,
    "open_interest": SYMBOL,
    "get_position_mode": {},
    "get_orders": {},
    "get_all_orders": SYMBOL,
    "balance": {},
    "account": {},
    "change_leverage": {**SYMBOL, "leverage": 10},
    "get_position_risk": {"marginAsset": "BTC"},
    "get_account_trades": PAIR,
    "get_income_history": {},
    "leverage_brackets": SYMBOL,
    "commission_rate": SYMBOL,
    "cancel_open_orders": SYMBOL,
    "open_interest_hist": {**PAIR, "contractType": "PERPETUAL", "period": "1h", "limit": 5},
    "top_long_short_account_ratio": {**PAIR, "period": "1h", "limit": 5},
    "top_long_short_position_ratio": {**PAIR, "period": "1h", "limit": 5},
    "long_short_account_ratio": {**PAIR, "period": "1h", "limit": 5},
    "taker_long_short_ratio": {**PAIR, "contractType": "PERPETUAL", "period": "1h", "limit": 5},
    "basis": {**PAIR, "contractType": "PERPETUAL", "period": "1h", "limit": 5},
    "query_index_price_constituents": {"symbol": "BTCUSD"},
    "adl_quantile": SYMBOL,
    "force_orders": SYMBOL,
    "countdown_cancel_order": {**SYMBOL, "countdownTime": 60000},
    "new_listen_key": {},
}


@pytest.mark.parametrize("method", READS)
def test_the_connector_calls_it(cm_client: Any, method: str) -> None:
    assert getattr(cm_client, method)(**READS[method]) is not None


@pytest.mark.usefixtures("coins")
def test_an_order_lives_its_life(cm_client: Any) -> None:
    [quote] = cm_client.ticker_price(**SYMBOL)
    price = str((Decimal(quote["price"]) * Decimal("0.98")).quantize(Decimal("0.1")))
    limit = {**BUY, "type": "LIMIT", "timeInForce": "GTC", "quantity": "5", "price": price}

    placed = cm_client.new_order(**limit, newClientOrderId="mine")
    shown = cm_client.get_open_orders("BTCUSD_PERP", origClientOrderId="mine")
    listed = cm_client.get_orders(pair="BTCUSD")
    canceled = cm_client.cancel_order("BTCUSD_PERP", orderId=placed["orderId"])
    opened = cm_client.new_order(**BUY, quantity="20", newOrderRespType="RESULT")
    filled = cm_client.query_order("BTCUSD_PERP", orderId=opened["orderId"])
    fills = cm_client.get_account_trades(symbol="BTCUSD_PERP")
    [position] = cm_client.get_position_risk(pair="BTCUSD")

    assert (placed["status"], shown["status"], canceled["status"]) == ("NEW", "NEW", "CANCELED")
    assert [order["orderId"] for order in listed] == [placed["orderId"]]
    assert (opened["status"], opened["cumQty"], "avgPrice" in opened) == ("FILLED", "20", False)
    coins = sum(Decimal(fill["baseQty"]) for fill in fills)
    assert abs(Decimal(filled["cumBase"]) - coins) <= Decimal("0.00000001") * len(fills)
    assert abs(2000 / Decimal(filled["cumBase"]) - Decimal(filled["avgPrice"])) < 1  # 20 * 100 USD
    assert {fill["commissionAsset"] for fill in fills} == {"BTC"}
    assert (position["positionAmt"], position["marginType"]) == ("20", "cross")
    closed = cm_client.new_order(**{**BUY, "side": "SELL"}, quantity="20", reduceOnly="true")
    assert cm_client.query_order("BTCUSD_PERP", orderId=closed["orderId"])["status"] == "FILLED"
    kinds = {line["incomeType"] for line in cm_client.get_income_history()}
    assert kinds == {"TRANSFER", "COMMISSION", "REALIZED_PNL"}


@pytest.mark.usefixtures("coins")
def test_an_order_is_modified_and_batches_are_canceled(cm_client: Any) -> None:
    [quote] = cm_client.ticker_price(**SYMBOL)
    price = str((Decimal(quote["price"]) * Decimal("0.98")).quantize(Decimal("0.1")))
    limit = {**BUY, "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": price}
    one = cm_client.new_order(**limit)

    changed = cm_client.modify_order(**SYMBOL, side="BUY", orderId=one["orderId"], quantity="2", price=price)
    with pytest.raises(ClientError) as unchanged:
        cm_client.modify_order(**SYMBOL, side="BUY", orderId=one["orderId"], quantity="2", price=price)
    with pytest.raises(ClientError) as missing:
        cm_client.modify_order(**SYMBOL, side="BUY", orderId=one["orderId"], quantity="3")
    batch = json.dumps([{**limit, "newClientOrderId": "two"}, {**limit, "quantity": "0.5"}])
    placed = cm_client.sign_request("POST", "/dapi/v1/batchOrders", {"batchOrders": batch})
    ids = json.dumps([one["orderId"], 1])
    gone = cm_client.sign_request("DELETE", "/dapi/v1/batchOrders", {**SYMBOL, "orderIdList": ids})

    assert (changed["origQty"], changed["pair"], changed["orderId"]) == ("2", "BTCUSD", one["orderId"])
    assert (unchanged.value.error_code, missing.value.error_code) == (-5027, -1102)
    assert (placed[0]["clientOrderId"], placed[0]["pair"], placed[1]["code"]) == ("two", "BTCUSD", -1111)
    assert (gone[0]["status"], gone[1]) == ("CANCELED", {"code": -2011, "msg": "Unknown order sent."})


@pytest.mark.usefixtures("coins")
def test_isolated_margin_is_added(cm_client: Any) -> None:
    cm_client.change_margin_type("BTCUSD_PERP", "ISOLATED")
    cm_client.new_order(**BUY, quantity="3")

    done = cm_client.modify_isolated_position_margin("BTCUSD_PERP", 0.001, 1)
    history = cm_client.get_position_margin_history("BTCUSD_PERP")

    assert (done["code"], done["amount"], done["type"]) == (200, 0.001, 1)
    assert [(row["amount"], row["asset"]) for row in history] == [("0.001", "BTC")]


@pytest.mark.usefixtures("coins")
def test_conditional_orders_wait_in_their_own_place(cm_client: Any) -> None:
    [quote] = cm_client.ticker_price(**SYMBOL)
    trigger = str((Decimal(quote["price"]) * Decimal("0.9")).quantize(Decimal("0.1")))
    asked = {
        "algoType": "CONDITIONAL", **SYMBOL, "side": "SELL", "type": "STOP_MARKET", "quantity": "1",
        "triggerPrice": trigger, "workingType": "MARK_PRICE",
    }  # fmt: skip

    made = cm_client.sign_request("POST", "/dapi/v1/algoOrder", asked)
    waiting = cm_client.sign_request("GET", "/dapi/v1/openAlgoOrders", {})
    orders = cm_client.get_orders()
    gone = cm_client.sign_request("DELETE", "/dapi/v1/algoOrder", {"algoId": made["algoId"]})

    assert (made["algoStatus"], made["triggerPrice"]) == ("NEW", trigger)
    assert [row["algoId"] for row in waiting] == [made["algoId"]]
    assert orders == []
    assert gone["code"] == "200"


def test_statistics_count_contracts_and_coins(cm_client: Any) -> None:
    period = {**PAIR, "contractType": "PERPETUAL", "period": "1h", "limit": 2}
    held = cm_client.open_interest_hist(**period)
    taken = cm_client.taker_long_short_ratio(**period)
    [start, _] = [row["timestamp"] - 3_600_000 for row in taken]
    bars = cm_client.klines("BTCUSD_PERP", "1h", startTime=start, limit=2)

    assert held[-1]["sumOpenInterest"] == cm_client.open_interest("BTCUSD_PERP")["openInterest"]
    for row, bar in zip(taken, bars, strict=True):
        assert Decimal(row["takerBuyVol"]) + Decimal(row["takerSellVol"]) == Decimal(bar[5])
        both = Decimal(row["takerBuyVolValue"]) + Decimal(row["takerSellVolValue"])
        assert abs(both - Decimal(bar[7])) <= Decimal("0.00000002")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"type": "STOP_MARKET", "stopPrice": "1000", "quantity": "1"}, -4120),
        ({"type": "MARKET", "quantity": "0.5"}, -1111),
        ({"type": "MARKET", "quantity": "100"}, -2019),
        ({"type": "MARKET", "quantity": "60000"}, -2027),
        ({"type": "MARKET", "quantity": "1", "symbol": "BTCUSDT"}, -1121),
    ],
)
def test_refusals_arrive_as_the_connectors_own(cm_client: Any, order: dict[str, Any], code: int) -> None:
    with pytest.raises(ClientError) as refused:
        cm_client.new_order(**({**SYMBOL, "side": "BUY"} | order))

    assert (refused.value.status_code, refused.value.error_code) == (400, code)


@pytest.mark.usefixtures("coins")
def test_the_connectors_user_stream_delivers(host: Host, cm_client: Any) -> None:
    heard: Queue[Any] = Queue()
    key = cm_client.new_listen_key()["listenKey"]
    client = CMFuturesWebsocketClient(
        stream_url=host(at=None).cm_url.replace("http", "ws"),
        on_message=lambda _, message: heard.put(json.loads(message)),
    )
    try:
        client.user_data(key, id=1)
        assert heard.get(timeout=10) == {"result": None, "id": 1}
        cm_client.new_order(**BUY, quantity="3")
        events = [heard.get(timeout=10) for _ in range(3)]
    finally:
        hang_up(client)

    assert [event["e"] for event in events] == ["ORDER_TRADE_UPDATE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
    assert [row["a"] for row in events[-1]["a"]["B"]] == ["BTC"]
    [alias] = {row["accountAlias"] for row in cm_client.balance()}
    assert {event["i"] for event in events} == {alias}
    assert [event["o"]["ma"] for event in events[:2]] == ["BTC", "BTC"]
    [position] = events[-1]["a"]["P"]
    assert (position["s"], position["pa"], position["ma"]) == ("BTCUSD_PERP", "3", "BTC")
