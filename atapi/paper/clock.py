"""The exchange's time: the wall's, moved by an offset, or standing still until it is advanced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from atapi.clock import wall_ms
from atapi.domain.numbers import ONE

AHEAD_MS = 1000  # how far before the server's time a timestamp may lie
STALE = "Timestamp for this request is outside of the recvWindow."
AHEAD = "Timestamp for this request was 1000ms ahead of the server's time."


class PaperClock:
    """Tells the exchange's time; it never goes back.

    Args:
        at_ms: The time now.
        running: Whether it goes on with the wall's clock, or stands until advanced.
        wall: What the machine's clock says, in milliseconds.
        speed: How many of its seconds pass in one of the wall's.
        end_ms: Where it stops; None where it goes on.
    """

    def __init__(
        self,
        at_ms: int,
        *,
        running: bool,
        wall: Callable[[], int] = wall_ms,
        speed: Decimal = ONE,
        end_ms: int | None = None,
    ) -> None:
        self._wall = wall
        self._speed = speed
        self._end_ms = end_ms
        self.running = running
        self._at_ms = at_ms
        self._set_ms = wall()  # the machine's time when this one was set
        self._latest_ms = at_ms
        self._moment: int | None = None  # where it is held
        self.skew_ms = 0  # how far clients see it ahead of what it is

    @classmethod
    def on_wall(cls, *, wall: Callable[[], int] = wall_ms) -> PaperClock:
        """Make a clock that shows the machine's own time."""
        return cls(wall(), running=True, wall=wall)

    @classmethod
    def still(cls, at_ms: int, *, wall: Callable[[], int] = wall_ms) -> PaperClock:
        """Make a clock that stands at a time until it is advanced."""
        return cls(at_ms, running=False, wall=wall)

    @classmethod
    def restored(cls, state: str, *, wall: Callable[[], int] = wall_ms) -> PaperClock:
        """Make the clock that `state` described; a running one has gone on meanwhile."""
        mode, value = state.split()
        if mode == "wall":
            return cls(wall() + int(value), running=True, wall=wall)
        return cls(int(value), running=False, wall=wall)

    @property
    def state(self) -> str:
        """What `restored` needs: `wall OFFSET_MS` or `still AT_MS`."""
        return f"wall {self._at_ms - self._set_ms}" if self.running else f"still {self._at_ms}"

    def now_ms(self) -> int:
        """Tell the time."""
        if self._moment is not None:
            return self._moment
        if self.running:
            passed = self._wall() - self._set_ms
            now = self._at_ms + (passed if self._speed is ONE else int(passed * self._speed))
            if self._end_ms is not None and now > self._end_ms:
                now = self._end_ms
            if now > self._latest_ms:  # the machine's clock may be set back
                self._latest_ms = now
            return self._latest_ms
        return self._at_ms

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let all that is asked within the block be of one moment."""
        before, self._moment = self._moment, self.now_ms()
        try:
            yield
        finally:
            self._moment = before

    def advance(self, span_ms: int) -> None:
        """Move on by a span: a still clock's time, a running clock's offset."""
        if span_ms < 0:
            raise ValueError(f"the clock cannot go back by {-span_ms} ms")
        self._at_ms = self._latest_ms = self.now_ms() + span_ms
        self._set_ms = self._wall()

    def seen_ms(self) -> int:
        """Tell the time as clients are told it."""
        return self.now_ms() + self.skew_ms

    def accepts(self, timestamp_ms: int, recv_window_ms: float) -> str | None:
        """Judge a request's timestamp; None where it is good, else Binance's message for -1021.

        A client keeps its own time by the machine's clock, from the moment it asked for ours. While this clock
        stands, its timestamps therefore run ahead by what the machine's clock has gone on since this one was set.
        And a client that never asked simply sends the machine's time: that is good here too, however far this
        clock was set or moved away from it.
        """
        timestamp_ms -= self.skew_ms
        wall = self._wall()
        now = self.now_ms()
        latest = now if self.running else now + max(0, wall - self._set_ms)
        reason = _judge(timestamp_ms, recv_window_ms, now, latest)
        if reason is not None and _judge(timestamp_ms, recv_window_ms, wall, wall) is None:
            return None
        return reason


def _judge(timestamp_ms: int, recv_window_ms: float, earliest_ms: int, latest_ms: int) -> str | None:
    if timestamp_ms >= latest_ms + AHEAD_MS:
        return AHEAD
    return STALE if earliest_ms - timestamp_ms > recv_window_ms else None
