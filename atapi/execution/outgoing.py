"""The arithmetic of the last gate: what left within the minute and the day, and what is open because of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import OrderRequest
from atapi.execution.effects import Attempt
from atapi.execution.past import Departed, Held, Key

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How much of the caps is used; everything in USDT but the number of orders."""

    minute: Decimal
    orders: int
    day: Decimal
    symbol: Decimal  # of the symbol in which most is open
    account: Decimal


@dataclass(frozen=True, slots=True)
class Out:
    """An order that may still execute."""

    key: Key
    quantity: Decimal
    price: Decimal  # USDT of one unit, as it was judged
    adds: bool

    @property
    def notional(self) -> Decimal:
        """What it may come to, USDT."""
        return self.quantity * self.price


NOT_OURS = Out(Key(Market.SPOT, ""), ZERO, ZERO, True)


class Outgoing:
    """Counts orders as they leave and end. One that adds risk counts in full until it has ended, then what it executed.

    Args:
        now: The venue's time, for the UTC day.
        elapsed_s: Seconds of a clock that never jumps, for the minute.
    """

    def __init__(self, now: Callable[[], datetime], elapsed_s: Callable[[], float]) -> None:
        self._now = now
        self._elapsed_s = elapsed_s
        self._minute: deque[tuple[float, Decimal]] = deque()  # (when, what of it adds risk) of every order
        self._minute_total = ZERO
        self._day: date | None = None
        self._day_total = ZERO
        self._held: dict[Key, Held] = {}
        self._live: dict[str, Out] = {}  # client order id -> an order that may still execute

    def begin(self, departed: Iterable[Departed]) -> None:
        """Count what left before, oldest first."""
        now, elapsed_s = self._now(), self._elapsed_s()
        self._day = now.date()
        for order in departed:
            request = order.attempt.request
            age_s = max((now - order.at) / timedelta(seconds=1), 0.0)
            counted = order.notional if order.adds else ZERO
            if age_s < MINUTE_S:
                self._enter(elapsed_s - age_s, counted)
            if order.at.date() == self._day:
                self._day_total += counted
            if order.attempt.state.settled:
                executed = order.attempt.executed * request.side.sign
                self._hold(_key(request), executed, order.traded, adds=order.adds)
            else:
                self._live[request.client_order_id] = _live(request, order.notional, adds=order.adds)

    def leave(self, request: OrderRequest, notional: Decimal, *, adds: bool) -> None:
        """Count an order that leaves now.

        Args:
            notional: What it may come to, USDT.
            adds: Whether it adds risk.
        """
        self._roll()
        counted = notional if adds else ZERO
        self._enter(self._elapsed_s(), counted)
        self._day_total += counted
        self._live[request.client_order_id] = _live(request, notional, adds=adds)

    def out(self, client_order_id: str) -> Out:
        """Tell how an order that may still execute counts; one that is not ours adds risk, and counts nothing yet."""
        return self._live.get(client_order_id, NOT_OURS)

    def change(self, name: str, key: Key, quantity: Decimal, notional: Decimal) -> None:
        """Count an order that may become another where it rests, as the larger of both, for it may stay as it was."""
        self._roll()
        was = self.out(name)
        more = max(ZERO, notional - was.notional) if was.adds else ZERO
        self._enter(self._elapsed_s(), more)
        self._day_total += more
        self._live[name] = Out(
            key, max(quantity, was.quantity), max(notional / quantity, was.price), was.adds
        )

    def end(self, attempt: Attempt) -> bool:
        """Count what an order that can change no more came to, once; False where it was counted, or never left."""
        live = self._live.pop(attempt.request.client_order_id, None)
        if live is None:
            return False
        executed = attempt.executed * attempt.request.side.sign
        self._hold(live.key, executed, attempt.executed * live.price, adds=live.adds)
        return True

    def take(self, key: Key, executed: Decimal, traded: Decimal) -> None:
        """Count what was traded without an order of ours, or by one that arrived twice: a signed quantity, and USDT."""
        self._hold(key, executed, traded, adds=True)

    def orders(self) -> int:
        """Count the orders of the last minute, of any kind."""
        self._roll()
        return len(self._minute)

    def used(self) -> Used:
        """Tell how much is used now."""
        self._roll()
        by_symbol = self.open()
        return Used(
            minute=self._minute_total,
            orders=len(self._minute),
            day=self._day_total,
            symbol=max(by_symbol.values(), default=ZERO),
            account=sum(by_symbol.values(), ZERO),
        )

    def open(self) -> dict[Key, Decimal]:
        """Tell what is open by symbol, at what it was traded for, orders that are out in full."""
        by_symbol = {key: held.cost for key, held in self._held.items() if held.cost}
        for live in self._live.values():
            if live.adds:
                by_symbol[live.key] = by_symbol.get(live.key, ZERO) + live.notional
        return by_symbol

    def _enter(self, at_s: float, counted: Decimal) -> None:
        self._minute.append((at_s, counted))
        self._minute_total += counted

    def _hold(self, key: Key, executed: Decimal, traded: Decimal, *, adds: bool) -> None:
        held = self._held.get(key, Held())
        if not adds:
            executed = held.at_most(executed)
        if executed:
            self._held[key] = held.after(executed, traded)

    def _roll(self) -> None:
        now = self._elapsed_s()
        while self._minute and now - self._minute[0][0] >= MINUTE_S:
            self._minute_total -= self._minute.popleft()[1]
        today = self._now().date()
        if today != self._day:
            self._day, self._day_total = today, ZERO


def _key(request: OrderRequest) -> Key:
    return Key(request.market, request.symbol)


def _live(request: OrderRequest, notional: Decimal, *, adds: bool) -> Out:
    return Out(_key(request), request.quantity, notional / request.quantity, adds)
