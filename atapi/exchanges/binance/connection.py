"""One keep-alive connection: the bytes of a request out, one whole answer in, all before a deadline.

Written for two things the usual clients do not give: knowing for certain whether any byte left, and ending at one
total deadline however slowly an answer drips. Nothing here sends anything twice.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httptools

from atapi.clock import Deadline
from atapi.errors import ConfigError

if TYPE_CHECKING:
    import ssl

MAX_BYTES = 64 * 2**20  # of one answer; the largest real one, spot's exchangeInfo, is about 15 MiB
_CHUNK = 65_536
_KEPT = (b"x-mbx-", b"x-sapi-", b"retry-after")  # headers worth keeping, in lower case
_SLACK_S = 0.05  # a socket's timeout is set anew only when it is off by more than this


class Fault(Exception):
    """The exchange of bytes failed.

    Args:
        sent: Whether a byte of the request may have left this machine.
        refused: Nobody listens there.
    """

    def __init__(self, reason: str, *, sent: bool, refused: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.refused = refused


class Answer(NamedTuple):
    """One whole HTTP answer."""

    status: int
    headers: dict[str, str]  # name in lower case -> value; only limits and Retry-After are kept
    body: bytes


class Target(NamedTuple):
    """A host to connect to."""

    host: str
    port: int
    tls: bool

    @property
    def name(self) -> str:
        """The Host header's value."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.tls else 80) else f"{host}:{self.port}"


