"""HTTP on a loopback socket: parsing, keep-alive, pipelining, and handing a connection over to WebSocket."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

import httptools

from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Answer, Request, refusal_answer
from atapi.paper.wire.outbox import Receiver

if TYPE_CHECKING:
    from atapi.paper.faults.requests import Wire

MAX_TARGET = 64 * 1024
MAX_HEADERS = 100
MAX_BODY = 64 * 1024
ADDRESS = "127.0.0.1"
LOOPBACK = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


class Connection(asyncio.Protocol):
    """One client connection; httptools calls the `on_…` methods while it parses."""

    __slots__ = (
        "_body", "_gateway", "_headers", "_held", "_market", "_parser", "_refused", "_target", "_transport", "_transports",
    )  # fmt: skip

    def __init__(self, gateway: Gateway, market: str, transports: set[asyncio.Transport]) -> None:
        self._gateway = gateway
        self._transports = transports
        self._market = market
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._refused = False
        self._held: list[tuple[Request, bool]] | None = None  # what waits behind a request that is held up
        self.on_message_begin()

    # --- asyncio --------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transports.add(self._transport)
        _no_delay(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(400, "Malformed HTTP request.")

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    # --- httptools ------------------------------------------------------------------------------------------
    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._target += url
        if len(self._target) > MAX_TARGET:
            self._refuse(414, "The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value
        if len(self._headers) > MAX_HEADERS:
            self._refuse(431, "Too many headers.")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_BODY:
            self._refuse(413, "The body is too large.")

    def on_message_complete(self) -> None:
        if self._refused or self._parser.should_upgrade():
            return
        path, _, query = self._target.partition(b"?")
        request = Request(
            self._parser.get_method().decode("ascii"),
            path.decode("latin-1"),
            query.decode("latin-1"),
            self._body,
            self._headers,
        )
        self._take(request, self._parser.should_keep_alive())

    def _take(self, request: Request, keep_alive: bool) -> None:
        if self._held is not None:
            self._held.append((request, keep_alive))
        elif self._gateway.faults.requests:
            self._suffer(request, keep_alive)
        else:
            self.send(self._answer(request), keep_alive=keep_alive)

    # --- faults ---------------------------------------------------------------------------------------------
    @property
    def wire(self) -> Wire:
        return self._transport

    def hold(self) -> None:
        if self._held is None:
            self._held = []

    def go_on(self) -> None:
        held, self._held = self._held or [], None
        for request, keep_alive in held:
            self._take(request, keep_alive)

    def _suffer(self, request: Request, keep_alive: bool) -> None:
        from atapi.paper.faults.requests import meet

        meet(self._gateway, self._market, self, request, self._answer, keep_alive=keep_alive)

    def _answer(self, request: Request) -> Answer:
        return foreign(request) or self._gateway.answer(self._market, request)

    def _refuse(self, status: int, message: str) -> None:
        if not self._refused:
            self._refused = True
            self.send(refusal_answer(-1000, message, status), keep_alive=False)

    def send(self, answer: Answer, *, keep_alive: bool, to: Receiver | None = None) -> None:
        data = answer.encode(keep_alive=keep_alive)
        self._gateway.outbox.send(to or self._transport, data, last=not keep_alive)

    def _upgrade(self, rest: bytes) -> None:
        if self._headers.get(b"upgrade", b"").lower() != b"websocket":
            # An offer of HTTP/2, which any server may ignore: read the request again without it.
            ignored = (b"upgrade", b"connection", b"http2-settings")
            head = self._head({k: v for k, v in self._headers.items() if k not in ignored})
            self._parser = httptools.HttpRequestParser(self)
            self.data_received(head + rest)
            return
        from atapi.paper.streams.paths import take_over  # websockets costs 50 ms; only who streams pays it

        path, _, query = self._target.partition(b"?")
        request = Request("GET", path.decode("latin-1"), query.decode("latin-1"), b"", self._headers)
        refused = foreign(request)
        if refused is not None:
            self.send(refused, keep_alive=False)
            return
        refused = take_over(
            self._gateway,
            self._market,
            self._transport,
            request,
            data=self._head(self._headers) + rest,
            lost=lambda: self._transports.discard(self._transport),
        )
        if refused is not None:
            self.send(refused, keep_alive=False)

    def _head(self, headers: dict[bytes, bytes]) -> bytes:
        lines = [self._parser.get_method() + b" " + self._target + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in headers.items()]
        return b"\r\n".join(lines) + b"\r\n\r\n"


def foreign(request: Request) -> Answer | None:
    """Refuse what a web page of another origin sends through its reader's browser, and names that only resolve here."""
    headers = request.headers
    host = headers.get(b"host")
    if host is None or _name(host) not in LOOPBACK:
        shown = request.header(b"host")
        return refusal_answer(-1000, f"Host {shown!r} is not this machine's loopback name.", 403)
    if b"origin" in headers and _name(headers[b"origin"].partition(b"://")[2]) not in LOOPBACK:
        shown = request.header(b"origin")
        return refusal_answer(-1000, f"Origin {shown!r} may not ask here.", 403)
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return refusal_answer(-1000, "Pages of other sites may not ask here.", 403)
    return None


class Port:
    """A loopback port that one market listens on, and the connections it has accepted."""

    def __init__(
        self, gateway: Gateway, market: str, server: asyncio.Server, transports: set[asyncio.Transport]
    ) -> None:
        self._gateway = gateway
        self.market = market
        self._server = server
        self._transports = transports
        self.number: int = server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        """Base URL of its REST."""
        return f"http://{ADDRESS}:{self.number}"

    @classmethod
    async def listen(cls, gateway: Gateway, market: str, port: int) -> Port:
        """Listen; port 0 takes a free one.

        Raises:
            OSError: The port is taken.
        """
        transports: set[asyncio.Transport] = set()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(gateway, market, transports), host=ADDRESS, port=port, backlog=512
        )
        return cls(gateway, market, server, transports)

    async def close(self) -> None:
        """Stop listening and cut every connection; WebSockets of spot are told first."""
        self._server.close()
        self._gateway.say_goodbye(self._transports)
        for transport in list(self._transports):
            transport.abort()
        await self._server.wait_closed()


def _name(host: bytes) -> bytes:
    name, colon, port = host.rpartition(b":")
    return (name if colon and port.isdigit() else host).lower()


def _no_delay(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
