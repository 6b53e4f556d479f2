"""Slices, the maker route and the gap between the legs: one thing at a time, on a venue that is otherwise kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from atapi.domain.instruments import Market
from atapi.domain.market import Depth, Level
from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, SpreadState
from atapi.domain.style import Route, Style
from atapi.execution.effects import (
    Ask,
    AskDepth,
    AskFills,
    Cancel,
    Countdown,
    Effect,
    NotFound,
    Rejected,
    Send,
    Sleep,
    Stopped,
    Unclear,
)
from atapi.execution.leg import Unproven
from atapi.execution.maker import COUNTDOWN, MAX_QUOTES
from atapi.execution.spread import Outcome
from atapi.execution.terms import CloseTerms, OpenTerms
from tests.execution.simulation import HALF, PRICE, Chooser, Crash, D
from tests.execution.world import OPEN, REVERSE, World, close_terms, opened

LEG_AT = len("at-test-") + 13  # in a client order id
PASS = object()  # let the venue answer itself
Script = Callable[[Effect, "Played"], Any]


class Played(World):
    """A world whose venue answers some effects as a script wants."""

    def __init__(self, script: Script = lambda effect, world: PASS) -> None:
        super().__init__(Chooser(tape=[]), crashes=0)
        self.script = script
        self.effects: list[Effect] = []

    def _perform(self, effect: Effect, intent_id: int) -> Any:
        self.effects.append(effect)
        answer = self.script(effect, self)
        result = super()._perform(effect, intent_id) if answer is PASS else answer
        return result

    def sent(self, *legs: LegName) -> list[OrderRequest]:
        return [
            e.request
            for e in self.effects
            if isinstance(e, Send) and e.request.client_order_id[LEG_AT] in legs
        ]

    def open(self, style: Style, terms: OpenTerms = OPEN) -> Outcome:
        outcome = self.run(1, replace(terms, style=style))
        assert not isinstance(outcome, Unproven)
        return outcome


def closing(style: Style, script: Script, terms: OpenTerms = OPEN) -> tuple[Played, Outcome]:
    world = Played(script)
    world.take_over(opened(terms))
    outcome = world.run(2, close_terms(world, terms, style))
    assert not isinstance(outcome, Unproven)
    return world, outcome


def book(price: Any = PRICE, quantity: Any = 100) -> Depth:
    bid, ask = Level(D(price) - HALF, D(quantity)), Level(D(price) + HALF, D(quantity))
    return Depth(symbol="BTCUSDT", bids=(bid,), asks=(ask,))


# --- slices -----------------------------------------------------------------------------------------------------


def test_slices_are_spread_evenly_and_make_up_the_whole() -> None:
    world = Played()

    outcome = world.open(Style(slices=4, interval=10_000))

    assert outcome.state is SpreadState.HEDGED
    assert [r.quantity for r in world.sent(LegName.PERP_ENTRY)] == [D("7.50")] * 4
    assert sum(e.seconds for e in world.effects if isinstance(e, Sleep)) == pytest.approx(30, abs=2)


def test_spot_follows_slices_in_all_so_that_rounding_does_not_add_up() -> None:
    world = Played()

    world.open(Style(slices=7))

    # 30 / 0.999 = 30.03003…, up to the lot once and not seven times
    assert sum(r.quantity for r in world.sent(LegName.SPOT_ENTRY)) == D("30.031")


def test_no_slice_is_over_the_limit_of_what_stands_unhedged() -> None:
    world = Played()

    world.open(Style(max_unhedged=D(700)))

    # 700 at 99.9 and at most 7 each; five slices of 6 stay under it
    assert [r.quantity for r in world.sent(LegName.PERP_ENTRY)] == [D("6.00")] * 5
    assert world.exchange.peak <= 700


def test_a_book_too_thin_ends_the_slices_hedged_and_says_so() -> None:
    def script(effect: Effect, world: Played) -> Any:
        thin = isinstance(effect, AskDepth) and effect.market is Market.SPOT and world.exchange.net != 0
        return book(quantity=3) if thin else PASS

    world = Played(script)

    outcome = world.open(Style(slices=3))

    assert (outcome.state, outcome.stopped) == (
        SpreadState.HEDGED, "the spot book holds 3 within the limit, a slice needs 10",
    )  # fmt: skip
    assert world.exchange.position[Market.UM] == -10


def test_a_leader_book_too_thin_ends_the_slices() -> None:
    thin = Played(
        lambda e, w: book(quantity=3) if isinstance(e, AskDepth) and e.market is Market.UM else PASS
    )

    outcome = thin.open(Style(slices=3))

    assert (outcome.state, outcome.stopped) == (
        SpreadState.FLAT, "the um book holds 3 within the limit, a slice needs 10",
    )  # fmt: skip


@pytest.mark.parametrize(("terms", "worst", "jump"), [(OPEN, "-0.004", -1), (REVERSE, "0.004", 1)])
def test_a_basis_that_slipped_ends_the_slices(terms: OpenTerms, worst: str, jump: int) -> None:
    def script(effect: Effect, world: Played) -> Any:
        moved = isinstance(effect, AskDepth) and effect.market is Market.UM and world.exchange.coins != 0
        return book(PRICE + jump) if moved else PASS

    world = Played(script)

    outcome = world.open(Style(slices=3, worst_basis=D(worst)), terms)

    assert outcome.state is SpreadState.HEDGED
    assert outcome.stopped is not None
    assert outcome.stopped.startswith("the basis went to")
    assert abs(world.exchange.position[Market.UM]) == 10


def test_books_that_stay_unread_end_the_slices() -> None:
    world = Played(lambda e, w: Unclear("timeout") if isinstance(e, AskDepth) else PASS)

    outcome = world.open(Style(slices=3))

    assert (outcome.state, outcome.stopped) == (SpreadState.FLAT, "the books could not be read")
    assert sum(isinstance(e, AskDepth) for e in world.effects) == 6  # three times both


def test_a_refused_slice_is_the_last_one() -> None:
    def script(effect: Effect, world: Played) -> Any:
        second = isinstance(effect, Send) and effect.request.client_order_id.endswith("p2")
        return Rejected(-2019, "Margin is insufficient.") if second else PASS

    world = Played(script)

    outcome = world.open(Style(slices=3))

    assert (outcome.state, outcome.stopped) == (
        SpreadState.HEDGED, "a slice was refused: Margin is insufficient.",
    )  # fmt: skip
    assert outcome.refused is not None
    assert outcome.refused.reason_code == -2019
    assert len(world.sent(LegName.PERP_ENTRY)) == 2


def test_a_refused_second_leg_takes_its_slice_back_and_keeps_the_others() -> None:
    def script(effect: Effect, world: Played) -> Any:
        second = isinstance(effect, Send) and effect.request.client_order_id.endswith("s2")
        return Rejected(-2010, "Account has insufficient balance.") if second else PASS

    world = Played(script)

    outcome = world.open(Style(slices=3))

    # the first slice bought 10.011, net 10.000989: the second one leaves 9.999011 uncovered
    assert (outcome.state, outcome.unwound) == (SpreadState.HEDGED, D("9.99"))
    assert world.exchange.position[Market.UM] == D("-10.01")
    assert [r.reduce_only and r.reducing for r in world.sent(LegName.UNWIND)] == [True]


def test_the_operator_ends_a_wait_hedged() -> None:
    world = Played(lambda e, w: Stopped() if isinstance(e, Sleep) and e.breaks else PASS)

    outcome = world.open(Style(slices=3, interval=60_000))

    assert (outcome.state, outcome.stopped) == (SpreadState.HEDGED, "stopped by the operator")
    assert world.exchange.position[Market.UM] == -10


def test_legs_that_differed_before_are_evened_before_a_closing_begins() -> None:
    world = Played()
    world.take_over(opened(OPEN))
    terms = CloseTerms(
        perp_quantity=D("30.00"), spot_quantity=D(0), spot_limit=D(0), perp_limit=D(101), whole=True
    )

    outcome = world.run(2, terms)

    assert isinstance(outcome, Outcome)
    assert outcome.state is SpreadState.FLAT
    assert [r.quantity for r in world.sent(LegName.PERP_EXIT)] == [D("30.00")]


def test_coins_that_stay_without_perpetual_are_told() -> None:
    world, outcome = closing(Style(), lambda e, w: PASS)
    naked = CloseTerms(
        perp_quantity=D(0), spot_quantity=D(5), spot_limit=D(200), perp_limit=D(101), whole=True
    )

    again = world.run(3, naked)

    assert isinstance(again, Outcome)
    assert outcome.state is SpreadState.FLAT
    assert (again.state, again.bare, again.exposed) == (SpreadState.EXPOSED, D(5), 0)


# --- the gap ----------------------------------------------------------------------------------------------------


def test_a_second_leg_that_comes_late_goes_at_market() -> None:
    def script(effect: Effect, world: Played) -> Any:
        if isinstance(effect, Send) and effect.request.client_order_id.endswith("p1"):
            world.exchange.advance(1.75)
        return PASS

    world = Played(script)

    outcome = world.open(Style(max_gap=1000))

    assert outcome.state is SpreadState.HEDGED
    assert [r.type for r in world.sent(LegName.SPOT_ENTRY)] == [OrderType.MARKET]
    assert world.told == ["leg gap 1.8 s is over --max-gap 1s; second leg sent at market"]


def test_a_second_leg_in_time_keeps_its_limit() -> None:
    world = Played()

    world.open(Style(max_gap=1000))

    assert [r.price for r in world.sent(LegName.SPOT_ENTRY)] == [OPEN.spot_limit]
    assert world.told == []


def test_the_last_tries_of_a_closing_are_at_market_anyway() -> None:
    def script(effect: Effect, world: Played) -> Any:
        perp = isinstance(effect, Send) and effect.request.market is Market.UM
        return Rejected(-1008, "overloaded") if perp else PASS

    world, outcome = closing(Style(max_gap=1000), script)

    assert [r.price for r in world.sent(LegName.PERP_EXIT)] == [D("101"), D("101"), None, None, None]
    assert (outcome.state, outcome.exposed) == (SpreadState.EXPOSED, D("-30.00"))


# --- the maker route --------------------------------------------------------------------------------------------

RESTING = Style(route=Route.MAKER, patience=3000)


def test_the_perpetual_rests_at_the_touch_and_spot_follows_its_fill() -> None:
    world = Played()

    outcome = world.open(RESTING)

    [resting] = world.sent(LegName.PERP_ENTRY)
    assert outcome.state is SpreadState.HEDGED
    assert (resting.time_in_force, resting.price, resting.reduce_only) == (TimeInForce.GTX, D("100.1"), False)
    assert [r.time_in_force for r in world.sent(LegName.SPOT_ENTRY)] == [TimeInForce.IOC]


def test_a_perpetual_that_rests_to_close_is_reduce_only() -> None:
    world, outcome = closing(RESTING, lambda e, w: PASS, REVERSE)

    [resting] = world.sent(LegName.PERP_EXIT)
    assert outcome.state is SpreadState.FLAT
    assert (resting.reduce_only, resting.reducing, resting.price) == (True, True, D("100.1"))
    assert [r.repays for r in world.sent(LegName.SPOT_EXIT)] == [True]


def test_the_countdown_runs_before_anything_rests_and_is_put_off_in_time() -> None:
    world = Played()
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 2])  # it never fills

    world.open(replace(RESTING, patience=100_000))

    first = next(i for i, e in enumerate(world.effects) if isinstance(e, Send))
    assert Countdown("BTCUSDT", COUNTDOWN) in world.effects[:first]
    assert world.exchange.countdowns == [
        120,
        120,
        120,
        120,
        0,
    ]  # every half minute while it rests, then disarmed


def test_nothing_rests_without_the_countdown() -> None:
    world = Played(lambda e, w: Unclear("timeout") if isinstance(e, Countdown) else PASS)

    outcome = world.open(RESTING)

    assert outcome.state is SpreadState.HEDGED
    assert [r.time_in_force for r in world.sent(LegName.PERP_ENTRY)] == [TimeInForce.IOC]
    assert "the dead-man switch cannot be armed: nothing rests without it" in world.told


def never_fills(patience: int, script: Script) -> tuple[Played, Outcome]:
    world = Played(script)
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 2])
    return world, world.open(replace(RESTING, patience=patience))


def test_an_order_moves_with_the_touch() -> None:
    def script(effect: Effect, world: Played) -> Any:
        return book(PRICE - 1) if isinstance(effect, AskDepth) and world.exchange.time > 1 else PASS

    world, _ = never_fills(10_000, script)

    first, second = world.sent(LegName.PERP_ENTRY)[:2]
    assert (first.price, second.price) == (D("100.1"), D("99.1"))
    assert [e.client_order_id for e in world.effects if isinstance(e, Cancel)] == [first.client_order_id]


def test_a_touch_that_moves_behind_it_leaves_the_order_where_it_is() -> None:
    def script(effect: Effect, world: Played) -> Any:
        return book(PRICE + 1) if isinstance(effect, AskDepth) and world.exchange.time > 1 else PASS

    world, _ = never_fills(4000, script)

    assert sum(r.time_in_force is TimeInForce.GTX for r in world.sent(LegName.PERP_ENTRY)) == 1


def test_what_patience_did_not_fill_is_taken() -> None:
    world, outcome = never_fills(2000, lambda e, w: PASS)

    assert outcome.state is SpreadState.HEDGED
    assert [r.time_in_force for r in world.sent(LegName.PERP_ENTRY)] == [TimeInForce.GTX, TimeInForce.IOC]
    assert "BTCUSDT: patience is over, taking the rest" in world.told


def test_an_order_that_would_take_is_put_in_anew_a_bounded_number_of_times() -> None:
    def script(effect: Effect, world: Played) -> Any:
        resting = isinstance(effect, Send) and effect.request.time_in_force is TimeInForce.GTX
        return Rejected(-5022, "Post Only order will be rejected.") if resting else PASS

    world = Played(script)

    outcome = world.open(replace(RESTING, patience=10**9))

    resting = [r for r in world.sent(LegName.PERP_ENTRY) if r.time_in_force is TimeInForce.GTX]
    assert len(resting) == len({r.client_order_id for r in resting}) == MAX_QUOTES
    assert outcome.state is SpreadState.HEDGED


def test_an_order_refused_otherwise_ends_the_route() -> None:
    def script(effect: Effect, world: Played) -> Any:
        return Rejected(-2019, "Margin is insufficient.") if isinstance(effect, Send) else PASS

    world = Played(script)

    outcome = world.open(RESTING)

    assert (outcome.state, outcome.stopped) == (
        SpreadState.FLAT, "a slice was refused: Margin is insufficient.",
    )  # fmt: skip


def test_a_fill_that_spot_cannot_follow_withdraws_the_rest_and_is_taken_back() -> None:
    def script(effect: Effect, world: Played) -> Any:
        spot = isinstance(effect, Send) and effect.request.market is Market.SPOT
        return Rejected(-2010, "Account has insufficient balance.") if spot else PASS

    world = Played(script)
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 1])  # half of it fills

    outcome = world.open(RESTING)

    assert (outcome.state, outcome.stopped) == (SpreadState.FLAT, "the second leg could not follow")
    assert any(isinstance(e, Cancel) for e in world.effects)
    assert world.exchange.position[Market.UM] == 0


def test_spot_that_does_not_sell_has_the_perpetual_entered_again() -> None:
    def script(effect: Effect, world: Played) -> Any:
        spot = isinstance(effect, Send) and effect.request.market is Market.SPOT
        return Rejected(-1013, "Filter failure") if spot else PASS

    world, outcome = closing(RESTING, script)

    [again] = world.sent(LegName.UNWIND)
    assert (again.reduce_only, again.reducing, again.side) == (False, True, "SELL")
    assert (outcome.state, world.exchange.position[Market.UM]) == (SpreadState.HEDGED, D("-30.00"))


def test_the_operator_ends_a_rest_hedged() -> None:
    world = Played(
        lambda e, w: Stopped() if isinstance(e, Sleep) and e.breaks and w.exchange.time > 1 else PASS
    )
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 1])  # half of it fills

    outcome = world.open(RESTING)

    assert (outcome.state, outcome.stopped) == (SpreadState.HEDGED, "stopped by the operator")
    assert world.exchange.position[Market.UM] == -15
    assert world.exchange.live() == []


def test_slices_that_rest_wait_no_longer_than_their_turn() -> None:
    world = Played()
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 2])

    world.open(Style(route=Route.MAKER, slices=3, interval=2000, patience=60_000))

    quantities = [r.quantity for r in world.sent(LegName.PERP_ENTRY)]
    assert quantities[:2] == [D("10.00"), D("20.00")]  # the second one makes up for the first


def test_an_order_whose_end_cannot_be_found_out_stays_unproven() -> None:
    def script(effect: Effect, world: Played) -> Any:
        if isinstance(effect, Ask | Cancel):
            return Unclear("timeout") if isinstance(effect, Cancel) else PASS
        return PASS

    world = Played(script)
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 2])
    world.script = lambda e, w: script(e, w)

    outcome = world.run(1, replace(OPEN, style=RESTING))

    assert isinstance(outcome, Unproven)


# --- orders the venue forgot ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fate", "left"), [(2, "30.00"), (1, "15.00"), (0, "0")])
def test_an_order_the_venue_shows_no_more_is_told_by_its_trades(fate: int, left: str) -> None:
    """Binance forgets an order that ended with nothing executed after three days."""
    stages = {"dead": False}

    def script(effect: Effect, world: Played) -> Any:
        if isinstance(effect, Sleep) and effect.breaks and not stages["dead"]:
            stages["dead"] = True
            world._make_durable(1)
            world.exchange.advance(300_000)
            raise Crash
        if stages["dead"] and isinstance(effect, Ask) and effect.market is Market.UM:
            return NotFound()
        if stages["dead"] and isinstance(effect, AskFills) and "asked" not in stages:
            stages["asked"] = True
            return Unclear("timeout")
        return PASS

    world = Played(script)
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, fate])

    outcome = world.run(1, replace(OPEN, style=RESTING))

    assert isinstance(outcome, Outcome)
    assert world.exchange.position[Market.UM] == D(left) - 30
    assert world.position() == world.exchange.position[Market.UM]


def test_a_slice_too_small_for_a_market_is_made_up_for_by_the_next() -> None:
    world = Played()
    small = replace(OPEN, quantity=D("0.12"))  # 12 USDT in four is 3 each, under the minimum of 5

    outcome = world.open(Style(slices=4), small)

    assert outcome.state is SpreadState.HEDGED
    assert [r.quantity for r in world.sent(LegName.PERP_ENTRY)] == [D("0.06"), D("0.06")]


def test_a_maker_without_books_sends_nothing() -> None:
    world = Played(lambda e, w: Unclear("timeout") if isinstance(e, AskDepth) else PASS)

    outcome = world.open(RESTING)

    assert (outcome.state, outcome.stopped) == (SpreadState.FLAT, "the books could not be read")
    assert world.sent(LegName.PERP_ENTRY) == []


def test_a_book_that_is_unread_while_an_order_rests_stays_as_it_was() -> None:
    blind = never_fills(
        3000, lambda e, w: Unclear("timeout") if isinstance(e, AskDepth) and w.exchange.time > 1 else PASS
    )

    world, outcome = blind

    assert outcome.stopped == "the books could not be read"  # when the rest was to be taken
    assert (outcome.state, world.exchange.live()) == (SpreadState.FLAT, [])


@pytest.mark.parametrize(
    "terms",
    [
        OPEN,
        replace(REVERSE, adds=True, style=Style(slices=3, interval=5, max_unhedged=D("500.5"), max_gap=1000)),
        CloseTerms(
            perp_quantity=D("30.00"), spot_quantity=D("30.01"), spot_limit=D("99.9"), perp_limit=D(101), whole=True,
            base_fee=D("0.001"), reverse=True, style=replace(RESTING, worst_basis=D("-0.001")),
        ),
    ],
)  # fmt: skip
def test_terms_come_back_from_the_journal_as_they_went(terms: OpenTerms | CloseTerms) -> None:
    assert type(terms).from_text(terms.as_text()) == terms


def test_terms_of_an_older_journal_are_what_they_were_then() -> None:
    old = {"quantity": "1", "perp_limit": "2", "spot_limit": "3", "base_fee": "0.001", "adds": "True"}

    terms = OpenTerms.from_text(old)

    assert terms == OpenTerms(
        quantity=D(1), perp_limit=D(2), spot_limit=D(3), base_fee=D("0.001"), adds=True
    )  # fmt: skip


def test_what_was_being_taken_back_at_a_crash_goes_on_that_way() -> None:
    stages: set[str] = set()

    def script(effect: Effect, world: Played) -> Any:
        leg = effect.request.client_order_id[LEG_AT] if isinstance(effect, Send) else ""
        if leg == LegName.SPOT_ENTRY and not stages:
            return Rejected(-2010, "Account has insufficient balance.")
        if leg == LegName.UNWIND and not stages:
            stages.add("taking back")
            world.exchange.chooser = Chooser(tape=[0, 1])  # half of it
        elif isinstance(effect, AskFills) and stages == {"taking back"}:
            stages.add("dead")
            raise Crash
        return PASS

    world = Played(script)

    outcome = world.open(Style())

    assert (outcome.state, outcome.unwound) == (SpreadState.FLAT, D("30.00"))
    assert (
        len(world.sent(LegName.SPOT_ENTRY)) == 1
    )  # refused; none after the crash, though it would be taken now
    assert [r.quantity for r in world.sent(LegName.UNWIND)] == [D("30.00"), D("15.00")]


def test_a_reverse_spread_borrows_what_it_sells_and_repays_what_it_buys() -> None:
    world = Played()
    world.open(Style(), REVERSE)

    world.run(2, close_terms(world, REVERSE, Style()))

    [sold], [bought] = world.sent(LegName.SPOT_ENTRY), world.sent(LegName.SPOT_EXIT)
    assert (sold.market, sold.side, sold.borrows, sold.repays) == (Market.MARGIN, Side.SELL, True, False)
    assert (bought.market, bought.side, bought.borrows, bought.repays) == (
        Market.MARGIN,
        Side.BUY,
        False,
        True,
    )
    # 30 owed and bought net of the fee kept in coins: 30 / 0.999 = 30.03003…, up to the lot
    assert (sold.quantity, bought.quantity) == (D("30.000"), D("30.031"))
    perps = world.sent(LegName.PERP_ENTRY, LegName.PERP_EXIT)
    assert [(r.side, r.reduce_only) for r in perps] == [(Side.BUY, False), (Side.SELL, True)]


def test_a_spread_on_spot_neither_borrows_nor_repays() -> None:
    world = Played()
    world.open(Style())

    world.run(2, close_terms(world, OPEN, Style()))

    orders = world.sent(LegName.SPOT_ENTRY, LegName.SPOT_EXIT)
    assert [(r.market, r.borrows or r.repays) for r in orders] == [(Market.SPOT, False)] * 2
    assert [r.reducing for r in orders] == [False, True]


def test_the_operator_ends_slices_that_follow_at_once() -> None:
    world = Played(lambda e, w: Stopped() if isinstance(e, Sleep) and e.breaks else PASS)

    outcome = world.open(Style(slices=3))

    assert (outcome.state, outcome.stopped) == (SpreadState.HEDGED, "stopped by the operator")
    assert world.exchange.position[Market.UM] == -10


def test_a_part_that_filled_is_followed_while_the_rest_still_rests() -> None:
    world = Played()
    world.exchange.chooser = Chooser(tape=[0, 0, 0, 0, 1])  # half of it fills

    world.open(RESTING)

    followed = next(
        i for i, e in enumerate(world.effects) if isinstance(e, Send) and e.request.market is Market.SPOT
    )
    assert followed < next(i for i, e in enumerate(world.effects) if isinstance(e, Cancel))
    assert world.exchange.naked[0] < 0.5  # a look, and the way there and back
