"""A proxy between a real shell and one market of a real exchange, that does to chosen requests what networks do.

It understands just enough HTTP to tell where a message ends and what a request asks for. Which fault befalls which
request is the caller's to say; `tests/execution/faults.py` has the faults.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from atapi.clock import monotonic_ms

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends RST
# The exchange sees one address behind all proxies, and what all their clients use together is nobody's budget
WEIGHTS = re.compile(rb"x-(?:mbx|sapi)-used-[^\r]*\r\n", re.IGNORECASE)


class Asked(NamedTuple):
    """A request that reached a proxy."""

    at_s: float
    market: str
    method: str
    path: str

    @property
    def what(self) -> str:
        """The request in words, without its parameters."""
        return f"{self.method} {self.path}"


class Hangup(Exception):
    """The connection to the client ends here."""


class Passing:
    """One request on its way: send it on, or not; answer, or not."""

    def __init__(self, proxy: Proxy, client: socket.socket, request: bytes) -> None:
        self.proxy = proxy
        self.market = proxy.market
        method, target = request.split(b" ", 2)[:2]
        self.method = method.decode("ascii")
        path, _, self._query = target.decode("ascii").partition("?")
        self.path = path
        self.number = 0  # of the requests since the count began, on all proxies that share it
        self.client = client
        self._request = request

    @property
    def what(self) -> str:
        """The request in words, without its parameters."""
        return f"{self.method} {self.path}"

    def parameter(self, name: str) -> str:
        """One of its parameters; empty where it has none of that name."""
        return next(iter(parse_qs(self._query).get(name, [])), "")

    def forward(self) -> bytes:
        """Send the request on, and read the exchange's whole answer."""
        return self.proxy.ask(self._request)

    def answer(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.client.sendall(data)

    def hang_up(self, *, reset: bool = False) -> None:
        """End the connection, politely or not."""
        if reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        raise Hangup

    def wait_until_gone(self, most_s: float | None = None) -> bool:
        """Wait until the client hangs up, or that long; tells whether it did."""
        self.client.settimeout(most_s)
        try:
            gone = not self.client.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.client.settimeout(None)
        return gone


Fault = Callable[[Passing], None]
Meet = Callable[[Passing], Fault | None]  # what befalls a request; None: nothing


class Count:
    """Numbers the requests of one shell over all the markets it talks to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.doubled: list[str] = []  # client order ids of what was delivered twice, ever
        self.begin(lambda passing: None)

    def begin(self, meet: Meet) -> None:
        """Forget what was asked, and count from one again."""
        with self._lock:
            self.asked: list[Asked] = []
            self.pauses: list[
                tuple[str, float, float]
            ] = []  # market, from, until: where a client was told to wait
            self._meet = meet

    def take(self, passing: Passing) -> Fault | None:
        """Number a request and tell what befalls it."""
        with self._lock:
            self.asked.append(Asked(monotonic_ms() / 1000, passing.market, passing.method, passing.path))
            passing.number = len(self.asked)
            return self._meet(passing)

    def pause(self, market: str, seconds: float) -> None:
        """Note that a client is about to be told to wait."""
        now = monotonic_ms() / 1000
        self.pauses.append((market, now, now + seconds))


class Proxy:
    """Stands before one market of an exchange.

    Args:
        upstream: Base URL of the market.
        market: Its name: spot or um.
        count: Numbers the requests, and tells what befalls them.
    """

    def __init__(self, upstream: str, market: str, count: Count) -> None:
        where = urlsplit(upstream)
        self._upstream = (where.hostname or "", where.port or 0)
        self.market = market
        self.count = count
        self._clients: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._listening(self._listener)

    def shut(self, *, hang_up_but: Passing | None = None) -> None:
        """Refuse connections from now on, and end those that wait for a request.

        Args:
            hang_up_but: The request whose connection is left as it is.
        """
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in list(self._clients):
            if hang_up_but is None or client is not hang_up_but.client:
                client.shutdown(socket.SHUT_RDWR)

    def open(self) -> None:
        """Take connections again, if it was shut."""
        if self._listener.fileno() == -1:
            self._listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
            self._listening(self._listener)

    def close(self) -> None:
        """Refuse connections, and end those there are."""
        if self._listener.fileno() != -1:
            self.shut()

    def ask(self, request: bytes) -> bytes:
        """Make one request of the exchange on a connection of its own."""
        with socket.create_connection(self._upstream) as upstream:
            return _asked(upstream, request)

    def _listening(self, listener: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        upstream = socket.create_connection(self._upstream)
        try:
            with client, upstream:
                while (request := message(client)) is not None:
                    passing = Passing(self, client, request)
                    fault = self.count.take(passing)
                    if fault is not None:
                        fault(passing)
                        continue
                    client.sendall(_asked(upstream, request))
        except (Hangup, OSError):
            return
        finally:
            self._clients.discard(client)


class Bystander:
    """Another host, to which a redirect may point; nobody has any business there."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.met = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.met += 1
            client.close()


def _asked(upstream: socket.socket, request: bytes) -> bytes:
    upstream.sendall(request)
    return WEIGHTS.sub(b"", message(upstream) or b"")


def message(connection: socket.socket) -> bytes | None:
    """Read one whole HTTP message; None where the other side is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    ]
    missing = int(lengths[0]) - len(body) if lengths else 0
    while missing > 0:
        part = connection.recv(missing)
        if not part:
            return None
        data += part
        missing -= len(part)
    return data
