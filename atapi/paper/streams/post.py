"""What streams tell on its way to many: collected for a few milliseconds and sent to each client in one piece.

A `send` costs more than everything else that is done for one message to one client, so that a stream of a thousand
messages a second becomes two hundred pieces. After a pause the first message leaves in the same turn of the loop.
"""

from __future__ import annotations

import asyncio
import math
from typing import Protocol

EVERY_S = 0.005  # between two sendings


class Mailbox(Protocol):
    """A client that something waits for."""

    def empty(self) -> None:
        """Send what waits."""
        ...


class Post:
    """Sends what waits for clients, all of it together."""

    def __init__(self) -> None:
        self.cut = 0  # clients that did not read what they were sent
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Mailbox] = []
        self._sent_at = -math.inf

    def owe(self, mailbox: Mailbox) -> None:
        """Take on to send what waits there; asked for the first of it only."""
        if not self._waiting:
            due = self._sent_at + EVERY_S
            if due <= self._loop.time():
                self._loop.call_soon(self._send)
            else:
                self._loop.call_at(due, self._send)
        self._waiting.append(mailbox)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._sent_at = self._loop.time()
        for mailbox in waiting:
            mailbox.empty()
