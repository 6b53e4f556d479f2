"""How an order that was accepted ends when the venue will not say: by its trades, or not at all."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Fill, Order, OrderStatus, Side
from atapi.execution.effects import (
    Amend,
    Answered,
    Ask,
    AskFills,
    AttemptState,
    Cancel,
    Effect,
    NotFound,
    Now,
    Sleep,
    Unclear,
    WriteFills,
)
from atapi.execution.leg import MAX_ASKS, MAX_CANCELS, Unproven, settle, withdraw
from atapi.execution.order import Slot, amend_order, follow_order, place_order
from tests.execution.order_venue import TERMS
from tests.execution.simulation import START
from tests.execution.test_leg import SENDING

D = Decimal
RESTING = replace(SENDING, state=AttemptState.RESTING, order_id="42")
LIVE = Order(
    market=Market.UM, symbol="BTCUSDT", order_id="42", client_order_id=RESTING.request.client_order_id,
    side=Side.SELL, type=RESTING.request.type, status=OrderStatus.NEW, quantity=D(1), filled=D(0), quote_filled=D(0),
    price=D(100), reduce_only=False, created_at=START, updated_at=START,
)  # fmt: skip


def fill(quantity: str) -> Fill:
    return Fill(
        market=Market.UM, symbol="BTCUSDT", trade_id=quantity, order_id="42", side=Side.SELL, price=D(100),
        quantity=D(quantity), fee=D(0), fee_asset="USDT", realized=None, maker=True, at=START,
    )  # fmt: skip


def drive(
    engine: Generator[Effect, Any, Any], answers: dict[type, list[Any]], seen: list[Effect] | None = None
) -> tuple[list[Effect], Any]:
    """Run an engine against answers that are given in turn, the last of them for ever."""
    effects = [] if seen is None else seen
    result, now = None, START
    try:
        while True:
            effect = engine.send(result)
            effects.append(effect)
            if isinstance(effect, Sleep):
                now += timedelta(seconds=effect.seconds)
            given = answers.get(type(effect), [None])
            result = now if isinstance(effect, Now) else given.pop(0) if len(given) > 1 else given[0]
    except StopIteration as end:
        return effects, end.value


@pytest.mark.parametrize(
    ("fills", "state", "executed", "reason"),
    [
        ((), AttemptState.REJECTED, "0", "no longer shown, with nothing executed"),
        ((fill("0.4"),), AttemptState.PARTIAL, "0.4", ""),
        ((fill("0.4"), fill("0.6")), AttemptState.FILLED, "1.0", ""),
    ],
)
def test_an_order_shown_no_more_is_ended_by_its_trades(
    fills: tuple[Fill, ...], state: AttemptState, executed: str, reason: str
) -> None:
    answers = {Ask: [NotFound()], AskFills: [Unclear("timeout"), fills]}

    effects, ended = drive(settle(RESTING, base_asset="BTC", resumed=True), answers)

    assert (ended.state, ended.executed, ended.reason) == (state, D(executed), reason)
    assert [e.fills for e in effects if isinstance(e, WriteFills)] == ([fills] if fills else [])


def test_an_order_shown_no_more_whose_trades_are_not_told_stays_unproven() -> None:
    answers = {Ask: [NotFound()], AskFills: [Unclear("timeout")]}

    with pytest.raises(Unproven) as raised:
        drive(settle(RESTING, base_asset="BTC", resumed=True), answers)

    assert raised.value.attempt is RESTING


def test_trades_that_never_add_up_leave_the_order_unproven() -> None:
    filled = replace(LIVE, status=OrderStatus.FILLED, filled=D(1))
    effects: list[Effect] = []
    answers = {Ask: [Answered(filled)], AskFills: [(fill("0.4"),)]}

    with pytest.raises(Unproven):
        drive(settle(RESTING, base_asset="BTC", resumed=True), answers, effects)

    assert sum(isinstance(effect, AskFills) for effect in effects) == MAX_ASKS


def test_an_answer_that_knows_less_than_we_do_is_an_old_one() -> None:
    known = replace(RESTING, executed=D("0.4"), net=D("0.4"))
    old = replace(LIVE, status=OrderStatus.PARTIALLY_FILLED, filled=D("0.2"))
    new = replace(LIVE, status=OrderStatus.CANCELED, filled=D("0.4"))
    answers = {Ask: [Answered(old), Answered(new)], AskFills: [(fill("0.4"),)]}

    _, ended = drive(settle(known, base_asset="BTC", resumed=True, rests=True), answers)

    assert (ended.state, ended.executed) == (AttemptState.PARTIAL, D("0.4"))


def test_an_order_that_outlives_every_cancel_is_unproven() -> None:
    effects: list[Effect] = []
    answers = {Cancel: [Unclear("timeout")], Ask: [Answered(LIVE)]}

    with pytest.raises(Unproven):
        drive(withdraw(RESTING, base_asset="BTC"), answers, effects)

    assert sum(isinstance(effect, Cancel) for effect in effects) == MAX_CANCELS


FILLED = replace(LIVE, status=OrderStatus.FILLED, filled=D(1))
WHOLE = (fill("0.4"), fill("0.6"))


def test_a_live_order_that_is_shown_needs_one_question() -> None:
    effects, known = drive(
        follow_order(RESTING, base_asset="BTC"), {Ask: [Answered(FILLED)], AskFills: [WHOLE]}
    )

    assert (known.state, known.executed) == (AttemptState.FILLED, D(1))
    assert sum(isinstance(effect, Ask) for effect in effects) == 1


def test_a_live_order_that_is_unclear_is_asked_for_until_it_is_known() -> None:
    answers = {Ask: [Unclear("timeout"), Answered(FILLED)], AskFills: [WHOLE]}

    _, known = drive(follow_order(RESTING, base_asset="BTC"), answers)

    assert (known.state, known.executed) == (AttemptState.FILLED, D(1))


def test_a_changed_order_that_is_not_shown_yet_is_asked_for_again() -> None:
    change = Amendment(
        market=Market.UM, symbol="BTCUSDT", side=Side.SELL, client_order_id=LIVE.client_order_id, quantity=D(2),
        price=D(101),
    )  # fmt: skip
    shown = replace(LIVE, quantity=D(2), price=D(101))
    answers: dict[type, list[Any]] = {Amend: [None], Ask: [NotFound(), Answered(LIVE), Answered(shown)]}
    effects: list[Effect] = []

    amended = drive(amend_order(RESTING, change, base_asset="BTC", resumed=False), answers, effects)[1]

    assert amended.changed
    assert sum(isinstance(effect, Amend) for effect in effects) == 1
    assert sum(isinstance(effect, Ask) for effect in effects) == 3


def test_an_order_that_was_out_when_we_died_is_found_out_about() -> None:
    row = replace(SENDING, leg=TERMS.leg)
    slot = Slot(intent_id=1, instance="test", rows={(TERMS.leg, 1): row}, resumed=True)
    answers = {Ask: [Answered(FILLED)], AskFills: [WHOLE]}

    placed = drive(place_order(slot, TERMS), answers)[1]

    assert placed.executed == 1


def test_what_an_attempt_came_to_before_we_died_counts() -> None:
    row = replace(SENDING, leg=TERMS.leg, state=AttemptState.PARTIAL, order_id="42", executed=D(1), net=D(1))
    slot = Slot(intent_id=1, instance="test", rows={(TERMS.leg, 1): row}, resumed=True)

    effects, placed = drive(place_order(slot, TERMS), {})

    assert (placed.executed, placed.last) == (D(1), row)
    assert not any(isinstance(effect, Ask) for effect in effects)
