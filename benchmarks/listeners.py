"""Subscribers of one WebSocket stream, in a process of their own, as cheap as they come: count, and note the lag."""

from __future__ import annotations

import base64
import math
import multiprocessing
import os
import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

TRADED_AT = re.compile(rb'"T":(\d+),"m"')  # once in every message, milliseconds
LONGEST = 64  # bytes in which that is found, with room to spare
SILENCE_S = 0.5  # after which no more is expected


@dataclass(slots=True)
class Heard:
    """What came."""

    messages: list[int]  # of each subscriber
    lags: Counter[int] = field(default_factory=Counter)  # ms -> messages
    first: float = math.inf  # when they came, monotonic
    last: float = -math.inf
    cut: int = 0  # subscribers the server hung up on

    def percentile(self, percent: float) -> int:
        """Lag in whole milliseconds."""
        left = self.lags.total() * percent / 100
        for lag, messages in sorted(self.lags.items()):
            left -= messages
            if left <= 0:
                return lag
        raise ValueError("nothing was heard")


@contextmanager
def listening(port: int, path: str, subscribers: int) -> Iterator[Connection]:
    """Subscribe in another process; told anything, it listens on until all is silent and answers with `Heard`."""
    ours, theirs = multiprocessing.Pipe()
    listener = multiprocessing.Process(target=_listen, args=(port, path, subscribers, theirs))
    listener.start()
    ours.recv()
    try:
        yield ours
    finally:
        listener.join()


def _listen(port: int, path: str, subscribers: int, said: Connection) -> None:
    heard, rests = Heard([0] * subscribers), [b""] * subscribers
    with selectors.DefaultSelector() as selector:
        sockets = [_subscribe(port, path) for _ in range(subscribers)]
        for number, subscriber in enumerate(sockets):
            selector.register(subscriber, selectors.EVENT_READ, number)
        began = time.monotonic()
        said.send("ready")
        while not (said.poll() and time.monotonic() > max(began, heard.last) + SILENCE_S):
            for key, _ in selector.select(0.1):
                number = key.data
                data = sockets[number].recv(262_144)
                if not data:
                    heard.cut += 1
                    selector.unregister(sockets[number])
                    continue
                text = rests[number] + data
                rests[number] = _note(heard, number, text)
    said.send(heard)


def _note(heard: Heard, number: int, text: bytes) -> bytes:
    """Count what is whole; gives the rest."""
    heard.last, now_ms = time.monotonic(), time.time_ns() // 1_000_000
    heard.first = min(heard.first, heard.last)
    end = 0
    for match in TRADED_AT.finditer(text):
        heard.messages[number] += 1
        heard.lags[now_ms - int(match[1])] += 1
        end = match.end()
    return text[max(end, len(text) - LONGEST) :]


def _subscribe(port: int, path: str) -> socket.socket:
    subscriber = socket.create_connection(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    subscriber.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = subscriber.recv(65_536)
    assert head.startswith(b"HTTP/1.1 101 "), head
    subscriber.setblocking(False)
    return subscriber
