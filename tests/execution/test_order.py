"""A single order under every schedule of faults: accepted once at most, and the journal says what the venue says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.orders import Amendment, Order, OrderStatus, Side, TimeInForce
from atapi.domain.spreads import LegName, SpreadState
from atapi.execution.effects import (
    Answered,
    Ask,
    AskFills,
    AttemptState,
    Cancel,
    Countdown,
    NotFound,
    Now,
    Rejected,
    Send,
    Unclear,
    WriteAttempt,
)
from atapi.execution.leg import Fence, Unproven
from atapi.execution.order import (
    Amended,
    OrderTerms,
    Slot,
    StillOpen,
    amend_order,
    cancel_foreign,
    cancel_order,
    follow_order,
    place_order,
)
from tests.execution.order_venue import TERMS, D, OrderWorld
from tests.execution.simulation import START, Chooser, schedules

FIRST = (LegName.ORDER, 1)


def place(world: OrderWorld, terms: OrderTerms = TERMS) -> Any:
    def engine(resumed: bool) -> Any:
        return place_order(Slot(intent_id=1, instance="test", rows=world.rows, resumed=resumed), terms)

    return world.run(engine)


def cancel(world: OrderWorld) -> Any:
    return world.run(lambda resumed: cancel_order(world.rows[FIRST], base_asset="BTC"))


def amend(world: OrderWorld, quantity: str, price: str) -> Any:
    row = world.rows[FIRST]
    change = Amendment(
        market=Market.UM, symbol="BTCUSDT", side=Side.BUY, client_order_id=row.request.client_order_id,
        quantity=D(quantity), price=D(price),
    )  # fmt: skip

    def engine(resumed: bool) -> Any:
        row = world.rows[FIRST]
        if row.state.settled:
            return _over(row)
        return amend_order(row, change, base_asset="BTC", resumed=resumed)

    return world.run(engine)


def _over(row: Any) -> Any:
    return Amended(attempt=row, changed=False)
    yield


def wrong_of(world: OrderWorld) -> list[str]:
    """List where the journal is not the venue."""
    venue = world.venue
    venue.advance(venue.time + 1000)  # whatever is still on its way arrives now
    wrong = [f"{cid} accepted {n} times" for cid, n in venue.accepted.items() if n > 1]
    for row in world.rows.values():
        cid = row.request.client_order_id
        order, fills = venue.orders.get(cid), venue.fills.get(cid, [])
        if row.state is AttemptState.SENDING:
            wrong.append("left unclear")
        if row.state in (AttemptState.ABSENT, AttemptState.REJECTED) and order and order.filled:
            wrong.append(f"{row.state}, but {order.filled} filled")
        if row.state is AttemptState.ABSENT and order:
            wrong.append("called absent, but it was accepted")
        if order is None:
            continue
        if row.state.settled is not order.status.final:
            wrong.append(f"{row.state}, but the venue says {order.status}")
        if row.executed != order.filled:
            wrong.append(f"executed {row.executed}, the venue says {order.filled}")
        if (row.request.quantity, row.request.price) != (
            order.quantity,
            order.price,
        ) and not order.status.final:
            wrong.append("another quantity or price than the venue's")
        if {f.trade_id for f in fills} - world.fills.keys():
            wrong.append("fills are missing")
    return wrong


def placed_and_canceled(chooser: Chooser) -> list[str]:
    world = OrderWorld(chooser)
    outcome = place(world)
    if isinstance(outcome, Unproven):
        return ["unproven although the venue could be asked"]
    if FIRST in world.rows and isinstance(cancel(world), Unproven):
        return ["unproven although the venue could be asked"]
    return wrong_of(world)


def placed_and_changed(chooser: Chooser) -> list[str]:
    """Place cleanly, change under the chooser's faults."""
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    world.venue.chooser, world._crashes = chooser, 2
    outcome = amend(world, "3", "98")
    if isinstance(outcome, Unproven):
        return ["unproven although the venue could be asked"]
    wrong = wrong_of(world)
    order = next(iter(world.venue.orders.values()))
    changed = (order.quantity, order.price) == (3, 98)
    if outcome.changed is not changed and not outcome.attempt.state.settled:
        wrong.append(f"says changed {outcome.changed}, the venue {changed}")
    return wrong


def changed_to_more(chooser: Chooser) -> list[str]:
    """Place cleanly, ask for more, then cancel: fills beyond the first quantity are taken."""
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    world.venue.chooser, world._crashes = chooser, 1
    if isinstance(amend(world, "9", "99"), Unproven) or isinstance(cancel(world), Unproven):
        return ["unproven although the venue could be asked"]
    return wrong_of(world)


@pytest.mark.parametrize("check", [placed_and_canceled, placed_and_changed, changed_to_more])
def test_every_schedule_of_up_to_three_faults(check: Any) -> None:
    ran = 0
    for tape, wrong in schedules(3, check):
        assert not wrong, (tape, wrong)
        ran += 1
    assert ran > 10_000


