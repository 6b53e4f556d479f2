"""A single order: placed, canceled, changed. Most belong to no spread.

Placing is the path of a leg, and so are its outcomes. A cancel is no outcome: only the order itself tells how it
ended, and that may be a fill that came first. A change is proven by the price and quantity the order shows; while the
old ones are shown, an unclear change may still be on its way, until the fence.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Self

from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO, floor_to, plain
from atapi.domain.orders import Amendment, Order, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, SpreadState
from atapi.execution.effects import (
    Amend,
    Answered,
    Ask,
    Attempt,
    AttemptState,
    Cancel,
    Countdown,
    Effect,
    NeverSent,
    NotFound,
    Now,
    Rejected,
    Sleep,
    Unclear,
    WriteState,
)
from atapi.execution.ids import client_order_id
from atapi.execution.leg import FENCE, MAX_ASKS, Fence, Unproven, conclude, settle, withdraw

COUNTDOWN_S = 120  # after which an order under the dead-man switch is canceled unless it was told again

Rows = Mapping[tuple[LegName, int], Attempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What one order may do; written down before anything is sent."""

    market: Market
    symbol: str
    base_asset: str
    lot_size: Decimal
    side: Side
    quantity: Decimal
    tries: tuple[Decimal | None, ...]  # the limit of each attempt at it; None goes at market
    time_in_force: TimeInForce  # of the attempts with a limit
    reduce_only: bool = False
    reducing: bool = False  # it takes risk away
    dead_man: bool = False  # the venue is to cancel it when nobody tells it otherwise
    leg: LegName = LegName.ORDER  # of the spread it belongs to, where it belongs to one
    leaves: SpreadState | None = (
        None  # what that spread is once all of it is executed; None where it belongs to none
    )

    @property
    def rests(self) -> bool:
        """Whether it may stay in the book."""
        return self.time_in_force in (TimeInForce.GTC, TimeInForce.GTX)

    def as_text(self) -> dict[str, str]:
        """Write it for the journal."""
        text = {
            "market": self.market,
            "symbol": self.symbol,
            "base_asset": self.base_asset,
            "lot_size": str(self.lot_size),
            "side": self.side,
            "quantity": str(self.quantity),
            "tries": " ".join("market" if limit is None else str(limit) for limit in self.tries),
            "time_in_force": self.time_in_force,
            "reduce_only": str(self.reduce_only),
            "reducing": str(self.reducing),
            "dead_man": str(self.dead_man),
            "leg": self.leg,
        }
        return text if self.leaves is None else text | {"leaves": self.leaves}

    @classmethod
    def from_text(cls, text: Mapping[str, str]) -> Self:
        """Read it from the journal."""
        return cls(
            market=Market(text["market"]),
            symbol=text["symbol"],
            base_asset=text["base_asset"],
            lot_size=Decimal(text["lot_size"]),
            side=Side(text["side"]),
            quantity=Decimal(text["quantity"]),
            tries=tuple(None if t == "market" else Decimal(t) for t in text["tries"].split()),
            time_in_force=TimeInForce(text["time_in_force"]),
            reduce_only=text["reduce_only"] == "True",
            reducing=text["reducing"] == "True",
            dead_man=text["dead_man"] == "True",
            leg=LegName(text["leg"]),
            leaves=SpreadState(text["leaves"]) if "leaves" in text else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where an order is written: its intent, and what the journal already holds of it."""

    intent_id: int
    instance: str
    rows: Rows = field(default_factory=dict)
    resumed: bool = False  # it was cut short: what is out is followed, nothing new is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What the attempts at one order came to."""

    executed: Decimal
    last: Attempt | None  # None where nothing was sent
    why: str = ""  # nothing was sent, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """An order that was to be canceled, as it was last seen."""

    order: Order | None  # None where the venue shows it no more
    refused: Rejected | None = None  # the venue would not cancel it


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended:
    """An order that was to be changed, as it now stands."""

    attempt: Attempt
    changed: bool
    refused: Rejected | NeverSent | None = None


def place_order(slot: Slot, terms: OrderTerms) -> Generator[Effect, Any, Placed]:
    """Make one attempt after another until the quantity is executed, one rests, or the venue says no for good.

    A spread of which it is a leg is told what that leaves of it; in part executed, its legs differ.
    """
    placed = yield from _work(slot, terms)
    if terms.leaves is not None and placed.executed:
        whole = placed.executed == terms.quantity
        note = f"{terms.side} {plain(placed.executed)} {terms.symbol}, one leg alone"
        yield WriteState(terms.leaves if whole else SpreadState.EXPOSED, note)
    return placed


def follow_order(
    attempt: Attempt, *, base_asset: str, fence: Fence = FENCE
) -> Generator[Effect, Any, Attempt]:
    """Ask how a live order stands and take the venue's word, also for a price or quantity changed by other hands.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    request = attempt.request
    answer = yield Ask(request.market, request.symbol, request.client_order_id)
    if isinstance(answer, Answered):
        return (yield from _as_shown(attempt, answer.order, base_asset, fence))
    return (yield from conclude(attempt, answer, base_asset=base_asset, rests=True, fence=fence))


def cancel_order(
    attempt: Attempt, *, base_asset: str, fence: Fence = FENCE
) -> Generator[Effect, Any, Attempt]:
    """Cancel an order of ours and tell how it ended; one that is unclear is found out about first.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    if attempt.state is AttemptState.SENDING:
        attempt = yield from settle(attempt, base_asset=base_asset, resumed=True, rests=True, fence=fence)
    if attempt.state.settled:
        return attempt
    return (yield from withdraw(attempt, base_asset=base_asset, fence=fence))


def cancel_foreign(
    market: Market, symbol: str, client_order_id: str, *, fence: Fence = FENCE
) -> Generator[Effect, Any, Ended]:
    """Cancel an order that somebody else made, of which the journal keeps no row, and tell how it ended.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    began = yield Now()
    answer = yield Cancel(market, symbol, client_order_id)
    refused = answer if isinstance(answer, Rejected) else None
    not_found = 0
    for asks in range(MAX_ASKS):
        if isinstance(answer, Answered):
            if answer.order.status.final or refused is not None:
                return Ended(order=answer.order, refused=refused)
            answer = yield Cancel(market, symbol, client_order_id)  # the first one was lost, or is late
            refused = answer if isinstance(answer, Rejected) else None
            continue
        if isinstance(answer, NotFound):
            not_found += 1
            now = yield Now()
            if not_found > fence.not_found_needed and now > began + fence.wait:
                return Ended(order=None)
        yield Sleep(min(8.0, 0.2 * 2**asks), f"order {client_order_id} is being canceled: asking")
        answer = yield Ask(market, symbol, client_order_id)
    raise StillOpen(client_order_id)


def amend_order(
    attempt: Attempt, amendment: Amendment, *, base_asset: str, resumed: bool, fence: Fence = FENCE
) -> Generator[Effect, Any, Amended]:
    """Change a resting order in place, once, and ask until the order itself tells what became of it.

    Args:
        attempt: RESTING.
        resumed: It may have been sent before: ask, never send.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    assert attempt.state is AttemptState.RESTING
    began = yield Now()
    sent = Unclear("resumed from the journal") if resumed else (yield Amend(amendment))
    refused = sent if isinstance(sent, Rejected | NeverSent) else None
    request = attempt.request
    for asks in range(MAX_ASKS):
        answer = yield Ask(request.market, request.symbol, request.client_order_id)
        now = yield Now()
        over = now > began + fence.wait  # past it, nothing can still change
        if isinstance(answer, Answered):
            changed = _values(answer.order) == (amendment.quantity, amendment.price)
            if answer.order.status.final or changed or refused is not None or over:
                attempt = yield from _as_shown(attempt, answer.order, base_asset, fence)
                return Amended(attempt=attempt, changed=changed, refused=None if changed else refused)
        elif isinstance(answer, NotFound) and over:
            attempt = yield from conclude(attempt, answer, base_asset=base_asset, rests=True, fence=fence)
            return Amended(attempt=attempt, changed=False, refused=refused)
        why = f"the change of {request.client_order_id} is unclear: asking"
        yield Sleep(min(8.0, 0.2 * 2**asks), why)
    raise Unproven(attempt)


class StillOpen(Exception):
    """An order of somebody else's that was to be canceled could not be asked for."""


def _work(slot: Slot, terms: OrderTerms) -> Generator[Effect, Any, Placed]:
    executed, last = ZERO, None
    for number, limit in enumerate(terms.tries, start=1):
        row = slot.rows.get((terms.leg, number))
        left = floor_to(terms.quantity - executed, terms.lot_size)
        if not left or (row is None and slot.resumed):
            break
        if row is None:
            if terms.dead_man and isinstance((yield from _arm(terms)), Unclear):
                return Placed(executed=executed, last=last, why="the dead-man switch could not be armed")
            attempt = _attempt(slot, terms, number, left, limit)
            row = yield from settle(attempt, base_asset=terms.base_asset, resumed=False, rests=terms.rests)
        elif not row.state.settled:
            row = yield from settle(row, base_asset=terms.base_asset, resumed=True, rests=terms.rests)
        executed, last = executed + row.executed, row
        if not row.state.settled or _refused_for_good(row, terms):
            break
    assert executed <= terms.quantity, (executed, terms.quantity)
    return Placed(executed=executed, last=last)


def _arm(terms: OrderTerms) -> Generator[Effect, Any, Any]:
    if terms.market is Market.UM:
        return (yield Countdown(terms.symbol, COUNTDOWN_S))
    return None  # spot has no such switch; the guard process holds it


def _attempt(slot: Slot, terms: OrderTerms, number: int, quantity: Decimal, limit: Decimal | None) -> Attempt:
    return Attempt(
        intent_id=slot.intent_id,
        leg=terms.leg,
        number=number,
        state=AttemptState.SENDING,
        request=OrderRequest(
            market=terms.market,
            symbol=terms.symbol,
            side=terms.side,
            type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            quantity=quantity,
            price=limit,
            time_in_force=None if limit is None else terms.time_in_force,
            reduce_only=terms.reduce_only,
            reducing=terms.reducing,
            client_order_id=client_order_id(slot.instance, slot.intent_id, terms.leg, number),
        ),
    )


def _refused_for_good(row: Attempt, terms: OrderTerms) -> bool:
    return row.state is AttemptState.REJECTED and row.reason_code is not None and not terms.reduce_only


def _values(order: Order) -> tuple[Decimal, Decimal]:
    return order.quantity, order.price


def _as_shown(
    attempt: Attempt, order: Order, base_asset: str, fence: Fence
) -> Generator[Effect, Any, Attempt]:
    # The row takes the order's own quantity and price before its fills are held against them.
    request = replace(attempt.request, quantity=order.quantity, price=order.price or attempt.request.price)
    shown = replace(attempt, request=request)
    return (yield from conclude(shown, Answered(order), base_asset=base_asset, rests=True, fence=fence))
