"""Answers on their way out: kept back until what they tell of is durable.

Requests that arrive together are answered one by one and written to disk together, once in a turn of the event loop;
their answers leave after that. Nothing is acknowledged, or shown to anybody, that a killed process would forget.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from atapi.errors import StorageError
from atapi.paper.exchange import Exchange

log = logging.getLogger("atapi.paper")


class Receiver(Protocol):
    """One connection, as far as an answer is concerned."""

    def write(self, data: bytes) -> None:
        """Send bytes."""
        ...

    def close(self) -> None:
        """Hang up once everything is sent."""
        ...

    def abort(self) -> None:
        """Hang up at once."""
        ...


class Outbox:
    """Sends answers in the order they were made; at once where nothing waits to be written."""

    def __init__(self) -> None:
        self._exchange: Exchange | None = None
        self._asked = False  # a write is due in this turn of the loop
        self._waiting: list[tuple[Receiver, bytes, bool]] = []  # to, answer, whether it is the last

    def watch(self, exchange: Exchange) -> None:
        """Write an exchange's calls together from now on; called on the event loop that answers."""
        self._exchange = exchange
        exchange.defer(self._ask)

    def follow(self, exchange: Exchange) -> None:
        """Go on with the exchange that stands in for the one that was watched, if any was."""
        if self._exchange is not None:
            self.watch(exchange)

    def send(self, to: Receiver, data: bytes, *, last: bool = False) -> None:
        """Send an answer as soon as all that was done before it is durable."""
        if self._asked:
            self._waiting.append((to, data, last))
        else:
            to.write(data)
            if last:
                to.close()

    def settle(self) -> None:
        """Write what is due and let the answers go; where that fails nobody is answered, as nobody knows."""
        self._asked = False
        waiting, self._waiting = self._waiting, []
        try:
            if self._exchange is not None:
                self._exchange.flush()
        except StorageError:
            log.exception("%d answers are lost", len(waiting))
            for to, _, _ in waiting:
                to.abort()
            return
        for to, data, last in waiting:
            to.write(data)
            if last:
                to.close()

    def _ask(self) -> None:
        if not self._asked:
            self._asked = True
            asyncio.get_running_loop().call_soon(self.settle)
