"""The last gate: what may leave this machine, whatever the layers above ask.

It stands directly before the venue. Every order must be in the journal, leave once, and be within what its intent
means. One that adds risk must also be within the caps, and none of the kind leaves while trading is halted. What
takes risk away passes both; only the backstop on the rate of all orders and what was meant hold it too. All of it is
arithmetic in memory, begun from the journal, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
from atapi.execution.meant import meant, most
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


class Track:
    """What one intent means, and what went out for it: executed, or able to."""

    def __init__(self, meant: Mapping[LegName, Decimal] | None) -> None:
        self.meant = meant  # leg -> the most of it; None where the intent states no quantity
        self.out: dict[LegName, Decimal] = {}

    def weigh(self, leg: LegName, quantity: Decimal) -> None:
        """Add to what went out for a leg, or take from it."""
        self.out[leg] = self.out.get(leg, ZERO) + quantity


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
        self._tracks: dict[int, Track] = {}  # intent -> what it means, and what went out for it

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
        self._written, self._tracks = {}, {}
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
        for old in [known for known in self._tracks if known <= intent_id - REMEMBERED]:
            del self._tracks[old]
        track = self._tracks[intent_id] = Track(self._means(journal, intent_id))
        for attempt in journal.attempts(intent_id):
            track.weigh(attempt.leg, attempt.executed if attempt.state.settled else attempt.request.quantity)

    def follow(self, attempt: Attempt) -> None:
        """Note what becomes of an attempt, as it is written down."""
        name = attempt.request.client_order_id
        if attempt.state is AttemptState.SENDING:
            self._written[name] = attempt
        elif attempt.state.settled and self._written.pop(name, None) is None and self._outgoing.end(attempt):
            track = self._tracks.get(attempt.intent_id)
            if track is not None:
                track.weigh(attempt.leg, attempt.executed - attempt.request.quantity)

    def adopt(self, fills: Iterable[Fill]) -> None:
        """Note trades that no order of ours made: the venue's own, or those of one that arrived twice."""
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
        track = self._within(attempt)
        adds = not (request.reducing or request.reduce_only)
        notional = ZERO
        if adds:
            notional = self.quotes.notional(request)
            self.foresee([Want(Key(request.market, request.symbol), notional)])
        del self._written[request.client_order_id]
        self._outgoing.leave(request, notional, adds=adds)
        track.weigh(attempt.leg, request.quantity)

    def admit_change(self, amendment: Amendment) -> None:
        """Let an order become another where it rests, and count what it adds.

        Raises:
            As `admit` does.
        """
        self._check_backstop()
        key, notional = Key(amendment.market, amendment.symbol), self.foresee_change(amendment)
        self._outgoing.change(amendment.client_order_id, key, amendment.quantity, notional)

    def foresee_change(self, amendment: Amendment) -> Decimal:
        """See whether an order would be let become another, and tell what it may then come to, USDT.

        One that is to come to less is never refused.

        Raises:
            Refused: It would not; names the limit.
        """
        was = self._outgoing.out(amendment.client_order_id)
        if not was.adds:
            return ZERO
        notional = self.quotes.notional(amendment)
        if notional > was.notional:
            self.foresee([Want(Key(amendment.market, amendment.symbol), notional, was.notional)])
        return notional

    def foresee(self, wants: Sequence[Want], *, soon: int | None = None) -> None:
        """See whether orders that add risk would be let out, one after the other.

        Args:
            soon: How many of them are to leave within a minute; all where None.

        Raises:
            Refused: One would not; names the limit.
        """
        halt = self._halted()
        if halt is not None:
            raise halt.refusal()
        caps, used = self._caps(), self._outgoing.used()
        total = sum((want.more for want in wants), ZERO)
        first = wants[:soon]
        within = used.minute + sum((want.more for want in first), ZERO)
        orders = Decimal(used.orders + len(first))
        for name, value, limit, where in (
            *(("max-order", want.notional, caps.max_order, "") for want in wants),
            ("max-minute", within, caps.max_minute, "within a minute"),
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

    def _check_backstop(self) -> None:
        orders = self._outgoing.orders()
        if orders >= BACKSTOP:
            raise Refused(f"{orders} orders left within a minute; none of any kind leaves now")

    def _within(self, attempt: Attempt) -> Track:
        name = attempt.request.client_order_id
        track = self._tracks.get(attempt.intent_id)
        if track is None:
            raise Refused(f"order {name} belongs to no intent that was announced")
        out = track.out.get(attempt.leg, ZERO) + attempt.request.quantity
        if track.meant is not None and out > (limit := most(attempt.leg, track.meant, track.out)):
            raise Refused(
                f"order {name} would make it {plain(out)} {attempt.request.symbol}, its intent means {plain(limit)}"
            )
        return track

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
