"""A proxy between a real shell and a real exchange that does to one chosen order what networks do.

It understands just enough HTTP to tell where a request ends and which one it is.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

ORDERS = (b"POST /api/v3/order?", b"POST /fapi/v1/order?", b"POST /sapi/v1/margin/order?")
HTML = b"<html><body>gateway</body></html>"

Fault = Callable[["Exchanged"], None]


class Hangup(Exception):
    """The connection to the client ends here."""


class Exchanged:
    """One order on its way: send it on, or not; answer, or not."""

    def __init__(self, proxy: Proxy, client: socket.socket, request: bytes) -> None:
        self._proxy = proxy
        self._client = client
        self._request = request

    def forward(self) -> bytes:
        """Send the order on and read the exchange's whole answer."""
        return self._proxy.ask(self._request)

    def answer(self, data: bytes) -> None:
        """Send bytes to the client."""
        self._client.sendall(data)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.kill(self._proxy.victim(), signal.SIGINT)

    def kill(self) -> None:
        """End the client's process, as a pulled plug would."""
        os.kill(self._proxy.victim(), signal.SIGKILL)
        raise Hangup


class Proxy:
    """Stands before one market of an exchange.

    Args:
        upstream: Base URL of the market.
        number: Which order the fault befalls, counted from 1.
        fault: What is done to it.
        victim: Tells the process id of the client.
    """

    def __init__(self, upstream: str, *, number: int, fault: Fault, victim: Callable[[], int]) -> None:
        where = urlsplit(upstream)
        self._upstream = (where.hostname or "", where.port or 0)
        self._number = number
        self._fault = fault
        self.victim = victim
        self.orders = 0  # seen so far
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def ask(self, request: bytes) -> bytes:
        """Make one request of the exchange on a connection of its own."""
        with socket.create_connection(self._upstream) as upstream:
            upstream.sendall(request)
            return _message(upstream) or b""

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            try:
                while (request := _message(client)) is not None:
                    if request.startswith(ORDERS):
                        self.orders += 1
                        if self.orders == self._number:
                            self._fault(Exchanged(self, client, request))
                            continue
                    client.sendall(self.ask(request))
            except (Hangup, OSError):
                return


def _message(connection: socket.socket) -> bytes | None:
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


# --- faults -----------------------------------------------------------------------------------------------------


def killed_before(order: Exchanged) -> None:
    """The process dies with its order written down and not yet out."""
    order.kill()


def killed_after(order: Exchanged) -> None:
    """The process dies after the exchange executed its order."""
    order.forward()
    order.kill()


def interrupted(order: Exchanged) -> None:
    """The trader presses Ctrl-C while the exchange executes the order; the answer comes."""
    answer = order.forward()
    order.interrupt()
    order.answer(answer)


def lost(order: Exchanged) -> None:
    """Executed; no answer ever comes."""
    order.forward()
    threading.Event().wait()


def hung_up(order: Exchanged) -> None:
    """Executed; the connection ends without a byte of answer."""
    order.forward()
    raise Hangup


def cut(order: Exchanged) -> None:
    """Executed; half of the answer arrives."""
    answer = order.forward()
    order.answer(answer[: len(answer) // 2])
    raise Hangup


def garbled(order: Exchanged) -> None:
    """Executed; a gateway answers 200 with a page of its own."""
    order.forward()
    order.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(HTML), HTML))


def emptied(order: Exchanged) -> None:
    """Executed; the answer is an empty object."""
    order.forward()
    order.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def unavailable(order: Exchanged) -> None:
    """Executed; a 503 that says nothing about it."""
    order.forward()
    order.answer(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: %d\r\n\r\n%b" % (len(HTML), HTML))


def timed_out(order: Exchanged) -> None:
    """Executed; the exchange says that it does not know (-1007)."""
    order.forward()
    body = b'{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown."}'
    order.answer(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def moved(order: Exchanged) -> None:
    """Executed; answered with a redirect."""
    order.forward()
    order.answer(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def refused(order: Exchanged) -> None:
    """Not executed; refused for good."""
    body = b'{"code":-2010,"msg":"Account has insufficient balance for requested action."}'
    order.answer(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


def limited(order: Exchanged) -> None:
    """Not executed; too many requests, wait one second."""
    body = b'{"code":-1003,"msg":"Too many requests."}'
    head = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n" % len(body)
    order.answer(head + body)


def dropped(order: Exchanged) -> None:
    """Never arrives; no answer either."""
    threading.Event().wait()
