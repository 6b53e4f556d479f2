"""The second leg: covers what the first executed, and where it cannot, takes the first back."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.market import Depth
from atapi.domain.numbers import plain
from atapi.domain.spreads import LegName, SpreadState
from atapi.execution.course import EXIT_CAP, Course
from atapi.execution.effects import Answered, AskDepth, Attempt, Effect, Now, Sleep, Tell, WriteState
from atapi.execution.leg import conclude, dispatch, settle, withdraw
from atapi.execution.legs import refused
from atapi.execution.prices import limit_price, taken

MAX_UNWINDS = 5

Walk = Generator[Effect, Any, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What the leader did that the follower now covers."""

    at: datetime | None = None  # when it was sent; None where nobody asks, or after a restart nobody knows
    pending: tuple[Attempt, Answered] | None = None  # executed, its fills not yet written down


def enter(course: Course, state: SpreadState, note: str = "") -> Walk:
    """Write the spread's state down, once."""
    if course.tally.state is not state or note:
        course.tally.state = state
        yield WriteState(state, note)


def go_first(course: Course, quantity: Decimal, limit: Decimal) -> Generator[Effect, Any, Lead]:
    """Make one attempt at the leading leg.

    The fills of a perpetual that was answered are not written down before the follower is out: its row says SENDING,
    which a restart resolves by asking, and every write or read between the legs is time without a hedge.
    """
    legs, tally = course.legs, course.tally
    assert tally.resolved(course.lead)
    at: datetime = yield Now()
    attempt = legs.attempt(course.lead, tally.next(course.lead), quantity, limit)
    answer = yield from dispatch(attempt)
    if not course.lead.spot and isinstance(answer, Answered) and answer.order.status.final:
        filled = answer.order.filled
        assert filled <= quantity
        tally.put(replace(attempt, order_id=answer.order.order_id, executed=filled, net=filled))
        return Lead(at=at, pending=(attempt, answer))
    base_asset = legs.instrument(course.lead).base_asset
    tally.put((yield from conclude(attempt, answer, sent_at=at, base_asset=base_asset)))
    return Lead(at=at)


def go_after(course: Course, limit: Decimal, lead: Lead) -> Walk:
    """Make attempts at the following leg until the leader is covered, they run out, or the venue says no for good."""
    legs, tally = course.legs, course.tally
    base_asset = legs.instrument(course.follow).base_asset
    assert tally.resolved(course.follow)
    for price in course.tries(limit):
        due = course.due()
        if not tradable(course, course.follow, due, limit):
            break
        price = (yield from _in_time(course, lead, price)) if course.style.max_gap is not None else price
        attempt = legs.attempt(course.follow, tally.next(course.follow), due, price)
        yield from enter(course, course.follow_state)
        sent_at: datetime = yield Now()
        answer = yield from dispatch(attempt)
        if not isinstance(answer, Answered) or answer.order.filled == due:
            lead = yield from _book(course, lead)  # there is time: it is covered, or has to be asked for
        tally.put((yield from conclude(attempt, answer, sent_at=sent_at, base_asset=base_asset)))
        last = tally.last(course.follow)
        assert last is not None
        if refused(last) and not course.insists:
            break
    yield from _book(course, lead)


def covered(course: Course, limit: Decimal) -> bool:
    """Whether nothing is left that the follower could cover; what it could not trade waits for more."""
    return not tradable(course, course.follow, course.due(), limit)


def tradable(course: Course, leg: LegName, quantity: Decimal, price: Decimal) -> bool:
    """Whether the venue takes an order of that quantity on a leg."""
    instrument = course.legs.instrument(leg)
    if quantity < instrument.min_quantity or not quantity:
        return False
    return course.legs.reduces(leg) or quantity * price >= instrument.min_notional


def take_back(course: Course) -> Walk:
    """Trade back the perpetual that stands without spot; the first try is limited, the others go at market.

    The venue exempts what only reduces from almost everything, so it is tried again whatever the refusal.
    """
    legs, tally = course.legs, course.tally
    assert course.excess() > 0
    assert tally.resolved(course.lead)
    assert tally.resolved(course.follow)
    yield from enter(course, SpreadState.UNWINDING, f"spot could not follow; taking back {course.excess()}")
    limit = yield from _capped(course)
    for number in range(MAX_UNWINDS):
        excess = course.excess()
        if not excess:
            return
        attempt = legs.attempt(LegName.UNWIND, tally.next(LegName.UNWIND), excess, None if number else limit)
        row = yield from settle(attempt, base_asset=legs.pair.perp.base_asset, resumed=False)
        tally.put(row)
        if refused(row) and number < MAX_UNWINDS - 1:
            yield Sleep(0.25 * 2**number, f"taking back was refused ({row.reason_code}): trying again")


def recollect(course: Course) -> Walk:
    """Find out how everything ended that was under way when the transaction was cut short; nothing keeps resting."""
    for row in course.tally.unsettled():
        base_asset = course.legs.instrument(row.leg).base_asset
        known = yield from settle(row, base_asset=base_asset, resumed=True, rests=True)
        if not known.state.settled:
            known = yield from withdraw(known, base_asset=base_asset)
        course.tally.put(known)
    assert not course.tally.unsettled()


def _book(course: Course, lead: Lead) -> Generator[Effect, Any, Lead]:
    """Write down what the leader executed, once the follower is out."""
    if lead.pending is None:
        return lead
    assert lead.pending[0].leg is course.lead
    base_asset = course.legs.instrument(course.lead).base_asset
    course.tally.put((yield from conclude(*lead.pending, base_asset=base_asset)))
    return replace(lead, pending=None)


def _in_time(course: Course, lead: Lead, price: Decimal | None) -> Generator[Effect, Any, Decimal | None]:
    """The price while the gap between the legs is short; none, which is at market, once it is over its limit."""
    most = course.style.max_gap
    assert most is not None
    if price is None:
        return None
    now: datetime = yield Now()
    gap = None if lead.at is None else now - lead.at
    if gap is not None and gap <= timedelta(milliseconds=most):
        return price
    said = "unknown after a restart" if gap is None else f"{gap.total_seconds():.1f} s"
    over = plain(Decimal(most) / 1000)
    yield Tell(f"leg gap {said} is over --max-gap {over}s; second leg sent at market")
    return None


def _capped(course: Course) -> Generator[Effect, Any, Decimal | None]:
    """A limit a little beyond the perpetual's touch; none where its book cannot be read."""
    perp = course.legs.pair.perp
    side = course.legs.side(LegName.UNWIND)
    book = yield AskDepth(perp.market, perp.symbol)
    if not isinstance(book, Depth) or not taken(book, side):
        return None
    return limit_price(side, taken(book, side)[0].price, EXIT_CAP, perp.tick_size)
