"""The rest of the official USD-M connector, unmodified: statistics, modes, changes, batches, isolated margin, downloads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance.error import ClientError
from binance.um_futures import UMFutures

from atapi.paper.host import Hosted

SYMBOL = {"symbol": "BTCUSDT"}
PERIOD = {**SYMBOL, "period": "1h", "limit": 3}
DAY = 86_400_000


@pytest.fixture
def client(host: Callable[..., Hosted]) -> Iterator[Any]:
    hosted = host(at=None)
    client = UMFutures(hosted.api_key, hosted.api_secret, base_url=hosted.um_url, timeout=10)
    yield client
    client.session.close()


def rests(client: Any) -> dict[str, Any]:
    """A limit order two percent under the market."""
    last = Decimal(client.ticker_price(**SYMBOL)["price"])
    price = str((last * Decimal("0.98")).quantize(Decimal("0.1")))
    return {
        **SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "price": price,
    }


READS: dict[str, dict[str, Any]] = {
    "adl_quantile": {},
    "asset_Index": {},
    "force_orders": {},
    "get_position_margin_history": SYMBOL,
    "index_info": {},
    "index_price_constituents": SYMBOL,
    "long_short_account_ratio": PERIOD,
    "open_interest_hist": PERIOD,
    "taker_long_short_ratio": PERIOD,
    "top_long_short_account_ratio": PERIOD,
    "top_long_short_position_ratio": PERIOD,
    "quarterly_contract_settlement_price": {"pair": "BTCUSDT"},
}


@pytest.mark.parametrize("method", READS)
def test_the_connector_calls_it(client: Any, method: str) -> None:
    assert getattr(client, method)(**READS[method]) is not None


def test_dead_endpoints_are_dead(client: Any) -> None:
    with pytest.raises(ClientError) as refused:
        client.blvt_kline("BTCDOWN", "1h")  # leveraged tokens are gone

    assert (refused.value.status_code, refused.value.error_code) == (404, -5000)


def test_an_order_is_modified_and_canceled_in_a_batch(client: Any) -> None:
    order = rests(client)
    one, two = (client.new_order(**order) for _ in range(2))

    changed = client.modify_order(
        "BTCUSDT", "BUY", quantity=0.02, price=order["price"], orderId=one["orderId"], modifyId=5
    )
    history = client.sign_request("GET", "/fapi/v1/orderAmendment", {**SYMBOL, "orderId": one["orderId"]})
    counted = client.countdown_cancel_order("BTCUSDT", 100_000)
    ids = json.dumps([one["orderId"], two["orderId"]]).replace(" ", "")
    gone = client.sign_request("DELETE", "/fapi/v1/batchOrders", {**SYMBOL, "orderIdList": ids})

    assert (changed["origQty"], changed["modifyId"]) == ("0.020", 5)
    assert [row["amendment"]["count"] for row in history] == [1]
    assert counted == {"symbol": "BTCUSDT", "countdownTime": "100000"}
    assert [order["status"] for order in gone] == ["CANCELED", "CANCELED"]


def test_modes_are_switched_and_isolated_margin_is_added(client: Any) -> None:
    client.change_position_mode("true")
    client.change_margin_type("ETHUSDT", "ISOLATED")
    client.new_order("ETHUSDT", "SELL", "MARKET", quantity="1", positionSide="SHORT")

    added = client.modify_isolated_position_margin("ETHUSDT", 10.0, 1, positionSide="SHORT")
    [held] = [row for row in client.get_position_risk(symbol="ETHUSDT") if Decimal(row["positionAmt"])]
    [history] = client.get_position_margin_history("ETHUSDT")
    [quantile] = client.adl_quantile(symbol="ETHUSDT")

    assert (added["code"], history["amount"], history["positionSide"]) == (200, "10", "SHORT")
    assert (held["positionSide"], held["positionAmt"]) == ("SHORT", "-1")
    assert Decimal(held["isolatedWallet"]) > 10
    assert set(quantile["adlQuantile"]) == {"LONG", "SHORT", "HEDGE"}
    with pytest.raises(ClientError) as refused:
        client.change_multi_asset_mode("true")
    assert refused.value.error_code == -4167


@pytest.mark.parametrize(
    ("ask", "tell"),
    [
        ("download_transactions_asyn", "aysnc_download_info"),
        ("download_order_asyn", "async_download_order_id"),
        ("download_trade_asyn", "async_download_trade_id"),
    ],
)
def test_histories_are_downloaded(client: Any, ask: str, tell: str) -> None:
    now = client.time()["serverTime"]

    number = getattr(client, ask)(now - DAY, now)["downloadId"]

    assert getattr(client, tell)(number)["status"] == "completed"


def test_a_listen_key_is_renewed_and_closed(client: Any) -> None:
    key = client.new_listen_key()["listenKey"]

    assert client.renew_listen_key(key)["listenKey"] == key
    assert client.close_listen_key(key) == {}
    with pytest.raises(ClientError) as refused:
        client.renew_listen_key(key)
    assert refused.value.error_code == -1125
