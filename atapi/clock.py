"""The one place that reads the wall clock.

Everybody else is handed a `Clock`. Waits use monotonic time, so a jump of the wall clock moves no deadline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """Tell the time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for some seconds of this clock's own time."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Tell the machine's time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait in real time; Ctrl-C ends the wait."""
        threading.Event().wait(seconds)


class ManualClock:
    """A clock that stands still until it is advanced, for tests and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Tell the time it was last advanced to."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance by that much at once."""
        self._now += timedelta(seconds=seconds)

    def advance(self, **delta: float) -> None:
        """Advance by a `timedelta` given by its keywords, as in `advance(minutes=2)`."""
        self._now += timedelta(**delta)


class Deadline:
    """One total time allowance, shared by every step of a request."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left; zero or negative once it has passed."""
        return self._end - time.monotonic()


def wall_ms() -> int:
    """Milliseconds since 1970 by the machine's clock."""
    return time.time_ns() // 1_000_000


def monotonic_ms() -> float:
    """Milliseconds of a clock that never jumps; only differences mean anything."""
    return time.monotonic_ns() / 1_000_000


def to_ms(at: datetime) -> int:
    """Convert an aware time to milliseconds since 1970, exactly."""
    delta = at - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_ms(ms: int) -> datetime:
    """Convert milliseconds since 1970 to an aware UTC time, exactly."""
    return EPOCH + timedelta(milliseconds=ms)


class AskedClock:
    """A clock that is asked for each time, as the embedded exchange's, which may stand still or jump."""

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask

    def now(self) -> datetime:
        """Ask for the time."""
        return self._ask()

    def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        threading.Event().wait(seconds)


class RunningClock:
    """A clock that is asked for once and then runs by monotonic time, whatever the asked one does.

    For waits that must end: proof that an order was never accepted counts time that really passed.
    """

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask
        self._start: datetime | None = None
        self._started = 0.0

    def now(self) -> datetime:
        """Tell the asked time plus what has passed since."""
        if self._start is None:
            self._start, self._started = self._ask(), monotonic_ms()
        return self._start + timedelta(milliseconds=monotonic_ms() - self._started)

    def sleep(self, seconds: float) -> None:
        """Wait in real time."""
        threading.Event().wait(seconds)
