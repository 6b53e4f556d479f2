"""The maker route: the perpetual rests post-only at the touch, and spot follows each of its fills at once.

The order is looked at four times a second and moved when the touch moves away from it. It rests under the futures'
own dead-man switch: should this process die, the venue cancels it, and what had filled is covered at the next start.
An order that vanishes for whatever reason, a fired switch included, is a final order: what filled is followed.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.market import Depth
from atapi.execution.course import Caps, Course
from atapi.execution.effects import (
    Attempt,
    Countdown,
    Effect,
    Now,
    Sleep,
    Stopped,
    Tell,
    Unclear,
)
from atapi.execution.follow import Lead, Walk, covered, enter, go_after, tradable
from atapi.execution.leg import look, settle, withdraw
from atapi.execution.legs import refused
from atapi.execution.prices import made
from atapi.execution.slices import (
    STOPPED,
    Reason,
    bounded,
    caps_in,
    in_follower,
    read_books,
    too_dear,
    too_thin,
    walk,
)

POLL = 0.25  # seconds between looks at a resting order
LOOKS_PER_BOOK = 4  # the books are read at every fourth look
COUNTDOWN = 120  # seconds after which the venue cancels what rests
REFRESH = timedelta(seconds=30)
MAX_QUOTES = 100  # orders of one transaction
POST_ONLY_REFUSED = -5022  # it would have taken: the touch moved while it was under way


@dataclass(slots=True, kw_only=True)
class Watch:
    """What is kept in mind while an order rests."""

    until: datetime  # patience ends
    seen_at: datetime  # of the newest look
    caps: Caps  # lead: the touch among which it rests; follow: the worst price of the other leg
    armed_at: datetime | None = None
    looks: int = 0


def rest(course: Course) -> Reason:
    """Trade the course from the book, slice by slice; tell why where it ends before its time.

    What is still left when patience ends is left to the taker.
    """
    return (yield from walk(course, _quote, _rest_one, course.style))


def _quote(course: Course, quantity: Decimal) -> Generator[Effect, Any, Caps | str]:
    """The touch to rest at, and the other leg's worst price; tell why where a slice may not start."""
    books = yield from read_books(course)
    if books is None:
        return "the books could not be read"
    caps = _caps(course, *books)
    wanted = in_follower(course, bounded(course, quantity, caps.lead))
    return too_thin(course, course.follow, books[1], caps.follow, wanted) or too_dear(course, *books) or caps


def _rest_one(course: Course, quantity: Decimal, caps: Caps) -> Reason:
    """Rest one slice until it is filled or patience ends, moving with the touch."""
    style = course.style
    now: datetime = yield Now()
    patience = min(style.patience, style.interval) if style.interval else style.patience
    watch = Watch(until=now + timedelta(milliseconds=patience), seen_at=now, caps=caps)
    why = yield from _quotes(course, watch, course.left() - quantity)
    yield Countdown(course.legs.pair.perp.symbol, 0)
    return why


def _quotes(course: Course, watch: Watch, later: Decimal) -> Reason:
    """Put orders into the book one after the other until the slice is done; `later` is for other slices."""
    legs, tally = course.legs, course.tally
    for _ in range(MAX_QUOTES):
        quantity = bounded(course, course.left() - later, watch.caps.lead)
        if watch.seen_at >= watch.until or not tradable(course, course.lead, quantity, watch.caps.lead):
            return None
        if not (yield from _armed(course, watch)):
            yield Tell("the dead-man switch cannot be armed: nothing rests without it")
            return None
        assert tally.resolved(course.lead)
        yield from enter(course, course.lead_state)
        attempt = legs.attempt(course.lead, tally.next(course.lead), quantity, watch.caps.lead, rests=True)
        row = yield from settle(attempt, base_asset=legs.pair.perp.base_asset, resumed=False, rests=True)
        tally.put(row)
        if refused(row) and row.reason_code != POST_ONLY_REFUSED:
            return f"a slice was refused: {row.reason}"
        why = yield from _tend(course, watch, row)
        if why is not None:
            return why
        yield from _read(course, watch)
    return None


def _tend(course: Course, watch: Watch, row: Attempt) -> Reason:
    """Stay with an order until it is final, and have the other leg follow what fills; tell why to end early."""
    assert row.leg is course.lead
    base_asset = course.legs.pair.perp.base_asset
    why: str | None = None
    while True:
        yield from go_after(course, watch.caps.follow, Lead(at=watch.seen_at))
        if not covered(course, watch.caps.follow):
            why = "the second leg could not follow"
        if row.state.settled:
            return why
        if why is None:
            why = yield from _pause(course, watch)
        if why is not None or watch.seen_at >= watch.until or _moved(course, watch, row):
            row = yield from withdraw(row, base_asset=base_asset)
        else:
            row = yield from look(row, base_asset=base_asset)
        course.tally.put(row)


def _pause(course: Course, watch: Watch) -> Reason:
    """Wait for the next look, and keep what is known of the books and the switch fresh."""
    if isinstance((yield Sleep(POLL, "resting", breaks=True)), Stopped):
        return STOPPED
    watch.looks += 1
    if watch.looks % LOOKS_PER_BOOK == 0:
        yield from _read(course, watch)
    watch.seen_at = yield Now()
    yield from _armed(course, watch)
    return None


def _armed(course: Course, watch: Watch) -> Generator[Effect, Any, bool]:
    """Arm the switch, or put it off again in time; tell whether it is armed."""
    if watch.armed_at is None or watch.seen_at - watch.armed_at >= REFRESH:
        answer = yield Countdown(course.legs.pair.perp.symbol, COUNTDOWN)
        if not isinstance(answer, Unclear):
            watch.armed_at = watch.seen_at
    return watch.armed_at is not None


def _read(course: Course, watch: Watch) -> Walk:
    """Look at the books again; what cannot be read stays as it was."""
    books = yield from read_books(course)
    if books is not None:
        watch.caps = _caps(course, *books)


def _caps(course: Course, lead: Depth, follow: Depth) -> Caps:
    touch = made(lead, course.legs.side(course.lead))[0].price
    return Caps(lead=touch, follow=caps_in(course, lead, follow).follow)


def _moved(course: Course, watch: Watch, row: Attempt) -> bool:
    """Whether somebody rests before us: better to be there too than to wait for their turn."""
    assert row.request.price is not None
    return (watch.caps.lead - row.request.price) * course.legs.side(course.lead).sign > 0
