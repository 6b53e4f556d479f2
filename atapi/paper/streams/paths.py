"""Which WebSocket path says what: `/ws`, `/stream` and the API's; on USD-M below `/public`, `/market`, `/private`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote

from atapi.paper.streams.api import ApiTalk
from atapi.paper.streams.session import Session, Talk
from atapi.paper.streams.subscriptions import LEGACY_CATEGORY, StreamTalk
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Answer, Request, html_answer
from atapi.paper.wire.microseconds import wanted_in_microseconds

HANDSHAKES = {"spot": 2, "um": 5, "cm": 5}  # what opening the WebSocket API weighs
API_PATHS = {"spot": "/ws-api/v3", "um": "/ws-fapi/v1", "cm": "/ws-dapi/v1"}
CATEGORIES = ("/public", "/market", "/private")


def take_over(
    gateway: Gateway,
    market: str,
    transport: asyncio.Transport,
    request: Request,
    *,
    data: bytes,
    lost: Callable[[], None],
) -> Answer | None:
    """Turn a connection into a WebSocket, or tell why not."""
    talk = talk_for(gateway, market, request)
    if talk is None:
        return html_answer(404, "<html><body><h2>404 Not found</h2></body></html>")
    limits, serves_requests = gateway.limits[market], isinstance(talk, ApiTalk)
    refused = limits.count_connection("requests" if serves_requests else "streams")
    if refused is not None:
        return refused
    if serves_requests:
        limits.charge(HANDSHAKES[market])
    session = Session(market, transport, talk, lost, gateway.faults, gateway.hub().post)
    transport.set_protocol(session)
    session.open(data)
    return None


def talk_for(gateway: Gateway, market: str, request: Request) -> Talk | None:
    """Find what is said on a path."""
    path = "/" + request.path.lstrip("/")
    query = parse_qsl(request.query)
    if path == API_PATHS.get(market):
        return ApiTalk(gateway, market, dict(query))
    category = next((c for c in CATEGORIES if market == "um" and path.startswith(c + "/")), None)
    if category is not None:
        path = path.removeprefix(category)
    wanted = _events(query)
    if path == "/ws" or path.startswith("/ws/"):
        names, combined = [unquote(name) for name in path[len("/ws") :].split("/")], False
    elif path == "/stream" or path.startswith("/stream/"):
        names, combined = (
            # a `+` that nobody encoded (`@+08:00`) arrives as a space
            [name for key, value in query if key == "streams" for name in value.replace(" ", "+").split("/")],
            True,
        )
    else:
        return None
    names += [value for key, value in query if key == "listenKey"]
    return StreamTalk(
        gateway,
        market,
        names=[name for name in names if name and not name.isdigit()],  # some clients number their sockets
        combined=combined,
        category=(category or LEGACY_CATEGORY) if market == "um" else "",
        events=wanted,
        microseconds=market == "spot" and wanted_in_microseconds(dict(query)),
    )


def _events(query: list[tuple[str, str]]) -> dict[str, set[str]]:
    """Read which events are wanted of which listen key: `events` belongs to the key before it, else to all."""
    wanted: dict[str, set[str]] = {}
    key = ""
    for name, value in query:
        if name == "listenKey":
            key = value
        elif name == "events":
            wanted.setdefault(key, set()).update(value.split("/"))
    return wanted
