"""The official connectors, unmodified, pointed at the exchange: every call answers, every refusal arrives as theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from queue import Queue
from typing import Any

import pytest
from binance.error import ClientError
from binance.spot import Spot
from binance.um_futures import UMFutures
from binance.websocket.spot.websocket_stream import SpotWebsocketStreamClient
from binance.websocket.um_futures.websocket_client import UMFuturesWebsocketClient

from atapi.paper.host import Hosted

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}


@pytest.fixture
def spot_client(host: Callable[..., Hosted]) -> Iterator[Any]:
    hosted = host(at=None)
    client = Spot(hosted.api_key, hosted.api_secret, base_url=hosted.spot_url, timeout=10)
    yield client
    client.session.close()


@pytest.fixture
def um_client(host: Callable[..., Hosted]) -> Iterator[Any]:
    hosted = host(at=None)
    client = UMFutures(hosted.api_key, hosted.api_secret, base_url=hosted.um_url, timeout=10)
    yield client
    client.session.close()


SPOT_READS: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchange_info": {"symbols": ["BTCUSDT", "ETHUSDT"]},
    "depth": {"symbol": "BTCUSDT", "limit": 10},
    "trades": {"symbol": "BTCUSDT", "limit": 10},
    "historical_trades": {"symbol": "BTCUSDT", "limit": 10},
    "agg_trades": {"symbol": "BTCUSDT", "limit": 10},
    "klines": {"symbol": "BTCUSDT", "interval": "1m", "limit": 10},
    "ui_klines": {"symbol": "BTCUSDT", "interval": "1d", "limit": 10},
    "avg_price": {"symbol": "BTCUSDT"},
    "ticker_24hr": {"symbols": ["BTCUSDT", "ETHUSDT"]},
    "ticker_price": {"symbol": "BTCUSDT"},
    "book_ticker": {"symbols": ["BTCUSDT"]},
    "account": {},
    "my_trades": {"symbol": "BTCUSDT"},
    "get_orders": {"symbol": "BTCUSDT"},
    "get_open_orders": {},
    "query_commission_rates": {"symbol": "BTCUSDT"},
    "get_order_rate_limit": {},
    "user_asset": {},
    "funding_wallet": {},
    "trade_fee": {"symbol": "BTCUSDT"},
    "margin_account": {},
    "user_universal_transfer_history": {"type": "MAIN_UMFUTURE"},
    "api_key_permissions": {},
    "bnbBurn_status": {},
    "toggle_bnbBurn": {"spotBNBBurn": "true"},
    "system_status": {},
    "coin_info": {},
    "account_status": {},
    "api_trading_status": {},
    "balance": {},
}
UM_READS: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchange_info": {},
    "depth": {"symbol": "BTCUSDT", "limit": 10},
    "trades": {"symbol": "BTCUSDT"},
    "historical_trades": {"symbol": "BTCUSDT"},
    "agg_trades": {"symbol": "BTCUSDT"},
    "klines": {"symbol": "BTCUSDT", "interval": "1h", "limit": 5},
    "continuous_klines": {"pair": "BTCUSDT", "contractType": "PERPETUAL", "interval": "1h", "limit": 5},
    "index_price_klines": {"pair": "BTCUSDT", "interval": "1h", "limit": 5},
    "mark_price_klines": {"symbol": "BTCUSDT", "interval": "1h", "limit": 5},
    "mark_price": {"symbol": "BTCUSDT"},
    "funding_rate": {"symbol": "BTCUSDT", "limit": 5},
    "ticker_24hr_price_change": {"symbol": "BTCUSDT"},
    "ticker_price": {"symbol": "BTCUSDT"},
    "book_ticker": {"symbol": "BTCUSDT"},
    "open_interest": {"symbol": "BTCUSDT"},
    "get_position_mode": {},
    "get_multi_asset_mode": {},
    "get_orders": {"symbol": "BTCUSDT"},
    "get_all_orders": {"symbol": "BTCUSDT"},
    "balance": {},
    "account": {},
    "change_leverage": {"symbol": "BTCUSDT", "leverage": 10},
    "get_position_risk": {},
    "get_account_trades": {"symbol": "BTCUSDT"},
    "get_income_history": {},
    "leverage_brackets": {"symbol": "BTCUSDT"},
    "commission_rate": {"symbol": "BTCUSDT"},
    "funding_info": {},
    "futures_account_configuration": {},
    "symbol_configuration": {},
    "query_user_rate_limit": {},
    "get_bnb_burn": {},
    "toggle_bnb_burn": {"feeBurn": "true"},
    "new_order_test": {**BUY, "quantity": "0.01"},
    "cancel_open_orders": {"symbol": "BTCUSDT"},
    "new_listen_key": {},
}


@pytest.mark.parametrize("method", SPOT_READS)
def test_the_spot_connector_calls_it(spot_client: Any, method: str) -> None:
    assert getattr(spot_client, method)(**SPOT_READS[method]) is not None


@pytest.mark.parametrize("method", UM_READS)
def test_the_futures_connector_calls_it(um_client: Any, method: str) -> None:
    assert getattr(um_client, method)(**UM_READS[method]) is not None


def test_a_spot_order_lives_its_life(spot_client: Any) -> None:
    last = Decimal(spot_client.ticker_price("BTCUSDT")["price"])
    price = str((last * Decimal("0.9")).quantize(Decimal("0.01")))
    limit = {"timeInForce": "GTC", "quantity": "0.001", "price": price}

    spot_client.new_order_test("BTCUSDT", "BUY", "LIMIT", **limit)
    placed = spot_client.new_order("BTCUSDT", "BUY", "LIMIT", **limit, newClientOrderId="mine")
    found = spot_client.get_order("BTCUSDT", origClientOrderId="mine")
    canceled = spot_client.cancel_order("BTCUSDT", orderId=placed["orderId"])
    bought = spot_client.new_order("BTCUSDT", "BUY", "MARKET", quoteOrderQty="100")
    fills = spot_client.my_trades("BTCUSDT", orderId=bought["orderId"])

    assert (found["orderId"], found["status"]) == (placed["orderId"], "NEW")
    assert canceled["status"] == "CANCELED"
    assert [fill["id"] for fill in fills] == [fill["tradeId"] for fill in bought["fills"]]
    with pytest.raises(ClientError, match="Unknown order sent"):
        spot_client.cancel_open_orders("BTCUSDT")


def test_a_futures_order_lives_its_life(um_client: Any) -> None:
    price = str(
        (Decimal(um_client.mark_price("BTCUSDT")["markPrice"]) * Decimal("0.98")).quantize(Decimal("0.1"))
    )
    limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}

    placed = um_client.new_order(**limit, price=price)
    shown = um_client.get_open_orders("BTCUSDT", orderId=placed["orderId"])
    canceled = um_client.cancel_order("BTCUSDT", orderId=placed["orderId"])
    opened = um_client.new_order(**BUY, quantity="0.01", newOrderRespType="RESULT")
    filled = um_client.query_order("BTCUSDT", orderId=opened["orderId"])
    batch = um_client.sign_request(
        "POST", "/fapi/v1/batchOrders", {"batchOrders": json.dumps([limit | {"price": price}])}
    )

    assert (shown["status"], canceled["status"], filled["status"]) == ("NEW", "CANCELED", "FILLED")
    assert Decimal(filled["avgPrice"]) > 0
    assert batch[0]["status"] == "NEW"
    [position] = um_client.get_position_risk(symbol="BTCUSDT")
    assert position["positionAmt"] == "0.01"


def test_funds_are_transferred(spot_client: Any) -> None:
    moved = spot_client.user_universal_transfer("MAIN_UMFUTURE", "USDT", "12.5")

    rows = spot_client.user_universal_transfer_history("MAIN_UMFUTURE")["rows"]
    assert (rows[0]["tranId"], rows[0]["amount"]) == (moved["tranId"], "12.5")


@pytest.mark.parametrize(
    ("order", "status", "code"),
    [
        ({"symbol": "BTCUSDT", "quantity": "0.0000123"}, 400, -1013),
        ({"symbol": "BTCUSDT", "quantity": "1000"}, 400, -1013),
        ({"symbol": "BTCUSDT", "quantity": "3"}, 400, -2010),
        ({"symbol": "NOSUCH", "quantity": "1"}, 400, -1121),
        ({"symbol": "BTCUSDT", "quantity": 1e-05}, 400, -1100),
    ],
)
def test_spot_refusals_arrive_as_the_connectors_own(
    spot_client: Any, order: dict[str, Any], status: int, code: int
) -> None:
    with pytest.raises(ClientError) as refused:
        spot_client.new_order(side="BUY", type="MARKET", **order)

    assert (refused.value.status_code, refused.value.error_code) == (status, code)


def test_a_wrong_secret_arrives_as_a_bad_signature(host: Callable[..., Hosted]) -> None:
    hosted = host(at=None)
    client = UMFutures(hosted.api_key, "wrong", base_url=hosted.um_url, timeout=10)

    with pytest.raises(ClientError) as refused:
        client.account()

    client.session.close()
    assert (refused.value.status_code, refused.value.error_code) == (400, -1022)


def test_weights_are_shown_to_who_asks(host: Callable[..., Hosted]) -> None:
    hosted = host(at=None)
    client = Spot(base_url=hosted.spot_url, show_limit_usage=True, timeout=10)

    answer = client.exchange_info(symbol="BTCUSDT")

    client.session.close()
    assert answer["limit_usage"]["x-mbx-used-weight-1m"] == "20"


def hang_up(client: Any) -> None:
    """Stop a connector's stream and close its socket, which it leaves open."""
    client.stop()
    client.socket_manager.join(10)
    client.socket_manager.ws.shutdown()


