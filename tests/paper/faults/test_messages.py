"""Faults of WebSocket API requests: the words of HTTP's, the same strikes, answers known by their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket
from tests.paper.streams.conftest import dial as dial
from tests.paper.streams.test_user import MARKET, signed

Dial = Callable[[Wire, str], Socket]
Set = Callable[[str], Any]


@pytest.fixture
def socket(spot: Wire, dial: Dial) -> Socket:
    return dial(spot, "/ws-api/v3")


def orders(spot: Wire) -> list[str]:
    rows = spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json
    return [row["clientOrderId"] for row in rows]


def place(spot: Wire, name: str) -> dict[str, Any]:
    return {"id": name, "method": "order.place", "params": signed(spot, **MARKET, newClientOrderId=name)}


@pytest.mark.parametrize(("when", "known"), [("before", []), ("after", ["gone"])])
def test_a_lost_answer_leaves_the_others_alone(
    spot: Wire, socket: Socket, fault: Set, when: str, known: list[str]
) -> None:
    fault(f"lose {when} method=POST path=/api/v3/order nth=1")

    socket.say(**place(spot, "gone"))
    after = socket.ask(id="next", method="ping")

    assert (after["id"], after["status"]) == ("next", 200)
    assert orders(spot) == known


def test_the_request_reaches_the_exchange_twice(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("twice path=/api/v3/order nth=1")

    answer = socket.ask(id=1, method="order.place", params=signed(spot, **MARKET))

    assert answer["status"] == 200
    assert len(orders(spot)) == 2


@pytest.mark.parametrize(
    ("line", "status", "error"),
    [
        (
            "status 418 path=/api/v3/order",
            418,
            -1003,
        ),
        ("status 429 retry=7 path=/api/v3/order", 429, -1003),
        ("status 503 after path=/api/v3/order", 503, -1000),
        ("status 403 path=/api/v3/order", 403, -1000),
        ("code -1007 after path=/api/v3/order", 408, -1007),
        ("code -1015 path=/api/v3/order", 429, -1015),
        ("code -2010 path=/api/v3/order", 400, -2010),
    ],
)
def test_statuses_come_in_the_frame(
    spot: Wire, socket: Socket, fault: Set, line: str, status: int, error: int
) -> None:
    fault(line)

    answer = socket.ask(**place(spot, "it"))

    assert (answer["id"], answer["status"], answer["error"]["code"]) == ("it", status, error)
    assert "result" not in answer
    assert orders(spot) == (["it"] if "after" in line else [])


def test_retry_after_is_a_moment(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("status 429 retry=7 path=/api/v3/ping")

    data = socket.ask(id=1, method="ping")["error"]["data"]

    assert data["retryAfter"] - data["serverTime"] == 7000


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("body null", None),
        ("body list", []),
        ("body set=serverTime:9", {"serverTime": "9"}),
        ("body drop=serverTime", {}),
    ],
)
def test_results_are_altered(spot: Wire, socket: Socket, fault: Set, line: str, result: Any) -> None:
    fault(f"{line} path=/api/v3/time")

    assert socket.ask(id=1, method="time")["result"] == result


@pytest.mark.parametrize("line", ["body half", "body empty", "body html"])
def test_a_frame_may_be_no_json(socket: Socket, fault: Set, line: str) -> None:
    fault(f"{line} path=/api/v3/time")
    socket.say(id=1, method="time")

    with pytest.raises(ValueError, match=r"Expecting|delimiter"):
        socket.hear()


@pytest.mark.parametrize("line", ["reset after", "cut 3"])
def test_the_connection_ends_instead(spot: Wire, socket: Socket, fault: Set, line: str) -> None:
    fault(f"{line} path=/api/v3/order")
    socket.say(**place(spot, "it"))

    with pytest.raises(ConnectionClosed):
        socket.hear()
    assert orders(spot) == ["it"]


def test_a_late_answer_is_overtaken(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("delay 300ms path=/api/v3/time")
    socket.say(id="late", method="time")
    socket.say(id="next", method="ping")

    assert [socket.hear()["id"] for _ in range(2)] == ["next", "late"]


def test_a_request_held_up_is_done_later(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("delay 300ms before path=/api/v3/order")
    socket.say(**place(spot, "late"))

    assert orders(spot) == []
    assert socket.hear()["result"]["clientOrderId"] == "late"


def test_a_dripping_frame_is_whole_in_the_end(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("drip 1ms path=/api/v3/time times=1")
    socket.say(id="slow", method="time")
    socket.say(id="next", method="ping")

    first, second = socket.hear(), socket.hear()

    assert (first["id"], second["id"]) == ("slow", "next")
    assert first["result"] == {"serverTime": spot.now()}


def test_faults_tell_http_from_the_socket(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("status 500 via=ws path=/api/v3/ping")

    assert spot.get("/api/v3/ping").status == 200
    assert socket.ask(id=1, method="ping")["status"] == 500


def test_faults_know_account_and_symbol(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("code -1007 account=default symbol=BTCUSDT via=ws")

    assert socket.ask(id=1, method="ping")["status"] == 200
    assert socket.ask(**place(spot, "it"))["status"] == 408


def test_methods_of_the_connection_itself_are_named_by_method(spot: Wire, socket: Socket, fault: Set) -> None:
    fault("code -1008 path=userDataStream.* times=1")

    refused = socket.ask(id=1, method="userDataStream.subscribe.signature", params=signed(spot))

    assert (refused["status"], refused["error"]["code"]) == (503, -1008)
