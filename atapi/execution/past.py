"""What left before this process began, as the journal tells it: where the last gate's arithmetic starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from atapi.clock import EPOCH
from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.journal import Journal
from atapi.execution.quotes import Quotes


class Key(NamedTuple):
    """One symbol of one market."""

    market: Market
    symbol: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """An order that left."""

    attempt: Attempt
    at: datetime
    notional: Decimal  # USDT, of the whole order
    traded: Decimal  # USDT, of what executed

    @property
    def adds(self) -> bool:
        """Whether it was one that adds risk."""
        return not (self.attempt.request.reducing or self.attempt.request.reduce_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What our own orders made of one symbol."""

    quantity: Decimal = ZERO  # base asset, signed
    cost: Decimal = ZERO  # USDT it was traded at, never negative

    def after(self, quantity: Decimal, notional: Decimal) -> Held:
        """Trade a signed quantity for so much; what is taken away goes at the mean of what it cost."""
        total = self.quantity + quantity
        if self.quantity * quantity >= 0:
            return Held(quantity=total, cost=self.cost + notional)
        if total * self.quantity > 0:
            return Held(quantity=total, cost=self.cost * (total / self.quantity))
        return Held(quantity=total, cost=notional * (total / quantity))

    def at_most(self, quantity: Decimal) -> Decimal:
        """Cut a signed quantity that takes away to what there is, so that it never counts as credit."""
        if self.quantity * quantity >= 0:
            return ZERO
        return quantity if abs(quantity) <= abs(self.quantity) else -self.quantity


def departed(journal: Journal, quotes: Quotes) -> Iterator[Departed]:
    """List every order that left, oldest first.

    Args:
        quotes: Asked only where neither an order's own price nor its fills tell what it comes to.
    """
    fills = _by_order(journal)
    for attempt, at in journal.attempts_since(EPOCH):
        if _ours(attempt):
            continue
        request = attempt.request
        filled = fills.get((request.market, request.symbol, attempt.order_id), [])
        quantity = sum((fill.quantity for fill in filled), ZERO)
        rate = quotes.rate(request.market, request.symbol)
        traded = sum((fill.notional for fill in filled), ZERO) * rate
        unit = max((request.price or ZERO) * rate, traded / quantity if quantity else ZERO)
        notional = unit * request.quantity if unit or attempt.state.settled else quotes.guess(request)
        yield Departed(attempt=attempt, at=at, notional=notional, traded=traded)


def adopted(journal: Journal) -> list[Fill]:
    """List the trades that no order of ours made, and that a spread took for its own: the venue acted by itself."""
    sent = {
        (attempt.request.market, attempt.request.symbol, attempt.order_id)
        for attempt, _ in journal.attempts_since(EPOCH)
    }
    return [fill for key, fills in _by_order(journal).items() if key not in sent for fill in fills]


def _ours(attempt: Attempt) -> bool:
    # The last gate's own no: not a byte of it left.
    unknown = attempt.reason_code is None and attempt.order_id is None
    return attempt.state is AttemptState.REJECTED and unknown


def _by_order(journal: Journal) -> dict[tuple[Market, str, str | None], list[Fill]]:
    found: dict[tuple[Market, str, str | None], list[Fill]] = {}
    spreads = (fill for spread in journal.spreads() for fill in spread.fills)
    for _, fill in (*spreads, *journal.order_fills()):
        found.setdefault((fill.market, fill.symbol, fill.order_id), []).append(fill)
    return found
