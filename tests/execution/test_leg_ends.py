"""How an order that was accepted ends when the venue will not say: by its trades, or not at all."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Order, OrderStatus, Side
from atapi.execution.effects import (
    Answered,
    Ask,
    AskFills,
    Attempt,
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
    engine: Generator[Effect, Any, Attempt], answers: dict[type, list[Any]], seen: list[Effect] | None = None
) -> tuple[list[Effect], Attempt]:
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


def test_an_order_that_outlives_every_cancel_is_unproven() -> None:
    effects: list[Effect] = []
    answers = {Cancel: [Unclear("timeout")], Ask: [Answered(LIVE)]}

    with pytest.raises(Unproven):
        drive(withdraw(RESTING, base_asset="BTC"), answers, effects)

    assert sum(isinstance(effect, Cancel) for effect in effects) == MAX_CANCELS
