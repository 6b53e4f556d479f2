"""Everything a USD-M order or setting is refused for, in Binance's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask

D = Decimal
ORDER: dict[str, str] = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
}


def shares(um: Wire, params: dict[str, str]) -> dict[str, str]:
    """Turn a price such as `x1.02` into that share of the last one."""
    last = D(um.get("/fapi/v1/ticker/price", symbol="BTCUSDT").json["price"])
    found = dict(params)
    for name, value in params.items():
        if value.startswith("x"):
            found[name] = str((last * D(value[1:])).quantize(D("0.1")))
    return found


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"price": "5000000"}, (-4002, "Price greater than max price.")),
        ({"price": "0.05"}, (-4013, "Price less than min price.")),
        ({"price": "x1.06"}, (-4016, "Price is higher than mark price multiplier cap.")),
        ({"side": "SELL", "price": "x0.94"}, (-4024, "Price is lower than mark price multiplier floor.")),
        ({"price": "x0.98", "quantity": "0"}, (-4003, "Quantity less than zero.")),
        ({"price": "x0.98", "quantity": "1001"}, (-4005, "Quantity greater than max quantity.")),
        ({"price": "x0.98", "quantity": "0.0101"}, (-1111, "Precision is over the maximum defined for this asset.")),
        ({"price": "x0.98", "quantity": "200"}, (-2019, "Margin is insufficient.")),
        ({"price": "x1.02", "timeInForce": "GTX"},
         (-5022, "Due to the order could not be executed as maker, the Post Only order will be rejected.")),
        ({"price": "x0.98", "timeInForce": "FOK"},
         (-5021, "Due to the order could not be filled immediately, the FOK order has been rejected.")),
        ({"priceMatch": "OPPONENT_10"}, (-5037, "Invalid price match")),
        ({"priceMatch": "QUEUE", "price": "x0.98"}, (-1106, "Parameter 'price' sent when not required.")),
        ({"price": "x0.98", "selfTradePreventionMode": "SOME"}, (-5039, "Invalid self trade prevention mode")),
        ({"price": "x0.98", "timeInForce": "GTD", "goodTillDate": "1"}, (-5040, None)),
        ({"price": "x0.98", "timeInForce": "GTD"}, (-1102, None)),
        ({"price": "x0.98", "side": "HOLD"}, (-1117, "Invalid side.")),
        ({"price": "x0.98", "type": "ICEBERG"}, (-1116, "Invalid orderType.")),
        ({"price": "x0.98", "newOrderRespType": "FULL"},
         (-1130, "Data sent for parameter 'newOrderRespType' is not valid.")),
        ({"price": "x0.98", "positionSide": "LONG"}, (-4061, "Order's position side does not match user's setting.")),
        ({"price": "x0.98", "positionSide": "NONE"}, (-4060, "Invalid position side.")),
        ({}, (-1102, "Mandatory parameter 'price' was not sent, was empty/null, or malformed.")),
        ({"price": "1e5"}, (-1100, None)),
        ({"price": ""}, (-1105, "Parameter 'price' was empty.")),
    ],
)  # fmt: skip
def test_orders_are_refused(um: Wire, params: dict[str, str], refusal: tuple[int, str | None]) -> None:
    status, code, message = um.signed("POST", "/fapi/v1/order", **shares(um, ORDER | params)).refusal

    assert (status, code) == (400, refusal[0])
    assert refusal[1] in (None, message)
    assert um.signed("GET", "/fapi/v1/openOrders").json == []


def test_a_step_made_coarser_refuses_what_lies_between(um: Wire, spot: Wire, hosted: Hosted) -> None:
    ask(spot, hosted, "POST", "faults", fault="rule BTCUSDT market=um lot_size=0.005")

    sent = shares(um, ORDER | {"price": "x0.98", "quantity": "0.012"})

    refused = um.signed("POST", "/fapi/v1/order", **sent)
    assert refused.refusal == (400, -4023, "Qty not increased by step size.")
    small = um.signed("POST", "/fapi/v1/order", **(sent | {"quantity": "0.001"}))
    assert small.refusal == (400, -4004, "Quantity less than min quantity.")


def test_a_leverage_carries_so_much_and_no_more(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=150)  # for 300 000 at most

    refused = um.signed("POST", "/fapi/v1/order", **shares(um, ORDER | {"price": "x0.98", "quantity": "9"}))

    assert refused.refusal == (400, -2027, "Exceeded the maximum allowable position at current leverage.")


def test_two_hundred_orders_are_open_in_a_symbol_at_most(um: Wire, spot: Wire, hosted: Hosted) -> None:
    made = ask(spot, hosted, "POST", "accounts", name="bob", funded=True).json
    bob = Wire(hosted.um_url, made["key"], made["secret"], "/fapi/v1")
    ask(spot, hosted, "POST", "deposit", account="bob", wallet="um", asset="USDT", amount="1000000")
    order = shares(um, ORDER | {"price": "x0.98"})
    answers = [bob.signed("POST", "/fapi/v1/order", **order) for _ in range(201)]

    assert {answer.status for answer in answers[:200]} == {200}
    assert answers[200].refusal == (400, -2025, "Reach max open order limit.")


@pytest.mark.parametrize(
    ("path", "params", "refusal"),
    [
        ("leverage", {"leverage": "151"}, (-4028, "Leverage 151 is not valid")),
        ("leverage", {"leverage": "many"}, (-1102, None)),
        ("marginType", {"marginType": "CROSSED"}, (-4046, "No need to change margin type.")),
        ("marginType", {"marginType": "LONE"}, (-1130, None)),
        (
            "positionMargin",
            {"amount": "1", "type": "1"},
            (-4049, "Add margin only support for isolated position."),
        ),
        ("positionMargin", {"amount": "1", "type": "3"}, (-1130, None)),
        ("positionSide/dual", {"dualSidePosition": "false"}, (-4059, "No need to change position side.")),
    ],
)
def test_settings_are_refused(
    um: Wire, path: str, params: dict[str, str], refusal: tuple[int, str | None]
) -> None:
    status, code, message = um.signed("POST", f"/fapi/v1/{path}", symbol="BTCUSDT", **params).refusal

    assert (status, code) == (400, refusal[0])
    assert refusal[1] in (None, message)


def test_settings_wait_for_orders_and_positions_to_go(um: Wire) -> None:
    def set_(path: str, **params: Any) -> tuple[int, str]:
        answer = um.signed("POST", f"/fapi/v1/{path}", symbol="BTCUSDT", **params).json
        return answer["code"], answer["msg"]

    order = um.signed("POST", "/fapi/v1/order", **shares(um, ORDER | {"price": "x0.98"})).json
    assert set_("marginType", marginType="ISOLATED") == (
        -4047, "Margin type cannot be changed if there exists open orders.",
    )  # fmt: skip
    assert set_("positionSide/dual", dualSidePosition="true") == (
        -4067, "Position side cannot be changed if there exists open orders.",
    )  # fmt: skip
    um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert set_("marginType", marginType="ISOLATED") == (200, "success")
    assert set_("positionMargin", amount="1", type="1") == (
        -4054,
        "Cannot add position margin: position is 0.",
    )
    um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
    assert set_("marginType", marginType="CROSSED") == (
        -4048, "Margin type cannot be changed if there exists position.",
    )  # fmt: skip
    assert set_("positionSide/dual", dualSidePosition="true") == (
        -4068, "Position side cannot be changed if there exists position.",
    )  # fmt: skip
    assert set_("leverage", leverage="10") == (
        -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions",
    )  # fmt: skip
