"""The two-leg transaction: open perpetual first, close perpetual last.

PLANNED → PERP_OPEN → SPOT_OPEN → HEDGED; what spot cannot follow is taken back (UNWINDING, reduce-only) → FLAT or a
smaller HEDGED, else EXPOSED. HEDGED → SPOT_CLOSE → PERP_CLOSE (reduce-only) → FLAT.

Reduce-only orders on the perpetual are the one class Binance exempts from overload refusals and from the least
notional, so the way back is always the strongest step. Every generator may be run again from the journal's rows: it
walks through what is already proven and goes on from there, so recovery is the same code as the first run.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth
from atapi.domain.numbers import ZERO, ceil_to, floor_to
from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Pair, SpreadState
from atapi.execution.effects import AskDepth, Attempt, AttemptState, Effect, WriteState
from atapi.execution.ids import client_order_id
from atapi.execution.leg import settle
from atapi.execution.terms import CloseTerms as CloseTerms
from atapi.execution.terms import OpenTerms as OpenTerms

UNWIND_CAP = Decimal(
    "0.01"
)  # the first try to undo pays at most 1 % beyond the touch; the last ones go at market
MAX_UNWINDS = 5
REDUCING = (LegName.UNWIND, LegName.SPOT_EXIT, LegName.PERP_EXIT)  # they take risk away

Rows = dict[tuple[LegName, int], Attempt]
Run = Generator[Effect, Any, "Outcome"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a transaction ended."""

    state: SpreadState
    refused: Attempt | None = None  # the attempt whose refusal decided it
    unwound: Decimal = ZERO  # perpetual taken back
    exposed: Decimal = ZERO  # perpetual without spot against it (signed), or spot without perpetual


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """What every leg of one intent shares."""

    pair: Pair
    intent_id: int
    instance: str
    rows: Rows  # what the journal already holds
    reverse: bool = False
    resumed: bool = False  # cut short before: what is out is finished, nothing new is begun

    def signed(self, perpetual: Decimal) -> Decimal:
        """State a quantity of the perpetual as the position it is."""
        return perpetual if self.reverse else -perpetual

    def market(self, leg: LegName) -> Market:
        """Where a leg's orders go: borrowed coins are traded on cross margin."""
        return Market.MARGIN if leg.spot and self.reverse else self.instrument(leg).market

    def instrument(self, leg: LegName) -> Instrument:
        """The instrument a leg trades."""
        return self.pair.spot if leg.spot else self.pair.perp

    def side(self, leg: LegName) -> Side:
        """Which way a leg trades."""
        entry = Side.BUY if self.reverse else Side.SELL
        return entry if leg in (LegName.PERP_ENTRY, LegName.SPOT_EXIT) else entry.opposite

    def attempt(self, leg: LegName, number: int, quantity: Decimal, limit: Decimal | None) -> Attempt:
        """Make a new attempt; limit None goes at market."""
        instrument = self.instrument(leg)
        assert quantity > 0
        assert quantity == instrument.round_quantity(quantity), (quantity, instrument.lot_size)
        assert limit is None or limit % instrument.tick_size == 0, (limit, instrument.tick_size)
        return Attempt(
            intent_id=self.intent_id,
            leg=leg,
            number=number,
            state=AttemptState.SENDING,
            request=OrderRequest(
                market=self.market(leg),
                symbol=instrument.symbol,
                side=self.side(leg),
                type=OrderType.MARKET if limit is None else OrderType.LIMIT,
                quantity=quantity,
                price=limit,
                time_in_force=None if limit is None else TimeInForce.IOC,
                reduce_only=leg in (LegName.UNWIND, LegName.PERP_EXIT),
                reducing=leg in REDUCING,
                borrows=self.reverse and leg is LegName.SPOT_ENTRY,
                repays=self.reverse and leg is LegName.SPOT_EXIT,
                client_order_id=client_order_id(self.instance, self.intent_id, leg, number),
            ),
        )


@dataclass(frozen=True, slots=True)
class Worked:
    """What the attempts at one leg came to."""

    executed: Decimal
    net: Decimal  # coins that really came or went, fees in them included
    last: Attempt | None


def open_spread(legs: Legs, terms: OpenTerms) -> Run:
    """Enter the perpetual, then trade as much spot as the perpetual really executed."""
    legs = replace(legs, reverse=terms.reverse)
    yield WriteState(SpreadState.PERP_OPEN)
    perp = yield from _work(legs, LegName.PERP_ENTRY, terms.quantity, [terms.perp_limit])
    if not perp.executed:
        yield WriteState(terms.nothing, "the perpetual did not fill")
        return Outcome(state=terms.nothing, refused=perp.last)
    yield WriteState(SpreadState.SPOT_OPEN)
    wanted = spot_for(legs.pair, perp.executed, terms.base_fee)
    spot = yield from _work(legs, LegName.SPOT_ENTRY, wanted, [terms.spot_limit] * 2)
    excess = legs.pair.perp.round_quantity(max(ZERO, perp.executed - spot.net / legs.pair.multiplier))
    if not excess:
        yield WriteState(SpreadState.HEDGED)
        return Outcome(state=SpreadState.HEDGED)
    kept = SpreadState.HEDGED if perp.executed > excess else terms.nothing
    return (yield from _unwind(legs, excess, spot, kept))


