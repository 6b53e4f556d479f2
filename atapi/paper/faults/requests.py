"""What befalls a request: held up, done twice, not done; its answer lost, late, cut, dripping or another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from atapi.paper.faults import bodies
from atapi.paper.faults.where import Happening
from atapi.paper.faults.words import MS_PER_S, Fault
from atapi.paper.wire.auth import API_KEY
from atapi.paper.wire.http import Answer, Request
from atapi.paper.wire.outbox import Receiver

if TYPE_CHECKING:
    from atapi.paper.wire.gateway import Gateway

SPARED = "/paper/"
THROTTLE = ("overload", "C")


class Wire(Receiver, Protocol):
    """The connection itself."""

    def is_closing(self) -> bool:
        """Tell whether nothing more can be sent."""
        ...


class Line(Protocol):
    """A client's connection."""

    def send(self, answer: Answer, *, keep_alive: bool, to: Receiver | None = None) -> None:
        """Send an answer, through something that mistreats it or straight."""
        ...

    def hold(self) -> None:
        """Let what the client sends next wait."""
        ...

    def go_on(self) -> None:
        """Take what has waited."""
        ...

    @property
    def wire(self) -> Wire:
        """Where bytes go."""
        ...


class Lost:
    """Nothing comes through, not even the end; the client hears nothing more on this connection."""

    def write(self, data: bytes) -> None:
        """Lose it."""

    def close(self) -> None:
        """Stay."""

    def abort(self) -> None:
        """Stay."""


class Cut:
    """Some bytes come through, then the connection ends."""

    def __init__(self, wire: Wire, count: int) -> None:
        self._wire = wire
        self._count = count

    def write(self, data: bytes) -> None:
        """Send the beginning."""
        if self._count:
            self._wire.write(data[: self._count])
            self._wire.close()
        else:
            self._wire.abort()

    def close(self) -> None:
        """Nothing is left to close."""

    def abort(self) -> None:
        """Hang up at once."""
        self._wire.abort()


class Late:
    """All of it comes through, later, in pieces of a size; what the client sends meanwhile waits."""

    def __init__(self, line: Line, span_ms: int, piece: int | None) -> None:
        self._line = line
        self._span_s = span_ms / MS_PER_S
        self.piece = piece
        self._left = b""
        self._last = False

    def write(self, data: bytes) -> None:
        """Begin to send it."""
        self._left = data
        self._line.hold()
        asyncio.get_running_loop().call_later(self._span_s, self._send)

    def close(self) -> None:
        """Hang up once it is sent."""
        self._last = True

    def abort(self) -> None:
        """Hang up at once."""
        self._left = b""
        self._line.wire.abort()

    def _send(self) -> None:
        if self._line.wire.is_closing():
            return
        piece = len(self._left) if self.piece is None else self.piece
        self._line.wire.write(self._left[:piece])
        self._left = self._left[piece:]
        if self._left:
            asyncio.get_running_loop().call_later(self._span_s, self._send)
        elif self._last:
            self._line.wire.close()
        else:
            self._line.go_on()


def meet(
    gateway: Gateway,
    market: str,
    line: Line,
    request: Request,
    answer: Callable[[Request], Answer],
    *,
    keep_alive: bool,
    symbol: str | None = None,
    via: str = "http",
) -> None:
    """Answer a request, or do to it what a fault says; the host's own endpoints are spared.

    Args:
        answer: What the exchange would do; called once, twice or never.
        symbol: Which symbol it is about; None where query and body tell.
        via: `http`, or `ws` for the WebSocket API.
    """
    fault = None
    if not request.path.startswith(SPARED):
        happening = Happening(
            market=market,
            method=request.method,
            path=request.path,
            account=gateway.holder_of(request.header(API_KEY)),
            symbol=_symbol(request) if symbol is None else symbol,
            via=via,
        )
        standing = gateway.faults.requests
        if any(each.fault.action == "overload" for each in standing) and _exempt(request):
            standing = [each for each in standing if (each.fault.action, each.fault.value) != THROTTLE]
        fault = gateway.faults.strike(standing, happening)
    if fault is None:
        line.send(answer(request), keep_alive=keep_alive)
    elif fault.action == "delay" and fault.before:

        def arrive() -> None:
            line.send(answer(request), keep_alive=keep_alive)
            line.go_on()

        line.hold()
        asyncio.get_running_loop().call_later(fault.value / MS_PER_S, arrive)
    else:
        sent = _answer(fault, market, request, answer, gateway.exchange.now_ms())
        to = _receiver(fault, line)
        if isinstance(to, Lost):
            line.hold()  # for good: an answer to a later request would be taken for this one's
        line.send(sent, keep_alive=keep_alive, to=to)


def _symbol(request: Request) -> str:
    found = parse_qs(request.query) | parse_qs(request.body.decode("latin-1"))
    return found.get("symbol", [""])[0]


def _exempt(request: Request) -> bool:
    """Whether futures let a request through in an overload: it cancels, only reduces or closes, or is no order."""
    if request.method not in ("POST", "PUT"):
        return True
    sent = parse_qs(request.query) | parse_qs(request.body.decode("latin-1"))
    return any(sent.get(name, [""])[0].lower() == "true" for name in ("reduceOnly", "closePosition"))


def _answer(
    fault: Fault, market: str, request: Request, answer: Callable[[Request], Answer], now_ms: int
) -> Answer:
    done = None if fault.before else answer(request)
    if fault.action == "twice":
        answer(request)
    if fault.action == "status":
        return bodies.of_status(fault, now_ms)
    if fault.action == "code":
        return bodies.of_code(fault, market)
    if fault.action == "overload":
        return bodies.overloaded(fault)
    if fault.action == "redirect":
        return bodies.redirected(fault)
    if fault.action == "body":
        return bodies.altered(fault, done or Answer(200, b"{}"))
    return done or Answer(200, b"{}")


def _receiver(fault: Fault, line: Line) -> Receiver | None:
    if fault.action == "lose":
        return Lost()
    if fault.action == "reset":
        return Cut(line.wire, 0)
    if fault.action == "cut":
        return Cut(line.wire, fault.value)
    if fault.action in ("delay", "drip"):
        return Late(line, fault.value, 1 if fault.action == "drip" else None)
    return None
