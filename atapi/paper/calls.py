"""Calls to an exchange, one after the other: each finds everything brought up to now, and ends with one commit."""

from __future__ import annotations

from types import TracebackType

from atapi.clock import from_ms
from atapi.errors import ConfigError
from atapi.paper.clock import PaperClock
from atapi.paper.effects import Effects
from atapi.paper.feeds.base import Feed
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from atapi.paper.timeline import Timeline


class Calls:
    """The frame of every call: `with calls as now_ms:` around its work.

    Args:
        settled_ms: Up to when everything that happens by itself has happened.
    """

    def __init__(self, clock: PaperClock, store: Store, effects: Effects, settled_ms: int) -> None:
        self._clock = clock
        self._store = store
        self._effects = effects
        self.settled_ms = settled_ms
        self._timeline: Timeline | None = None
        self._kept_clock = ""  # as it was last noted

    def __call__(self) -> Calls:
        """Frame a call; it has no state of its own."""
        return self

    def __enter__(self) -> int:
        """Bring everything up to now, and tell what time that is."""
        self.settle()
        return self.settled_ms

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make what the call did durable; of one that was refused, what happened before it was judged.

        Nothing is built on work that broke off half done; broken off before it began, it may be tried again.
        """
        if kind is None or issubclass(kind, Refusal):
            self.commit()
        elif self._effects.pending:
            self._store.fail("a call broke off in the middle")

    def follow(self, timeline: Timeline) -> None:
        """Say what happens by itself as time goes on."""
        self._timeline = timeline

    def settle(self) -> None:
        """Bring everything up to now: fundings due, resting orders the market reached, the crowd's quotes."""
        self._store.ready()
        now = self._clock.now_ms()
        if now <= self.settled_ms:
            return
        assert self._timeline is not None
        try:
            self._timeline.run(self.settled_ms, now)
        except Refusal:
            raise
        except Exception:
            if self._effects.pending:
                self._store.fail("a call broke off in the middle")
            raise
        self.settled_ms = now
        self.commit()

    def advance(self, span_ms: int) -> None:
        """Move the clock on and settle everything on the way, in order."""
        self.settle()
        self._clock.advance(span_ms)
        self.settle()
        self.commit(time_moved=True)

    def commit(self, *, time_moved: bool = False) -> None:
        """End a call: with what it did, keep up to when everything has happened."""
        if time_moved or self._effects.durable:
            self._effects.meta("settled", str(self.settled_ms))
            state = self._clock.state
            if state != self._kept_clock:
                self._effects.meta("clock", state)
                self._kept_clock = state
        self._effects.commit()


def first_moment(feed: Feed, clock: PaperClock, store: Store) -> int:
    """Tell up to when a store has been settled, once it fits the feed and the clock.

    Raises:
        ConfigError: It was made with another feed, or has lived past the clock's time.
    """
    made_with = store.meta("feed")
    if made_with is not None and made_with != feed.identity():
        raise ConfigError(
            f"this exchange was made with the feed {made_with}, not {feed.identity()}",
            hint="its own --feed and --seed, another --home, or paper reset",
        )
    now = clock.now_ms()
    settled = int(store.meta("settled") or now)
    if now < settled and clock.running:
        clock.advance(settled - now)  # the machine's clock was set back meanwhile; the exchange's never is
    elif now < settled:
        raise ConfigError(
            f"the clock is set to {from_ms(now):%Y-%m-%d %H:%M:%S}, but this exchange has already lived "
            f"until {from_ms(settled):%Y-%m-%d %H:%M:%S} UTC",
            hint="a later --at, another --home, or paper reset",
        )
    return settled