def close_spread(legs: Legs, terms: CloseTerms) -> Run:
    """Trade the spot back, then as much of the perpetual as no spot is left against."""
    legs = replace(legs, reverse=terms.reverse)
    yield WriteState(SpreadState.SPOT_CLOSE)
    wanted = ceil_to(terms.spot_quantity / (1 - terms.base_fee), legs.pair.spot.lot_size)
    spot = yield from _work(legs, LegName.SPOT_EXIT, wanted, [terms.spot_limit] * 2)
    if wanted and not spot.executed:
        yield WriteState(SpreadState.HEDGED, "the spot did not fill")
        return Outcome(state=SpreadState.HEDGED, refused=spot.last)
    yield WriteState(SpreadState.PERP_CLOSE)
    complete = spot.executed == wanted
    standing = ZERO if complete else max(ZERO, terms.spot_quantity - spot.net) / legs.pair.multiplier
    due = legs.pair.perp.round_quantity(terms.perp_quantity - min(standing, terms.perp_quantity))
    tries: list[Decimal | None] = [terms.perp_limit, terms.perp_limit, None, None, None]
    perp = yield from _work(legs, LegName.PERP_EXIT, due, tries, reduce_only=True)
    left = due - perp.executed
    if left:
        yield WriteState(SpreadState.EXPOSED, f"{left} of the perpetual could not be traded back")
        return Outcome(state=SpreadState.EXPOSED, refused=perp.last, exposed=legs.signed(left))
    state = SpreadState.FLAT if terms.whole and complete else SpreadState.HEDGED
    yield WriteState(state)
    return Outcome(state=state, refused=None if complete else spot.last)


def spot_for(pair: Pair, perp_quantity: Decimal, base_fee: Decimal) -> Decimal:
    """Tell how much spot to buy so that, net of a fee taken in it, no perpetual is left uncovered."""
    return ceil_to(perp_quantity * pair.multiplier / (1 - base_fee), pair.spot.lot_size)


def _unwind(legs: Legs, excess: Decimal, spot: Worked, kept: SpreadState) -> Run:
    """Take back the perpetual that no spot stands against."""
    yield WriteState(SpreadState.UNWINDING, f"spot could not follow; taking back {excess}")
    depth = yield AskDepth(Market.UM, legs.pair.perp.symbol)
    tick = legs.pair.perp.tick_size
    first: Decimal | None = None
    buys = legs.side(LegName.UNWIND) is Side.BUY
    if buys and isinstance(depth, Depth) and depth.asks:
        first = ceil_to(depth.asks[0].price * (1 + UNWIND_CAP), tick)
    elif not buys and isinstance(depth, Depth) and depth.bids:
        first = floor_to(depth.bids[0].price * (1 - UNWIND_CAP), tick)
    tries: list[Decimal | None] = [first, *[None] * (MAX_UNWINDS - 1)]
    back = yield from _work(legs, LegName.UNWIND, excess, tries, reduce_only=True)
    left = excess - back.executed
    if left:
        yield WriteState(SpreadState.EXPOSED, f"{left} of the perpetual stands without spot")
        return Outcome(
            state=SpreadState.EXPOSED, refused=spot.last, unwound=back.executed, exposed=legs.signed(left)
        )
    yield WriteState(kept, f"took back {back.executed}")
    return Outcome(state=kept, refused=spot.last, unwound=back.executed)


def _work(
    legs: Legs,
    leg: LegName,
    quantity: Decimal,
    limits: Sequence[Decimal | None],
    *,
    reduce_only: bool = False,
) -> Generator[Effect, Any, Worked]:
    """Make attempts until the quantity is executed, they run out, or the venue says no for good."""
    instrument = legs.instrument(leg)
    executed, net, last = ZERO, ZERO, None
    for number, limit in enumerate(limits, start=1):
        row = legs.rows.get((leg, number))
        if row is None:
            left = floor_to(quantity - executed, instrument.lot_size)
            if left < instrument.min_quantity or _too_small(instrument, left, limit, reduce_only):
                break
            attempt = legs.attempt(leg, number, left, limit)
            row = yield from settle(attempt, base_asset=instrument.base_asset, resumed=False)
        elif not row.state.settled:
            row = yield from settle(row, base_asset=instrument.base_asset, resumed=True)
        executed, net, last = executed + row.executed, net + row.net, row
        if _refused_for_good(row, reduce_only):
            break
    assert executed <= quantity, (executed, quantity)
    return Worked(executed, net, last)


def _too_small(instrument: Instrument, quantity: Decimal, limit: Decimal | None, reduce_only: bool) -> bool:
    if reduce_only or limit is None:
        return False  # a reduce-only order is exempt
    return quantity * limit < instrument.min_notional


def _refused_for_good(row: Attempt, reduce_only: bool) -> bool:
    # What undoes exposure is tried again whatever the refusal; anything else stops at the venue's first no.
    return row.state is AttemptState.REJECTED and row.reason_code is not None and not reduce_only
