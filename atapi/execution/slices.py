"""The taker route: the leader in slices, spread evenly over a span, each covered before the next one starts."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.market import Depth
from atapi.domain.numbers import ONE, ZERO, ceil_to, floor_to, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import LegName
from atapi.domain.style import Style
from atapi.execution.course import EXIT_CAP, Caps, Course
from atapi.execution.effects import AskDepth, Effect, Now, Sleep, Stopped
from atapi.execution.follow import Lead, covered, enter, go_after, go_first, tradable
from atapi.execution.legs import refused
from atapi.execution.prices import limit_price, taken, within

LEVELS = 100  # read of a book before a slice
READS = 3  # of the books before a slice is given up

Why = str | None  # it ended before its time; None where it did not
Reason = Generator[Effect, Any, Why]
Pricing = Callable[[Course, Decimal], Generator[Effect, Any, Caps | str]]
Slicing = Callable[[Course, Decimal, Caps], Reason]

STOPPED = "stopped by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How many slices, and how far apart."""

    slices: int
    interval: timedelta
    started: datetime | None  # None where they follow each other at once

    def starts_at(self, number: int) -> datetime | None:
        """When a slice may start; the rounds after the last one start at once."""
        if self.started is None or number > self.slices:
            return None
        return self.started + (number - 1) * self.interval


def take(course: Course) -> Reason:
    """Trade the course as a taker; a single slice goes at the prices it was planned with. Tell why it ends early."""
    style = course.style
    planned = style.slices == 1 and style.max_unhedged is None
    return (yield from walk(course, _as_planned if planned else quote, _one, style))


def take_rest(course: Course) -> Reason:
    """Trade what is left as a taker, now, at the prices of the books; tell why where it ends early."""
    return (yield from walk(course, quote, _one, replace(course.style, slices=1, interval=0)))


def walk(course: Course, price: Pricing, one: Slicing, style: Style) -> Reason:
    """Go through the slices, each at its time, each priced when it starts; tell why where it ends early."""
    if not covered(course, course.caps.follow):  # the legs differed before
        yield from go_after(course, course.caps.follow, Lead())
    cut = yield from _cut(course, style)
    whole = course.left()
    assert cut.slices >= 1
    for number in range(1, cut.slices + course.rounds):
        if not course.left():
            return None
        if (yield from _wait(course, cut, number)):
            return STOPPED
        quantity = _slice(course, cut, number, whole)
        caps = yield from price(course, quantity)
        if isinstance(caps, str):
            return caps
        quantity = bounded(course, quantity, caps.lead)
        if not tradable(course, course.lead, quantity, caps.lead):
            continue  # the next slice makes up for it
        why = yield from one(course, quantity, caps)
        if why is not None:
            return why
    return None


def quote(course: Course, quantity: Decimal) -> Generator[Effect, Any, Caps | str]:
    """Ask both books for the prices of one slice; tell why where it may not start."""
    books = yield from read_books(course)
    if books is None:
        return "the books could not be read"
    caps = caps_in(course, *books)
    quantity = bounded(course, quantity, caps.lead)
    lead, follow = books
    thin = too_thin(course, course.lead, lead, caps.lead, quantity)
    thin = thin or too_thin(course, course.follow, follow, caps.follow, in_follower(course, quantity))
    return thin or too_dear(course, *books) or caps


def in_follower(course: Course, quantity: Decimal) -> Decimal:
    """A quantity of the leader in the follower's unit."""
    multiplier = course.legs.pair.multiplier
    return quantity / multiplier if course.lead.spot else quantity * multiplier


def caps_in(course: Course, lead: Depth, follow: Depth) -> Caps:
    """The worst prices of both legs in these books."""
    return Caps(
        lead=_limit(course, course.lead, lead, course.style.max_slippage),
        follow=_limit(
            course, course.follow, follow, EXIT_CAP if course.insists else course.style.max_slippage
        ),
    )


def read_books(course: Course) -> Generator[Effect, Any, tuple[Depth, Depth] | None]:
    """Read the books of both legs; None where one of them stays unread or empty."""
    for number in range(READS):
        books: list[Depth] = []
        for leg in (course.lead, course.follow):
            instrument = course.legs.instrument(leg)
            book = yield AskDepth(instrument.market, instrument.symbol, LEVELS)
            if isinstance(book, Depth) and book.bids and book.asks:
                books.append(book)
        if len(books) == 2:
            return books[0], books[1]
        if number < READS - 1:
            yield Sleep(0.5, "the books could not be read: asking again")
    return None


