"""What befalls requests, over real sockets: executed or not, and what the client gets to see of it."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Reply, Wire
from tests.paper.routes.test_admin import ask

Set = Callable[[str], Any]
PATH = "/fapi/v1/order"
BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def buy(um: Wire) -> Reply:
    return um.signed("POST", PATH, **BUY)


def orders(um: Wire) -> int:
    return len(um.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json)


def raw(um: Wire, *, timeout: float = 10) -> socket.socket:
    """Send an order on a bare connection."""
    query = urlencode(BUY | {"timestamp": um.now()})
    head = f"POST {PATH}?{query}&signature={um.sign(query)} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-MBX-APIKEY: {um.key}\r\n\r\n"
    connection = um.connect()
    connection.settimeout(timeout)
    connection.sendall(head.encode())
    return connection


def everything(connection: socket.socket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(("moment", "done"), [("before", 0), ("after", 1)])
def test_an_answer_is_lost_and_the_order_done_or_not(um: Wire, fault: Set, moment: str, done: int) -> None:
    fault(f"lose {moment} method=POST path={PATH}")

    with raw(um, timeout=0.2) as connection, pytest.raises(TimeoutError):
        connection.recv(1)

    assert orders(um) == done


@pytest.mark.parametrize(("moment", "done"), [("before", 0), ("after", 1)])
def test_a_connection_is_dropped_instead_of_an_answer(um: Wire, fault: Set, moment: str, done: int) -> None:
    fault(f"reset {moment} method=POST path={PATH}")

    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        buy(um)

    assert orders(um) == done


@pytest.mark.parametrize("count", [0, 1, 15, 40, 200])
def test_an_answer_is_cut_after_so_many_bytes(um: Wire, fault: Set, count: int) -> None:
    fault(f"cut {count} method=POST path={PATH}")

    assert len(everything(raw(um))) == count
    assert orders(um) == 1


def test_an_answer_drips_byte_by_byte(um: Wire, fault: Set) -> None:
    fault("drip 1ms path=/fapi/v1/ping")

    with um.connect() as connection:
        connection.sendall(b"GET /fapi/v1/ping HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        pieces = list(iter(lambda: connection.recv(65536), b""))

    assert b"".join(pieces).endswith(b"\r\n\r\n{}")
    assert len(pieces) > 1


def test_what_follows_a_late_answer_on_its_connection_waits_for_it(um: Wire, fault: Set) -> None:
    fault("delay 20ms path=/fapi/v1/ping nth=1")
    ping, time = (f"GET /fapi/v1/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n" for name in ("ping", "time"))

    with um.connect() as connection:
        connection.sendall(f"{ping}\r\n{time}Connection: close\r\n\r\n".encode())
        heard = everything(connection)

    assert heard.index(b"{}") < heard.index(b"serverTime")


def test_a_request_held_up_past_its_window_is_refused(um: Wire, fault: Set) -> None:
    fault(f"delay 30ms before method=POST path={PATH}")
    query = urlencode(BUY | {"timestamp": um.now(), "recvWindow": "1"})

    reply = um.send("POST", PATH, f"{query}&signature={um.sign(query)}", key=um.key)

    assert reply.status in (200, 400)  # a standing clock takes the machine's time too
    assert orders(um) == (reply.status == 200)


@pytest.mark.parametrize("status", [408, 418, 429, 500, 502, 503, 504])
@pytest.mark.parametrize(("moment", "done"), [("", 0), ("after", 1)])
def test_a_status_stands_in_for_the_answer(um: Wire, fault: Set, status: int, moment: str, done: int) -> None:
    fault(f"status {status} {moment} retry=3 method=POST path={PATH}")

    reply = buy(um)

    assert (reply.status, reply.headers["retry-after"]) == (status, "3")
    assert orders(um) == done


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("code -1007", (408, -1007)),
        ("code -1003", (429, -1003)),
        ("code -2019", (400, -2019)),
        ("code -2015", (401, -2015)),
        ("status 503 code=-1008", (503, -1008)),
    ],
)
def test_a_code_stands_in_for_the_answer(um: Wire, fault: Set, line: str, refusal: tuple[int, int]) -> None:
    fault(f"{line} method=POST path={PATH}")

    assert buy(um).refusal[:2] == refusal
    assert orders(um) == 0


@pytest.mark.parametrize(
    ("what", "body"),
    [("empty", b""), ("null", b"null"), ("object", b"{}"), ("list", b"[]")],
)
def test_another_body_is_sent(um: Wire, fault: Set, what: str, body: bytes) -> None:
    fault(f"body {what} method=POST path={PATH}")

    reply = buy(um)

    assert (reply.status, reply.body) == (200, body)
    assert orders(um) == 1


def test_fields_go_missing_or_change(um: Wire, fault: Set) -> None:
    fault(f"body drop=orderId,status set=executedQty:9,side:HOLD method=POST path={PATH}")

    told = buy(um).json

    assert "orderId" not in told
    assert "status" not in told
    assert (told["executedQty"], told["side"]) == ("9", "HOLD")


def test_half_a_body_is_no_json(um: Wire, fault: Set) -> None:
    fault(f"body half method=POST path={PATH}")

    with pytest.raises(json.JSONDecodeError):
        _ = buy(um).json


def test_a_redirect_points_elsewhere_and_nothing_is_done(um: Wire, fault: Set) -> None:
    fault(f"redirect http://127.0.0.1:9/elsewhere status=302 method=POST path={PATH}")

    reply = buy(um)

    assert (reply.status, reply.headers["location"]) == (302, "http://127.0.0.1:9/elsewhere")
    assert orders(um) == 0


def test_a_request_is_delivered_twice(um: Wire, fault: Set) -> None:
    fault(f"twice method=POST path={PATH} nth=1")

    assert buy(um).status == 200
    assert orders(um) == 2


def test_only_the_account_named_suffers(spot: Wire, um: Wire, hosted: Hosted, fault: Set) -> None:
    made = ask(spot, hosted, "POST", "accounts", name="bob", funded=True).json
    bob = Wire(um.url, made["key"], made["secret"], "/fapi/v1")
    fault(f"status 503 account=bob path={PATH}")

    assert (buy(bob).status, buy(um).status) == (503, 200)


def test_faults_are_listed_with_what_they_struck_and_cleared(
    spot: Wire, um: Wire, hosted: Hosted, fault: Set
) -> None:
    fault("status 500 path=/fapi/v1/ping nth=2")
    fault("status 502 path=/fapi/v1/time nth=5")
    statuses = [um.get("/fapi/v1/ping").status for _ in range(3)]

    listed = ask(spot, hosted, "GET", "faults").json["faults"]
    assert statuses == [200, 500, 200]
    assert [(row["id"], row["met"], row["struck"]) for row in listed] == [(1, 3, 1), (2, 0, 0)]

    assert ask(spot, hosted, "POST", "faults/clear", id=1).json == {"cleared": 1}
    assert ask(spot, hosted, "POST", "faults/clear", id=1).refusal == (400, -1102, "There is no fault 1.")
    assert ask(spot, hosted, "POST", "faults/clear").json == {"cleared": 1}
    assert ask(spot, hosted, "GET", "faults").json == {"faults": []}


def test_a_reset_clears_faults(spot: Wire, um: Wire, hosted: Hosted, fault: Set) -> None:
    fault("status 500")
    assert um.get("/fapi/v1/ping").status == 500

    ask(spot, hosted, "POST", "reset")

    assert um.get("/fapi/v1/ping").status == 200
