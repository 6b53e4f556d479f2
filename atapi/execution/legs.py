"""The legs of one transaction: which way each trades, how its orders are made, and what they came to so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.instruments import Instrument, Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Pair, SpreadState
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.ids import client_order_id

REDUCING = (LegName.UNWIND, LegName.SPOT_EXIT, LegName.PERP_EXIT)  # they take risk away

Rows = Mapping[tuple[LegName, int], Attempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Legs:
    """What every leg of one intent shares."""

    pair: Pair
    intent_id: int
    instance: str
    rows: Rows  # what the journal already holds
    resumed: bool = False  # cut short before: what is out is finished, nothing new is begun
    reverse: bool = False
    closing: bool = False

    def instrument(self, leg: LegName) -> Instrument:
        """The instrument a leg trades."""
        return self.pair.spot if leg.spot else self.pair.perp

    def market(self, leg: LegName) -> Market:
        """Where a leg's orders go: borrowed coins are traded on cross margin."""
        return Market.MARGIN if leg.spot and self.reverse else self.instrument(leg).market

    def side(self, leg: LegName) -> Side:
        """Which way a leg trades."""
        entry = Side.BUY if self.reverse else Side.SELL
        enters = leg in (LegName.PERP_ENTRY, LegName.SPOT_EXIT) or (leg is LegName.UNWIND and self.closing)
        return entry if enters else entry.opposite

    def reduces(self, leg: LegName) -> bool:
        """Whether a leg's orders are reduce-only: taken even by an overloaded venue, and exempt from the least notional."""
        return leg is LegName.PERP_EXIT or (leg is LegName.UNWIND and not self.closing)

    def signed(self, perpetual: Decimal) -> Decimal:
        """State a quantity of the perpetual as the position it is."""
        return perpetual if self.reverse else -perpetual

    def attempt(
        self, leg: LegName, number: int, quantity: Decimal, limit: Decimal | None, *, rests: bool = False
    ) -> Attempt:
        """Make a new attempt.

        Args:
            limit: Worst price; None goes at market.
            rests: Stays in the book at its limit and never takes; otherwise it takes at once or not at all.
        """
        instrument = self.instrument(leg)
        assert quantity > 0
        assert quantity == instrument.round_quantity(quantity), (quantity, instrument.lot_size)
        assert limit is None or limit % instrument.tick_size == 0, (limit, instrument.tick_size)
        assert limit is not None or not rests
        lives = TimeInForce.GTX if rests else TimeInForce.IOC
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
                time_in_force=None if limit is None else lives,
                reduce_only=self.reduces(leg),
                reducing=leg in REDUCING,
                borrows=self.reverse and leg is LegName.SPOT_ENTRY,
                repays=self.reverse and leg is LegName.SPOT_EXIT,
                client_order_id=client_order_id(self.instance, self.intent_id, leg, number),
            ),
        )


class Tally:
    """What the attempts of one transaction came to, leg by leg."""

    def __init__(self, rows: Rows) -> None:
        self._rows = dict(rows)
        self.state: SpreadState | None = None  # as written last

    def put(self, attempt: Attempt) -> None:
        """Take note of how an attempt stands."""
        assert attempt.executed <= attempt.request.quantity
        before = self._rows.get((attempt.leg, attempt.number))
        assert before is None or before.executed <= attempt.executed
        self._rows[attempt.leg, attempt.number] = attempt

    def executed(self, leg: LegName) -> Decimal:
        """Sum what the venue executed of a leg, in the leg's own unit."""
        return sum((a.executed for (name, _), a in self._rows.items() if name is leg), ZERO)

    def net(self, leg: LegName) -> Decimal:
        """Sum the coins that really came or went on a leg."""
        return sum((a.net for (name, _), a in self._rows.items() if name is leg), ZERO)

    def last(self, leg: LegName) -> Attempt | None:
        """The newest attempt at a leg."""
        number = self.next(leg) - 1
        return self._rows[leg, number] if number else None

    def next(self, leg: LegName) -> int:
        """The number of a leg's next attempt."""
        return max((number for name, number in self._rows if name is leg), default=0) + 1

    def resolved(self, leg: LegName) -> bool:
        """Whether every attempt at a leg has its outcome: only then may another one be made."""
        return all(a.state.settled for (name, _), a in self._rows.items() if name is leg)

    def unsettled(self) -> list[Attempt]:
        """List attempts whose outcome is not known, in the order they were made."""
        return [a for a in self._rows.values() if not a.state.settled]


def refused(attempt: Attempt) -> bool:
    """Whether the venue, or our own last gate, would not take it at all; trying the same again would not help."""
    return attempt.state is AttemptState.REJECTED and attempt.order_id is None