def bounded(course: Course, quantity: Decimal, price: Decimal) -> Decimal:
    """No more than may stand unhedged, what already does so counted in."""
    most = _most(course, price)
    return quantity if most is None else min(quantity, most)


def _cut(course: Course, style: Style) -> Generator[Effect, Any, Cut]:
    """Settle how many slices there are: as many as were asked for, or as the limit of what is unhedged makes."""
    slices = style.slices
    most = _most(course, course.caps.lead)
    if most:
        slices = max(slices, int(ceil_to(course.left() / most, ONE)))
    interval = timedelta(milliseconds=style.interval)
    started = (yield Now()) if interval else None
    return Cut(slices=slices, interval=interval, started=started)


def _slice(course: Course, cut: Cut, number: int, whole: Decimal) -> Decimal:
    """What this slice has to trade so that the whole is on schedule after it; what others missed is made up for."""
    later = floor_to(whole * max(0, cut.slices - number) / cut.slices, course.step)
    quantity = max(ZERO, course.left() - later)
    assert quantity <= course.left()
    return quantity


def _most(course: Course, price: Decimal) -> Decimal | None:
    cap = course.style.max_unhedged
    if cap is None:
        return None
    multiplier = course.legs.pair.multiplier if course.lead.spot else ONE
    return max(ZERO, floor_to(cap / price - course.naked() * multiplier, course.step))


def _as_planned(course: Course, quantity: Decimal) -> Generator[Effect, Any, Caps | str]:
    yield from ()
    return course.caps


def _wait(course: Course, cut: Cut, number: int) -> Generator[Effect, Any, bool]:
    """Wait until a slice's time, if it has one; tell whether the operator wants an end."""
    if number == 1:
        return False
    at, seconds = cut.starts_at(number), 0.0
    if at is not None:
        now: datetime = yield Now()
        seconds = round(max(0.0, (at - now).total_seconds()), 1)
    why = f"slice {number} of {cut.slices} of {course.legs.pair.symbol}"
    return isinstance((yield Sleep(seconds, why, breaks=True)), Stopped)


def _one(course: Course, quantity: Decimal, caps: Caps) -> Reason:
    """Trade one slice: the leader, then the follower after it."""
    assert 0 < quantity <= course.left()
    yield from enter(course, course.lead_state)
    lead = yield from go_first(course, quantity, caps.lead)
    yield from go_after(course, caps.follow, lead)
    row = course.tally.last(course.lead)
    assert row is not None
    if not covered(course, caps.follow):
        return "the second leg could not follow"
    if refused(row):
        return f"a slice was refused: {row.reason}"
    if not row.executed and course.style.slices > 1:
        return "a slice found nothing to trade with"
    return None


def _limit(course: Course, leg: LegName, book: Depth, slippage: Decimal) -> Decimal:
    side = course.legs.side(leg)
    touch = taken(book, side)[0].price
    return limit_price(side, touch, slippage, course.legs.instrument(leg).tick_size)


def too_thin(course: Course, leg: LegName, book: Depth, limit: Decimal, wanted: Decimal) -> Why:
    """Tell where a book does not hold a slice within its limit."""
    side = course.legs.side(leg)
    there = within(taken(book, side), side, limit)
    if there >= wanted:
        return None
    market = course.legs.instrument(leg).market
    return f"the {market} book holds {plain(there)} within the limit, a slice needs {plain(wanted)}"


def too_dear(course: Course, lead: Depth, follow: Depth) -> Why:
    """Tell where the basis went beyond what all slices together may slip."""
    worst = course.style.worst_basis
    if worst is None:
        return None
    spot, perp = (lead, follow) if course.lead.spot else (follow, lead)
    perp_leg, spot_leg = (course.follow, course.lead) if course.lead.spot else (course.lead, course.follow)
    perp_side = course.legs.side(perp_leg)
    perp_touch = taken(perp, perp_side)[0].price
    spot_touch = taken(spot, course.legs.side(spot_leg))[0].price * course.legs.pair.multiplier
    basis = perp_touch / spot_touch - 1
    if (basis >= worst) if perp_side is Side.SELL else (basis <= worst):
        return None
    return f"the basis went to {basis * 10_000:.2f}bp, beyond {worst * 10_000:.2f}bp"
