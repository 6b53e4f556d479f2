"""What befalls the events of a connection: not sent, sent twice, out of order, late, garbled, or its end."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import msgspec
from websockets.frames import Frame, Opcode

from atapi.paper.faults.board import Faults
from atapi.paper.faults.where import Happening
from atapi.paper.faults.words import MS_PER_S, Fault

USER_EVENTS = frozenset(
    {
        "executionReport", "outboundAccountPosition", "balanceUpdate", "listStatus", "listenKeyExpired",
        "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ACCOUNT_CONFIG_UPDATE", "TRADE_LITE", "MARGIN_CALL", "ALGO_UPDATE",
        "STRATEGY_UPDATE", "GRID_UPDATE", "CONDITIONAL_ORDER_TRIGGER_REJECT",
    }
)  # fmt: skip


class Listening(Protocol):
    """A WebSocket connection."""

    market: str
    owner: str  # name of the account whose events it is told; empty where of none

    def send(self, frame: bytes) -> None:
        """Send a frame as it is."""
        ...

    def close(self, code: int, reason: str = "") -> None:
        """Say good-bye."""
        ...

    def abort(self) -> None:
        """Hang up without a word."""
        ...


class Mistreated:
    """The events of one connection on their way through faults."""

    def __init__(self, session: Listening) -> None:
        self._session = session
        self._held: list[bytes] = []  # sent after the next event

    def tell(self, faults: Faults, frame: bytes) -> None:
        """Send a frame, or do to it what a fault says; answers to commands pass untouched."""
        told = happening_of(self._session, payload_of(frame))
        fault = None if told is None else faults.strike(faults.streams, told)
        if fault is None:
            self._session.send(frame)
            if told is not None:
                held, self._held = self._held, []
                for late in held:
                    self._session.send(late)
        else:
            self._befall(fault, frame)

    def _befall(self, fault: Fault, frame: bytes) -> None:
        send = self._session.send
        if fault.action == "repeat":
            send(frame)
            send(frame)
        elif fault.action == "reorder":
            self._held.append(frame)
        elif fault.action == "late":
            asyncio.get_running_loop().call_later(fault.value / MS_PER_S, send, frame)
        elif fault.action == "garble":
            send(Frame(Opcode.TEXT, fault.value.encode()).serialize(mask=False))
        elif fault.action == "hang-up" and fault.value is None:
            self._session.abort()
        elif fault.action == "hang-up":
            self._session.close(fault.value)


def payload_of(frame: bytes) -> bytes:
    """Take the payload out of an unmasked frame."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def happening_of(session: Listening, payload: bytes) -> Happening | None:
    """Tell which event a payload holds; None where it is none."""
    message: Any = msgspec.json.decode(payload)
    stream = ""
    if isinstance(message, dict) and "stream" in message:
        stream, message = str(message["stream"]), message["data"]
    elif isinstance(message, dict) and "event" in message:
        message = message["event"]
    first = message[0] if isinstance(message, list) and message else message
    if not isinstance(first, dict) or ("e" not in first and "u" not in first and "lastUpdateId" not in first):
        return None
    event = str(first.get("e", "bookTicker" if "u" in first else "depth"))
    inner = first.get("o") if isinstance(first.get("o"), dict) else first
    return Happening(
        market=session.market,
        event=event,
        symbol=str(inner.get("s", "")) if isinstance(inner, dict) else "",
        stream=stream,
        account=session.owner if event in USER_EVENTS else "",
    )
