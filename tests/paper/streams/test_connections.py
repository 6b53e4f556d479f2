"""What a connection may and may not: attempts, handshakes, pings, ends announced beforehand."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from atapi.paper.host import Hosted
from atapi.paper.wire.limits import CONNECTIONS, Limits
from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.streams.conftest import Socket
from tests.paper.streams.test_session import HANDSHAKE, Listening, open_session

Dial = Callable[[Wire, str], Socket]


def used(wire: Wire, path: str) -> int:
    return int(wire.get(path).headers["x-mbx-used-weight-1m"])


@pytest.mark.parametrize(
    ("market", "ping", "path", "weight"),
    [("spot", "/api/v3/ping", "/ws-api/v3", 2), ("um", "/fapi/v1/ping", "/ws-fapi/v1", 5)],
)
def test_opening_the_api_weighs(
    spot: Wire, um: Wire, dial: Dial, market: str, ping: str, path: str, weight: int
) -> None:
    wire = {"spot": spot, "um": um}[market]
    before = used(wire, ping)

    dial(wire, path)

    assert used(wire, ping) - before == weight + 1
    dial(wire, "/ws")
    assert used(wire, ping) - before == weight + 2


def test_attempts_are_counted_in_five_minutes() -> None:
    now = [1_700_000_100_000]
    limits = Limits("spot", lambda: now[0])
    taken = [limits.count_connection("streams") for _ in range(CONNECTIONS.limit)]

    refused, other = limits.count_connection("streams"), limits.count_connection("requests")
    now[0] += 300_000
    later = limits.count_connection("streams")

    assert taken == [None] * 300
    assert refused is not None
    assert (refused.status, b"-1034" in refused.body) == (429, True)
    assert dict(refused.headers)["Retry-After"].isdigit()
    assert other is later is None


def test_only_the_answer_to_a_ping_keeps_a_connection_alive() -> None:
    def pong(payload: bytes) -> bytes:
        return Frame(Opcode.PONG, payload).serialize(mask=True)

    async def keep(payload: bytes | None) -> bool:
        near, far = sockets.socketpair()
        with far:
            session, transport = await open_session(near, Listening(), HANDSHAKE)
            session._ping()  # the one that is answered, or not
            asked = session._asked[-1]
            session._answered_at -= 1
            session.data_received(pong(asked if payload is None else payload))
            session._pong_s = 0.5
            session._ping()
            return not transport.is_closing()

    assert asyncio.run(keep(None))
    assert not asyncio.run(keep(b""))
    assert not asyncio.run(keep(b"hello"))


@pytest.mark.parametrize(
    ("path", "wrapped"),
    [
        ("/ws", lambda e: e),
        ("/stream", lambda e: {"stream": "!serverShutdown", "data": e}),
        ("/ws-api/v3", lambda e: {"event": e}),
    ],
)
def test_the_end_is_announced_on_request(
    spot: Wire, dial: Dial, fault: Callable[[str], Any], path: str, wrapped: Callable[[Any], Any]
) -> None:
    socket = dial(spot, path)

    fault("shutdown 50ms")

    assert socket.hear() == wrapped({"e": "serverShutdown", "E": spot.now()})
    with pytest.raises(ConnectionClosed) as closed:
        socket.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


def test_futures_end_without_a_word(um: Wire, dial: Dial, fault: Callable[[str], Any]) -> None:
    socket = dial(um, "/market/ws")

    fault("shutdown 1ms")

    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=1) == {"result": [], "id": 1}


def test_the_end_of_the_server_is_announced(spot: Wire, hosted: Hosted, dial: Dial) -> None:
    socket = dial(spot, "/ws")
    now = spot.now()

    hosted.close()

    assert socket.hear() == {"e": "serverShutdown", "E": now}


def test_who_goes_on_after_429_is_banned_and_cut(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws-api/v3")
    heard = [{"status": 200}]
    while heard[-1]["status"] != 418:  # wherever in its minute it begins
        while spot.get("/api/v3/ticker/24hr").status == 200:  # weighs 80, of 6 000 a minute
            pass
        heard.append(socket.ask(id=len(heard), method="ping"))
        while heard[-1]["status"] == 429:
            heard.append(socket.ask(id=len(heard), method="ping"))

    *before, last = [answer for answer in heard if answer["status"] != 200]
    assert {(answer["status"], answer["error"]["code"]) for answer in before} == {(429, -1003)}
    assert before[0]["error"]["data"]["retryAfter"] > before[0]["error"]["data"]["serverTime"]
    assert last["error"]["code"] == -1003
    assert "IP banned until" in last["error"]["msg"]
    with pytest.raises(ConnectionClosed):
        socket.hear()
