"""What befalls a request of the WebSocket API: the same faults as over HTTP.

There answers know their requests by id, so that nothing waits behind one that is lost or late.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from atapi.paper.faults.requests import Late, Wire, meet
from atapi.paper.wire.http import Answer, Request
from atapi.paper.wire.outbox import Receiver

if TYPE_CHECKING:
    from atapi.paper.streams.session import Session
    from atapi.paper.wire.gateway import Gateway


class Detained:
    """A transport whose other frames wait while one is sent piece by piece."""

    def __init__(self, wire: asyncio.Transport) -> None:
        self.wire = wire
        self.holders = 0
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep it back."""
        if self.holders:
            self._waiting.append(data)
        else:
            self.wire.write(data)

    def let_go(self) -> None:
        """Send what has waited, once nobody holds it back."""
        self.holders -= 1
        if not self.holders:
            waiting, self._waiting = self._waiting, []
            for data in waiting:
                self.wire.write(data)

    def is_closing(self) -> bool:
        """Tell whether nothing more can be sent."""
        return self.wire.is_closing()

    def get_write_buffer_size(self) -> int:
        """Tell how many bytes wait."""
        return self.wire.get_write_buffer_size() + sum(map(len, self._waiting))

    def close(self) -> None:
        """Hang up once everything is sent."""
        self.wire.close()

    def abort(self) -> None:
        """Hang up at once."""
        self.wire.abort()


class Message:
    """One request over a WebSocket, as a line of its own."""

    def __init__(self, gateway: Gateway, session: Session, frame: Callable[[Answer], bytes]) -> None:
        self._gateway = gateway
        self._session = session
        self._frame = frame
        self._detained: Detained | None = None

    @property
    def wire(self) -> Wire:
        """Where bytes go: past the session, which would not send half a frame."""
        return self._detained.wire if self._detained else self._session.transport

    def send(self, answer: Answer, *, keep_alive: bool, to: Receiver | None = None) -> None:
        """Send the answer's frame; where that goes piece by piece, no other comes between."""
        if isinstance(to, Late) and to.piece is not None:
            self._detained = self._session.detain()
        self._gateway.outbox.send(to or self._session, self._frame(answer))

    def hold(self) -> None:
        """Let nothing wait."""

    def go_on(self) -> None:
        """Let what came meanwhile follow."""
        if self._detained is not None:
            self._detained.let_go()
            self._detained = None


def meet_message(
    gateway: Gateway,
    market: str,
    session: Session,
    request: Request,
    *,
    symbol: str,
    answer: Callable[[Request], Answer],
    frame: Callable[[Answer], bytes],
) -> None:
    """Answer a request of the WebSocket API, or do to it what a fault says."""
    line = Message(gateway, session, frame)
    meet(gateway, market, line, request, answer, keep_alive=True, symbol=symbol, via="ws")
