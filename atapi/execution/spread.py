"""The two-leg transaction: open perpetual first, close perpetual last.

PLANNED → PERP_OPEN → SPOT_OPEN → HEDGED; what spot cannot follow is taken back (UNWINDING, reduce-only) → FLAT or a
smaller HEDGED, else EXPOSED. HEDGED → SPOT_CLOSE → PERP_CLOSE (reduce-only) → FLAT. In slices the two states before
the last one take turns.

Reduce-only orders on the perpetual are the one class Binance exempts from overload refusals and from the least
notional, so the way back is always the strongest step. Every generator may be run again from the journal's rows: it
finds out how everything ended that was out, covers it or takes it back, and begins nothing new.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from atapi.domain.numbers import ZERO
from atapi.domain.spreads import LegName, SpreadState
from atapi.domain.style import Route
from atapi.execution.course import Closing, Course, MakerClosing, Opening
from atapi.execution.effects import Attempt, Countdown, Effect, Tell
from atapi.execution.follow import Lead, enter, go_after, recollect, take_back
from atapi.execution.legs import Legs, Tally
from atapi.execution.maker import rest
from atapi.execution.slices import Reason, take, take_rest
from atapi.execution.terms import CloseTerms, OpenTerms

Run = Generator[Effect, Any, "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a transaction ended."""

    state: SpreadState
    refused: Attempt | None = None  # the attempt whose refusal decided it
    unwound: Decimal = ZERO  # perpetual taken back
    exposed: Decimal = ZERO  # perpetual without spot against it, signed
    bare: Decimal = ZERO  # coins without perpetual against them, signed: owed ones are negative
    stopped: str | None = None  # why it ended before everything was done


def open_spread(legs: Legs, terms: OpenTerms) -> Run:
    """Enter the perpetual, then trade as much spot as the perpetual really executed."""
    legs = replace(legs, reverse=terms.reverse)
    course = Opening(legs=legs, tally=Tally(legs.rows), terms=terms)
    stopped = yield from _through(course, course)
    if course.excess():
        yield from take_back(course)
    return (yield from _opened(course, stopped))


def close_spread(legs: Legs, terms: CloseTerms) -> Run:
    """Trade the spot back, then as much of the perpetual as no spot is left against."""
    legs = replace(legs, reverse=terms.reverse, closing=True)
    tally = Tally(legs.rows)
    taking = Closing(legs=legs, tally=tally, terms=terms)
    if terms.style.route is Route.TAKER:
        stopped = yield from _through(taking, taking)
    else:
        leading = MakerClosing(legs=legs, tally=tally, terms=terms)
        stopped = yield from _through(leading, taking)
        yield from go_after(taking, taking.caps.follow, Lead())  # where taking the rest was cut short
        perp = legs.pair.perp
        again = leading.excess()
        if again and again * terms.perp_limit >= perp.min_notional:  # entering again is not exempt from it
            yield from take_back(leading)
    return (yield from _closed(taking, stopped))


def _through(course: Course, taking: Course) -> Reason:
    """Trade the course by its route, then take what that left over; or, resumed, finish what is out.

    Args:
        taking: The course by which the rest is taken after resting.
    """
    yield from enter(course, course.lead_state)
    if course.legs.resumed:
        return (yield from _finish(course))
    if course.style.route is Route.TAKER:
        return (yield from take(course))
    stopped = yield from rest(course)
    if stopped is None and course.left():
        yield Tell(f"{course.legs.pair.symbol}: patience is over, taking the rest")
        stopped = yield from take_rest(taking)
    return stopped


def _finish(course: Course) -> Reason:
    """End what was out when the transaction was cut short: cover what was executed, begin nothing new."""
    yield from recollect(course)
    if course.style.route is Route.MAKER:
        yield Countdown(course.legs.pair.perp.symbol, 0)
    unwinding = course.tally.last(LegName.UNWIND) is not None  # it went back already: go on that way
    if not unwinding:
        yield from go_after(course, course.caps.follow, Lead())
    return "cut short before; nothing new was begun" if course.left() else None


def _opened(course: Opening, stopped: str | None) -> Run:
    tally, terms = course.tally, course.terms
    assert not tally.unsettled()
    unwound = tally.executed(LegName.UNWIND)
    left, standing = course.excess(), course.standing()
    if unwound or left:
        decided = tally.last(course.follow)
    else:
        decided = tally.last(course.lead) if course.left() else None
    if left:
        yield from enter(course, SpreadState.EXPOSED, f"{left} of the perpetual stands without spot")
        return Outcome(
            state=SpreadState.EXPOSED,
            refused=decided,
            unwound=unwound,
            exposed=course.legs.signed(left),
            stopped=stopped,
        )
    state = SpreadState.HEDGED if standing else terms.nothing
    yield from enter(course, state, stopped or "")
    return Outcome(state=state, refused=decided, unwound=unwound, stopped=stopped)


def _closed(course: Closing, stopped: str | None) -> Run:
    tally = course.tally
    assert not tally.unsettled()
    pair = course.legs.pair
    exposed = course.excess()
    bare = _bare(course)
    outcome = Outcome(
        state=SpreadState.HEDGED,
        unwound=tally.executed(LegName.UNWIND),
        exposed=course.legs.signed(exposed),
        bare=-course.legs.signed(bare),
        stopped=stopped,
    )
    if exposed:
        yield from enter(course, SpreadState.EXPOSED, f"{exposed} of the perpetual could not be traded back")
        return replace(outcome, state=SpreadState.EXPOSED, refused=tally.last(LegName.PERP_EXIT))
    if bare:
        yield from enter(
            course, SpreadState.EXPOSED, f"{bare} {pair.spot.base_asset} stand without perpetual"
        )
        return replace(outcome, state=SpreadState.EXPOSED, refused=tally.last(LegName.SPOT_EXIT))
    whole = course.terms.whole and not course.perp_left()
    state = SpreadState.FLAT if whole else SpreadState.HEDGED
    yield from enter(course, state, stopped or "")
    return replace(outcome, state=state, refused=tally.last(LegName.SPOT_EXIT) if course.left() else None)


def _bare(course: Closing) -> Decimal:
    """Coins that no perpetual stands against any more; what no market takes is dust, not exposure."""
    pair, terms = course.legs.pair, course.terms
    coins = course.spot_left() - course.perp_left() * pair.multiplier
    assert terms.spot_quantity >= 0
    dust = max(pair.perp.lot_size * pair.multiplier, pair.spot.lot_size)
    if terms.spot_limit:
        dust = max(dust, pair.spot.min_notional / terms.spot_limit)
    return coins if coins > dust else ZERO
