"""Order lists of the margin account, by the official connector and by the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance.spot import Spot

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.routes.test_admin_accounts import sums
from tests.paper.streams.conftest import Socket
from tests.paper.streams.conftest import dial as dial

D = Decimal


@pytest.fixture(autouse=True)
def pledged(spot: Wire) -> None:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="2000")


@pytest.fixture
def client(hosted: Hosted) -> Iterator[Spot]:
    client = Spot(hosted.api_key, hosted.api_secret, base_url=hosted.spot_url, timeout=10)
    yield client
    client.session.close()


def price(spot: Wire, share: str) -> str:
    last = D(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    return str((last * D(share)).quantize(D("0.01")))


def sell_oco(client: Spot, spot: Wire, **more: Any) -> Any:
    return client.new_margin_oco_order(
        "BTCUSDT", "SELL", 0.01, price(spot, "1.05"), price(spot, "0.95"), listClientOrderId="mine", **more
    )


def held(spot: Wire, asset: str) -> dict[str, str]:
    rows = spot.signed("GET", "/sapi/v1/margin/account").json["userAssets"]
    return next((row for row in rows if row["asset"] == asset), {})


def test_a_list_lives_its_life(client: Spot, spot: Wire) -> None:
    client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity=0.02)

    made = sell_oco(client, spot)
    found = client.get_margin_oco_order(orderListId=made["orderListId"])
    standing = client.get_margin_open_oco_orders()
    spots = spot.signed("GET", "/api/v3/openOrderList").json
    gone = client.cancel_margin_oco_order("BTCUSDT", listClientOrderId="mine")
    every = client.get_margin_oco_orders()

    assert (made["contingencyType"], made["listOrderStatus"], made["isIsolated"]) == (
        "OCO",
        "EXECUTING",
        False,
    )
    assert {report["type"] for report in made["orderReports"]} == {"STOP_LOSS", "LIMIT_MAKER"}
    assert found == standing[0]
    assert spots == []
    assert gone["listOrderStatus"] == "ALL_DONE"
    assert [report["status"] for report in gone["orderReports"]] == ["CANCELED", "CANCELED"]
    assert [row["orderListId"] for row in every] == [made["orderListId"]]
    assert D(held(spot, "BTC")["locked"]) == 0


def test_what_it_lacks_is_borrowed_once(client: Spot, spot: Wire) -> None:
    made = sell_oco(client, spot, sideEffectType="MARGIN_BUY")

    assert (made["marginBuyBorrowAmount"], made["marginBuyBorrowAsset"]) == ("0.01", "BTC")
    btc = held(spot, "BTC")
    assert (D(btc["borrowed"]), D(btc["locked"])) == (D("0.01"), D("0.01"))
    client.cancel_margin_oco_order("BTCUSDT", orderListId=made["orderListId"])
    assert D(held(spot, "BTC")["borrowed"]) < D("0.00001")  # the interest of the hour that had begun


def test_one_order_ends_the_other(client: Spot, spot: Wire, hosted: Hosted) -> None:
    client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity=0.02)
    last = D(price(spot, "1"))
    made = client.new_margin_oco_order("BTCUSDT", "SELL", 0.01, str(last + 20), str(last - 20))

    assert ask(spot, hosted, "POST", "advance", span_ms=24 * 3_600_000).status == 200

    reports = [client.margin_order("BTCUSDT", orderId=order["orderId"])["status"] for order in made["orders"]]
    assert sorted(reports) == ["EXPIRED", "FILLED"]
    assert client.get_margin_open_oco_orders() == []
    assert sums(hosted) == {}


def test_a_pending_order_borrows_when_its_turn_comes(spot: Wire) -> None:
    made = spot.signed(
        "POST", "/sapi/v1/margin/order/oto", symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY",
        workingQuantity="0.01", workingPrice=price(spot, "1.01"), workingTimeInForce="GTC", pendingType="MARKET",
        pendingSide="SELL", pendingQuantity="0.02", sideEffectType="MARGIN_BUY",
    ).json  # fmt: skip

    sold = spot.signed(
        "GET", "/sapi/v1/margin/order", symbol="BTCUSDT", orderId=made["orders"][1]["orderId"]
    ).json  # fmt: skip

    assert (sold["status"], D(sold["executedQty"])) == ("FILLED", D("0.02"))
    assert D(held(spot, "BTC")["borrowed"]) > D("0.01")


def test_the_margin_stream_tells_of_lists(
    client: Spot, spot: Wire, dial: Callable[[Wire, str], Socket]
) -> None:
    client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity=0.02)
    token = spot.send("POST", "/sapi/v1/userListenToken", key=spot.key).json["token"]
    socket = dial(spot, "/ws-api/v3")
    socket.ask(id=1, method="userDataStream.subscribe.listenToken", params={"listenToken": token})

    made = sell_oco(client, spot)
    told = socket.hear_until(lambda m: m["event"]["e"] == "listStatus")[-1]["event"]

    assert (told["g"], told["l"], told["C"]) == (made["orderListId"], "EXEC_STARTED", "mine")


def test_lists_of_spot_and_margin_do_not_mix(client: Spot, spot: Wire) -> None:
    client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity=0.02)
    made = sell_oco(client, spot)

    refused = spot.signed("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=made["orderListId"])
    missing = spot.signed("GET", "/api/v3/orderList", orderListId=made["orderListId"])

    assert refused.refusal[:2] == (400, -2011)
    assert missing.refusal[:2] == (400, -2018)


def test_an_isolated_list_is_refused(spot: Wire) -> None:
    refused = spot.signed(
        "POST", "/sapi/v1/margin/order/oco", symbol="BTCUSDT", side="SELL", quantity="0.01",
        price=price(spot, "1.05"), stopPrice=price(spot, "0.95"), isIsolated="TRUE",
    )  # fmt: skip

    assert refused.refusal == (400, -3003, "Margin account does not exist.")


def test_canceling_one_order_cancels_its_list(client: Spot, spot: Wire) -> None:
    client.new_margin_order("BTCUSDT", "BUY", "MARKET", quantity=0.02)
    made = sell_oco(client, spot)

    client.cancel_margin_order("BTCUSDT", orderId=made["orders"][0]["orderId"])

    assert client.margin_open_orders() == []
    assert client.get_margin_oco_order(orderListId=made["orderListId"])["listOrderStatus"] == "ALL_DONE"
