"""Spot orders on the wire: what is answered, what is kept, what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.paper.client import Wire

MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}

ACK = ["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]
RESULT = [
    *ACK, "price", "origQty", "executedQty", "origQuoteOrderQty", "cummulativeQuoteQty", "status", "timeInForce",
    "type", "side", "workingTime", "selfTradePreventionMode",
]  # fmt: skip


def below(spot: Wire) -> str:
    """A price that rests: a tenth under the market, on the tick."""
    last = Decimal(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    return str((last * Decimal("0.9")).quantize(Decimal("0.01")))


def free(spot: Wire, asset: str) -> Decimal:
    """What the account has free."""
    balances = spot.signed("GET", "/api/v3/account").json["balances"]
    return next(Decimal(row["free"]) for row in balances if row["asset"] == asset)


def test_a_market_order_fills_and_its_fee_is_taken_from_what_it_bought(spot: Wire) -> None:
    order = spot.signed("POST", "/api/v3/order", **MARKET, quantity="0.1").json

    assert list(order) == [*RESULT, "fills"]
    assert (order["status"], order["executedQty"], order["price"]) == ("FILLED", "0.10000000", "0.00000000")
    cost = sum(Decimal(fill["price"]) * Decimal(fill["qty"]) for fill in order["fills"])
    fee = sum(Decimal(fill["commission"]) for fill in order["fills"])
    assert Decimal(order["cummulativeQuoteQty"]) == cost
    assert {fill["commissionAsset"] for fill in order["fills"]} == {"BTC"}
    assert fee == Decimal("0.0001")  # 0.1 % of 0.1
    assert free(spot, "BTC") == Decimal("0.0999")
    assert free(spot, "USDT") == 50_000 - cost


def test_a_market_order_by_quote_spends_no_more(spot: Wire) -> None:
    order = spot.signed("POST", "/api/v3/order", **MARKET, quoteOrderQty="1000").json

    assert order["origQuoteOrderQty"] == "1000.00000000"
    assert 999 < Decimal(order["cummulativeQuoteQty"]) <= 1000


@pytest.mark.parametrize(("kind", "keys"), [("ACK", ACK), ("RESULT", RESULT), ("FULL", [*RESULT, "fills"])])
def test_an_order_is_answered_as_shortly_as_asked(spot: Wire, kind: str, keys: list[str]) -> None:
    order = spot.signed(
        "POST", "/api/v3/order", **LIMIT, price=below(spot), newOrderRespType=kind, newClientOrderId="mine"
    ).json

    assert list(order) == keys
    assert (order["clientOrderId"], order["orderListId"]) == ("mine", -1)
    assert order.get("fills", []) == []


def test_an_order_rests_is_found_and_is_canceled(spot: Wire) -> None:
    price = below(spot)
    placed = spot.signed("POST", "/api/v3/order", **LIMIT, price=price, newClientOrderId="resting").json

    by_id = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"]).json
    by_name = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="resting").json
    listed = spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json
    canceled = spot.signed(
        "DELETE",
        "/api/v3/order",
        symbol="BTCUSDT",
        orderId=placed["orderId"],
        origClientOrderId="resting",
        newClientOrderId="the-cancel",
    ).json

    assert by_id == by_name
    assert [by_id] == listed == [*spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json, by_id][1:]
    assert (by_id["status"], by_id["isWorking"], by_id["stopPrice"]) == ("NEW", True, "0.00000000")
    assert Decimal(by_id["price"]) == Decimal(price)
    assert (canceled["status"], canceled["clientOrderId"]) == ("CANCELED", "the-cancel")
    assert canceled["origClientOrderId"] == "resting"
    assert spot.signed("GET", "/api/v3/openOrders").json == []
    assert free(spot, "USDT") == 50_000


def test_open_orders_lock_what_they_need(spot: Wire) -> None:
    price = below(spot)
    spot.signed("POST", "/api/v3/order", **LIMIT, price=price)

    [usdt] = [
        row
        for row in spot.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
        if row["asset"] == "USDT"
    ]
    assert Decimal(usdt["locked"]) == Decimal(price) * Decimal("0.01")
    assert Decimal(usdt["free"]) == 50_000 - Decimal(usdt["locked"])


def test_all_open_orders_are_canceled_at_once(spot: Wire) -> None:
    price = below(spot)
    ids = [spot.signed("POST", "/api/v3/order", **LIMIT, price=price).json["orderId"] for _ in range(3)]

    canceled = spot.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").json

    assert [order["orderId"] for order in canceled] == ids
    assert spot.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT").refusal == (
        400,
        -2011,
        "Unknown order sent.",
    )


def test_a_cancel_may_insist_on_a_status(spot: Wire) -> None:
    order = spot.signed("POST", "/api/v3/order", **LIMIT, price=below(spot)).json["orderId"]
    ask = {"symbol": "BTCUSDT", "orderId": order}

    refused = spot.signed("DELETE", "/api/v3/order", **ask, cancelRestrictions="ONLY_PARTIALLY_FILLED")
    done = spot.signed("DELETE", "/api/v3/order", **ask, cancelRestrictions="ONLY_NEW")

    assert refused.refusal == (400, -2011, "Order was not canceled due to cancel restrictions.")
    assert done.json["status"] == "CANCELED"


def test_order_lists_are_paged(spot: Wire) -> None:
    price = below(spot)
    ids = [spot.signed("POST", "/api/v3/order", **LIMIT, price=price).json["orderId"] for _ in range(4)]

    def listed(**params: Any) -> list[int]:
        rows = spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT", **params).json
        return [row["orderId"] for row in rows]

    now = spot.now()
    assert listed() == ids
    assert listed(limit=2) == ids[2:]
    assert listed(orderId=ids[1], limit=2) == ids[1:3]
    assert listed(startTime=now, limit=1) == ids[:1]
    assert listed(endTime=now - 1) == []
    assert spot.signed(
        "GET", "/api/v3/allOrders", symbol="BTCUSDT", startTime=now - 86_400_001, endTime=now
    ).refusal == (400, -1127, "More than 24 hours between startTime and endTime.")


def test_testing_an_order_places_nothing(spot: Wire) -> None:
    assert spot.signed("POST", "/api/v3/order/test", **LIMIT, price=below(spot)).json == {}
    assert spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json == []
    rates = spot.signed(
        "POST", "/api/v3/order/test", **LIMIT, price=below(spot), computeCommissionRates="true"
    ).json
    assert rates["standardCommissionForOrder"]["taker"] == "0.00100000"


def test_fills_are_listed_and_paged(spot: Wire) -> None:
    orders = [spot.signed("POST", "/api/v3/order", **MARKET, quantity="0.01").json for _ in range(3)]

    def listed(**params: Any) -> list[Any]:
        return list(spot.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", **params).json)

    fills = listed()
    assert [fill["orderId"] for fill in fills] == [order["orderId"] for order in orders]
    assert listed(orderId=orders[1]["orderId"]) == fills[1:2]
    assert listed(fromId=fills[1]["id"]) == fills[1:]
    assert listed(limit=1) == fills[2:]
    assert fills[0]["id"] == orders[0]["fills"][0]["tradeId"]
    assert (fills[0]["isBuyer"], fills[0]["isMaker"], fills[0]["isBestMatch"]) == (True, False, True)
    assert Decimal(fills[0]["quoteQty"]) == Decimal(fills[0]["price"]) * Decimal("0.01")


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({**LIMIT, "price": "20000.001"}, (-1013, "Filter failure: PRICE_FILTER")),
        ({**LIMIT, "price": "1"}, (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE")),
        ({**MARKET, "quantity": "0.000011"}, (-1013, "Filter failure: LOT_SIZE")),
        ({**MARKET, "quantity": "0.00001"}, (-1013, "Filter failure: NOTIONAL")),
        ({**MARKET, "quantity": "0.0000000001"}, (-1111, "Parameter 'quantity' has too much precision.")),
        ({**MARKET, "quantity": "5"}, (-2010, "Account has insufficient balance for requested action.")),
        ({**MARKET, "symbol": "NOSUCH", "quantity": "1"}, (-1121, "Invalid symbol.")),
        ({**MARKET, "side": "buy", "quantity": "1"}, (-1117, "Invalid side.")),
        ({**MARKET, "type": "STOP", "quantity": "1"}, (-1116, "Invalid orderType.")),
        (
            {**MARKET, "type": "STOP_LOSS", "quantity": "1", "stopPrice": "1"},
            (-2010, "Order would trigger immediately."),
        ),
        ({**LIMIT, "price": "40000", "timeInForce": "GTX"}, (-1115, "Invalid timeInForce.")),
        (
            {**LIMIT, "price": "1e-05"},
            (
                -1100,
                r"Illegal characters found in parameter 'price'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'.",
            ),
        ),
        (
            LIMIT,
            (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        ),
        (
            MARKET,
            (-1102, "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!"),
        ),
        (
            {**MARKET, "quantity": "1", "timeInForce": "GTC"},
            (-1106, "Parameter 'timeInForce' sent when not required."),
        ),
        ({**MARKET, "quantity": ""}, (-1105, "Parameter 'quantity' was empty.")),
        (
            {**MARKET, "quantity": "1", "colour": "red"},
            (-1104, "Not all sent parameters were read; read '6' parameter(s) but was sent '7'."),
        ),
    ],
)
def test_orders_are_refused_in_binances_words(
    spot: Wire, params: dict[str, str], refusal: tuple[int, str]
) -> None:
    before = spot.signed("GET", "/api/v3/account").json["balances"]

    assert spot.signed("POST", "/api/v3/order", **params).refusal == (400, *refusal)
    assert spot.signed("GET", "/api/v3/account").json["balances"] == before


def test_a_maker_only_order_that_would_take_is_refused(spot: Wire) -> None:
    ask = spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["askPrice"]
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.01", "price": ask}

    assert spot.signed("POST", "/api/v3/order", **order).refusal == (
        400,
        -2010,
        "Order would immediately match and take.",
    )


def test_unfilled_rest_of_an_ioc_order_expires(spot: Wire) -> None:
    order = spot.signed("POST", "/api/v3/order", **LIMIT | {"timeInForce": "IOC"}, price=below(spot)).json

    assert (order["status"], order["executedQty"]) == ("EXPIRED", "0.00000000")


def test_orders_that_are_not_there(spot: Wire) -> None:
    assert spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=1).refusal == (
        400,
        -2013,
        "Order does not exist.",
    )
    assert spot.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=1).refusal == (
        400,
        -2011,
        "Unknown order sent.",
    )
    assert spot.signed("GET", "/api/v3/order", symbol="BTCUSDT").refusal == (
        400,
        -1102,
        "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
    )


def test_order_usage_counts_what_has_not_filled(spot: Wire) -> None:
    spot.signed("POST", "/api/v3/order", **LIMIT, price=below(spot))
    spot.signed("POST", "/api/v3/order", **MARKET, quantity="0.01")

    usage = spot.signed("GET", "/api/v3/rateLimit/order").json

    assert [(row["interval"], row["intervalNum"], row["count"]) for row in usage] == [
        ("SECOND", 10, 1),
        ("DAY", 1, 1),
    ]
