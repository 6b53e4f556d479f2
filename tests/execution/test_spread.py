"""The two-leg transaction under every schedule of up to two faults, and under random ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from atapi.domain.spreads import SpreadState
from tests.execution.simulation import (
    OPEN,
    Chooser,
    D,
    Market,
    Outcome,
    World,
    open_and_check,
    open_close_and_check,
    schedules,
)


def test_an_undisturbed_opening_is_hedged_net_of_the_fee_taken_in_base() -> None:
    world = World(Chooser(tape=[]), crashes=0)

    outcome = world.run(1, OPEN)

    # 1.00 perpetual needs 1 / 0.999 = 1.001001… spot, rounded up to the lot: 1.002 * 0.999 = 1.000998
    assert outcome == Outcome(state=SpreadState.HEDGED)
    assert world.exchange.position == {Market.UM: D("-1.00"), Market.SPOT: D("1.000998")}
    assert world.states == [SpreadState.PERP_OPEN, SpreadState.SPOT_OPEN, SpreadState.HEDGED]


@pytest.mark.parametrize("check", [open_and_check, open_close_and_check])
def test_every_schedule_of_up_to_two_faults_ends_safely(check: Callable[[Chooser], list[str]]) -> None:
    failures = [(tape, wrong) for tape, wrong in schedules(2, check) if wrong]

    assert failures == []


@pytest.mark.parametrize("check", [open_and_check, open_close_and_check])
def test_random_schedules_of_many_faults_end_safely(check: Callable[[Chooser], list[str]]) -> None:
    failures = [(seed, wrong) for seed in range(2000) if (wrong := check(Chooser(seed=seed)))]

    assert failures == []
