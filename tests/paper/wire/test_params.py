"""Parameters: how they are read, and Binance's words where they cannot be."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.records import Refusal
from atapi.paper.wire.params import Params


def read(query: str, body: str = "", *, strict: bool = True) -> Params:
    return Params.parse(query, body.encode(), strict=strict)


def test_query_and_body_are_one_and_the_query_wins() -> None:
    params = read("symbol=BTCUSDT&limit=5", "limit=9&interval=1m")

    assert (params.symbol(), params.integer("limit"), params.text("interval")) == ("BTCUSDT", 5, "1m")


def test_escapes_are_decoded() -> None:
    params = read("symbols=%5B%22BTCUSDT%22%2C%22ETHUSDT%22%5D", "note=a+b%2Bc")

    assert params.json_list("symbols") == ["BTCUSDT", "ETHUSDT"]
    assert params.text("note") == "a b+c"


@pytest.mark.parametrize(("text", "number"), [("1", "1"), ("0.00100000", "0.001"), ("00012.5", "12.5")])
def test_plain_decimals_are_exact(text: str, number: str) -> None:
    assert read(f"price={text}").decimal("price") == Decimal(number)


@pytest.mark.parametrize(
    "text", ["1e-05", "1E5", "-1", "+1", ".5", "1.", "1,000", "NaN", "Infinity", "０.１", "1_0", "0x1"]
)
def test_other_numbers_are_illegal_characters(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read(f"quantity={text}").decimal("quantity")

    assert refused.value.code == -1100
    assert refused.value.message == (
        r"Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\.[0-9]{1,20})?$'."
    )


def test_usd_m_leaves_the_sign_of_a_number_to_its_filters() -> None:
    assert read("price=-1.5", strict=False).decimal("price") == Decimal("-1.5")


@pytest.mark.parametrize(
    ("query", "ask", "code", "message"),
    [
        ("", lambda p: p.symbol(), -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."),
        ("symbol=", lambda p: p.symbol(), -1105, "Parameter 'symbol' was empty."),
        ("limit=ten", lambda p: p.limit(1, 9), -1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."),
        ("limit=0", lambda p: p.limit(1, 9), -1130, "Data sent for parameter 'limit' is not valid."),
        ("side=HOLD", lambda p: p.side(), -1117, "Invalid side."),
        ("reduceOnly=yes", lambda p: p.flag("reduceOnly"), -1130, "Data sent for parameter 'reduceOnly' is not valid."),
        ("stopPrice=1", lambda p: p.forbid("stopPrice"), -1106, "Parameter 'stopPrice' sent when not required."),
        ("newClientOrderId=a%20b", lambda p: p.client_id("newClientOrderId"), -1100,
         r"Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\.A-Z\:/a-z0-9_-]{1,36}$'."),
    ],
)  # fmt: skip
def test_refusals_have_binances_words(
    query: str, ask: Callable[[Params], Any], code: int, message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        ask(read(query))

    assert (refused.value.code, refused.value.message) == (code, message)


def test_a_name_sent_twice_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read("symbol=BTCUSDT&symbol=ETHUSDT")

    assert (refused.value.code, refused.value.message) == (
        -1101,
        "Duplicate values for a parameter detected.",
    )


def test_spot_refuses_what_nobody_reads() -> None:
    nothing, some = read("x=1&y=2"), read("symbol=BTCUSDT&x=1")
    some.symbol()

    with pytest.raises(Refusal, match=r"Too many parameters; expected '0' and received '2'."):
        nothing.done()
    with pytest.raises(
        Refusal, match=r"Not all sent parameters were read; read '1' parameter\(s\) but was sent '2'."
    ):
        some.done()


def test_usd_m_ignores_what_nobody_reads() -> None:
    read("x=1", strict=False).done()


def test_spot_clips_a_limit_and_usd_m_refuses_it() -> None:
    assert read("limit=99999").limit(500, 1000) == 1000
    with pytest.raises(Refusal) as refused:
        read("limit=1001", strict=False).limit(500, 1000)

    assert refused.value.code == -1130


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_flags_are_read_in_any_case(word: str) -> None:
    assert read(f"dualSidePosition={word}").flag("dualSidePosition") is True
