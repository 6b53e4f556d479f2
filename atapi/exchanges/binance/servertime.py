"""The venue's clock as seen from here: an offset to this machine's, measured, and measured again when in doubt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from atapi.clock import Deadline, from_ms, monotonic_ms, wall_ms

JUMP_MS = 250  # a wall clock that moved this much against the monotonic one was set, or slept
RECKONED_MS = 1000  # an offset that may not grow older than this is no base for reckoning
SLOW_MS = 50  # a round trip this long (a connection being opened) is worth a second measurement


class ServerTime:
    """One host's clock. Implements `ClockSource`."""

    def __init__(self, ask: Callable[[Deadline], int], *, max_age_s: float, timeout_s: float) -> None:
        self._ask = ask  # the venue's milliseconds, by a public call
        self._max_age_ms = max_age_s * 1000
        self._timeout_s = timeout_s
        self._measured_at: float | None = None  # monotonic milliseconds; None: never, or no longer trusted
        self._anchor = 0.0  # wall less monotonic then
        self._ever = False  # whether it was measured at all
        self._offset_ms = 0
        self._round_trip_ms = 0.0

    def timestamp_ms(self, deadline: Deadline) -> int:
        """Tell the venue's time for a signature; measures first when the offset is old or the wall clock jumped.

        Raises:
            VenueUnreachable: It could not be measured.
        """
        wall = wall_ms()
        if self._measured_at is None or self._doubtful(wall):
            self.resync(deadline)
            wall = wall_ms()
        return wall + self._offset_ms

    def estimate_ms(self) -> int:
        """Tell the venue's time as far as it is known, without asking."""
        return wall_ms() + self._offset_ms

    def resync(self, deadline: Deadline | None = None) -> None:
        """Measure now: the venue's answer, less half the round trip.

        Raises:
            VenueUnreachable: It could not be measured.
        """
        deadline = deadline or Deadline(self._timeout_s)
        self._measured_at = None
        best = self._measure(deadline)
        if best[0] > SLOW_MS:
            best = min(best, self._measure(deadline))
        self._round_trip_ms, self._offset_ms = best
        self._measured_at = monotonic_ms()
        self._ever = True
        self._anchor = wall_ms() - self._measured_at

    def forget(self) -> None:
        """Trust the offset no more; the next use measures."""
        self._measured_at = None

    def now(self) -> datetime:
        """Tell the venue's time: asked for where its clock may stand still, else reckoned from the offset."""
        deadline = Deadline(self._timeout_s)
        if self._max_age_ms < RECKONED_MS:
            return from_ms(self._ask(deadline))
        return from_ms(self.timestamp_ms(deadline))

    def offset(self) -> timedelta:
        """Venue time less this machine's time, as last measured; measures where it never was."""
        self._known()
        return timedelta(milliseconds=self._offset_ms)

    def last_offset(self) -> timedelta:
        """Venue time less this machine's time as last measured, however long ago; measures where it never was."""
        if not self._ever:
            self.resync()
        return timedelta(milliseconds=self._offset_ms)

    def round_trip(self) -> timedelta:
        """How long the last measurement took."""
        self._known()
        return timedelta(milliseconds=self._round_trip_ms)

    def _known(self) -> None:
        if self._measured_at is None:
            self.resync()

    def _doubtful(self, wall: int) -> bool:
        now = monotonic_ms()
        old = now - (self._measured_at or 0.0) > self._max_age_ms
        return old or abs(wall - now - self._anchor) > JUMP_MS

    def _measure(self, deadline: Deadline) -> tuple[float, int]:
        started, wall = monotonic_ms(), wall_ms()
        venue = self._ask(deadline)
        round_trip = monotonic_ms() - started
        return round_trip, round(venue - wall - round_trip / 2)
