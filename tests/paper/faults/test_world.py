"""Faults of the world: its clock as clients see it, lagging queries, rules that change."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Reply, Wire
from tests.paper.routes.test_admin import ask

Set = Callable[[str], Any]
HOUR = 3_600_000


def order(wire: Wire, prefix: str = "/api/v3", **params: Any) -> Reply:
    defaults = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    return wire.signed("POST", f"{prefix}/order", **(defaults | params))


def clear(spot: Wire, hosted: Hosted) -> None:
    assert ask(spot, hosted, "POST", "faults/clear").status == 200


@pytest.mark.parametrize(
    ("line", "message"), [("clock +10s", "outside of the recvWindow"), ("clock -10s", "ahead of")]
)
def test_who_does_not_ask_again_is_off_by_the_offset(
    spot: Wire, hosted: Hosted, fault: Set, line: str, message: str
) -> None:
    before = spot.now()
    fault(line)
    query = f"timestamp={before}"

    stale = spot.send("GET", "/api/v3/account", f"{query}&signature={spot.sign(query)}", key=spot.key)

    assert stale.refusal[:2] == (400, -1021)
    assert message in stale.refusal[2]
    assert abs(spot.now() - before) == 10_000
    assert spot.signed("GET", "/api/v3/account").status == 200  # asked for the time, and got it
    clear(spot, hosted)
    assert spot.now() == before


def test_an_order_cannot_be_found_while_queries_lag(spot: Wire, hosted: Hosted, fault: Set) -> None:
    fault("lag 20s")
    last = Decimal(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    price = str((last / 2).quantize(Decimal("0.01")))
    rests = order(spot, type="LIMIT", timeInForce="GTC", price=price).json["orderId"]

    missing = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=rests)

    assert missing.refusal == (400, -2013, "Order does not exist.")
    assert spot.signed("GET", "/api/v3/openOrders").json == []
    assert spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json == []
    ask(spot, hosted, "POST", "advance", span_ms=20_000)
    assert spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=rests).json["status"] == "NEW"
    assert len(spot.signed("GET", "/api/v3/openOrders").json) == 1


def lot_of(wire: Wire, prefix: str) -> Decimal:
    [listed] = [s for s in wire.get(f"{prefix}/exchangeInfo").json["symbols"] if s["symbol"] == "BTCUSDT"]
    [lot] = [f for f in listed["filters"] if f["filterType"] == "LOT_SIZE"]
    return Decimal(lot["stepSize"])


def test_a_step_becomes_coarser_and_the_book_with_it(spot: Wire, hosted: Hosted, fault: Set) -> None:
    before = lot_of(spot, "/api/v3")
    fault("rule BTCUSDT market=spot lot_size=0.01 tick_size=0.5")

    assert lot_of(spot, "/api/v3") == Decimal("0.01")
    assert order(spot, quantity="0.015").refusal == (400, -1013, "Filter failure: LOT_SIZE")
    assert order(spot, quantity="0.02").json["status"] == "FILLED"
    book = spot.get("/api/v3/depth", symbol="BTCUSDT").json
    levels = [level for side in ("bids", "asks") for level in book[side]]
    assert {(Decimal(p) % Decimal("0.5"), Decimal(q) % Decimal("0.01")) for p, q in levels} == {(0, 0)}
    clear(spot, hosted)
    assert lot_of(spot, "/api/v3") == before
    assert order(spot, quantity="0.015").status == 200


@pytest.mark.parametrize("status", ["HALT", "BREAK", "END_OF_DAY"])
def test_a_spot_symbol_is_closed(spot: Wire, fault: Set, status: str) -> None:
    fault(f"rule BTCUSDT market=spot status={status}")

    assert order(spot).refusal == (400, -2010, "Market is closed.")
    assert order(spot, symbol="ETHUSDT").status == 200


def test_a_perpetual_settles(um: Wire, fault: Set) -> None:
    fault("rule BTCUSDT market=um status=SETTLING")

    assert order(um, "/fapi/v1").refusal[:2] == (400, -4140)


def test_a_funding_interval_becomes_shorter_and_is_paid_so(
    spot: Wire, um: Wire, hosted: Hosted, fault: Set
) -> None:
    order(um, "/fapi/v1", side="SELL", quantity="0.1")
    began = um.now()  # midnight
    ask(spot, hosted, "POST", "advance", span_ms=9 * HOUR)
    fault("rule BTCUSDT interval_hours=4")

    next_ms = um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json["nextFundingTime"]
    ask(spot, hosted, "POST", "advance", span_ms=15 * HOUR)

    assert next_ms == began + 12 * HOUR
    paid = um.signed("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").json
    assert [(row["time"] - began) // HOUR for row in paid] == [8, 12, 16, 20, 24]
    history = um.get("/fapi/v1/fundingRate", symbol="BTCUSDT", startTime=began + 1).json
    assert [row["fundingTime"] for row in history] == [row["time"] for row in paid]
    for row, line in zip(history, paid, strict=True):
        amount = Decimal("0.1") * Decimal(row["markPrice"]) * Decimal(row["fundingRate"])
        assert abs(amount - Decimal(line["income"])) < Decimal("0.00000001")


def test_what_was_paid_stays_in_the_history_of_later_processes(
    spot: Wire, hosted: Hosted, fault: Set, host: Callable[..., Hosted]
) -> None:
    fault("rule BTCUSDT interval_hours=1")
    began = spot.now()
    ask(spot, hosted, "POST", "advance", span_ms=3 * HOUR)
    hosted.close()

    again = host()
    um = Wire(again.um_url, again.api_key, again.api_secret, "/fapi/v1")
    history = um.get("/fapi/v1/fundingRate", symbol="BTCUSDT", startTime=began + 1).json

    assert [(row["fundingTime"] - began) // HOUR for row in history] == [1, 2, 3]
    assert um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json["nextFundingTime"] == began + 8 * HOUR
