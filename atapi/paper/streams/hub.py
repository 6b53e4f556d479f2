"""Who listens to what; polls the streams somebody listens to, and sends on what the exchange tells its users."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any, Protocol, TypeVar

import msgspec
from websockets.frames import CloseCode

from atapi.paper.exchange import Exchange
from atapi.paper.records import Refusal, books_of
from atapi.paper.streams.margin_risk import MarginRisk
from atapi.paper.streams.post import Post
from atapi.paper.streams.session import Session, framed
from atapi.paper.streams.topic import Topic
from atapi.paper.streams.topics import topic_of
from atapi.paper.streams.user import UserEvents

Json = dict[str, Any]
Sink = Callable[[Json], None]
T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class Listener(Protocol):
    """Somebody a stream is delivered to."""

    def deliver(self, raw: bytes, combined: Callable[[], bytes]) -> None:
        """Take the frame of one payload; `combined` makes the one that names its stream."""
        ...


class Channel:
    """One stream and who listens to it."""

    def __init__(self, name: str, topic: Topic) -> None:
        self.name = name
        self.topic = topic
        self.listeners: dict[Listener, None] = {}  # in the order they came

    def publish(self, payload: Any, only: Listener | None = None) -> None:
        """Send a payload to all listeners, or to one; its frames are made once."""
        body = _encode(payload)
        raw = framed(body)
        wrapped: list[bytes] = []

        def combined() -> bytes:
            if not wrapped:
                wrapped.append(framed(b'{"stream":%s,"data":%s}' % (_encode(self.name), body)))
            return wrapped[0]

        for listener in [only] if only else list(self.listeners):
            listener.deliver(raw, combined)


class Hub:
    """Joins listeners to streams.

    Args:
        exchange: Asked for what streams show; its events begin to be heard here and now.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._loop = asyncio.get_running_loop()
        self._channels: dict[tuple[str, str], Channel] = {}  # (market, stream name)
        self._books: dict[tuple[str, str], None] = {}  # (market, symbol) changed since the last send
        self._tapes: dict[tuple[str, str], dict[Channel, None]] = {}  # (market, symbol) -> what hears trades
        self._followers: dict[tuple[str, str], dict[int, Sink]] = {}  # (market, account)
        self._next_follower = 0
        self._risks: dict[MarginRisk, None] = {}  # in the order they came
        self._user = UserEvents(exchange)
        self._scheduled = False
        self.post = Post()  # what sends to all of them
        self.sessions: set[Session] = set()  # every open connection
        exchange.subscribe(self._hear)

    # --- listeners ------------------------------------------------------------------------------------------
    def join(self, market: str, name: str, listener: Listener) -> Callable[[], None]:
        """Deliver a stream to a listener; a name nobody knows stays silent. Returns how to leave."""
        key = (market, name)
        channel = self._channels.get(key)
        if channel is None:
            topics = _told(lambda: [topic_of(self._exchange, market, name)])
            if not topics or topics[0] is None:
                return lambda: None
            channel = self._channels[key] = Channel(name, topics[0])
            if channel.topic.hears_trades:
                self._tapes.setdefault((market, channel.topic.symbol), {})[channel] = None
        self._poll(channel)  # whoever listens already hears first what is new
        channel.listeners[listener] = None
        for payload in _told(channel.topic.current):
            channel.publish(payload, only=listener)

        def leave() -> None:
            channel.listeners.pop(listener, None)
            if not channel.listeners and self._channels.get(key) is channel:
                del self._channels[key]
                self._tapes.get((market, channel.topic.symbol), {}).pop(channel, None)

        return leave

    def follow(self, market: str, account: str, sink: Sink) -> Callable[[], None]:
        """Deliver an account's events of a market; returns how to stop."""
        sinks = self._followers.setdefault((market, account), {})
        number = self._next_follower = self._next_follower + 1
        sinks[number] = sink

        def stop() -> None:
            sinks.pop(number, None)
            if not sinks and self._followers.get((market, account)) is sinks:
                del self._followers[market, account]

        return stop

    def watch_risk(self, account: str, sink: Sink) -> Callable[[], None]:
        """Deliver what a margin account risks; returns how to stop."""
        watch = MarginRisk(self._exchange, account, sink)
        self._risks[watch] = None

        def stop() -> None:
            self._risks.pop(watch, None)

        return stop

    def name_cancel(self, order_id: int, cancel_id: str) -> None:
        """Tell the cancel that has just happened by this id."""
        self._user.cancel_ids[order_id] = cancel_id

    def announce_end(self, sessions: Collection[Session]) -> None:
        """Tell connections to spot that the server is about to shut down."""
        event = {"e": "serverShutdown", "E": self._exchange.now_ms()}
        for session in sessions:
            if session.market == "spot":
                session.announce(event)

    def shut_down(self, span_s: float) -> None:
        """Announce the end to everybody on spot, and hang up so much later."""
        sessions = [session for session in self.sessions if session.market == "spot"]
        self.announce_end(sessions)
        for session in sessions:
            self._loop.call_later(span_s, session.close, CloseCode.GOING_AWAY, "Server shutdown")

    def close(self) -> None:
        """Say good-bye to everybody."""
        self.announce_end(self.sessions)
        for session in list(self.sessions):
            session.close(CloseCode.SERVICE_RESTART, "The exchange begins again")

    # --- sending --------------------------------------------------------------------------------------------
    def beat(self) -> None:
        """Send what changed in every stream somebody listens to."""
        self._send_user_events()
        for channel in list(self._channels.values()):
            self._poll(channel)

    def catch_up(self) -> None:
        """Send at once what is due in the next turn of the loop."""
        if self._scheduled:
            self._send_changes()

    def before_snapshot(self, market: str, symbol: str) -> None:
        """Send a book's pending changes, so that the snapshot about to be shown ends exactly where they do."""
        for (owner, _), channel in list(self._channels.items()):
            if owner == market and channel.topic.symbol == symbol and channel.topic.follows_book:
                self._poll(channel)

    def _hear(self, kind: str, record: Any) -> None:
        if kind == "book":
            self._books[record] = None
        else:
            self._user.take(kind, record)
            if kind == "trade":
                for channel in self._tapes.get((books_of(record.market), record.symbol), ()):
                    channel.topic.hear(record)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._send_changes)

    def _send_changes(self) -> None:
        self._scheduled = False
        books, self._books = self._books, {}
        self._send_user_events()
        for (market, _), channel in list(self._channels.items()):
            topic = channel.topic
            if (topic.follows_book or topic.hears_trades) and (market, topic.symbol) in books:
                self._poll(channel)

    def _send_user_events(self) -> None:
        for market, account, event in self._user.drain(self._followers):
            for sink in list(self._followers.get((market, account), {}).values()):
                sink(event)
        for risk in list(self._risks):
            risk.news()

    def _poll(self, channel: Channel) -> None:
        self._exchange.flush()  # nothing is told that a killed process would forget
        for payload in _told(channel.topic.news):
            channel.publish(payload)


def _told(read: Callable[[], list[T]]) -> list[T]:
    """Read what a stream tells; nothing while its symbol has no price."""
    try:
        return read()
    except Refusal:
        return []
