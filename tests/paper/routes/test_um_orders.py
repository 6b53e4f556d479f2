"""USD-M orders on the wire: no price in the answer, conditional types elsewhere, batches item by item."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.paper.client import Wire

MARKET = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET"}
LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}

PLACED = {
    "orderId", "symbol", "status", "clientOrderId", "price", "origQty", "executedQty", "cumQty", "timeInForce",
    "type", "origType", "reduceOnly", "closePosition", "side", "positionSide", "stopPrice", "workingType",
    "priceProtect", "priceMatch", "selfTradePreventionMode", "goodTillDate", "updateTime",
}  # fmt: skip
QUERIED = PLACED - {"cumQty"} | {"avgPrice", "cumQuote", "cumBase", "pair", "time"}


def below(um: Wire) -> str:
    """A price that rests: two percent under the market, on the tick."""
    last = Decimal(um.get("/fapi/v1/ticker/price", symbol="BTCUSDT").json["price"])
    return str((last * Decimal("0.98")).quantize(Decimal("0.1")))


def test_an_acknowledgment_says_new_even_where_the_order_has_filled(um: Wire) -> None:
    order = um.signed("POST", "/fapi/v1/order", **MARKET, quantity="0.100").json
    found = um.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"]).json
    fills = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json

    assert set(order) == PLACED
    assert (order["status"], order["executedQty"], order["cumQty"]) == ("NEW", "0.000", "0.000")
    assert set(found) == QUERIED
    assert (found["status"], found["executedQty"]) == ("FILLED", "0.100")
    value = sum(Decimal(fill["price"]) * Decimal(fill["qty"]) for fill in fills)
    assert Decimal(found["cumQuote"]) == value
    assert abs(Decimal(found["avgPrice"]) - value / Decimal("0.1")) < Decimal("0.00001")


def test_a_result_tells_the_quantity_and_still_no_price(um: Wire) -> None:
    order = um.signed("POST", "/fapi/v1/order", **MARKET, quantity="0.1", newOrderRespType="RESULT").json

    assert set(order) == PLACED
    assert (order["status"], order["executedQty"]) == ("FILLED", "0.100")


def test_fills_carry_fee_and_profit(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **MARKET, quantity="0.1")
    um.signed("POST", "/fapi/v1/order", **MARKET | {"side": "BUY"}, quantity="0.1", reduceOnly="true")

    fills = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    opened = [fill for fill in fills if fill["side"] == "SELL"]
    closed = [fill for fill in fills if fill["side"] == "BUY"]
    entry = sum(Decimal(f["quoteQty"]) for f in opened)
    exit_value = sum(Decimal(f["quoteQty"]) for f in closed)
    assert sum(Decimal(f["realizedPnl"]) for f in closed) == entry - exit_value
    assert sum(Decimal(f["realizedPnl"]) for f in opened) == 0
    for fill in fills:  # 0.05 % of the notional, to eight decimals
        assert abs(Decimal(fill["commission"]) - Decimal(fill["quoteQty"]) * Decimal("0.0005")) < Decimal(
            "1e-8"
        )
    assert {fill["commissionAsset"] for fill in fills} == {"USDT"}


def test_an_order_rests_is_found_and_is_canceled(um: Wire) -> None:
    placed = um.signed("POST", "/fapi/v1/order", **LIMIT, price=below(um), newClientOrderId="mine").json

    found = um.signed("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", origClientOrderId="mine").json
    assert um.signed("GET", "/fapi/v1/openOrders").json == [found]
    assert um.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json == [found]

    canceled = um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=placed["orderId"]).json
    assert set(canceled) == PLACED
    assert (canceled["status"], canceled["clientOrderId"]) == ("CANCELED", "mine")
    missing = um.signed("GET", "/fapi/v1/openOrder", symbol="BTCUSDT", origClientOrderId="mine")
    assert missing.refusal == (400, -2013, "Order does not exist.")
    again = um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=placed["orderId"])
    assert again.refusal == (400, -2011, "Unknown order sent.")


def test_canceling_all_succeeds_where_there_is_nothing(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **LIMIT, price=below(um))

    for _ in range(2):
        done = um.signed("DELETE", "/fapi/v1/allOpenOrders", symbol="BTCUSDT").json
        assert done == {"code": 200, "msg": "The operation of cancel all open order is done."}
    assert um.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT").json == []


def test_a_batch_answers_item_by_item(um: Wire) -> None:
    price = below(um)
    batch = [
        {**LIMIT, "price": price, "newClientOrderId": "one"},
        {**LIMIT, "price": price, "quantity": "0.0005"},
        {**MARKET, "type": "STOP_MARKET", "quantity": "1"},
        {**MARKET, "quantity": "0.01", "reduceOnly": "true"},
    ]

    answers = um.signed("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(batch)).json

    assert (answers[0]["status"], answers[0]["clientOrderId"]) == ("NEW", "one")
    assert [answer.get("code") for answer in answers] == [None, -1111, -4120, -2022]


def test_batches_are_limited(um: Wire) -> None:
    six = json.dumps([{**LIMIT, "price": "1"}] * 6)

    assert um.signed("POST", "/fapi/v1/batchOrders", batchOrders=six).refusal == (
        400,
        -4082,
        "Invalid number of batch place orders: 6",
    )


@pytest.mark.parametrize("name", ["orderIdList", "orderidlist", "origClientOrderIdList"])
def test_a_batch_is_canceled_by_ids_of_either_kind(um: Wire, name: str) -> None:
    price = below(um)
    placed = [um.signed("POST", "/fapi/v1/order", **LIMIT, price=price).json for _ in range(2)]
    key = "clientOrderId" if name == "origClientOrderIdList" else "orderId"
    keys = json.dumps([*(order[key] for order in placed), "1" if key == "clientOrderId" else 1])

    answers = um.signed("DELETE", "/fapi/v1/batchOrders", symbol="BTCUSDT", **{name: keys}).json

    assert [answer.get("status", answer.get("code")) for answer in answers] == ["CANCELED", "CANCELED", -2011]


def test_testing_an_order_places_nothing(um: Wire) -> None:
    tested = um.signed("POST", "/fapi/v1/order/test", **LIMIT, price=below(um)).json

    assert (tested["orderId"], tested["executedQty"]) == (0, "0.000")
    assert um.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json == []


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        (
            {**MARKET, "type": "STOP_MARKET", "quantity": "1", "stopPrice": "1"},
            (
                -4120,
                "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
            ),
        ),
        ({**LIMIT, "price": "40000.05"}, (-4014, "Price not increased by tick size.")),
        ({**LIMIT, "price": "40000.005"}, (-1111, "Precision is over the maximum defined for this asset.")),
        ({**LIMIT, "price": "-1"}, (-4001, "Price less than 0.")),
        ({**MARKET, "quantity": "-1"}, (-4003, "Quantity less than zero.")),
        (
            {**MARKET, "quantity": "0.001"},
            (-4164, "Order's notional must be no smaller than 50.0 (unless you choose reduce only)"),
        ),
        ({**MARKET, "quantity": "100"}, (-2019, "Margin is insufficient.")),
        ({**MARKET, "quantity": "1", "reduceOnly": "true"}, (-2022, "ReduceOnly Order is rejected.")),
        (
            {**MARKET, "quantity": "1", "positionSide": "SHORT"},
            (-4061, "Order's position side does not match user's setting."),
        ),
        ({**MARKET, "symbol": "NOSUCH", "quantity": "1"}, (-1121, "Invalid symbol.")),
        (
            {**MARKET, "quantity": "1", "timeInForce": "GTC"},
            (-1106, "Parameter 'timeinforce' sent when not required."),
        ),
        ({**LIMIT, "price": "40000", "timeInForce": "DAY"}, (-1115, "Invalid timeInForce.")),
        ({**MARKET, "quantity": "1", "newClientOrderId": "a b"}, (-4015, "Client order id is not valid.")),
        (MARKET, (-1102, "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.")),
    ],
)
def test_orders_are_refused_in_binances_words(
    um: Wire, params: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert um.signed("POST", "/fapi/v1/order", **params).refusal == (400, *refusal)
    assert um.signed("GET", "/fapi/v1/allOrders").json == []


def test_a_client_id_in_use_proves_that_the_order_exists(um: Wire) -> None:
    order = {**LIMIT, "price": below(um), "newClientOrderId": "twice"}
    um.signed("POST", "/fapi/v1/order", **order)

    assert um.signed("POST", "/fapi/v1/order", **order).refusal == (
        400,
        -4116,
        "ClientOrderId is duplicated.",
    )


def test_lists_are_cut_at_opposite_ends(um: Wire) -> None:
    for _ in range(3):
        um.signed("POST", "/fapi/v1/order", **MARKET, quantity="0.01")

    def listed(path: str, **params: Any) -> list[Any]:
        return list(um.signed("GET", path, symbol="BTCUSDT", **params).json)

    orders, fills = listed("/fapi/v1/allOrders"), listed("/fapi/v1/userTrades")
    assert listed("/fapi/v1/allOrders", limit=1) == orders[-1:]
    assert listed("/fapi/v1/userTrades", limit=1) == fills[:1]
    assert listed("/fapi/v1/userTrades", fromId=fills[1]["id"]) == fills[1:]
    assert listed("/fapi/v1/userTrades", orderId=orders[2]["orderId"]) == fills[2:]


def test_order_counts_are_told(um: Wire) -> None:
    reply = um.signed("POST", "/fapi/v1/order", **MARKET, quantity="0.01")

    assert (reply.headers["x-mbx-order-count-10s"], reply.headers["x-mbx-order-count-1m"]) == ("1", "1")
    usage = um.signed("GET", "/fapi/v1/rateLimit/order").json
    assert [(row["interval"], row["count"]) for row in usage] == [("MINUTE", 1), ("SECOND", 1)]
