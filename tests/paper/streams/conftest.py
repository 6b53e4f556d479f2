"""Sockets to test streams with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.paper.client import Wire

TIMEOUT_S = 10


class Socket:
    """A WebSocket that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **message: Any) -> None:
        """Send one message."""
        self.connection.send(json.dumps(message))

    def hear(self) -> Any:
        """Wait for one message."""
        return json.loads(self.connection.recv(TIMEOUT_S))

    def ask(self, **message: Any) -> Any:
        """Send one message and wait for the answer to it."""
        self.say(**message)
        return self.hear()

    def hear_until(self, wanted: Callable[[Any], bool]) -> list[Any]:
        """Collect messages up to the first one wanted, which is the last."""
        heard = [self.hear()]
        while not wanted(heard[-1]):
            heard.append(self.hear())
        return heard


@pytest.fixture
def dial() -> Iterator[Callable[[Wire, str], Socket]]:
    """Give a function that opens a socket on a path of a port, and close all of them afterwards."""
    with ExitStack() as opened:

        def open_socket(wire: Wire, path: str) -> Socket:
            url = wire.url.replace("http", "ws") + path
            return Socket(opened.enter_context(connect(url, proxy=None, open_timeout=TIMEOUT_S)))

        yield open_socket
