"""The price-range execution rule, and filters that few symbols have."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from typing import Any

import pytest

from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.streams.conftest import Socket
from tests.paper.streams.conftest import dial as dial
from tests.paper.streams.test_user import signed

ORDER: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "5"}
EXCEEDED = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


@pytest.fixture
def near(spot: Wire, fault: Callable[[str], Any]) -> Decimal:
    """A range that ends within the crowd's quotes: its upper end."""
    fault("rule BTCUSDT price_range=3/0.3")
    reference = Decimal(spot.get("/api/v3/referencePrice", symbol="BTCUSDT").json["referencePrice"])
    asks = spot.get("/api/v3/depth", symbol="BTCUSDT", limit=5).json["asks"]
    up = (Decimal(asks[0][0]) / reference).quantize(Decimal("0.00000001"), ROUND_UP)
    fault(f"rule BTCUSDT price_range={up}/0.3")
    return reference * up


def test_nothing_is_told_where_there_is_no_rule(spot: Wire) -> None:
    one = spot.get("/api/v3/executionRules", symbol="BTCUSDT").json
    missing = (400, -2043, "This symbol doesn't have a reference price.")

    assert one == {"symbolRules": [{"symbol": "BTCUSDT", "rules": []}]}
    assert spot.get("/api/v3/referencePrice", symbol="BTCUSDT").refusal == missing
    assert spot.get("/api/v3/referencePrice/calculation", symbol="BTCUSDT").refusal == missing


def test_the_rule_and_its_reference_are_told(spot: Wire, fault: Callable[[str], Any]) -> None:
    fault("rule BTCUSDT price_range=1.01/0.99")

    two = spot.get("/api/v3/executionRules", symbols='["ETHUSDT","BTCUSDT"]').json["symbolRules"]
    reference = spot.get("/api/v3/referencePrice", symbol="BTCUSDT").json
    how = spot.get("/api/v3/referencePrice/calculation", symbol="BTCUSDT").json

    assert two == [
        {"symbol": "ETHUSDT", "rules": []},
        {
            "symbol": "BTCUSDT",
            "rules": [
                {
                    "ruleType": "PRICE_RANGE",
                    "bidLimitMultUp": "1.0100",
                    "bidLimitMultDown": "0.9900",
                    "askLimitMultUp": "1.0100",
                    "askLimitMultDown": "0.9900",
                }
            ],
        },
    ]
    assert Decimal(reference["referencePrice"]) == Decimal(
        spot.get("/api/v3/avgPrice", symbol="BTCUSDT").json["price"]
    )
    assert (reference["symbol"], reference["timestamp"]) == ("BTCUSDT", spot.now())
    assert how == {
        "symbol": "BTCUSDT", "calculationType": "ARITHMETIC_MEAN", "bucketCount": 5, "bucketWidthMs": 60000,
    }  # fmt: skip


@pytest.mark.parametrize("form", ["MARKET", "by quote", "GTC", "IOC"])
def test_what_would_trade_beyond_the_range_expires(spot: Wire, near: Decimal, form: str) -> None:
    wanted = {
        "MARKET": {"type": "MARKET", "quantity": "1"},
        "by quote": {"type": "MARKET", "quoteOrderQty": "49000"},
        "GTC": {"type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "49000"},
        "IOC": {"type": "LIMIT", "timeInForce": "IOC", "quantity": "1", "price": "49000"},
    }[form]

    order = spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", **wanted).json

    assert (order["status"], order["expiryReason"]) == ("EXPIRED", EXCEEDED)
    assert order["fills"]
    assert max(Decimal(fill["price"]) for fill in order["fills"]) <= near
    assert spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json == []
    held = spot.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
    assert {row["locked"] for row in held} == {"0.00000000"}


def test_an_order_within_the_range_is_as_any(spot: Wire, near: Decimal) -> None:
    order = spot.signed("POST", "/api/v3/order", **ORDER | {"quantity": "0.01", "type": "MARKET"}).json
    resting = spot.signed(
        "POST", "/api/v3/order",
        **ORDER | {"quantity": "0.01", "type": "LIMIT", "timeInForce": "GTC", "price": "44000"},
    ).json  # fmt: skip

    assert (order["status"], resting["status"]) == ("FILLED", "NEW")
    assert "expiryReason" not in order


def test_a_market_far_from_its_reference_trades_nothing(spot: Wire, fault: Callable[[str], Any]) -> None:
    fault("rule BTCUSDT price_range=3/2")

    order = spot.signed("POST", "/api/v3/order", **ORDER | {"quantity": "0.01", "type": "MARKET"}).json

    assert (order["status"], order["expiryReason"], order["fills"]) == ("EXPIRED", EXCEEDED, [])


def test_the_stream_tells_the_reason(
    spot: Wire, fault: Callable[[str], Any], dial: Callable[[Wire, str], Socket]
) -> None:
    fault("rule BTCUSDT price_range=3/2")
    socket = dial(spot, "/ws-api/v3")
    socket.ask(id=1, method="userDataStream.subscribe.signature", params=signed(spot))
    spot.signed("POST", "/api/v3/order", **ORDER | {"quantity": "0.01", "type": "MARKET"})

    report = socket.hear_until(lambda m: m["event"].get("x") == "EXPIRED")[-1]["event"]

    assert (report["X"], report["eR"]) == ("EXPIRED", EXCEEDED)


def test_a_coin_may_be_held_up_to_its_limit(spot: Wire, fault: Callable[[str], Any]) -> None:
    fault("rule BTCUSDT max_position=0.05")
    resting = {"type": "LIMIT", "timeInForce": "GTC", "price": "44000", "symbol": "BTCUSDT", "side": "BUY"}

    first = spot.signed("POST", "/api/v3/order", **ORDER | {"quantity": "0.02", "type": "MARKET"})
    second = spot.signed("POST", "/api/v3/order", **resting, quantity="0.02")
    third = spot.signed("POST", "/api/v3/order", **resting, quantity="0.02")
    sold = spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.01")

    assert [reply.status for reply in (first, second, sold)] == [200, 200, 200]
    assert third.refusal == (400, -1013, "Filter failure: MAX_POSITION")
    filters = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"][0]["filters"]
    assert filters[-1] == {"filterType": "MAX_POSITION", "maxPosition": "0.05000000"}


def test_icebergs_are_counted(spot: Wire, fault: Callable[[str], Any]) -> None:
    fault("rule BTCUSDT max_iceberg_orders=1")
    iceberg = {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "44000",
        "quantity": "0.02", "icebergQty": "0.01",
    }  # fmt: skip

    first, second = (spot.signed("POST", "/api/v3/order", **iceberg) for _ in range(2))

    assert first.status == 200
    assert second.refusal == (400, -1013, "Filter failure: MAX_NUM_ICEBERG_ORDERS")
