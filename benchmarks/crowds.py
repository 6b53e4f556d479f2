"""Many keep-alive connections, each with one request under way: how many answers a second, and how late the late ones."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle


@dataclass(slots=True)
class Tally:
    """What came back."""

    seconds: float = 0.0
    processor: float = 0.0  # seconds the server computed
    latencies: list[int] = field(default_factory=list)  # ns, from the first byte sent to the last received
    statuses: dict[bytes, int] = field(default_factory=dict)  # "200" -> answers
    orders: int = 0  # answers to requests that place an order, 200 only

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: int) -> float:
        """Latency in milliseconds."""
        return statistics.quantiles(self.latencies, n=100)[percent - 1] / 1e6


class Talker:
    """One connection that sends its requests again and again, each when the one before is answered."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._requests: Iterator[bytes] = cycle(requests)
        self._sent = b""
        self._sent_at = 0
        self._got = b""

    def send(self) -> None:
        """Send the next request."""
        self._sent = next(self._requests)
        self._got = b""
        self._sent_at = time.monotonic_ns()
        self.socket.sendall(self._sent)

    def receive(self, tally: Tally) -> bool:
        """Read what has come; True once the answer is whole."""
        self._got += self.socket.recv(262_144)
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found:
            return False
        lengths = head.lower().split(b"content-length: ", 1)
        if len(body) < int(lengths[1].split(b"\r\n", 1)[0]):
            return False
        tally.latencies.append(time.monotonic_ns() - self._sent_at)
        status = head[9:12]
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        if status == b"200" and self._sent.startswith(b"POST"):
            tally.orders += 1
        return True


def talk(port: int, scripts: list[list[bytes]], seconds: float) -> Tally:
    """Let one connection a script talk for so long."""
    tally = Tally()
    talkers = [Talker(port, script) for script in scripts]
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.socket, selectors.EVENT_READ, talker)
        started = time.monotonic()
        for talker in talkers:
            talker.send()
        waiting = len(talkers)
        while waiting:
            over = time.monotonic() - started > seconds
            for key, _ in selector.select():
                talker = key.data
                if talker.receive(tally):
                    if over:
                        waiting -= 1
                    else:
                        talker.send()
        tally.seconds = time.monotonic() - started
    for talker in talkers:
        talker.socket.close()
    return tally
