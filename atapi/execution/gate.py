"""The last gate: what may leave this machine, whatever the layers above ask.

It stands directly before the venue and knows nothing of what an order is for. Every order must be in the journal,
leave once, and be within what its intent meant. One that adds risk must also be within the caps, and nothing of the
kind leaves while trading is halted. What takes risk away passes both; only the backstop on the rate of all orders
and what was meant hold it too. All of it is arithmetic in memory, begun from the journal, so that a restart forgets
nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from atapi.domain.caps import Cap, Caps, find
from atapi.domain.instruments import Market
from atapi.domain.numbers import ONE, ZERO, ceil_to, plain
from atapi.domain.orders import OrderRequest
from atapi.domain.spreads import LegName
from atapi.errors import Refused
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.halt import Halt
from atapi.execution.quotes import Quotes

MINUTE_S = 60.0
BACKSTOP = 6000  # orders in a minute, of any kind: no hand and no engine of ours needs a hundred a second
CENT = Decimal("0.01")


class Key(NamedTuple):
    """One symbol of one market."""

    market: Market
    symbol: str


class Want(NamedTuple):
    """An order that adds risk, before it leaves."""

    key: Key
    notional: Decimal  # USDT


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """An order that left before this gate was made."""

    attempt: Attempt
    at: datetime
    notional: Decimal  # USDT, of the whole order


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How much of the caps is used."""

    minute: Decimal
    orders: int
    day: Decimal
    symbol: Decimal  # of the symbol in which most is open
    account: Decimal


@dataclass(frozen=True, slots=True)
class _Live:
    """An order that is out, and may still execute."""

    key: Key
    price: Decimal  # USDT of one unit, as it was judged
    quantity: Decimal  # signed
    adds: bool  # whether it was judged by the caps


