"""Margin orders over the wire: shapes, side effects, refusals, and what of them shows elsewhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.client import Wire

ORDER = "/sapi/v1/margin/order"
BUY: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
D = Decimal


@pytest.fixture(autouse=True)
def pledged(spot: Wire) -> None:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="200")


def resting(spot: Wire, share: str = "0.9", **more: Any) -> dict[str, Any]:
    last = D(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    price = str((last * D(share)).quantize(D("0.01")))
    return BUY | {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": price} | more


def test_an_order_that_borrows_says_what(spot: Wire) -> None:
    order = spot.signed("POST", ORDER, **BUY, sideEffectType="MARGIN_BUY").json

    assert list(order)[:4] == ["symbol", "orderId", "clientOrderId", "transactTime"]
    assert (order["isIsolated"], order["status"]) == (False, "FILLED")
    assert order["marginBuyBorrowAsset"] == "USDT"
    lacking = D(order["cummulativeQuoteQty"]) - 200
    assert abs(D(str(order["marginBuyBorrowAmount"])) - lacking) < D("1e-8")
    assert {"price", "qty", "commission", "commissionAsset", "tradeId"} == set(order["fills"][0])
    assert "orderListId" not in order
    [usdt] = [
        a for a in spot.signed("GET", "/sapi/v1/margin/account").json["userAssets"] if a["asset"] == "USDT"
    ]
    assert D(usdt["borrowed"]) == lacking


def test_an_order_lives_its_life(spot: Wire) -> None:
    placed = spot.signed("POST", ORDER, **resting(spot), newClientOrderId="mine").json
    found = spot.signed("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine").json
    listed = spot.signed("GET", "/sapi/v1/margin/openOrders").json
    canceled = spot.signed(
        "DELETE", ORDER, symbol="BTCUSDT", orderId=placed["orderId"], newClientOrderId="stop"
    ).json
    everything = spot.signed("GET", "/sapi/v1/margin/allOrders", symbol="BTCUSDT").json

    assert "marginBuyBorrowAmount" not in placed
    assert found == listed[0]
    assert {"clientOrderId", "cummulativeQuoteQty", "executedQty", "icebergQty", "isWorking", "orderId", "origQty",
            "price", "side", "status", "stopPrice", "symbol", "isIsolated", "time", "timeInForce", "type",
            "selfTradePreventionMode", "updateTime"} <= set(found)  # fmt: skip
    assert canceled["orderId"] == str(placed["orderId"])  # a string in this answer
    assert (canceled["status"], canceled["origClientOrderId"], canceled["clientOrderId"]) == (
        "CANCELED", "mine", "stop",
    )  # fmt: skip
    assert [order["status"] for order in everything] == ["CANCELED"]
    assert spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json == []


def test_orders_of_a_symbol_are_canceled_together(spot: Wire) -> None:
    ids = [spot.signed("POST", ORDER, **resting(spot)).json["orderId"] for _ in range(2)]

    canceled = spot.signed("DELETE", "/sapi/v1/margin/openOrders", symbol="BTCUSDT").json

    assert [order["orderId"] for order in canceled] == ids
    again = spot.signed("DELETE", "/sapi/v1/margin/openOrders", symbol="BTCUSDT")
    assert again.refusal == (400, -2011, "Unknown order sent.")


def test_fills_are_listed(spot: Wire) -> None:
    order = spot.signed("POST", ORDER, **BUY | {"quantity": "0.001"}).json
    [trade] = spot.signed("GET", "/sapi/v1/margin/myTrades", symbol="BTCUSDT", orderId=order["orderId"]).json

    assert set(trade) == {"commission", "commissionAsset", "id", "isBestMatch", "isBuyer", "isMaker", "orderId",
                          "price", "qty", "symbol", "isIsolated", "time"}  # fmt: skip
    assert (trade["id"], trade["isBuyer"]) == (order["fills"][0]["tradeId"], True)
    assert spot.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT").json == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, -2010),
        ({"quantity": "1", "sideEffectType": "MARGIN_BUY"}, -3006),
        ({"sideEffectType": "MAGIC"}, -1130),
        ({"isIsolated": "TRUE"}, -3003),
        ({"symbol": "NOSUCH"}, -1121),
        ({"quantity": "0.0000001"}, -1013),
        ({"side": "HOLD"}, -1117),
    ],
)
def test_orders_are_refused_in_binances_words(spot: Wire, change: dict[str, str], code: int) -> None:
    assert spot.signed("POST", ORDER, **BUY | change).refusal[:2] == (400, code)
    assert spot.signed("GET", "/sapi/v1/margin/allOrders", symbol="BTCUSDT").json == []


def test_orders_are_counted_apart_from_spots(spot: Wire) -> None:
    spot.signed("POST", ORDER, **resting(spot))

    seconds, day = spot.signed("GET", "/sapi/v1/margin/rateLimit/order").json
    assert (seconds["interval"], seconds["count"], day["count"]) == ("SECOND", 1, 1)
    assert spot.signed("GET", "/api/v3/rateLimit/order").json[0]["count"] == 0


def test_borrowing_orders_weigh_more(spot: Wire) -> None:
    plain = spot.signed("POST", ORDER, **resting(spot)).headers
    borrowing = spot.signed("POST", ORDER, **resting(spot), sideEffectType="MARGIN_BUY").headers

    assert (plain["x-sapi-used-uid-weight-1m"], borrowing["x-sapi-used-uid-weight-1m"]) == ("6", "1506")


def test_nobody_was_liquidated(spot: Wire) -> None:
    assert spot.signed("GET", "/sapi/v1/margin/forceLiquidationRec").json == {"rows": [], "total": 0}
