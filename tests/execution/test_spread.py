"""The two-leg transaction under every schedule of up to two faults, and under random ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atapi.domain.orders import Fill, Order, OrderStatus, Side
from atapi.domain.spreads import SpreadState
from atapi.execution.effects import Answered, AskDepth, AskFills, Now, Rejected, Send, Unclear
from atapi.execution.follow import MAX_UNWINDS
from atapi.execution.legs import Legs
from atapi.execution.spread import Outcome, open_spread
from tests.execution.simulation import PAIR, START, Chooser, D, Market, schedules
from tests.execution.world import CHECKS, OPEN, PLAIN, World


def test_an_undisturbed_opening_is_hedged_net_of_the_fee_taken_in_base() -> None:
    world = World(Chooser(tape=[]), crashes=0)

    outcome = world.run(1, OPEN)

    # 30.00 perpetual needs 30 / 0.999 = 30.03003… spot, rounded up to the lot: 30.031 * 0.999 = 30.000969
    assert outcome == Outcome(state=SpreadState.HEDGED)
    assert (world.exchange.position[Market.UM], world.exchange.coins) == (D("-30.00"), D("30.000969"))
    assert world.states == [SpreadState.PERP_OPEN, SpreadState.SPOT_OPEN, SpreadState.HEDGED]


TAPES = json.loads((Path(__file__).parent / "tapes.json").read_text())  # each failed once


@pytest.mark.parametrize(("name", "tape"), [(name, tape) for name, tapes in TAPES.items() for tape in tapes])
def test_tapes_that_failed_once_end_safely(name: str, tape: list[int]) -> None:
    assert CHECKS[name](Chooser(tape=tape)) == []


@pytest.mark.parametrize("name", CHECKS)
def test_every_schedule_of_few_faults_ends_safely(name: str) -> None:
    faults = 2 if name in PLAIN else 1

    failures = [(tape, wrong) for tape, wrong in schedules(faults, CHECKS[name]) if wrong]

    assert failures == []


@pytest.mark.parametrize("name", CHECKS)
def test_random_schedules_of_many_faults_end_safely(name: str) -> None:
    failures = [(seed, wrong) for seed in range(500) if (wrong := CHECKS[name](Chooser(seed=seed)))]

    assert failures == []


def test_a_perpetual_that_cannot_be_taken_back_is_called_exposed_after_every_try() -> None:
    sold = Order(
        market=Market.UM, symbol="BTCUSDT", order_id="1", client_order_id="at-test-aaaaaaaaaaaabp1", side=Side.SELL,
        type="LIMIT", status=OrderStatus.FILLED, quantity=D("30.00"), filled=D("30.00"), quote_filled=None,
        price=D("99.9"), reduce_only=False, created_at=START, updated_at=START,
    )  # fmt: skip
    fill = Fill(
        market=Market.UM, symbol="BTCUSDT", trade_id="1", order_id="1", side=Side.SELL, price=D(100),
        quantity=D("30.00"), fee=D(0), fee_asset="USDT", realized=None, maker=False, at=START,
    )  # fmt: skip
    engine, result, sent = open_spread(Legs(pair=PAIR, intent_id=1, instance="test", rows={}), OPEN), None, []
    try:
        while True:
            effect = engine.send(result)
            result = None
            if isinstance(effect, Send):
                sent.append(effect.request)
                perp_entry = effect.request.side is Side.SELL
                result = Answered(sold) if perp_entry else Rejected(-2010, "refused")
            elif isinstance(effect, Now):
                result = START
            elif isinstance(effect, AskFills):
                result = (fill,)
            elif isinstance(effect, AskDepth):
                result = Unclear("timeout")
    except StopIteration as end:
        outcome = end.value

    assert outcome.state is SpreadState.EXPOSED
    assert outcome.exposed == D("-30.00")
    assert [(r.market, r.reduce_only, r.type) for r in sent[2:]] == [
        (Market.UM, True, "MARKET")
    ] * MAX_UNWINDS
    assert len({r.client_order_id for r in sent}) == len(sent) == 2 + MAX_UNWINDS
