"""The connection: keep-alive, pipelining, bodies, and what a loopback server must not answer."""

from __future__ import annotations

import socket

import pytest

from tests.paper.client import Wire

PING = b"GET /api/v3/ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def talk(wire: Wire, *chunks: bytes) -> bytes:
    """Send chunks, say that nothing more comes, and read everything until the other side closes."""
    with wire.connect() as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_pipelined_requests_are_answered_in_order(spot: Wire) -> None:
    time = PING.replace(b"ping", b"time")

    received = talk(spot, PING + time + PING)

    assert received.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert received.index(b"serverTime") > received.index(b"\r\n\r\n{}")
    assert received.endswith(b"\r\n\r\n{}")


def test_a_request_may_come_byte_by_byte(spot: Wire) -> None:
    received = talk(spot, *(bytes([byte]) for byte in PING))

    assert received.startswith(b"HTTP/1.1 200 OK\r\n")


def test_connection_close_is_obeyed(spot: Wire) -> None:
    with spot.connect() as connection:
        connection.sendall(PING.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + PING)
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert b"Connection: close\r\n" in received


def test_a_chunked_body_is_read(um: Wire) -> None:
    form = f"symbol=BTCUSDT&leverage=4&timestamp={um.now()}"
    body = f"{form}&signature={um.sign(form)}".encode()
    head = (
        f"POST /fapi/v1/leverage HTTP/1.1\r\nHost: localhost\r\nX-MBX-APIKEY: {um.key}\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    ).encode()

    received = talk(
        um, head, b"%x\r\n%s\r\n" % (10, body[:10]), b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 10, body[10:])
    )

    assert b'"leverage":4' in received


def test_an_offer_of_http2_is_ignored(um: Wire) -> None:
    form = f"symbol=BTCUSDT&leverage=6&timestamp={um.now()}"
    body = f"{form}&signature={um.sign(form)}"
    request = (
        f"POST /fapi/v1/leverage HTTP/1.1\r\nHost: localhost\r\nX-MBX-APIKEY: {um.key}\r\n"
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()

    received = talk(um, request + PING.replace(b"/api/v3", b"/fapi/v1"))

    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b'"leverage":6' in received


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /api/v3/ping?" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /api/v3/ping HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(200)) + b"\r\n", 431),
        (
            b"POST /api/v3/order HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70000\r\n\r\n"
            + b"x" * 70_000,
            413,
        ),
    ],
)
def test_what_is_malformed_or_too_large_is_refused_and_cut(
    spot: Wire, request_bytes: bytes, status: int
) -> None:
    with spot.connect() as connection:
        connection.sendall(request_bytes)
        assert connection.recv(65536).startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize("name", ["127.0.0.1:1", "localhost", "LOCALHOST:8900", "[::1]:80"])
def test_loopback_names_are_answered(spot: Wire, name: str) -> None:
    assert talk(spot, PING.replace(b"127.0.0.1", name.encode())).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.", "0.0.0.0", "192.168.0.1"]
)
def test_other_names_are_not_answered(spot: Wire, name: str) -> None:
    assert talk(spot, PING.replace(b"127.0.0.1", name.encode())).startswith(b"HTTP/1.1 403 ")


def test_a_request_without_a_host_is_not_answered(spot: Wire) -> None:
    assert talk(spot, b"GET /api/v3/ping HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "header", ["Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"]
)
def test_pages_of_other_sites_are_not_answered(spot: Wire, header: str) -> None:
    request = PING.replace(b"\r\n\r\n", b"\r\n%s\r\n\r\n" % header.encode())

    assert talk(spot, request).startswith(b"HTTP/1.1 403 ")


def test_unknown_paths_are_answered_as_binance_does(spot: Wire, um: Wire) -> None:
    missing = spot.get("/api/v3/nothing")
    assert (missing.status, missing.body) == (404, b"<html><body><h2>404 Not found</h2></body></html>")
    assert um.send("POST", "/fapi/v1/nothing").refusal == (
        404,
        -5000,
        "Path /fapi/v1/nothing, Method POST is invalid",
    )


def test_answers_are_json_and_tell_the_weight_used(spot: Wire) -> None:
    first, second = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT"), spot.get("/api/v3/ping")

    assert first.headers["content-type"] == "application/json;charset=UTF-8"
    assert int(second.headers["x-mbx-used-weight-1m"]) in (1, int(first.headers["x-mbx-used-weight-1m"]) + 1)
