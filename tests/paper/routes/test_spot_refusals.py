"""Spot orders and account: archived orders, limits on replacing, commissions told beforehand, what is never routed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.routes.test_admin_accounts import make

DAY = 86_400_000
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
RESTING: dict[str, Any] = MARKET | {"type": "LIMIT", "timeInForce": "GTC", "price": "30000"}


def resting(spot: Wire, **more: Any) -> dict[str, Any]:
    bid = Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"])
    order: dict[str, Any] = RESTING | {"price": (bid * Decimal("0.9")).quantize(Decimal("0.01"))} | more
    return order


def place(spot: Wire, **more: Any) -> Any:
    return spot.signed("POST", "/api/v3/order", **resting(spot, **more)).json


def test_orders_without_a_fill_are_archived_after_90_days(spot: Wire, hosted: Hosted) -> None:
    gone, filled = place(spot), spot.signed("POST", "/api/v3/order", **MARKET).json
    spot.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=gone["orderId"])
    key = {"symbol": "BTCUSDT", "orderId": gone["orderId"]}

    assert ask(spot, hosted, "POST", "advance", span_ms=90 * DAY).status == 200
    before = spot.signed("GET", "/api/v3/order", **key)
    assert ask(spot, hosted, "POST", "advance", span_ms=1000).status == 200
    after = spot.signed("GET", "/api/v3/order", **key)
    listed = spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json

    assert before.json["status"] == "CANCELED"
    assert after.refusal == (
        400,
        -2026,
        "Order was canceled or expired with no executed qty over 90 days ago and has been archived.",
    )
    assert [row["orderId"] for row in listed] == [filled["orderId"]]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_ids_have_to_agree(spot: Wire, method: str) -> None:
    order = place(spot)

    refused = spot.signed(
        method, "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"], origClientOrderId="other"
    )

    assert refused.refusal == (400, -2039, "Client order ID is not correct for this order ID.")


def replace(spot: Wire, old: int, mode: str, excess: str = "DO_NOTHING", **more: Any) -> Any:
    return spot.signed(
        "POST", "/api/v3/order/cancelReplace", **resting(spot, **more), cancelReplaceMode=mode,
        cancelOrderId=old, orderRateLimitExceededMode=excess,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "known", "price", "status", "results"),
    [
        ("STOP_ON_FAILURE", True, None, 200, ("SUCCESS", "SUCCESS")),
        ("STOP_ON_FAILURE", False, None, 400, ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", False, None, 409, ("FAILURE", "SUCCESS")),
        ("ALLOW_FAILURE", True, "5", 409, ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", False, "5", 400, ("FAILURE", "FAILURE")),
    ],
)
def test_replacing_ends_in_one_of_four_ways(
    spot: Wire, mode: str, known: bool, price: str | None, status: int, results: tuple[str, str]
) -> None:
    old = place(spot)["orderId"] if known else 999
    more = {} if price is None else {"quantity": price}  # 5 BTC are more than the account can pay

    reply = replace(spot, old, mode, **more)

    body = reply.json if status == 200 else reply.json["data"]
    assert reply.status == status
    assert (body["cancelResult"], body["newOrderResult"]) == results
    if status != 200:
        assert reply.json["code"] == (-2021 if status == 409 else -2022)


@pytest.mark.parametrize(
    ("mode", "excess", "known", "status", "code"),
    [
        ("STOP_ON_FAILURE", "DO_NOTHING", True, 429, -1015),
        ("STOP_ON_FAILURE", "CANCEL_ONLY", True, 429, -2021),
        ("STOP_ON_FAILURE", "CANCEL_ONLY", False, 429, -2022),
        ("ALLOW_FAILURE", "CANCEL_ONLY", True, 409, -2021),
        ("ALLOW_FAILURE", "CANCEL_ONLY", False, 400, -2022),
    ],
)
def test_replacing_without_room_for_an_order(
    spot: Wire, mode: str, excess: str, known: bool, status: int, code: int
) -> None:
    one, count = resting(spot), 0
    while count < 100:  # in ten seconds, wherever those begin
        old = place(spot).get("orderId") if known else 999
        while (
            spot.signed("POST", "/api/v3/order", **one | {"quantity": "0.00001", "price": "1"}).status != 429
        ):
            pass
        reply = replace(spot, old or 999, mode, excess)
        count = spot.signed("GET", "/api/v3/rateLimit/order").json[0]["count"]

    assert (reply.status, reply.json["code"]) == (status, code)
    if status == 409:
        assert reply.json["data"]["newOrderResponse"]["code"] == -1015
    if code == -1015:
        assert 1 <= int(reply.headers["retry-after"]) <= 10
    if excess == "CANCEL_ONLY" and known:
        assert reply.json["data"]["cancelResult"] == "SUCCESS"


def test_a_test_order_tells_what_it_would_cost(spot: Wire, hosted: Hosted) -> None:
    bob, _ = make(spot, hosted, "bob", fees={"spot": {"maker": "0.0008", "taker": "0.0009"}}, pays_bnb=True)
    before = int(spot.get("/api/v3/ping").headers["x-mbx-used-weight-1m"])

    told = bob.signed("POST", "/api/v3/order/test", **MARKET, computeCommissionRates="true")
    plain = bob.signed("POST", "/api/v3/order/test", **MARKET)

    assert told.json == {
        "standardCommissionForOrder": {"maker": "0.00080000", "taker": "0.00090000"},
        "specialCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "taxCommissionForOrder": {"maker": "0.00000000", "taker": "0.00000000"},
        "discount": {
            "enabledForAccount": True, "enabledForSymbol": True, "discountAsset": "BNB", "discount": "0.75000000",
        },
    }  # fmt: skip
    assert plain.json == {}
    assert int(told.headers["x-mbx-used-weight-1m"]) - before >= 20
    account = bob.signed("GET", "/api/v3/account").json
    assert (account["commissionRates"]["taker"], account["makerCommission"]) == ("0.00090000", 8)


def test_nothing_is_routed(spot: Wire) -> None:
    refused = spot.signed("POST", "/api/v3/sor/order", **MARKET)
    tested = spot.signed("POST", "/api/v3/sor/order/test", **MARKET, computeCommissionRates="true")

    assert refused.refusal == tested.refusal == (400, -2010, "SOR is not supported for this symbol.")
    assert spot.signed("GET", "/api/v3/myAllocations", symbol="BTCUSDT", orderId=1).json == []
    assert spot.signed("GET", "/api/v3/myAllocations", symbol="NOSUCH").refusal[1] == -1121
    assert "sors" not in spot.get("/api/v3/exchangeInfo").json


def test_fills_name_their_list(spot: Wire) -> None:
    ask_price = spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["askPrice"]
    spot.signed("POST", "/api/v3/order", **MARKET)
    made = spot.signed(
        "POST", "/api/v3/orderList/oto", symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY",
        workingQuantity="0.01", workingPrice=ask_price, workingTimeInForce="GTC", pendingType="MARKET",
        pendingSide="SELL", pendingQuantity="0.005",
    ).json  # fmt: skip

    rows = spot.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT").json

    assert [row["orderListId"] for row in rows] == [-1, made["orderListId"], made["orderListId"]]


@pytest.mark.parametrize("query", [{"fromId": 1, "startTime": 1}, {"orderId": 1, "endTime": 1}])
def test_trades_are_not_asked_for_by_id_and_time(spot: Wire, query: dict[str, int]) -> None:
    refused = spot.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", **query)

    assert refused.refusal == (400, -1128, "Combination of optional parameters invalid.")


def test_a_key_that_may_not_trade_says_so(spot: Wire, hosted: Hosted) -> None:
    bob, _ = make(spot, hosted, "bob", permissions=["read"])

    assert bob.signed("GET", "/api/v3/account").json["canTrade"] is False
