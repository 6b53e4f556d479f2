from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.orders import Side
from atapi.exchanges.binance.query import NUMBERS, encode, percent


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ""),
        ({"symbol": "BTCUSDT", "limit": 5}, "symbol=BTCUSDT&limit=5"),
        ({"symbol": "BTCUSDT", "price": None}, "symbol=BTCUSDT"),
        ({"quantity": Decimal("0.00001")}, "quantity=0.00001"),
        ({"quantity": Decimal("1E-7")}, "quantity=0.0000001"),
        ({"quantity": Decimal("0.00000010")}, "quantity=0.00000010"),
        ({"quantity": "0.00000010"}, "quantity=0.00000010"),
        ({"reduceOnly": True, "priceProtect": False}, "reduceOnly=true&priceProtect=false"),
        ({"side": Side.BUY}, "side=BUY"),
        ({"symbols": ["BTCUSDT", "ETHUSDT"]}, "symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D"),
        ({"orderIdList": [10, 11]}, "orderIdList=%5B10%2C11%5D"),
        ({"email": "a@b.c"}, "email=a%40b.c"),
        ({"note": "a&b=c d+e/f"}, "note=a%26b%3Dc%20d%2Be%2Ff"),
        ({"symbol": "币安人生USDT"}, "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"),
        ({"newClientOrderId": "at-a_b.c~1"}, "newClientOrderId=at-a_b.c~1"),
        ({"listenKey": ""}, "listenKey="),
    ],
)
def test_parameters_are_written_as_the_wire_wants_them(parameters: dict[str, object], query: str) -> None:
    assert encode(parameters) == query


def test_a_batch_of_orders_is_compact_json_with_every_value_a_string() -> None:
    orders = [{"symbol": "BTCUSDT", "quantity": Decimal("0.010"), "reduceOnly": True, "price": None}]

    query = encode({"batchOrders": orders})

    [(name, value)] = parse_qsl(query)
    assert name == "batchOrders"
    assert value == '[{"symbol":"BTCUSDT","quantity":"0.010","reduceOnly":"true"}]'


@pytest.mark.parametrize(
    "value", [0.1, 1.0, 1e-5, float("nan"), object(), b"1", {"a": 1}, {1, 2}, [0.1], [{"quantity": 0.1}]]
)
def test_a_float_or_a_stranger_never_becomes_a_parameter(value: object) -> None:
    with pytest.raises(TypeError):
        encode({"quantity": value})


@pytest.mark.parametrize(
    "value",
    [
        Decimal("-1"),
        Decimal("NaN"),
        Decimal("Infinity"),
        -1,
        "1e-05",
        "-1",
        "+1",
        "nan",
        "1_000",
        "١",
        " 1",
        "1.",
        "",
    ],
)
@pytest.mark.parametrize("name", ["quantity", "price", "amount"])
def test_a_number_the_wire_does_not_know_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        encode({name: value})


@pytest.mark.parametrize("value", ["1e-05", "-1", "١"])
def test_a_number_inside_a_batch_is_held_to_the_same_rule(value: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        encode({"batchOrders": [{"quantity": value}]})


@given(st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=12) | st.integers(min_value=0))
def test_every_number_on_the_wire_is_plain_and_exact(value: Decimal | int) -> None:
    text = encode({"quantity": value}).removeprefix("quantity=")

    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    assert Decimal(text) == value


@given(st.dictionaries(st.text(min_size=1).filter(lambda name: name not in NUMBERS), st.text(), max_size=5))
def test_any_text_comes_back_as_it_was(parameters: dict[str, str]) -> None:
    query = encode(parameters)

    assert re.fullmatch(r"[A-Za-z0-9\-_.~%=&]*", query)
    assert dict(parse_qsl(query, keep_blank_values=True)) == parameters


def test_percent_leaves_the_unreserved_alone() -> None:
    assert percent("AZaz09-_.~") == "AZaz09-_.~"
    assert percent("+/=@") == "%2B%2F%3D%40"
