"""One attempt at one leg, driven to a proven outcome.

PLANNED → SENDING (durable) → FILLED | PARTIAL | REJECTED, or unknown → (asked until known, or until the fence) →
adopted, or ABSENT with its proof. Nothing is ever sent twice: after an unclear answer we only ask.

The fence: Binance checks `timestamp + recvWindow` at receipt and again before its engine, so past that moment, its
backend's own limit and a margin for lagging queries, an order that is still not found, and that traded nothing, was never
accepted.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill, Order, OrderRequest
from atapi.execution.effects import (
    Answered,
    Ask,
    AskFills,
    AskTraces,
    Attempt,
    AttemptState,
    Cancel,
    Effect,
    NeverSent,
    NotFound,
    Now,
    Rejected,
    Send,
    Sleep,
    Unclear,
    WriteAttempt,
    WriteFills,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """How long an order may still turn up after an unclear answer."""

    recv_window: timedelta = timedelta(seconds=3)
    backend_limit: timedelta = timedelta(seconds=10)
    visibility: timedelta = timedelta(seconds=30)  # queries have been seen to lag past 20 s
    not_found_needed: int = 2

    @property
    def wait(self) -> timedelta:
        """From the send until absence is proven."""
        return self.recv_window + self.backend_limit + self.visibility


FENCE = Fence()
MARGIN_FENCE = Fence(visibility=timedelta(seconds=60))  # margin's queries lag longer
MAX_ASKS = 60  # about eight minutes of asking, then a human is told
MAX_CANCELS = 20
RESUMED = Unclear("resumed from the journal")

Settling = Generator[Effect, Any, Attempt]


class Unproven(Exception):
    """An attempt's outcome could not be established; the spread is exposed until it is."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.request.client_order_id)
        self.attempt = attempt


def settle(
    attempt: Attempt, *, base_asset: str, resumed: bool, rests: bool = False, fence: Fence | None = None
) -> Settling:
    """Drive an attempt to its outcome: send it unless it was sent before, then ask until it is known.

    Args:
        attempt: In state SENDING, or RESTING where it is resumed.
        base_asset: What is bought or sold; a fee taken in it changes what is really there.
        resumed: The journal already held it, so it may have been sent: ask, never send.
        rests: An order that is live is an outcome too: RESTING. Otherwise it is waited for.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    # After a restart the send time is unknown: the fence counts from now, which is later and therefore safe.
    sent_at: datetime = yield Now()
    answer: Any = RESUMED if resumed else (yield from dispatch(attempt))
    return (
        yield from conclude(attempt, answer, sent_at=sent_at, base_asset=base_asset, rests=rests, fence=fence)
    )


def dispatch(attempt: Attempt) -> Generator[Effect, Any, Any]:
    """Write a new attempt down, then send it; tell what the venue answered."""
    assert attempt.state is AttemptState.SENDING
    assert attempt.order_id is None
    yield WriteAttempt(attempt)
    return (yield Send(attempt.request))


def conclude(
    attempt: Attempt,
    answer: Any,
    *,
    base_asset: str,
    sent_at: datetime | None = None,
    rests: bool = False,
    fence: Fence | None = None,
) -> Settling:
    """Bring an attempt that may have been sent to its outcome, from the answer to it on.

    Args:
        sent_at: From when the fence counts: not after its timestamp was made; from now where nobody knows.
    """
    assert not attempt.state.settled
    if isinstance(answer, Rejected):
        refused = replace(
            attempt, state=AttemptState.REJECTED, reason=answer.message, reason_code=answer.code
        )
        return (yield from _finish(refused))
    if isinstance(answer, NeverSent):
        reason = f"never sent: {answer.message}"
        return (yield from _finish(replace(attempt, state=AttemptState.ABSENT, reason=reason)))
    fence = fence or fence_of(attempt.request.market)
    order = yield from _until_known(attempt, answer, sent_at, rests, fence)
    if order is None and attempt.order_id is not None:
        return (yield from _forgotten(attempt, attempt.order_id, base_asset))
    if order is None:
        reason = "not found past the fence"
        return (yield from _finish(replace(attempt, state=AttemptState.ABSENT, reason=reason)))
    return (yield from _adopt(attempt, order, base_asset))


def fence_of(market: Market) -> Fence:
    """Tell how long an order of a market may still turn up."""
    return MARGIN_FENCE if market is Market.MARGIN else FENCE


def look(attempt: Attempt, *, base_asset: str) -> Settling:
    """Ask once how a resting order stands; an unclear answer leaves it as it was known."""
    assert attempt.state is AttemptState.RESTING
    request = attempt.request
    answer = yield Ask(request.market, request.symbol, request.client_order_id)
    if not isinstance(answer, Answered):
        return attempt
    if not answer.order.status.final and answer.order.filled <= attempt.executed:
        return attempt
    return (yield from _adopt(attempt, answer.order, base_asset))


def withdraw(attempt: Attempt, *, base_asset: str, fence: Fence | None = None) -> Settling:
    """Cancel a resting order and drive it to its end, which may be a fill that came first.

    Only the order itself tells how it ended: a cancel may be lost, and one that finds no order may be late.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    assert attempt.state is AttemptState.RESTING
    request = attempt.request
    for _ in range(MAX_CANCELS):
        answer = yield Cancel(request.market, request.symbol, request.client_order_id)
        if not isinstance(answer, Answered):
            answer = yield Ask(request.market, request.symbol, request.client_order_id)
        attempt = yield from conclude(attempt, answer, base_asset=base_asset, rests=True, fence=fence)
        if attempt.state.settled:
            return attempt
        yield Sleep(0.5, f"order {request.client_order_id} is still live: canceling again")
    raise Unproven(attempt)