def target(base_url: str) -> Target:
    """Read a base URL such as `https://api.binance.com`.

    Raises:
        ConfigError: Not an http or https URL of a bare host.
    """
    parts = urlsplit(base_url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    bare = parts.path in ("", "/") and not parts.query and parts.username is None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or not bare:
        raise ConfigError(f"base URL '{base_url}' is not a host", hint="https://api.binance.com")
    tls = parts.scheme == "https"
    return Target(parts.hostname, port or (443 if tls else 80), tls)


class Connection:
    """A connected socket and the parser of what it answers."""

    __slots__ = ("_readable", "_reader", "_socket", "_timeout", "_tls", "keep_alive")

    def __init__(self, connected: socket.socket, *, tls: bool) -> None:
        self._socket = connected
        self._timeout = connected.gettimeout() or 0.0
        self._tls = tls
        self._reader = _Reader()
        self._readable = _readable(connected)
        self.keep_alive = True  # whether the next request may use this connection

    def exchange(self, request: bytes, deadline: Deadline) -> Answer:
        """Send a request, whole, and read its answer, whole.

        Raises:
            Fault: With `sent` False only when it is certain that nothing left.
        """
        self.keep_alive = False  # until the answer is read to its end
        self._send(request, deadline)
        answer = self._receive(deadline)
        self.keep_alive = self._reader.keep_alive
        return answer

    def stale(self) -> bool:
        """Whether an idle connection is of no more use: closed there, or holding bytes nobody asked for."""
        return self._readable()

    def close(self) -> None:
        """Close it; never fails."""
        self.keep_alive = False
        self._socket.close()

    def _send(self, request: bytes, deadline: Deadline) -> None:
        self._allow(deadline, sent=False)
        try:
            written = self._socket.send(request)
        except OSError as e:
            # a failed send() on a plain socket wrote nothing; one through TLS may have written a part
            raise Fault(f"could not send ({_reason(e)})", sent=self._tls) from e
        while written < len(request):
            self._allow(deadline, sent=True)
            try:
                written += self._socket.send(request[written:])
            except OSError as e:
                raise Fault(f"the request left in part ({_reason(e)})", sent=True) from e

    def _receive(self, deadline: Deadline) -> Answer:
        reader, received = self._reader, 0
        reader.answer = None
        while True:
            self._allow(deadline, sent=True)
            try:
                data = self._socket.recv(_CHUNK)
            except OSError as e:
                raise Fault(f"no whole answer ({_reason(e)})", sent=True) from e
            if not data:
                raise Fault("the venue hung up before its answer was whole", sent=True)
            received += len(data)
            if received > MAX_BYTES:
                raise Fault(f"the answer is longer than {MAX_BYTES >> 20} MiB", sent=True)
            answer = reader.feed(data)
            if answer is not None:
                return answer

    def _allow(self, deadline: Deadline, *, sent: bool) -> None:
        left = deadline.left()
        if left <= 0:
            raise Fault("no whole answer before the deadline", sent=sent)
        if abs(left - self._timeout) > _SLACK_S:
            self._socket.settimeout(left)
            self._timeout = left


class _Reader:
    """What the HTTP parser calls; holds one answer once it is whole."""

    __slots__ = ("_body", "_headers", "_parser", "answer", "keep_alive")

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self.answer: Answer | None = None
        self.keep_alive = False

    def feed(self, data: bytes) -> Answer | None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as e:
            self.keep_alive = False
            if self.answer is None:  # else the answer was whole, and what follows it is not ours to read
                raise Fault(f"the answer is not HTTP ({type(e).__name__})", sent=True) from e
        return self.answer

    def on_message_begin(self) -> None:
        self.keep_alive = False  # also when a second message follows the one that was asked for
        self._headers = {}
        self._body = []

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name.startswith(_KEPT):
            self._headers[name.decode("latin-1")] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.answer is None and status >= 200:  # 1xx only announces
            self.answer = Answer(status, self._headers, b"".join(self._body))
            self.keep_alive = self._parser.should_keep_alive()


def connect(to: Target, deadline: Deadline) -> Connection:
    """Connect to a host before the deadline.

    Raises:
        Fault: Always with `sent` False.
    """
    addresses = _resolve(to, deadline)
    for attempts_left in range(len(addresses), 0, -1):
        family, address = addresses[-attempts_left]
        try:
            return _open(to, family, address, deadline.left() / attempts_left)
        except OSError as e:
            if attempts_left == 1 or deadline.left() <= 0:
                refused = isinstance(e, ConnectionRefusedError)
                raise Fault(f"no connection to {to.name} ({_reason(e)})", sent=False, refused=refused) from e
    raise Fault(f"{to.host} has no address", sent=False)


def _open(to: Target, family: int, address: tuple[object, ...], timeout_s: float) -> Connection:
    if timeout_s <= 0:
        raise TimeoutError("timed out")
    plain = socket.socket(family, socket.SOCK_STREAM)
    try:
        plain.settimeout(timeout_s)
        plain.connect(address)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready = tls_context().wrap_socket(plain, server_hostname=to.host) if to.tls else plain
    except BaseException:
        plain.close()
        raise
    return Connection(ready, tls=to.tls)


@cache
def tls_context() -> ssl.SSLContext:
    import ssl

    import certifi

    # Built by hand: create_default_context() would write session keys where SSLKEYLOGFILE points,
    # and the default authorities are whatever SSL_CERT_FILE says.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


def _resolve(to: Target, deadline: Deadline) -> list[tuple[int, tuple[object, ...]]]:
    if to.host == "127.0.0.1":  # the embedded exchange needs no resolver
        return [(socket.AF_INET, (to.host, to.port))]
    found: list[tuple[int, tuple[object, ...]]] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            for family, _, _, _, address in socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM):
                found.append((family, address))
        except OSError as e:
            failed.append(e)

    # getaddrinfo knows no timeout; left alone it may outlive every deadline
    resolver = threading.Thread(target=look_up, daemon=True)
    resolver.start()
    resolver.join(max(deadline.left(), 0.0))
    if failed:
        raise Fault(f"{to.host} cannot be resolved ({_reason(failed[0])})", sent=False) from failed[0]
    if resolver.is_alive():
        raise Fault(f"{to.host} was not resolved before the deadline", sent=False)
    return found


def _readable(connected: socket.socket) -> Callable[[], bool]:
    if not hasattr(select, "poll"):  # Windows
        return lambda: bool(select.select([connected], [], [], 0)[0])
    poll = select.poll()  # select() fails past 1024 open files
    poll.register(connected, select.POLLIN)
    return lambda: bool(poll.poll(0))


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
