"""One attempt at one leg: what is asked, what is believed, and what is never done."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import atapi.execution
from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName
from atapi.execution.effects import (
    Answered,
    Ask,
    AskFills,
    AskTraces,
    Attempt,
    AttemptState,
    Effect,
    NotFound,
    Now,
    Rejected,
    Send,
    Sleep,
    Unclear,
    WriteFills,
)
from atapi.execution.leg import FENCE, MAX_ASKS, Unproven, fence_of, settle
from tests.execution.simulation import START

SENDING = Attempt(
    intent_id=1,
    leg=LegName.PERP_ENTRY,
    number=1,
    state=AttemptState.SENDING,
    request=OrderRequest(
        market=Market.UM, symbol="BTCUSDT", side=Side.SELL, type=OrderType.LIMIT, quantity=Decimal(1),
        price=Decimal(100), time_in_force=TimeInForce.IOC, client_order_id="at-test-aaaaaaaaaaaabp1",
    ),
)  # fmt: skip
TRACE = Fill(
    market=Market.UM, symbol="BTCUSDT", trade_id="7", order_id="42", side=Side.SELL, price=Decimal(100),
    quantity=Decimal(1), fee=Decimal(0), fee_asset="USDT", realized=None, maker=False, at=START,
)  # fmt: skip
PURE = (
    "course.py", "effects.py", "follow.py", "ids.py", "leg.py", "legs.py", "maker.py", "order.py", "prices.py",
    "sizing.py", "slices.py", "spread.py", "terms.py",
)  # fmt: skip
FORBIDDEN = {
    "time",
    "random",
    "socket",
    "threading",
    "asyncio",
    "os",
    "sqlite3",
    "pathlib",
    "signal",
    "subprocess",
}


def drive(
    answers: dict[type, Any], *, resumed: bool = False, attempt: Attempt = SENDING, rests: bool = False
) -> tuple[list[Effect], Any]:
    """Run an attempt against a venue that always answers the same; its clock runs while it waits."""
    engine, result, now = settle(attempt, base_asset="BTC", resumed=resumed, rests=rests), None, START
    effects: list[Effect] = []
    try:
        while True:
            effect = engine.send(result)
            effects.append(effect)
            if isinstance(effect, Sleep):
                now += timedelta(seconds=effect.seconds)
            result = now if isinstance(effect, Now) else answers.get(type(effect))
    except StopIteration as end:
        return effects, end.value
    except Unproven as e:
        return effects, e


@pytest.mark.parametrize("file", PURE)
def test_the_engine_touches_nothing_but_its_effects(file: str) -> None:
    tree = ast.parse((Path(atapi.execution.__file__).parent / file).read_text())

    nodes = list(ast.walk(tree))
    imported = {a.name for n in nodes if isinstance(n, ast.Import) for a in n.names}
    imported |= {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}

    assert {name.split(".")[0] for name in imported} & FORBIDDEN == set()
    ours = {name for name in imported if name.startswith("atapi")}
    pure = {f"atapi.execution.{name.removesuffix('.py')}" for name in PURE}
    assert {n for n in ours if not n.startswith("atapi.domain.") and n != "atapi.errors"} <= pure


def test_a_venue_that_never_answers_leaves_the_order_unproven() -> None:
    # Not even with a witness who saw nothing: a query that failed found no order, and missed none.
    effects, outcome = drive({Send: Unclear("timeout"), Ask: Unclear("timeout"), AskTraces: ()})

    assert isinstance(outcome, Unproven)
    assert sum(isinstance(e, Send) for e in effects) == 1
    assert sum(isinstance(e, Ask) for e in effects) == MAX_ASKS


def test_absence_is_proven_by_the_fence_and_by_trades_that_are_not_there() -> None:
    effects, outcome = drive({Send: Unclear("timeout"), Ask: NotFound(), AskTraces: ()})

    waited = sum(e.seconds for e in effects if isinstance(e, Sleep))
    assert outcome.state is AttemptState.ABSENT
    assert waited > FENCE.wait.total_seconds() == 43  # 3 s of window, 10 of the backend's, 30 of visibility


def test_on_margin_an_order_may_stay_unseen_twice_as_long() -> None:
    on_margin = replace(SENDING, request=replace(SENDING.request, market=Market.MARGIN))

    effects, outcome = drive({Send: Unclear("timeout"), Ask: NotFound(), AskTraces: ()}, attempt=on_margin)

    waited = sum(e.seconds for e in effects if isinstance(e, Sleep))
    assert outcome.state is AttemptState.ABSENT
    assert waited > fence_of(Market.MARGIN).wait.total_seconds() == 73


@pytest.mark.parametrize("answer", [Unclear("timeout"), (TRACE,)])
def test_an_order_that_cannot_be_found_and_may_have_traded_stays_unproven(answer: object) -> None:
    effects, outcome = drive({Send: Unclear("timeout"), Ask: NotFound(), AskTraces: answer})

    assert isinstance(outcome, Unproven)
    assert sum(isinstance(e, AskTraces) for e in effects) > 1


def test_a_resumed_attempt_is_asked_for_and_never_sent() -> None:
    effects, _ = drive({Ask: NotFound()}, resumed=True)

    assert not any(isinstance(e, Send) for e in effects)


def test_a_refusal_needs_no_asking() -> None:
    effects, outcome = drive({Send: Rejected(-2019, "Margin is insufficient.")})

    assert (outcome.state, outcome.reason_code) == (AttemptState.REJECTED, -2019)
    assert not any(isinstance(e, Ask) for e in effects)


def test_waits_grow_and_are_bounded() -> None:
    effects, _ = drive({Send: Unclear("timeout"), Ask: Unclear("timeout")})

    waits = [e.seconds for e in effects if isinstance(e, Sleep)]
    assert waits[:6] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


def test_fills_that_never_come_leave_the_order_unproven() -> None:
    order = Order(
        market=Market.UM, symbol="BTCUSDT", order_id="7", client_order_id=SENDING.request.client_order_id,
        side=Side.SELL, type="LIMIT", status=OrderStatus.FILLED, quantity=Decimal(1), filled=Decimal(1),
        quote_filled=None, price=Decimal(100), reduce_only=False, created_at=START, updated_at=START,
    )  # fmt: skip

    effects, outcome = drive({Send: Answered(order), AskFills: ()})

    assert isinstance(outcome, Unproven)
    assert sum(isinstance(e, AskFills) for e in effects) == MAX_ASKS


def test_an_accepted_order_that_is_forgotten_is_not_called_absent_while_its_trades_are_unknown() -> None:
    resting = replace(SENDING, state=AttemptState.RESTING, order_id="7")

    effects, outcome = drive({Ask: NotFound(), AskFills: Unclear("timeout")}, resumed=True, attempt=resting)

    assert isinstance(outcome, Unproven)
    assert sum(isinstance(e, AskFills) for e in effects) == MAX_ASKS


def test_a_live_order_is_booked_up_to_what_was_answered_though_it_filled_further() -> None:
    resting = replace(SENDING, request=replace(SENDING.request, time_in_force=TimeInForce.GTX))
    order = Order(
        market=Market.UM, symbol="BTCUSDT", order_id="7", client_order_id=SENDING.request.client_order_id,
        side=Side.SELL, type="LIMIT", status=OrderStatus.PARTIALLY_FILLED, quantity=Decimal(1),
        filled=Decimal("0.5"), quote_filled=None, price=Decimal(100), reduce_only=False, created_at=START,
        updated_at=START,
    )  # fmt: skip
    fills = tuple(
        Fill(
            market=Market.UM, symbol="BTCUSDT", trade_id=str(number), order_id="7", side=Side.SELL,
            price=Decimal(100), quantity=Decimal(quantity), fee=Decimal(0), fee_asset="USDT", realized=None,
            maker=True, at=START,
        )
        for number, quantity in enumerate(("0.5", "0.25"))
    )  # fmt: skip

    effects, outcome = drive({Send: Answered(order), AskFills: fills}, attempt=resting, rests=True)

    assert (outcome.state, outcome.executed) == (AttemptState.RESTING, Decimal("0.5"))
    assert [e.fills for e in effects if isinstance(e, WriteFills)] == [fills[:1]]