def test_the_connectors_streams_deliver(host: Callable[..., Hosted]) -> None:
    hosted = host(at=None)
    heard: Queue[Any] = Queue()

    def hear(_: Any, message: str) -> None:
        heard.put(json.loads(message))

    client = SpotWebsocketStreamClient(stream_url=hosted.spot_url.replace("http", "ws"), on_message=hear)
    try:
        client.book_ticker("btcusdt", id=7)
        first, second = heard.get(timeout=10), heard.get(timeout=10)
    finally:
        hang_up(client)

    assert first == {"result": None, "id": 7}
    assert second["s"] == "BTCUSDT"


def test_the_connectors_futures_user_stream_delivers(host: Callable[..., Hosted], um_client: Any) -> None:
    hosted = host(at=None)
    heard: Queue[Any] = Queue()
    key = um_client.new_listen_key()["listenKey"]
    url = hosted.um_url.replace("http", "ws") + "/private"
    client = UMFuturesWebsocketClient(
        stream_url=url, on_message=lambda _, message: heard.put(json.loads(message))
    )
    try:
        client.subscribe([key], id=1)
        assert heard.get(timeout=10) == {"result": None, "id": 1}
        um_client.new_order(**BUY, quantity="0.01")
        events = [heard.get(timeout=10)["e"] for _ in range(4)]
    finally:
        hang_up(client)

    assert events == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
