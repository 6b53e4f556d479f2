"""One WebSocket connection: framing, pings, limits; what is said over it is left to a `Talk`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

from atapi.paper.faults.board import Faults
from atapi.paper.streams.post import Post

if TYPE_CHECKING:
    from atapi.paper.faults.messages import Detained
    from atapi.paper.faults.requests import Wire
    from atapi.paper.faults.streams import Mistreated

MAX_MESSAGE = 64 * 1024
MAX_QUEUED = 1024 * 1024  # bytes a client may leave unread before it is cut
GOOD_BYE_S = 1  # how long it may then take to read why
LIFE_S = 24 * 3600
PINGS_S = {"spot": (20, 60), "um": (180, 600), "cm": (180, 600)}  # market -> every, pong within
MESSAGES_PER_S = {"spot": 5, "um": 10, "cm": 10}  # pings and pongs count

_encode = msgspec.json.Encoder().encode
log = logging.getLogger("atapi.paper")
_quiet = logging.getLogger("atapi.paper.websocket")
_quiet.setLevel(logging.CRITICAL)  # a client that hangs up is no event worth a line


class Talk(Protocol):
    """What one kind of connection says and understands."""

    paced: bool  # whether its messages are limited by the second; requests are by their weight

    def opened(self, session: Session) -> None:
        """Begin."""
        ...

    def heard(self, text: bytes) -> None:
        """Take one message."""
        ...

    def closed(self) -> None:
        """Let go of everything."""
        ...

    def announced(self, event: dict[str, Any]) -> Any:
        """Wrap an event about the connection itself as this kind of connection tells it."""
        ...


class Session(asyncio.Protocol):
    """The connection under a talk.

    Args:
        market: Whose limits and ping times hold.
        talk: What is said over it.
        lost: Called once when the connection is gone.
        faults: What may befall events on their way out.
        post: Sends what streams tell; by default one of its own.
    """

    def __init__(
        self,
        market: str,
        transport: asyncio.Transport,
        talk: Talk,
        lost: Callable[[], None],
        faults: Faults | None = None,
        post: Post | None = None,
    ) -> None:
        self.market = market
        self.owner = ""  # name of the account whose events are told here
        self._faults = faults or Faults()
        self._post = post or Post()
        self._unsent: list[bytes] = []  # frames of streams that the post will send
        self._mistreated: Mistreated | None = None  # once a fault of streams was set
        self._transport: asyncio.Transport | Detained = transport
        self._talk = talk
        self._lost = lost
        self._wire = ServerProtocol(max_size=MAX_MESSAGE, logger=_quiet)
        self._loop = asyncio.get_running_loop()
        self._ping_s, self._pong_s = PINGS_S[market]
        self._most_messages = MESSAGES_PER_S[market]
        self._second = 0.0  # when the running second of messages began
        self._messages = 0
        self._answered_at = self._loop.time()
        self._asked: list[bytes] = []  # pings without an answer
        self._parts: list[bytes] = []  # of a fragmented message
        self._opened = False
        self._timers: list[asyncio.TimerHandle] = []

    def open(self, data: bytes) -> None:
        """Shake hands over the request's bytes, and go on with what came after them."""
        self._wire.receive_data(data)
        events = self._wire.events_received()
        request = events[0] if events else None
        if not isinstance(request, Handshake):
            self._transport.abort()
            return
        self._wire.send_response(self._wire.accept(request))
        self._flush()
        if self._wire.state is not State.OPEN:
            return
        self._timers.append(self._loop.call_later(self._ping_s, self._ping))
        self._timers.append(self._loop.call_later(LIFE_S, self.close, CloseCode.GOING_AWAY, "24 hours"))
        self._opened = True
        self._talk.opened(self)
        self._take(events[1:])

    # --- saying ---------------------------------------------------------------------------------------------
    def say(self, message: Any) -> None:
        """Send one message as JSON."""
        self.write(framed(_encode(message)))

    def write(self, frame: bytes) -> None:
        """Send a frame made by `framed`, unless a fault has it otherwise."""
        if self._faults.streams:
            self._suffer(frame)
        else:
            self.send(frame)

    def send(self, frame: bytes) -> None:
        """Send a frame as it is, behind what waits."""
        self._unsent.append(frame)
        self.empty()

    def empty(self) -> None:
        """Send what waits; a client that does not read is cut."""
        if not self._unsent:
            return
        data = b"".join(self._unsent)
        self._unsent.clear()
        if self._wire.state is not State.OPEN or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_QUEUED:
            self._cut()
        else:
            self._transport.write(data)

    def post(self, frame: bytes) -> None:
        """Send a frame of a stream with others that come soon."""
        if self._faults.streams:
            self._suffer(frame)
            return
        if not self._unsent:
            self._post.owe(self)
        self._unsent.append(frame)

    @property
    def transport(self) -> Wire:
        """Where bytes go."""
        return self._transport

    def announce(self, event: dict[str, Any]) -> None:
        """Tell something about the connection itself."""
        self.say(self._talk.announced(event))

    def detain(self) -> Detained:
        """Let all frames wait until whoever asked for it lets go."""
        from atapi.paper.faults.messages import Detained

        if not isinstance(self._transport, Detained):
            self._transport = Detained(self._transport)
        self._transport.holders += 1
        return self._transport

    def abort(self) -> None:
        """Hang up without a word."""
        self._transport.abort()

    def close(self, code: int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say good-bye."""
        self.empty()
        if self._wire.state is State.OPEN:
            self._wire.send_close(code, reason)
            self._flush()

    # --- asyncio --------------------------------------------------------------------------------------------
    def data_received(self, data: bytes) -> None:
        self._wire.receive_data(data)
        self._flush()
        self._take(self._wire.events_received())

    def eof_received(self) -> bool:
        self._wire.receive_eof()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in self._timers:
            timer.cancel()
        self._lost()
        if self._opened:
            self._talk.closed()

    # --- hearing --------------------------------------------------------------------------------------------
    def _take(self, events: list[Any]) -> None:
        for event in events:
            if not isinstance(event, Frame):
                continue
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._parts.append(bytes(event.data))
                if event.fin:
                    text, self._parts = b"".join(self._parts), []
                    if not self._talk.paced or self._within_limits():
                        self._talk.heard(text)
            elif event.opcode is Opcode.PONG:
                self._hear_pong(bytes(event.data))
            elif event.opcode is Opcode.PING:
                self._within_limits()

    def _hear_pong(self, payload: bytes) -> None:
        # A pong that answers no ping does not keep a connection alive.
        if payload in self._asked:
            self._asked = self._asked[self._asked.index(payload) + 1 :]
            self._answered_at = self._loop.time()
        self._within_limits()

    def _within_limits(self) -> bool:
        now = self._loop.time()
        if now - self._second >= 1:
            self._second, self._messages = now, 0
        self._messages += 1
        if self._messages <= self._most_messages:
            return True
        self.close(CloseCode.POLICY_VIOLATION, "Too many requests")
        return False

    def _cut(self) -> None:
        self._post.cut += 1
        log.warning("a client of %s was cut: it left %d bytes unread", self.market, MAX_QUEUED)
        self._wire.send_close(CloseCode.POLICY_VIOLATION, "Too slow: events were left unread")
        self._flush()
        self._timers.append(self._loop.call_later(GOOD_BYE_S, self._transport.abort))

    def _suffer(self, frame: bytes) -> None:
        if self._mistreated is None:
            from atapi.paper.faults.streams import Mistreated

            self._mistreated = Mistreated(self)
        self._mistreated.tell(self._faults, frame)

    def _ping(self) -> None:
        now = self._loop.time()
        if now - self._answered_at > self._pong_s:
            self._transport.abort()
            return
        self._asked.append(str(int(now * 1000)).encode())
        self._wire.send_ping(self._asked[-1])
        self._flush()
        self._timers[0] = self._loop.call_later(self._ping_s, self._ping)

    def _flush(self) -> None:
        for data in self._wire.data_to_send():
            if data:
                self._transport.write(data)
            else:  # the other side's half is closed
                self._transport.close()


def framed(payload: bytes) -> bytes:
    """Make the frame of a payload once, for any number of clients."""
    size = len(payload)
    if size < 126:
        return b"\x81%c%b" % (size, payload)
    if size < 65_536:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), payload)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), payload)
