"""A venue made of bare sockets: it answers what it is told to, whole, cut, dripping or not at all."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from atapi.clock import wall_ms

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: close() sends RST


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire."""

    method: str
    path: str
    query: str
    headers: dict[str, str]  # name in lower case -> value
    raw: bytes

    @property
    def parameters(self) -> dict[str, str]:
        """The decoded query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """Bytes to answer with, and what becomes of the connection."""

    data: bytes
    then: str = "keep"  # keep | close | reset | drip | hang
    gate: threading.Event | None = field(default=None, compare=False)  # answered only once it is set


def reply(payload: Any, status: int = 200, then: str = "keep", **headers: str) -> Reply:
    """A whole JSON answer."""
    return http(json.dumps(payload).encode(), status, then, **headers)


def http(body: bytes, status: int = 200, then: str = "keep", **headers: str) -> Reply:
    """A whole answer with any body."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Reply("\r\n".join([*lines, "", ""]).encode() + body, then)


Script = Callable[[Received], Reply]


class RawServer:
    """A loopback server answering by a script: a list of replies in turn, or a function of the request.

    The clock (`…/time`) is answered by itself, `skew_ms` off, unless `clock` is False.
    """

    def __init__(self, *script: Reply | Script, clock: bool = True, skew_ms: int = 0) -> None:
        self.requests: list[Received] = []  # without those for the clock
        self.clock_requests = 0
        self.connections = 0
        self.skew_ms = skew_ms
        self.hung_up = threading.Event()  # a client closed a connection
        self._script = list(script)
        self._clock = clock
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening and drop every connection."""
        with suppress(OSError):  # closing alone would leave accept() waiting, and listening
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self.drop()

    def drop(self) -> None:
        """Close every connection, as a venue does with idle ones."""
        while self._clients:
            client = self._clients.pop()
            with suppress(OSError):  # gone already
                client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._clients.append(client)
            threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        try:
            while received := _receive(client):
                self._answer(client, received)
        except OSError:
            pass  # the client hung up, or we did: both are what some tests want
        finally:
            self.hung_up.set()
            client.close()

    def _answer(self, client: socket.socket, received: Received) -> None:
        if self._clock and received.path.endswith("/time"):
            self.clock_requests += 1
            client.sendall(reply({"serverTime": wall_ms() + self.skew_ms}).data)
            return
        self.requests.append(received)
        step = self._script[0]
        if isinstance(step, Reply):
            self._script.pop(0)
            _send(client, step)
        else:
            _send(client, step(received))


def _send(client: socket.socket, step: Reply) -> None:
    if step.gate is not None:
        step.gate.wait()
    if step.then == "drip":
        never = threading.Event()
        for byte in step.data:
            client.sendall(bytes([byte]))
            never.wait(0.01)
    client.sendall(step.data)
    if step.then == "hang":
        client.recv(1)  # until the client gives up
    if step.then == "reset":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    if step.then in ("close", "reset"):
        client.close()
        raise ConnectionError("as the script says")


def _receive(client: socket.socket) -> Received | None:
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        chunk = client.recv(65_536)
        if not chunk:
            return None
        data += chunk
    first, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Received(method, path, query, headers, data)