class Gate:
    """Counts what leaves, and says no.

    Args:
        caps: The limits as they stand now; asked before each order.
        halted: What stops trading now, or None; asked before each order.
        quotes: What an order may come to.
        now: The venue's time, for the UTC day.
        elapsed_s: Seconds of a clock that never jumps, for the minute.
    """

    def __init__(
        self,
        *,
        caps: Callable[[], Caps],
        halted: Callable[[], Halt | None],
        quotes: Quotes,
        now: Callable[[], datetime],
        elapsed_s: Callable[[], float],
    ) -> None:
        self.quotes = quotes
        self._caps = caps
        self._halted = halted
        self._now = now
        self._elapsed_s = elapsed_s
        self._minute: deque[tuple[float, Decimal]] = deque()  # (when, USDT of what adds risk) of every order
        self._minute_total = ZERO
        self._day: date | None = None
        self._day_total = ZERO
        self._held: dict[Key, Held] = {}
        self._live: dict[str, _Live] = {}  # client order id ->
        self._written: dict[str, Attempt] = {}  # client order id -> an attempt that may leave, once
        self._meant: dict[tuple[int, LegName], Decimal] = {}
        self._out: dict[tuple[int, LegName], Decimal] = {}  # executed, or still able to

    # --- what the order path tells ------------------------------------------------------------------------------
    def begin(self, departed: Iterable[Departed], held: Mapping[Key, Held]) -> None:
        """Take over what the journal knows, forgetting everything else.

        Args:
            departed: Orders of the last minute and of the UTC day, and every one that is not settled.
            held: What settled orders of all time made of each symbol.
        """
        self._minute.clear()
        self._minute_total = ZERO
        self._day, self._day_total = self._now().date(), ZERO
        self._live, self._written, self._out = {}, {}, {}
        self._held = dict(held)
        for order in sorted(departed, key=lambda d: d.at):
            self._take_over(order)

    def expect(self, intent_id: int, meant: Mapping[LegName, Decimal], attempts: Iterable[Attempt]) -> None:
        """Say what an intent means to trade, leg by leg, and what it has sent for it before."""
        for leg, quantity in meant.items():
            self._meant[intent_id, leg] = quantity
            self._out[intent_id, leg] = ZERO
        for attempt in attempts:
            self._out[intent_id, attempt.leg] = self._out.get((intent_id, attempt.leg), ZERO) + _weight(
                attempt
            )

    def follow(self, attempt: Attempt) -> None:
        """Note what became of an attempt, as it is written down."""
        name = attempt.request.client_order_id
        if attempt.state is AttemptState.SENDING:
            self._written[name] = attempt
            return
        if not attempt.state.settled:
            return
        self._written.pop(name, None)
        live = self._live.pop(name, None)
        if live is None:
            return
        held = self._held.get(live.key, Held())
        executed = attempt.executed * attempt.request.side.sign
        if not live.adds:
            executed = held.at_most(executed)
        self._held[live.key] = held.after(executed, abs(executed) * live.price)
        leg = attempt.intent_id, attempt.leg
        self._out[leg] = self._out.get(leg, ZERO) - (attempt.request.quantity - attempt.executed)

    # --- judging ------------------------------------------------------------------------------------------------
    def admit(self, request: OrderRequest) -> None:
        """Let one order out, and count it.

        Raises:
            Refused: It may not leave; nothing was counted.
            ConfigError: The limits cannot be read, so nothing that adds risk leaves.
            VenueUnreachable: Nothing tells what it would come to.
        """
        attempt = self._written.get(request.client_order_id)
        if attempt is None or attempt.request != request:
            raise Refused(f"order {request.client_order_id} is not what the journal holds, or left before")
        self._check_backstop()
        self._check_meant(attempt)
        adds = not (request.reducing or request.reduce_only)
        notional = ZERO
        if adds:
            notional = self.quotes.of(request.market, request.symbol).notional(request)
            self.foresee([Want(Key(request.market, request.symbol), notional)])
        del self._written[request.client_order_id]
        self._count(attempt, notional, adds=adds)

    def foresee(self, wants: Sequence[Want]) -> None:
        """See whether orders that add risk would be let out, one after the other.

        Raises:
            Refused: One would not; names the limit.
        """
        halt = self._halted()
        if halt is not None:
            raise halt.refusal()
        caps, used = self._caps(), self.used()
        for want in wants:
            if want.notional > caps.max_order:
                raise over("max-order", want.notional, caps.max_order)
        total = sum((want.notional for want in wants), ZERO)
        minute, orders = used.minute + total, Decimal(used.orders + len(wants))
        if minute > caps.max_minute:
            raise over("max-minute", minute, caps.max_minute, "within a minute")
        if orders > caps.max_orders_minute:
            raise over("max-orders-minute", orders, caps.max_orders_minute, "within a minute")
        if used.day + total > caps.max_day:
            raise over("max-day", used.day + total, caps.max_day, "today")
        self._check_open(wants, caps, used.account + total)

    def used(self) -> Used:
        """Tell how much of the caps is used now."""
        self._roll()
        by_symbol = self._open()
        return Used(
            minute=self._minute_total,
            orders=len(self._minute),
            day=self._day_total,
            symbol=max(by_symbol.values(), default=ZERO),
            account=sum(by_symbol.values(), ZERO),
        )

    # --- inside -------------------------------------------------------------------------------------------------
    def _check_backstop(self) -> None:
        self._roll()
        if len(self._minute) >= BACKSTOP:
            raise Refused(f"{len(self._minute)} orders left within a minute; none of any kind leaves now")

    def _check_meant(self, attempt: Attempt) -> None:
        leg = attempt.intent_id, attempt.leg
        meant = self._meant.get(leg)
        out = self._out.get(leg, ZERO) + attempt.request.quantity
        if meant is None or out > meant:
            raise Refused(
                f"order {attempt.request.client_order_id} would make it {plain(out)} {attempt.request.symbol},"
                f" its intent means {plain(meant or ZERO)}"
            )

    def _check_open(self, wants: Sequence[Want], caps: Caps, account: Decimal) -> None:
        by_symbol = self._open()
        for key, notional in wants:
            by_symbol[key] = by_symbol.get(key, ZERO) + notional
            if by_symbol[key] > caps.max_symbol:
                where = f"in {key.symbol} on {key.market}"
                raise over("max-symbol", by_symbol[key], caps.max_symbol, where)
        if account > caps.max_account:
            raise over("max-account", account, caps.max_account, "open in all")

    def _count(self, attempt: Attempt, notional: Decimal, *, adds: bool) -> None:
        request = attempt.request
        self._minute.append((self._elapsed_s(), notional))
        self._minute_total += notional
        self._day_total += notional
        self._live[request.client_order_id] = _live(request, notional, adds=adds)
        leg = attempt.intent_id, attempt.leg
        self._out[leg] = self._out.get(leg, ZERO) + request.quantity

    def _take_over(self, order: Departed) -> None:
        request = order.attempt.request
        adds = not (request.reducing or request.reduce_only)
        notional = order.notional if adds else ZERO
        age_s = max((self._now() - order.at) / timedelta(seconds=1), 0.0)
        if age_s < MINUTE_S:
            self._minute.append((self._elapsed_s() - age_s, notional))
            self._minute_total += notional
        if order.at.date() == self._day:
            self._day_total += notional
        if not order.attempt.state.settled:
            self._live[request.client_order_id] = _live(request, order.notional, adds=adds)

    def _open(self) -> dict[Key, Decimal]:
        by_symbol = {key: held.cost for key, held in self._held.items() if held.cost}
        for live in self._live.values():
            if live.adds:
                worth = abs(live.quantity) * live.price
                by_symbol[live.key] = by_symbol.get(live.key, ZERO) + worth
        return by_symbol

    def _roll(self) -> None:
        now = self._elapsed_s()
        while self._minute and now - self._minute[0][0] >= MINUTE_S:
            self._minute_total -= self._minute.popleft()[1]
        today = self._now().date()
        if today != self._day:
            self._day, self._day_total = today, ZERO


def over(name: str, value: Decimal, limit: Decimal, where: str = "") -> Refused:
    """Say that a limit would be passed, and how it is moved."""
    cap = find(name)
    what = "order limit" if name == "max-order" else "limit"
    said = " ".join(filter(None, (_shown(value, cap), where)))
    enough = cap.write(ceil_to(value, ONE))
    return Refused(f"{said} is over the {what} of {_shown(limit, cap)}", hint=f"limits set {name} {enough}")


def _shown(value: Decimal, cap: Cap) -> str:
    return f"{plain(ceil_to(value, CENT))} {cap.unit.name}"


def _live(request: OrderRequest, notional: Decimal, *, adds: bool) -> _Live:
    return _Live(
        key=Key(request.market, request.symbol),
        price=notional / request.quantity,
        quantity=request.quantity * request.side.sign,
        adds=adds,
    )


def _weight(attempt: Attempt) -> Decimal:
    return attempt.executed if attempt.state.settled else attempt.request.quantity
