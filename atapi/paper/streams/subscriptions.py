"""Market and listen-key streams: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, and the properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from atapi.paper.faults.streams import payload_of
from atapi.paper.streams.hub import Hub
from atapi.paper.streams.session import Session, framed
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.microseconds import microseconds_of

MAX_STREAMS = 1024  # on one connection
METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
LEGACY = ("@depth", "@bookTicker", "@trade", "!bookTicker")  # what the retired USD-M address still delivers

Json = dict[str, Any]


class StreamTalk:
    """One connection that streams are delivered on.

    Args:
        names: Subscribed from the beginning.
        combined: Whether payloads come wrapped with their stream's name.
        legacy: The USD-M address of before 2026-04-23: acknowledges everything, delivers public streams only.
        events: Which user events are wanted; all where empty.
        microseconds: Whether times are told in those, as spot does on request.
    """

    paced = True

    def __init__(
        self,
        gateway: Gateway,
        market: str,
        *,
        names: list[str],
        combined: bool,
        legacy: bool,
        events: set[str],
        microseconds: bool = False,
    ) -> None:
        self._hub: Hub = gateway.hub()
        self._gateway = gateway
        self._market = market
        self._first = names
        self._legacy = legacy
        self._events = events
        self._microseconds = microseconds
        self.combined = combined
        self._session: Session
        self._streams: dict[str, Callable[[], None]] = {}  # name -> how to leave it

    # --- talk -----------------------------------------------------------------------------------------------
    def opened(self, session: Session) -> None:
        """Join what the address named."""
        self._session = session
        self._hub.sessions.add(session)
        for name in self._first:
            self._join(name)

    def heard(self, text: bytes) -> None:
        """Obey one command."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._fail(3, "Invalid JSON: expected value at line 1 column 1", {})
            return
        if not isinstance(message, dict) or message.get("method") not in METHODS:
            method = message.get("method") if isinstance(message, dict) else None
            expected = ", ".join(f"`{known}`" for known in METHODS)
            self._fail(2, f"Invalid request: unknown variant `{method}`, expected one of {expected}", message)
            return
        self._obey(str(message["method"]), message.get("params"), message)

    def closed(self) -> None:
        """Leave everything."""
        for leave in self._streams.values():
            leave()
        self._streams.clear()
        self._hub.sessions.discard(self._session)

    # --- delivery -------------------------------------------------------------------------------------------
    def deliver(self, raw: bytes, combined: Callable[[], bytes]) -> None:
        """Send a payload's frame, bare or wrapped as the connection wants it."""
        frame = combined() if self.combined else raw
        self._session.write(framed(microseconds_of(payload_of(frame))) if self._microseconds else frame)

    def _deliver_user(self, key: str, event: Json) -> None:
        if self._events and event["e"] not in self._events:
            return
        if self.combined:
            self._session.say({"stream": key, "data": event})
        else:
            self._session.say(event)

    # --- commands -------------------------------------------------------------------------------------------
    def _obey(self, method: str, params: Any, message: Json) -> None:
        if method == "LIST_SUBSCRIPTIONS":
            self._succeed(list(self._streams), message)
        elif method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
                self._fail(2, "Invalid request: invalid type: expected a sequence of strings", message)
                return
            self._succeed(None, message)
            for name in params:
                if method == "SUBSCRIBE":
                    self._join(name)
                else:
                    self._streams.pop(name, _nothing)()
        elif not isinstance(params, list) or not params or params[0] != "combined":
            self._fail(0, "Unknown property", message)
        elif method == "GET_PROPERTY":
            self._succeed(self.combined, message)
        elif len(params) != 2 or not isinstance(params[1], bool):
            self._fail(1, "Invalid value type: expected Boolean", message)
        else:
            self.combined = params[1]
            self._succeed(None, message)

    def _join(self, name: str) -> None:
        if name in self._streams:
            return
        if len(self._streams) >= MAX_STREAMS:
            self._session.close(1008, "Too many streams")
            return
        keys = self._gateway.listen_keys.get(self._market)
        owner = keys.owner(name) if keys is not None else None
        if owner is not None:
            self._session.owner = self._gateway.name_of(owner)
            self._streams[name] = self._hub.follow(
                self._market, owner, lambda event: self._deliver_user(name, event)
            )
        elif self._legacy and not any(kind in name for kind in LEGACY):
            self._streams[name] = _nothing  # acknowledged and silent, as at Binance
        else:
            self._streams[name] = self._hub.join(self._market, name, self)

    def _succeed(self, result: Any, message: Json) -> None:
        self._session.write(framed(msgspec.json.encode({"result": result, "id": message.get("id")})))

    def _fail(self, code: int, text: str, message: Any) -> None:
        answer: Json = {"code": code, "msg": text}
        if isinstance(message, dict) and "id" in message:
            answer["id"] = message["id"]
        self._session.say(answer)


def _nothing() -> None:
    pass
