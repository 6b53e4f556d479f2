"""The exchange's time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from atapi.paper.clock import AHEAD, STALE, PaperClock


class Wall:
    """The machine's clock, by hand."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def test_a_still_clock_stands_until_it_is_advanced() -> None:
    wall = Wall(5_000)
    clock = PaperClock.still(1_000_000, wall=wall)

    wall.now += 77_000
    assert clock.now_ms() == 1_000_000

    clock.advance(8_000)
    assert clock.now_ms() == 1_008_000


def test_a_running_clock_goes_on_with_the_wall_and_never_back() -> None:
    wall = Wall(5_000)
    clock = PaperClock.on_wall(wall=wall)

    clock.advance(3_600_000)
    wall.now += 10
    assert clock.now_ms() == 3_605_010

    wall.now -= 1_000
    assert clock.now_ms() == 3_605_010


def test_a_clock_is_restored_as_it_was() -> None:
    wall = Wall(5_000)
    running, still = PaperClock.on_wall(wall=wall), PaperClock.still(1_000_000, wall=wall)
    running.advance(60_000)
    still.advance(60_000)
    wall.now += 500  # meanwhile

    assert PaperClock.restored(running.state, wall=wall).now_ms() == 65_500
    assert PaperClock.restored(still.state, wall=wall).now_ms() == 1_060_000


def test_no_clock_goes_back() -> None:
    with pytest.raises(ValueError, match="cannot go back by 1 ms"):
        PaperClock.still(0, wall=Wall(0)).advance(-1)


@pytest.mark.parametrize(
    ("timestamp", "verdict"),
    [
        (100_000, None),
        (95_000, None),
        (94_999, STALE),
        (100_999, None),
        (101_000, AHEAD),
    ],
)
def test_a_running_clock_accepts_by_binances_rule(timestamp: int, verdict: str | None) -> None:
    clock = PaperClock.on_wall(wall=Wall(100_000))

    assert clock.accepts(timestamp, 5_000) == verdict


@pytest.mark.parametrize(
    ("timestamp", "verdict"),
    [
        (1_000_000, None),  # the exchange's own time
        (995_000, None),
        (994_999, STALE),
        (1_030_999, None),  # a client that asked for the time has gone on by the machine's 30 s
        (1_031_000, AHEAD),
        (80_000, None),  # a client that never asked sends the machine's time
        (75_000, None),
        (74_999, STALE),
        (81_000, STALE),
    ],
)
def test_a_still_clock_accepts_clients_that_run_on_the_wall(timestamp: int, verdict: str | None) -> None:
    wall = Wall(50_000)
    clock = PaperClock.still(1_000_000, wall=wall)
    wall.now += 30_000

    assert clock.accepts(timestamp, 5_000) == verdict


def test_a_running_clock_that_was_advanced_still_accepts_the_machines_time() -> None:
    wall = Wall(100_000)
    clock = PaperClock.on_wall(wall=wall)

    clock.advance(28_800_000)

    assert clock.accepts(100_000, 5_000) is None  # a client that never asked
    assert clock.accepts(28_900_000, 5_000) is None  # one that did
    assert clock.accepts(20_000_000, 5_000) == STALE  # neither


def test_advancing_a_still_clock_ends_the_grace_of_earlier_timestamps() -> None:
    clock = PaperClock.still(1_000_000, wall=Wall(50_000))

    clock.advance(28_800_000)

    assert clock.accepts(1_000_000, 5_000) == STALE
    assert clock.accepts(29_800_000, 5_000) is None


@pytest.mark.parametrize(("speed", "after_ms"), [("1", 250), ("10", 2500), ("0.5", 125)])
def test_a_recording_goes_as_fast_as_told_and_ends_where_it_ends(speed: str, after_ms: int) -> None:
    wall = Wall(5_000)
    clock = PaperClock(1_000_000, running=True, wall=wall, speed=Decimal(speed), end_ms=1_003_000)

    wall.now += 250
    assert clock.now_ms() == 1_000_000 + after_ms

    wall.now += 100_000
    assert clock.now_ms() == 1_003_000


def test_what_is_asked_together_is_of_one_moment() -> None:
    wall = Wall(5_000)
    clock = PaperClock(1_000_000, running=True, wall=wall)

    with clock.held():
        wall.now += 5
        assert clock.now_ms() == 1_000_000

    assert clock.now_ms() == 1_000_005