# --- what the gate above must not let pass --------------------------------------------------------------------------


def believed_canceled(chooser: Chooser) -> list[str]:
    """Take a cancel that finds no order for one that canceled it."""
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    world.venue.chooser = chooser

    def engine(resumed: bool) -> Any:
        row = world.rows[FIRST]
        yield Cancel(row.request.market, row.request.symbol, row.request.client_order_id)
        yield WriteAttempt(replace(row, state=AttemptState.REJECTED, reason="canceled"))

    world.run(engine)
    return wrong_of(world)


def believed_unchanged(chooser: Chooser) -> list[str]:
    """Take an order that still shows its old price for one that will keep it."""
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    world.venue.chooser = chooser
    row, none = world.rows[FIRST], timedelta(0)
    change = Amendment(
        market=Market.UM, symbol="BTCUSDT", side=Side.BUY, client_order_id=row.request.client_order_id,
        quantity=D(3), price=D(98),
    )  # fmt: skip
    fence = Fence(recv_window=none, backend_limit=none, visibility=none)
    world.run(lambda resumed: amend_order(row, change, base_asset="BTC", resumed=False, fence=fence))
    return wrong_of(world)


def sent_again(chooser: Chooser) -> list[str]:
    """Send on after a restart as if nothing had been out."""
    world = OrderWorld(chooser)
    world.run(lambda resumed: place_order(Slot(intent_id=1, instance="test"), TERMS))
    return wrong_of(world)


@pytest.mark.parametrize("mutant", [believed_canceled, believed_unchanged, sent_again])
def test_a_planted_fault_is_found_with_one_fault(mutant: Any) -> None:
    assert any(wrong for _, wrong in schedules(1, mutant))


# --- one at a time --------------------------------------------------------------------------------------------------


def talk(engine: Any, *answers: Any) -> tuple[list[Any], Any]:
    """Run an engine on given answers, the clock standing; tell what it asked for and what it returned."""
    effects, left, result = [], list(answers), None
    try:
        while True:
            effect = engine.send(result)
            effects.append(effect)
            result = START if isinstance(effect, Now) else None
            if isinstance(effect, (Send, Ask, AskFills, Cancel, Countdown)):
                result = left.pop(0)
    except StopIteration as end:
        return effects, end.value


def resting(**changes: Any) -> Order:
    """The order of `TERMS` as the venue shows it."""
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    [order] = world.venue.orders.values()
    return replace(order, **changes)


def test_terms_are_read_back_as_written() -> None:
    terms = replace(
        TERMS, market=Market.SPOT, tries=(D("1.50"), None), time_in_force=TimeInForce.IOC, reduce_only=True,
        reducing=True, dead_man=True,
    )  # fmt: skip

    assert OrderTerms.from_text(terms.as_text()) == terms
    assert OrderTerms.from_text(TERMS.as_text()) == TERMS


def test_the_dead_man_switch_is_armed_before_the_order_leaves() -> None:
    slot = Slot(intent_id=1, instance="test")

    effects, placed = talk(place_order(slot, replace(TERMS, dead_man=True)), None, Answered(resting()))

    assert next(e for e in effects if isinstance(e, (Countdown, Send))) == Countdown("BTCUSDT", 120)
    assert placed.last.state is AttemptState.RESTING


def test_an_order_whose_switch_cannot_be_armed_is_not_sent() -> None:
    slot = Slot(intent_id=1, instance="test")

    effects, placed = talk(place_order(slot, replace(TERMS, dead_man=True)), Unclear("timeout"))

    assert effects == [Countdown("BTCUSDT", 120)]
    assert (placed.last, placed.why) == (None, "the dead-man switch could not be armed")


def test_what_the_capped_attempt_left_goes_at_market() -> None:
    terms = replace(TERMS, tries=(D(99), None), time_in_force=TimeInForce.IOC, reduce_only=True)
    world = OrderWorld(Chooser(tape=[0, 1]), crashes=0)  # a clean answer, half of it filled

    placed = place(world, terms)

    sent = [row.request for row in world.rows.values()]
    assert [(r.quantity, r.price, r.type) for r in sent] == [(4, 99, "LIMIT"), (2, None, "MARKET")]
    assert placed.executed == sum(row.executed for row in world.rows.values())


def test_a_restart_sends_nothing_that_was_not_out() -> None:
    effects, placed = talk(place_order(Slot(intent_id=1, instance="test", resumed=True), TERMS))

    assert (effects, placed.last) == ([], None)


def test_a_foreign_order_is_canceled_under_its_own_id() -> None:
    gone = resting(client_order_id="web_1", status=OrderStatus.CANCELED)

    effects, ended = talk(cancel_foreign(Market.UM, "BTCUSDT", "web_1"), Answered(gone))

    assert effects[1:] == [Cancel(Market.UM, "BTCUSDT", "web_1")]
    assert ended.order == gone


