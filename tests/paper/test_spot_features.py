"""Symbols that do not support something: exchangeInfo says so, and it is refused in Binance's words."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.routes.test_admin import ask as admin

S: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY"}
ORDER, LIST = "/api/v3/order", "/api/v3/orderList"
GTC: dict[str, Any] = S | {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "44000"}


def stop(kind: str) -> dict[str, Any]:
    limited = {"timeInForce": "GTC", "price": "44000"} if kind.endswith("LIMIT") else {}
    trigger = "47000" if kind.startswith("STOP") else "45000"
    return S | {"type": kind, "quantity": "0.01", "stopPrice": trigger} | limited


OCO: dict[str, Any] = S | {
    "quantity": "0.01", "aboveType": "STOP_LOSS", "aboveStopPrice": "47000", "belowType": "LIMIT_MAKER",
    "belowPrice": "44000",
}  # fmt: skip
WORKING: dict[str, Any] = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingQuantity": "0.01",
    "workingPrice": "44000", "workingTimeInForce": "GTC", "pendingType": "MARKET", "pendingSide": "SELL",
}  # fmt: skip


@pytest.mark.parametrize(
    ("feature", "path", "request_", "words"),
    [
        ("MARKET", ORDER, S | {"type": "MARKET", "quantity": "0.01"}, "Market orders are"),
        ("QUOTE_MARKET", ORDER, S | {"type": "MARKET", "quoteOrderQty": "100"}, "Quote order qty market orders are"),
        ("STOP_LOSS", ORDER, stop("STOP_LOSS"), "Stop loss orders are"),
        ("STOP_LOSS_LIMIT", ORDER, stop("STOP_LOSS_LIMIT"), "Stop loss limit orders are"),
        ("TAKE_PROFIT", ORDER, stop("TAKE_PROFIT"), "Take profit orders are"),
        ("TAKE_PROFIT_LIMIT", ORDER, stop("TAKE_PROFIT_LIMIT"), "Take profit limit orders are"),
        ("ICEBERG", ORDER, GTC | {"icebergQty": "0.005"}, "Iceberg orders are"),
        (
            "TRAILING", ORDER, S | {"type": "STOP_LOSS", "quantity": "0.01", "trailingDelta": 100},
            "Trailing stop orders are",
        ),
        ("PEG", ORDER, GTC | {"pegPriceType": "PRIMARY_PEG"}, "Pegged orders are"),
        ("OCO", f"{LIST}/oco", OCO, "OCO orders are"),
        ("OTO", f"{LIST}/oto", WORKING | {"pendingQuantity": "0.01"}, "OTO orders are"),
        ("OPO", f"{LIST}/opo", WORKING, "OPO orders are"),
        (
            "CANCEL_REPLACE", f"{ORDER}/cancelReplace",
            GTC | {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": 1}, "Order cancel-replace is",
        ),
    ],
)  # fmt: skip
def test_what_a_symbol_does_not_support_is_refused(
    spot: Wire, fault: Callable[[str], Any], feature: str, path: str, request_: dict[str, Any], words: str
) -> None:
    fault(f"rule BTCUSDT without={feature}")

    refused = spot.signed("POST", path, **request_)

    assert refused.refusal == (400, -2010, f"{words} not supported for this symbol.")


def test_an_order_that_may_not_be_amended(spot: Wire, fault: Callable[[str], Any]) -> None:
    bid = Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"])
    placed = spot.signed(
        "POST", ORDER, **GTC | {"price": (bid * Decimal("0.9")).quantize(Decimal("0.01"))}
    ).json
    fault("rule BTCUSDT without=AMEND")

    refused = spot.signed(
        "PUT", f"{ORDER}/amend/keepPriority", symbol="BTCUSDT", orderId=placed["orderId"], newQty="0.005"
    )

    assert refused.refusal == (400, -2038, "Order amend is not supported for this symbol.")


def test_exchange_info_says_so(spot: Wire, fault: Callable[[str], Any]) -> None:
    [before] = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"]
    fault("rule BTCUSDT without=MARKET,OCO,PEG")

    [after] = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"]

    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"orderTypes", "ocoAllowed", "pegInstructionsAllowed"}
    assert set(before["orderTypes"]) - set(after["orderTypes"]) == {"MARKET"}
    assert list(before) == list(after)


def test_nothing_else_can_be_taken_away(spot: Wire, hosted: Any) -> None:
    refused = admin(spot, hosted, "POST", "faults", fault="rule BTCUSDT without=LIMIT").refusal

    assert refused[1] == -1102
    assert "without 'LIMIT' is not some of MARKET" in refused[2]
