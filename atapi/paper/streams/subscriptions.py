"""Market and listen-key streams: SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, and the properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from atapi.paper.faults.streams import payload_of
from atapi.paper.streams.commands import Command, Unreadable, read
from atapi.paper.streams.hub import Hub
from atapi.paper.streams.session import Session, framed
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.listenkeys import ListenKeys
from atapi.paper.wire.microseconds import finer, microseconds_of

EXPIRED = "listenKeyExpired"
RISK = "margin"  # the only listen keys that the port of spot knows: of the margin account's risk
MAX_STREAMS = 1024  # on one connection
LEGACY = ("@depth", "@bookTicker", "@trade", "!bookTicker")  # what the retired USD-M address still delivers
LEGACY_CATEGORY = "/"  # that address: no category
PRIVATE = ("", "/private")  # where listen keys are heard; COIN-M and spot know no categories

Json = dict[str, Any]


class StreamTalk:
    """One connection that streams are delivered on.

    Args:
        names: Subscribed from the beginning.
        combined: Whether payloads come wrapped with their stream's name.
        category: Which of USD-M's the address is of: `/public`, `/market` (which deliver what belongs to either),
            `/private` (users' events), or the one of before 2026-04-23. It acknowledges everything all the same.
        events: Which user events are wanted by listen key, or under "" of every key; all where nothing is said.
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
        category: str,
        events: dict[str, set[str]],
        microseconds: bool = False,
    ) -> None:
        self._hub: Hub = gateway.hub()
        self._gateway = gateway
        self._market = market
        self._first = names
        self._category = category
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
            command = read(text, self._market)
        except Unreadable as wrong:
            answer: Json = {"code": wrong.code, "msg": wrong.message}
            self._session.say(answer if wrong.id is None else answer | {"id": wrong.id})
            return
        self._obey(command)

    def closed(self) -> None:
        """Leave everything."""
        for leave in self._streams.values():
            leave()
        self._streams.clear()
        self._hub.sessions.discard(self._session)

    def announced(self, event: Json) -> Json:
        """Wrap an event about the connection itself."""
        told = finer(event) if self._microseconds else event
        return {"stream": "!serverShutdown", "data": told} if self.combined else told

    # --- delivery -------------------------------------------------------------------------------------------
    def deliver(self, raw: bytes, combined: Callable[[], bytes]) -> None:
        """Send a payload's frame, bare or wrapped as the connection wants it."""
        frame = combined() if self.combined else raw
        self._session.post(framed(microseconds_of(payload_of(frame))) if self._microseconds else frame)

    def _deliver_user(self, key: str, event: Json) -> None:
        wanted = self._events.get(key) or self._events.get("")
        if wanted and event["e"] not in wanted and event["e"] != EXPIRED:
            return
        if self.combined:
            self._session.say({"stream": key, "data": event})
        else:
            self._session.say(event)

    # --- commands -------------------------------------------------------------------------------------------
    def _obey(self, command: Command) -> None:
        if command.method == "LIST_SUBSCRIPTIONS":
            self._succeed(list(self._streams), command)
        elif command.method == "GET_PROPERTY":
            self._succeed(self.combined, command)
        elif command.combined is not None:
            self.combined = command.combined
            self._succeed(None, command)
        else:
            self._succeed(None, command)
            for name in command.names:
                if command.method == "SUBSCRIBE":
                    self._join(name)
                else:
                    self._streams.pop(name, _nothing)()

    def _join(self, name: str) -> None:
        if name in self._streams:
            return
        if len(self._streams) >= MAX_STREAMS:
            self._session.close(1008, "Too many streams")
            return
        keys = self._gateway.listen_keys[RISK if self._market == "spot" else self._market]
        owner = keys.owner(name)
        if owner is not None and self._category in PRIVATE:
            self._session.owner = self._gateway.name_of(owner)
            self._streams[name] = self._follow(keys, owner, name)
        elif owner is None and self._tells(name):
            self._streams[name] = self._hub.join(self._market, name, self)
        else:
            self._streams[name] = _nothing  # acknowledged and silent, as at Binance

    def _tells(self, name: str) -> bool:
        """Whether market streams of a name are delivered on this address."""
        if self._category == LEGACY_CATEGORY:
            return any(kind in name for kind in LEGACY)
        return self._category != "/private"

    def _follow(self, keys: ListenKeys, owner: str, key: str) -> Callable[[], None]:
        """Deliver an account's events for as long as its key lives; returns how to stop."""

        def tell(event: Json) -> None:
            self._deliver_user(key, event)

        spot = self._market == "spot"
        leave = self._hub.watch_risk(owner, tell) if spot else self._hub.follow(self._market, owner, tell)

        def expire() -> None:
            leave()
            self._deliver_user(key, {"e": EXPIRED, "E": self._gateway.exchange.now_ms(), "listenKey": key})

        forget = keys.watch(key, expire)

        def stop() -> None:
            forget()
            leave()

        return stop

    def _succeed(self, result: Any, command: Command) -> None:
        self._session.write(framed(msgspec.json.encode({"result": result, "id": command.id})))


def _nothing() -> None:
    pass