def _until_known(
    attempt: Attempt, answer: Any, sent_at: datetime | None, rests: bool, fence: Fence
) -> Generator[Effect, Any, Order | None]:
    """Ask until the order is final, or live where it may rest; None once its absence is proven."""
    request = attempt.request
    begun: datetime = sent_at or (yield Now())
    not_found = 0
    for asks in range(MAX_ASKS):
        if isinstance(answer, Answered) and _tells(answer.order, attempt, rests):
            return answer.order
        pause = min(8.0, 0.5 * 2**asks) if asks or not isinstance(answer, Answered) else 0.05
        if isinstance(answer, NotFound):
            not_found += 1
            left = begun + fence.wait - (yield Now())
            over = not_found >= fence.not_found_needed and left < timedelta(0)
            # A second witness: what was never accepted has traded nothing either.
            if over and (attempt.order_id is not None or (yield AskTraces(request, fence.wait)) == ()):
                return None
            if timedelta(0) <= left < timedelta(seconds=8):  # the last wait ends with the fence
                pause = min(pause, left.total_seconds() + 0.05)
        yield Sleep(pause, f"order {request.client_order_id} is unclear: asking")
        answer = yield Ask(request.market, request.symbol, request.client_order_id)
    raise Unproven(attempt)


def _adopt(attempt: Attempt, order: Order, base_asset: str) -> Settling:
    """Take the venue's word for how the order stands, with its fills."""
    assert order.client_order_id == attempt.request.client_order_id
    assert attempt.executed <= order.filled <= attempt.request.quantity
    net = order.filled
    if order.filled:
        fills = yield from _book_fills(attempt, order)
        net += _coins(attempt.request, fills, base_asset)
    state = _state(order, attempt.request)
    reason = f"{order.status} with nothing executed" if state is AttemptState.REJECTED else ""
    known = replace(
        attempt, state=state, order_id=order.order_id, executed=order.filled, net=net, reason=reason
    )
    yield WriteAttempt(known)
    return known


def _state(order: Order, request: OrderRequest) -> AttemptState:
    if not order.status.final:
        return AttemptState.RESTING
    if order.filled == request.quantity:
        return AttemptState.FILLED
    return AttemptState.PARTIAL if order.filled else AttemptState.REJECTED


def _coins(request: OrderRequest, fills: tuple[Fill, ...], base_asset: str) -> Decimal:
    """What fees taken in coins add to those that left, or take from those that came; a position has no coins."""
    if request.market in (Market.UM, Market.CM):
        return ZERO
    return -request.side.sign * sum((f.fee for f in fills if f.fee_asset == base_asset), ZERO)


def _tells(order: Order, attempt: Attempt, rests: bool) -> bool:
    # What was executed stays executed: an answer that knows less than we do is an old one.
    return order.filled >= attempt.executed and (rests or order.status.final)


def _forgotten(attempt: Attempt, order_id: str, base_asset: str) -> Settling:
    """End an order that was accepted and is shown no more: its trades alone tell what it came to.

    Binance forgets an order that ended with nothing executed after three days, sooner than a machine may be back.
    """
    request = attempt.request
    fills: Any = None
    for asks in range(MAX_ASKS):
        fills = yield AskFills(request.market, request.symbol, order_id)
        if isinstance(fills, tuple):
            break
        yield Sleep(min(8.0, 0.5 * 2**asks), f"fills of {request.client_order_id} are unclear: asking")
    else:
        raise Unproven(attempt)
    executed = sum((f.quantity for f in fills), ZERO)
    assert attempt.executed <= executed <= request.quantity
    if executed:
        yield WriteFills(attempt.leg, fills)
    whole = AttemptState.FILLED if executed == request.quantity else AttemptState.PARTIAL
    ended = replace(
        attempt,
        state=whole if executed else AttemptState.REJECTED,
        executed=executed,
        net=executed + _coins(request, fills, base_asset),
        reason="" if executed else "no longer shown, with nothing executed",
    )
    return (yield from _finish(ended))


def _book_fills(attempt: Attempt, order: Order) -> Generator[Effect, Any, tuple[Fill, ...]]:
    """Wait until the fills add up to what the order says, then write them down."""
    request = attempt.request
    for asks in range(MAX_ASKS):
        answer = yield AskFills(request.market, request.symbol, order.order_id)
        fills = _first(answer, order.filled) if isinstance(answer, tuple) else None
        if fills is not None:
            yield WriteFills(attempt.leg, fills)
            return fills
        yield Sleep(min(8.0, 0.1 * 2**asks), f"fills of {request.client_order_id} are not all there yet")
    raise Unproven(attempt)


def _first(fills: tuple[Fill, ...], quantity: Decimal) -> tuple[Fill, ...] | None:
    """The first fills that make up a quantity: a live order may have filled further since it was asked for."""
    total = ZERO
    for number, fill in enumerate(fills, start=1):
        total += fill.quantity
        if total == quantity:
            return fills[:number]
    return None


def _finish(attempt: Attempt) -> Settling:
    assert attempt.state.settled
    yield WriteAttempt(attempt)
    return attempt
