"""The courses a transaction can take: which leg leads, which follows, and how much of each is still to be done.

Everything is reckoned from what was executed in all, never slice by slice: rounding does not accumulate, and a
transaction that is taken up from the journal reckons as the first run did.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import ZERO, ceil_to, floor_to
from atapi.domain.orders import Side
from atapi.domain.spreads import LegName, Pair, SpreadState
from atapi.domain.style import Style
from atapi.execution.legs import Legs, Tally
from atapi.execution.sizing import common_lot
from atapi.execution.terms import CloseTerms, OpenTerms

EXIT_CAP = Decimal(
    "0.01"
)  # a perpetual that must go pays at most 1 % beyond the touch at first, then any price
LIMITED, AT_MARKET = 2, 3  # tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Worst prices of both legs."""

    lead: Decimal
    follow: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(ABC):
    """One leg leads, the other follows what the leader really executed."""

    legs: Legs
    tally: Tally
    lead: LegName
    follow: LegName
    lead_state: SpreadState
    follow_state: SpreadState
    rounds: int = 1  # how often the leader is tried at the end of its slices
    insists: bool = False  # the follower goes on at any price, whatever is said to it

    @property
    @abstractmethod
    def style(self) -> Style:
        """How it is cut up."""

    @property
    @abstractmethod
    def caps(self) -> Caps:
        """The prices it was planned with."""

    @abstractmethod
    def left(self) -> Decimal:
        """What the leader still has to do, its own unit, whole lots."""

    @abstractmethod
    def due(self) -> Decimal:
        """What the follower still has to do so that the leader is covered, its own unit, whole lots."""

    @abstractmethod
    def naked(self) -> Decimal:
        """What stands without its other leg, in units of the perpetual."""

    def excess(self) -> Decimal:
        """What stands without its other leg, in whole lots of the perpetual."""
        return self.legs.pair.perp.round_quantity(self.naked())

    def tries(self, limit: Decimal) -> Sequence[Decimal | None]:
        """The prices the follower is tried at, one after the other; None is at market."""
        return [limit] * LIMITED + [None] * (AT_MARKET if self.insists else 0)

    @property
    def step(self) -> Decimal:
        """The leader's unit of slicing: both legs can trade it exactly."""
        lot = common_lot(self.legs.pair)
        return lot * self.legs.pair.multiplier if self.lead.spot else lot


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Course):
    """The perpetual leads, spot follows; what spot cannot follow is taken back."""

    terms: OpenTerms
    lead: LegName = LegName.PERP_ENTRY
    follow: LegName = LegName.SPOT_ENTRY
    lead_state: SpreadState = SpreadState.PERP_OPEN
    follow_state: SpreadState = SpreadState.SPOT_OPEN

    @property
    def style(self) -> Style:
        """How it is cut up."""
        return self.terms.style

    @property
    def caps(self) -> Caps:
        """The prices it was planned with."""
        return Caps(lead=self.terms.perp_limit, follow=self.terms.spot_limit)

    def left(self) -> Decimal:
        """What of the perpetual is not entered yet."""
        left = self.terms.quantity - self.tally.executed(self.lead)
        assert left >= 0
        return self.legs.pair.perp.round_quantity(left)

    def due(self) -> Decimal:
        """The spot to trade so that, net of a fee taken in it, no perpetual is left uncovered."""
        return spot_for(self.legs.pair, self.naked(), self.terms.base_fee)

    def naked(self) -> Decimal:
        """The perpetual that no spot stands against."""
        return max(ZERO, self.standing() - self.tally.net(self.follow) / self.legs.pair.multiplier)

    def standing(self) -> Decimal:
        """The perpetual entered and not taken back."""
        standing = self.tally.executed(self.lead) - self.tally.executed(LegName.UNWIND)
        assert standing >= 0
        return standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing(Course):
    """Spot leads, the perpetual follows reduce-only: the order the exchange takes even when it is overloaded."""

    terms: CloseTerms
    lead: LegName = LegName.SPOT_EXIT
    follow: LegName = LegName.PERP_EXIT
    lead_state: SpreadState = SpreadState.SPOT_CLOSE
    follow_state: SpreadState = SpreadState.PERP_CLOSE
    rounds: int = 2
    insists: bool = True

    @property
    def style(self) -> Style:
        """How it is cut up."""
        return self.terms.style

    @property
    def caps(self) -> Caps:
        """The prices it was planned with."""
        return Caps(lead=self.terms.spot_limit, follow=self.terms.perp_limit)

    def left(self) -> Decimal:
        """What of the spot is still to be traded back."""
        return self.gross(self.spot_left())

    def due(self) -> Decimal:
        """The perpetual that no spot is left against, in whole lots."""
        return self.excess()

    def naked(self) -> Decimal:
        """The perpetual that no spot is left against."""
        against = self.spot_left() / self.legs.pair.multiplier if self.left() else ZERO
        return max(ZERO, self.perp_left() - against)

    def perp_left(self) -> Decimal:
        """The perpetual that still stands of what is to be closed."""
        tally = self.tally
        left = self.terms.perp_quantity - tally.executed(LegName.PERP_EXIT) + tally.executed(LegName.UNWIND)
        assert left >= 0
        return left

    def spot_left(self) -> Decimal:
        """The coins, held or owed, that still stand of what is to be closed."""
        return max(ZERO, self.terms.spot_quantity - self.tally.net(LegName.SPOT_EXIT))

    def gross(self, coins: Decimal) -> Decimal:
        """What to order so that as many coins go, or come net of a fee taken in them."""
        lot = self.legs.pair.spot.lot_size
        if self.legs.side(LegName.SPOT_EXIT) is Side.SELL:
            return floor_to(coins, lot)
        return ceil_to(coins / (1 - self.terms.base_fee), lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerClosing(Closing):
    """The perpetual leads from the book, reduce-only; spot follows each of its fills."""

    lead: LegName = LegName.PERP_EXIT
    follow: LegName = LegName.SPOT_EXIT
    lead_state: SpreadState = SpreadState.PERP_CLOSE
    follow_state: SpreadState = SpreadState.SPOT_CLOSE
    rounds: int = 1
    insists: bool = False

    @property
    def caps(self) -> Caps:
        """The prices it was planned with."""
        return Caps(lead=self.terms.perp_limit, follow=self.terms.spot_limit)

    def left(self) -> Decimal:
        """What of the perpetual is still to be traded back."""
        return self.legs.pair.perp.round_quantity(self.perp_left())

    def due(self) -> Decimal:
        """The spot that no perpetual is left against."""
        return self.gross(self.naked() * self.legs.pair.multiplier)

    def naked(self) -> Decimal:
        """The spot that no perpetual is left against, in units of the perpetual."""
        return max(ZERO, self.spot_left() / self.legs.pair.multiplier - self.perp_left())


def spot_for(pair: Pair, perp_quantity: Decimal, base_fee: Decimal) -> Decimal:
    """Tell how much spot to trade so that, net of a fee taken in it, no perpetual is left uncovered."""
    return ceil_to(perp_quantity * pair.multiplier / (1 - base_fee), pair.spot.lot_size)
