"""One attempt at one leg, driven to a proven outcome.

PLANNED → SENDING (durable) → FILLED | PARTIAL | REJECTED, or unknown → (asked until known, or until the fence) →
adopted, or ABSENT with its proof. Nothing is ever sent twice: after an unclear answer we only ask.

The fence: Binance checks `timestamp + recvWindow` at receipt and again before its engine, so past that moment, its
backend's own limit and a margin for lagging queries, an order that is still not found was never accepted.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill, Order
from atapi.execution.effects import (
    Answered,
    Ask,
    AskFills,
    Attempt,
    AttemptState,
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
MAX_ASKS = 60  # about eight minutes of asking, then a human is told


class Unproven(Exception):
    """An attempt's outcome could not be established; the spread is exposed until it is."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.request.client_order_id)
        self.attempt = attempt


def settle(
    attempt: Attempt, *, base_asset: str, resumed: bool, fence: Fence = FENCE
) -> Generator[Effect, Any, Attempt]:
    """Drive an attempt to its outcome: send it unless it was sent before, then ask until it is known.

    Args:
        attempt: In state SENDING.
        base_asset: What is bought or sold; a fee taken in it shrinks what is really there.
        resumed: The journal already held it, so it may have been sent: ask, never send.

    Raises:
        Unproven: The venue could not be asked for too long.
    """
    assert not attempt.state.settled
    answer: Any = Unclear("resumed from the journal")
    if not resumed:
        yield WriteAttempt(attempt)
        answer = yield Send(attempt.request)
    if isinstance(answer, Rejected):
        return (
            yield from _finish(
                replace(attempt, state=AttemptState.REJECTED, reason=answer.message, reason_code=answer.code)
            )
        )
    if isinstance(answer, NeverSent):
        return (
            yield from _finish(
                replace(attempt, state=AttemptState.ABSENT, reason=f"never sent: {answer.message}")
            )
        )
    order = yield from _until_final(attempt, answer, fence)
    if order is None:
        return (
            yield from _finish(replace(attempt, state=AttemptState.ABSENT, reason="not found past the fence"))
        )
    return (yield from _adopt(attempt, order, base_asset))


def _until_final(attempt: Attempt, answer: Any, fence: Fence) -> Generator[Effect, Any, Order | None]:
    """Ask until the order is final; None once its absence is proven."""
    request = attempt.request
    # After a restart the send time is unknown: the fence counts from now, which is later and therefore safe.
    sent_at: datetime = yield Now()
    not_found = 0
    for asks in range(MAX_ASKS):
        if isinstance(answer, Answered) and answer.order.status.final:
            return answer.order
        if isinstance(answer, NotFound):
            not_found += 1
            now: datetime = yield Now()
            if not_found >= fence.not_found_needed and now > sent_at + fence.wait:
                return None
        why = f"order {request.client_order_id} is unclear: asking"
        yield Sleep(min(8.0, 0.5 * 2**asks) if asks or not isinstance(answer, Answered) else 0.05, why)
        answer = yield Ask(request.market, request.symbol, request.client_order_id)
    raise Unproven(attempt)


def _adopt(attempt: Attempt, order: Order, base_asset: str) -> Generator[Effect, Any, Attempt]:
    """Take the venue's word for what was executed, with its fills."""
    assert order.client_order_id == attempt.request.client_order_id
    assert order.filled <= attempt.request.quantity
    net = order.filled
    if order.filled:
        fills = yield from _book_fills(attempt, order)
        net -= sum((f.fee for f in fills if f.fee_asset == base_asset), ZERO)
        whole = order.filled == attempt.request.quantity
        state = AttemptState.FILLED if whole else AttemptState.PARTIAL
    else:
        state = AttemptState.REJECTED
    reason = "" if order.filled else f"{order.status} with nothing executed"
    done = replace(
        attempt, state=state, order_id=order.order_id, executed=order.filled, net=net, reason=reason
    )
    return (yield from _finish(done))


def _book_fills(attempt: Attempt, order: Order) -> Generator[Effect, Any, tuple[Fill, ...]]:
    """Wait until the fills add up to what the order says, then write them down."""
    for asks in range(MAX_ASKS):
        answer = yield AskFills(order.market, order.symbol, order.order_id)
        if isinstance(answer, tuple):
            fills: tuple[Fill, ...] = answer
            if sum(f.quantity for f in fills) == order.filled:
                yield WriteFills(attempt.leg, fills)
                return fills
        yield Sleep(
            min(8.0, 0.1 * 2**asks), f"fills of {attempt.request.client_order_id} are not all there yet"
        )
    raise Unproven(attempt)


def _finish(attempt: Attempt) -> Generator[Effect, Any, Attempt]:
    assert attempt.state.settled
    yield WriteAttempt(attempt)
    return attempt
