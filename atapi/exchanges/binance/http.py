"""A small blocking HTTP/1.1 client: kept-alive connections to one host, one request each at a time.

It follows no redirect, reads no proxy from the environment, sends nothing twice. Threads may share it.
"""

from __future__ import annotations

from atapi.clock import Deadline
from atapi.exchanges.binance.connection import Answer, Connection, Fault, connect, target

MAX_IDLE = 8  # connections kept
IDLE_S = 30.0  # past this a middlebox may have forgotten the connection without a word, and swallow an order


class HttpClient:
    """The kept-alive connections to one host."""

    def __init__(self, base_url: str, *, idle_s: float = IDLE_S) -> None:
        self._target = target(base_url)
        self.host = self._target.name  # the Host header's value
        self._idle: list[tuple[Connection, Deadline]] = []  # append and pop are atomic
        self._idle_s = idle_s

    def exchange(self, request: bytes, deadline: Deadline) -> Answer:
        """Send one request once and read its answer.

        A kept connection that turns out to be closed before a byte left is replaced by a new one.

        Raises:
            Fault: No whole answer; its `sent` tells whether a byte may have left.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return self._over(kept, request, deadline)
            except Fault as e:
                if e.sent:
                    raise
        return self._over(connect(self._target, deadline), request, deadline)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop()[0].close()

    def _kept(self) -> Connection | None:
        while self._idle:
            try:
                connection, until = self._idle.pop()
            except IndexError:  # another thread was quicker
                return None
            if until.left() > 0 and not connection.stale():
                return connection
            connection.close()
        return None

    def _over(self, connection: Connection, request: bytes, deadline: Deadline) -> Answer:
        try:
            return connection.exchange(request, deadline)
        finally:
            # also on Ctrl-C: a connection in the middle of an answer is never used again
            if connection.keep_alive and len(self._idle) < MAX_IDLE:
                self._idle.append((connection, Deadline(self._idle_s)))
            else:
                connection.close()
