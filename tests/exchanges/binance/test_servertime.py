from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from atapi.clock import Deadline, wall_ms
from atapi.errors import VenueUnreachable
from atapi.exchanges.binance.servertime import ServerTime

YEAR_MS = 365 * 86_400_000
NEAR = timedelta(seconds=5)  # what a slow machine may need for two calls


class Venue:
    """A venue's clock, ahead of ours by some milliseconds."""

    def __init__(self, ahead_ms: int) -> None:
        self.ahead_ms = ahead_ms
        self.asked = 0

    def __call__(self, deadline: Deadline) -> int:
        self.asked += 1
        return wall_ms() + self.ahead_ms


def server_time(venue: Venue, max_age_s: float = 300.0) -> ServerTime:
    return ServerTime(venue, max_age_s=max_age_s, timeout_s=5.0)


def test_nothing_is_asked_before_the_first_use() -> None:
    venue = Venue(0)

    server_time(venue)

    assert venue.asked == 0


def test_a_timestamp_is_the_venue_s_time_and_asks_once() -> None:
    venue = Venue(YEAR_MS)
    time = server_time(venue)

    stamps = [time.timestamp_ms(Deadline(5)) for _ in range(3)]

    assert all(abs(stamp - wall_ms() - YEAR_MS) < 5000 for stamp in stamps)
    assert venue.asked <= 2  # a second time where the first was slow


def test_the_offset_is_the_venue_s_less_ours() -> None:
    time = server_time(Venue(-YEAR_MS))

    assert abs(time.offset() + timedelta(milliseconds=YEAR_MS)) < NEAR
    assert timedelta(0) <= time.round_trip() < NEAR
    assert abs(time.now() - time.now()) < NEAR


def test_an_old_offset_is_measured_again() -> None:
    venue = Venue(0)
    time = server_time(venue, max_age_s=0.0)
    time.timestamp_ms(Deadline(5))
    asked = venue.asked
    venue.ahead_ms = YEAR_MS  # the embedded exchange's clock was advanced

    stamp = time.timestamp_ms(Deadline(5))

    assert venue.asked > asked
    assert stamp > wall_ms() + YEAR_MS - 5000


def test_the_time_of_a_clock_that_stands_still_is_exact() -> None:
    time = ServerTime(lambda deadline: 1_767_225_600_000, max_age_s=0.25, timeout_s=5.0)

    assert {time.now() for _ in range(50)} == {datetime(2026, 1, 1, tzinfo=UTC)}


def test_resync_and_forget_measure_again() -> None:
    venue = Venue(0)
    time = server_time(venue)
    time.resync()
    venue.ahead_ms = YEAR_MS

    time.forget()
    forgotten = time.offset()
    venue.ahead_ms = 0
    time.resync()

    assert forgotten > timedelta(days=364)
    assert time.offset() < NEAR


def test_the_last_offset_outlives_trust_and_reach() -> None:
    venue = Venue(YEAR_MS)
    time = server_time(venue)
    measured = time.last_offset()  # the first time it has to be

    def silent(deadline: Deadline) -> int:
        raise VenueUnreachable("silence")

    time._ask = silent
    time.forget()

    assert time.last_offset() == measured > timedelta(days=364)


def test_a_failed_measurement_leaves_no_offset_to_sign_with() -> None:
    venue = Venue(0)
    time = server_time(venue)
    time.resync()

    def silent(deadline: Deadline) -> int:
        raise VenueUnreachable("silence")

    time._ask = silent
    for attempt in (time.resync, lambda: time.timestamp_ms(Deadline(5))):
        with pytest.raises(VenueUnreachable):
            attempt()


def test_an_estimate_asks_nobody() -> None:
    venue = Venue(YEAR_MS)
    time = server_time(venue)

    before = time.estimate_ms()

    assert abs(before - wall_ms()) < 5000
    assert venue.asked == 0
