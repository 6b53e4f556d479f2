"""The last gate: what may leave this machine, whatever the layers above ask.

It stands directly before the venue. Every order must be in the journal, leave once, and be within what its intent
means. One that adds risk must also be within the caps, and none of the kind leaves while trading is halted. What
takes risk away passes both; only the backstop on the rate of all orders and what was meant hold it too. All of it is
arithmetic in memory, begun from the journal, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from atapi.domain.caps import Cap, Caps, find
from atapi.domain.instruments import Market
from atapi.domain.numbers import ONE, ZERO, ceil_to, plain
from atapi.domain.orders import Amendment, Fill, OrderRequest
from atapi.domain.spreads import LegName
from atapi.errors import Refused
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.halt import Halt
from atapi.execution.journal import Journal
from atapi.execution.meant import meant
from atapi.execution.outgoing import Outgoing, Used
from atapi.execution.past import Key, adopted, departed
from atapi.execution.quotes import Quotes

BACKSTOP = 6000  # orders in a minute, of any kind: no hand and no engine of ours needs a hundred a second
REMEMBERED = 64  # intents whose meaning is kept
CENT = Decimal("0.01")


class Want(NamedTuple):
    """An order that adds risk, before it leaves."""

    key: Key
    notional: Decimal  # USDT
    instead_of: Decimal = ZERO  # USDT that it counted before, of one that is changed where it rests

    @property
    def more(self) -> Decimal:
        """What it adds to what is counted, USDT."""
        return max(ZERO, self.notional - self.instead_of)


class LastGate:
    """Counts what leaves, and says no.

    Args:
        caps: The limits as they stand now; asked before each order that adds risk.
        halted: What stops trading now, or None; asked likewise.
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
        self._journal: Journal | None = None
        self._outgoing = Outgoing(now, elapsed_s)
        self._written: dict[str, Attempt] = {}  # client order id -> an attempt that may leave, once
        self._meant: dict[tuple[int, LegName], Decimal | None] = {}  # None: its intent states no quantity
        self._out: dict[tuple[int, LegName], Decimal] = {}  # executed, or able to

    def twin(self, journal: Journal | None) -> LastGate:
        """Make another of the same mind, begun from a journal as it stands: to look ahead, or for who may not trade."""
        twin = LastGate(
            caps=self._caps, halted=self._halted, quotes=self.quotes, now=self._now, elapsed_s=self._elapsed_s
        )
        if journal is not None:
            twin.begin(journal)
        return twin

    # --- what the order path tells ------------------------------------------------------------------------------
    def begin(self, journal: Journal) -> None:
        """Begin the arithmetic from what a journal holds."""
        self._journal = journal
        self._written, self._meant, self._out = {}, {}, {}
        self._outgoing = Outgoing(self._now, self._elapsed_s)
        self._outgoing.begin(departed(journal, self.quotes))
        self.adopt(adopted(journal))

    def renew(self) -> None:
        """Trust nothing that was counted: the journal may have grown meanwhile."""
        self._journal = None

    def expect(self, journal: Journal, intent_id: int) -> None:
        """Prepare for the orders of one intent: what it means, and what was sent for it before."""
        if journal is not self._journal:
            self.begin(journal)
        self._forget(intent_id - REMEMBERED)
        means = self._means(journal, intent_id)
        for leg in LegName:
            self._meant[intent_id, leg] = None if means is None else means.get(leg, ZERO)
            self._out[intent_id, leg] = ZERO
        for attempt in journal.attempts(intent_id):
            self._weigh(attempt, attempt.executed if attempt.state.settled else attempt.request.quantity)

    def follow(self, attempt: Attempt) -> None:
        """Note what becomes of an attempt, as it is written down."""
        name = attempt.request.client_order_id
        if attempt.state is AttemptState.SENDING:
            self._written[name] = attempt
        elif attempt.state.settled and self._written.pop(name, None) is None:
            self._outgoing.end(attempt)
            self._weigh(attempt, attempt.executed - attempt.request.quantity)

    def adopt(self, fills: Iterable[Fill]) -> None:
        """Note trades by which the venue itself took away what we held."""
        for fill in fills:
            key = Key(fill.market, fill.symbol)
            self._outgoing.take(key, fill.quantity * fill.side.sign, fill.notional)

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
            raise Refused(
                f"order {request.client_order_id} is not what the journal holds, or has left before"
            )
        self._check_backstop()
        self._check_meant(attempt)
        adds = not (request.reducing or request.reduce_only)
        notional = ZERO
        if adds:
            notional = self.quotes.notional(request)
            self.foresee([Want(Key(request.market, request.symbol), notional)])
        del self._written[request.client_order_id]
        self._outgoing.leave(request, notional, adds=adds)
        self._weigh(attempt, request.quantity)

    def admit_change(self, amendment: Amendment) -> None:
        """Let an order become another where it rests, and count what it adds.

        Raises:
            As `admit` does.
        """
        self._check_backstop()
        name, key = amendment.client_order_id, Key(amendment.market, amendment.symbol)
        was, notional = self._outgoing.out(name), ZERO
        if was.adds:
            notional = self.quotes.notional(amendment)
            self.foresee([Want(key, notional, was.notional)])
        self._outgoing.change(name, key, amendment.quantity, notional)

    def foresee(self, wants: Sequence[Want]) -> None:
        """See whether orders that add risk would be let out, one after the other.

        Raises:
            Refused: One would not; names the limit.
        """
        halt = self._halted()
        if halt is not None:
            raise halt.refusal()
        caps, used = self._caps(), self._outgoing.used()
        total = sum((want.more for want in wants), ZERO)
        orders = Decimal(used.orders + len(wants))
        for name, value, limit, where in (
            *(("max-order", want.notional, caps.max_order, "") for want in wants),
            ("max-minute", used.minute + total, caps.max_minute, "within a minute"),
            ("max-orders-minute", orders, caps.max_orders_minute, "within a minute"),
            ("max-day", used.day + total, caps.max_day, "today"),
            *(("max-symbol", *row) for row in self._by_symbol(wants, caps)),
            ("max-account", used.account + total, caps.max_account, "open in all"),
        ):
            if value > limit:
                raise over(name, value, limit, where)

    def used(self) -> Used:
        """Tell how much of the caps is used now."""
        return self._outgoing.used()

    # --- inside -------------------------------------------------------------------------------------------------
    def _means(self, journal: Journal, intent_id: int) -> dict[LegName, Decimal] | None:
        intent = journal.intent(intent_id)
        if intent.spread_id is None:
            return meant(intent, multiplier=ONE, spot_lot=ZERO)
        spot_symbol, multiplier = journal.spot_of(intent.spread_id)
        return meant(intent, multiplier=multiplier, spot_lot=self.quotes.lot(Market.SPOT, spot_symbol))

    def _forget(self, intent_id: int) -> None:
        for leg in LegName:
            self._meant.pop((intent_id, leg), None)
            self._out.pop((intent_id, leg), None)

    def _check_backstop(self) -> None:
        orders = self._outgoing.used().orders
        if orders >= BACKSTOP:
            raise Refused(f"{orders} orders left within a minute; none of any kind leaves now")

    def _check_meant(self, attempt: Attempt) -> None:
        leg = attempt.intent_id, attempt.leg
        if leg not in self._meant:
            raise Refused(f"order {attempt.request.client_order_id} belongs to no intent that was announced")
        limit = self._meant[leg]
        out = self._out.get(leg, ZERO) + attempt.request.quantity
        if limit is not None and out > limit:
            raise Refused(
                f"order {attempt.request.client_order_id} would make it {plain(out)} {attempt.request.symbol},"
                f" its intent means {plain(limit)}"
            )

    def _weigh(self, attempt: Attempt, quantity: Decimal) -> None:
        leg = attempt.intent_id, attempt.leg
        self._out[leg] = self._out.get(leg, ZERO) + quantity

    def _by_symbol(self, wants: Sequence[Want], caps: Caps) -> list[tuple[Decimal, Decimal, str]]:
        by_symbol = self._outgoing.open()
        for want in wants:
            by_symbol[want.key] = by_symbol.get(want.key, ZERO) + want.more
        return [
            (by_symbol[key], caps.max_symbol, f"in {key.symbol} on {key.market}")
            for key in dict.fromkeys(want.key for want in wants)
        ]


def over(name: str, value: Decimal, limit: Decimal, where: str = "") -> Refused:
    """Say that a limit would be passed, and how it is moved."""
    cap = find(name)
    what = "order limit" if name == "max-order" else "limit"
    said = " ".join(filter(None, (_shown(value, cap), where)))
    enough = cap.write(ceil_to(value, ONE))
    return Refused(f"{said} is over the {what} of {_shown(limit, cap)}", hint=f"limits set {name} {enough}")


def _shown(value: Decimal, cap: Cap) -> str:
    return f"{plain(ceil_to(value, CENT))} {cap.unit.name}"
