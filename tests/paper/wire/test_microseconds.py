"""Times in microseconds, for who asks spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from atapi.paper.wire.microseconds import finer
from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket
from tests.paper.streams.conftest import dial as dial

MICROSECONDS = {"X-MBX-TIME-UNIT": "MICROSECOND"}


def test_answers_tell_them_when_asked_by_header(spot: Wire) -> None:
    plain = spot.get("/api/v3/time").json["serverTime"]
    asked = [
        spot.send("GET", "/api/v3/time", headers={"X-MBX-TIME-UNIT": unit}).json["serverTime"]
        for unit in ("MICROSECOND", "microsecond", "MILLISECOND")
    ]

    assert asked == [plain * 1000, plain * 1000, plain]


def test_a_bar_ends_with_its_last_microsecond(spot: Wire) -> None:
    [bar] = spot.send(
        "GET", "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=1", headers=MICROSECONDS
    ).json

    assert bar[6] - bar[0] == 60_000_000 - 1


def test_ids_stay_as_they_are(spot: Wire) -> None:
    query = "symbol=BTCUSDT&limit=3"
    plain = spot.get("/api/v3/trades", query).json
    asked = spot.send("GET", "/api/v3/trades", query, headers=MICROSECONDS).json

    assert [row["id"] for row in asked] == [row["id"] for row in plain]
    assert [row["time"] for row in asked] == [row["time"] * 1000 for row in plain]


def test_futures_know_no_microseconds(um: Wire) -> None:
    assert um.send("GET", "/fapi/v1/time", headers=MICROSECONDS).json["serverTime"] < 10**13


@pytest.mark.parametrize("path", ["/ws/btcusdt@trade", "/stream?streams=btcusdt@trade"])
def test_streams_tell_them_when_asked_by_address(
    spot: Wire, dial: Callable[[Wire, str], Socket], path: str
) -> None:
    address = path + ("&" if "?" in path else "?") + "timeUnit=MICROSECOND"
    socket = dial(spot, address)
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")

    message = socket.hear()
    event = message.get("data", message)

    assert (event["e"], event["E"]) == ("trade", spot.now() * 1000)
    assert event["T"] == event["E"]
    assert event["t"] == spot.get("/api/v3/trades", symbol="BTCUSDT", limit=1).json[0]["id"]


def test_the_websocket_api_tells_them_too(spot: Wire, dial: Callable[[Wire, str], Socket]) -> None:
    socket = dial(spot, "/ws-api/v3?timeUnit=microsecond")

    assert socket.ask(id=1, method="time")["result"]["serverTime"] == spot.now() * 1000


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"T": 1_700_000_000_000}, {"T": 1_700_000_000_000_000}),
        ({"u": 5, "t": True}, {"u": 5, "t": True}),
        ([{"closeTime": 1_700_000_000_999}], [{"closeTime": 1_700_000_000_999_999}]),
        ({"orderId": 1_700_000_000_000}, {"orderId": 1_700_000_000_000}),
    ],
)
def test_only_times_change(value: Any, told: Any) -> None:
    assert finer(value) == told


def test_another_unit_is_refused_before_anything_is_done(spot: Wire) -> None:
    query = f"symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&timestamp={spot.now()}"
    signed = f"{query}&signature={spot.sign(query)}"

    refused = spot.send("POST", "/api/v3/order", signed, key=spot.key, headers={"X-MBX-TIME-UNIT": "HOUR"})

    words = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    assert refused.refusal == (400, -1194, words)
    assert spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json == []