def test_a_lost_cancel_of_a_foreign_order_is_sent_again() -> None:
    live, gone = (
        resting(client_order_id="web_1"),
        resting(client_order_id="web_1", status=OrderStatus.CANCELED),
    )

    effects, ended = talk(
        cancel_foreign(Market.UM, "BTCUSDT", "web_1"), Unclear("timeout"), Answered(live), Answered(gone)
    )

    assert [type(e) for e in effects if isinstance(e, (Cancel, Ask))] == [Cancel, Ask, Cancel]
    assert ended.order == gone


def test_a_foreign_order_that_filled_first_is_told_as_filled() -> None:
    filled = resting(client_order_id="web_1", status=OrderStatus.FILLED, filled=D(4))

    _, ended = talk(cancel_foreign(Market.UM, "BTCUSDT", "web_1"), NotFound(), Answered(filled))

    assert ended.order == filled


def test_a_venue_that_will_not_cancel_is_believed() -> None:
    live = resting(client_order_id="web_1")
    no = Rejected(-2015, "Invalid API-key, IP, or permissions for action.")

    _, ended = talk(cancel_foreign(Market.UM, "BTCUSDT", "web_1"), no, Answered(live))

    assert (ended.order, ended.refused) == (live, no)


def test_an_order_of_somebody_elses_that_is_shown_no_more_is_told_as_that() -> None:
    world = OrderWorld(Chooser(tape=[]), crashes=0)  # a venue that has no such order

    ended = world.run(lambda resumed: cancel_foreign(Market.UM, "BTCUSDT", "web_1"))

    assert (ended.order, ended.refused) == (None, None)
    assert world.venue.time > 43  # the fence


def unanswered(engine: Any) -> None:
    """Run an engine on a venue whose clock stands and that never answers."""
    result = None
    while True:
        result = START if isinstance(engine.send(result), Now) else Unclear("timeout")


@pytest.mark.parametrize(
    ("engine", "error"),
    [
        (lambda row, change: cancel_foreign(Market.UM, "BTCUSDT", "web_1"), StillOpen),
        (lambda row, change: amend_order(row, change, base_asset="BTC", resumed=True), Unproven),
        (lambda row, change: follow_order(row, base_asset="BTC"), Unproven),
    ],
)
def test_a_venue_that_never_answers_leaves_it_unproven(engine: Any, error: type[Exception]) -> None:
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    row = world.rows[FIRST]
    change = Amendment(
        market=Market.UM, symbol="BTCUSDT", side=Side.BUY, client_order_id=row.request.client_order_id,
        quantity=D(3), price=D(98),
    )  # fmt: skip
    with pytest.raises(error):
        unanswered(engine(row, change))


def test_an_order_shown_no_more_while_it_is_changed_is_ended_by_its_fills() -> None:
    world = OrderWorld(Chooser(tape=[]), crashes=0)
    place(world)
    world.venue.orders.clear()  # canceled long ago, and forgotten

    done = amend(world, "3", "98")

    assert (done.changed, done.attempt.state) == (False, AttemptState.REJECTED)


def test_an_order_that_is_unclear_is_found_out_about_before_it_is_canceled() -> None:
    world = OrderWorld(Chooser(tape=[2]), crashes=0)  # accepted, the answer is lost
    slot = Slot(intent_id=1, instance="test")
    running, result = place_order(slot, TERMS), None
    while not isinstance(effect := running.send(result), Ask):  # the process dies here
        result = world._perform(effect)
    assert world.rows[FIRST].state is AttemptState.SENDING

    done = cancel(world)

    assert (done.state, done.reason) == (AttemptState.REJECTED, "CANCELED with nothing executed")
    assert wrong_of(world) == []


def test_a_spread_is_told_what_an_order_leaves_of_it() -> None:
    slot = Slot(intent_id=1, instance="test")
    terms = replace(
        TERMS, time_in_force=TimeInForce.IOC, leg=LegName.PERP_ENTRY, leaves=SpreadState.HEDGED
    )  # fmt: skip
    worlds = [OrderWorld(Chooser(tape=[0, fill]), crashes=0) for fill in (2, 1, 0)]  # all, a half, none

    for world in worlds:
        world.run(lambda resumed: place_order(slot, terms))

    assert [w.states for w in worlds] == [[SpreadState.HEDGED], [SpreadState.EXPOSED], []]
    assert [leg for leg, _ in worlds[0].rows] == [LegName.PERP_ENTRY]
    assert OrderTerms.from_text(terms.as_text()) == terms


def test_a_spot_order_needs_no_switch_of_the_venue_s() -> None:
    slot = Slot(intent_id=1, instance="test")
    terms = replace(TERMS, market=Market.SPOT, dead_man=True)

    effects, _ = talk(place_order(slot, terms), Answered(resting(market=Market.SPOT)))

    assert not any(isinstance(e, Countdown) for e in effects)
