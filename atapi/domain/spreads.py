"""The two-leg position as a value: long spot, short the perpetual of the same coin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from atapi.domain.carry import RoundTrip
from atapi.domain.instruments import Instrument
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill, Side
from atapi.domain.style import AT_ONCE, Style


class SpreadState(StrEnum):
    """Where a spread stands."""

    PLANNED = "PLANNED"  # written down, nothing sent
    PERP_OPEN = "PERP_OPEN"  # the perpetual's order may be out
    SPOT_OPEN = "SPOT_OPEN"  # the perpetual is filled, the spot order may be out
    HEDGED = "HEDGED"  # both legs stand
    UNWINDING = "UNWINDING"  # the excess perpetual is being taken back
    SPOT_CLOSE = "SPOT_CLOSE"  # the spot order that closes may be out
    PERP_CLOSE = "PERP_CLOSE"  # spot is sold, the perpetual is being bought back
    FLAT = "FLAT"  # nothing is left
    EXPOSED = "EXPOSED"  # one leg stands without the other; a human was told

    @property
    def settled(self) -> bool:
        """Whether nothing is under way."""
        return self in (SpreadState.HEDGED, SpreadState.FLAT, SpreadState.EXPOSED)


class LegName(StrEnum):
    """Which leg an order belongs to, and what it is for."""

    PERP_ENTRY = "p"
    SPOT_ENTRY = "s"
    UNWIND = "u"  # takes back perpetual that no spot stands against
    SPOT_EXIT = "x"
    PERP_EXIT = "y"
    ORDER = "o"  # a single order that belongs to no spread

    @property
    def spot(self) -> bool:
        """Whether it trades on the spot market."""
        return self in (LegName.SPOT_ENTRY, LegName.SPOT_EXIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The two instruments of a spread."""

    spot: Instrument
    perp: Instrument

    @property
    def symbol(self) -> str:
        """The perpetual's symbol, by which the spread is known."""
        return self.perp.symbol

    @property
    def multiplier(self) -> Decimal:
        """Spot units in one unit of the perpetual: 1000 for `1000PEPEUSDT`, whose spot symbol is PEPEUSDT.

        1 for `1000SATSUSDT`: spot trades it by the thousand too.
        """
        return self.perp.multiplier / self.spot.multiplier


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPlan:
    """One leg before it is sent."""

    side: Side
    quantity: Decimal  # in the leg's own unit
    touch: Decimal  # best opposite price now
    expected_price: Decimal  # mean over the levels this quantity takes
    limit_price: Decimal  # the cap: never worse than this
    notional: Decimal  # expected, quote asset
    fee: Decimal  # expected, in quote asset terms
    fee_rate: Decimal  # after any BNB discount

    @property
    def slippage(self) -> Decimal:
        """Expected cost beyond the touch, fraction."""
        return abs(self.expected_price - self.touch) / self.touch


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowPlan:
    """What a reverse spread borrows before it is sent."""

    asset: str
    quantity: Decimal  # to borrow and sell
    hourly_rate: Decimal  # interest of an hour, begun or full, as a fraction of what is borrowed
    inventory: Decimal  # what lenders have left
    allowed: Decimal  # what collateral and limits allow to borrow
    level: Decimal  # the collateral level after entry: assets over debts

    def interest(self, span: timedelta) -> Decimal:
        """Interest of a span as a fraction of what is borrowed."""
        return self.hourly_rate * Decimal(span // timedelta(milliseconds=1)) / 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadPlan:
    """Everything that is known before the first order of a spread."""

    pair: Pair
    quantity: Decimal  # of the perpetual, base asset
    perp: LegPlan
    spot: LegPlan
    round_trip: RoundTrip
    funding_rate: Decimal  # running, per interval
    funding_interval: timedelta
    break_even_intervals: int | None  # None where the rate does not pay
    leverage: int
    margin: Decimal  # initial margin of the perpetual, quote asset
    futures_available: Decimal  # before entry
    spot_free: Decimal  # before entry, quote asset; of a reverse spread in the margin wallet
    liquidation_price: Decimal | None
    base_fee: Decimal  # fraction of the spot purchase that is kept in base asset
    bnb_note: str  # how fees will be paid
    borrow: BorrowPlan | None = None  # of a reverse spread alone
    style: Style = AT_ONCE
    rest: Decimal = ZERO  # of the amount asked for, quote asset: less than a joint lot, or not tradable

    @property
    def reverse(self) -> bool:
        """Whether it is long the perpetual and short borrowed spot."""
        return self.borrow is not None

    @property
    def income_rate(self) -> Decimal:
        """What an interval brings at the running rate, interest taken off, as a fraction of notional."""
        if self.borrow is None:
            return self.funding_rate
        return -self.funding_rate - self.borrow.interest(self.funding_interval)

    @property
    def base_asset(self) -> str:
        """The coin."""
        return self.pair.spot.base_asset

    @property
    def break_even(self) -> timedelta | None:
        """How long funding at this rate takes to pay the round trip back."""
        return (
            None if self.break_even_intervals is None else self.break_even_intervals * self.funding_interval
        )

    @property
    def basis(self) -> Decimal:
        """Expected entry basis, fraction of spot."""
        spot = self.spot.expected_price * self.pair.multiplier
        return (self.perp.expected_price - spot) / spot

    @property
    def liquidation_distance(self) -> Decimal | None:
        """How far the price must move to liquidate the perpetual, fraction of its entry; negative where it must fall."""
        if self.liquidation_price is None:
            return None
        return self.liquidation_price / self.perp.expected_price - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One spread with everything that was executed for it."""

    spread_id: int
    symbol: str
    spot_symbol: str
    base_asset: str
    quote_asset: str
    multiplier: Decimal
    state: SpreadState
    tag: str
    created_at: datetime
    reverse: bool = False  # long the perpetual, short borrowed spot
    fills: tuple[tuple[LegName, Fill], ...] = ()
    interest: Decimal = ZERO  # charged in the borrowed coin, as far as it was booked; owed with it

    def leg_fills(self, *legs: LegName) -> list[Fill]:
        """List the fills of some legs, oldest first."""
        return [fill for leg, fill in self.fills if leg in legs]

    @property
    def opened_at(self) -> datetime | None:
        """Time of the first fill."""
        return min((fill.at for _, fill in self.fills), default=None)

    @property
    def closed_at(self) -> datetime | None:
        """Time of the last fill, once flat."""
        if self.state is not SpreadState.FLAT:
            return None
        return max((fill.at for _, fill in self.fills), default=None)

    @property
    def perp_quantity(self) -> Decimal:
        """What is left of the perpetual, signed: negative while short."""
        return sum((f.side.sign * f.quantity for leg, f in self.fills if not leg.spot), ZERO)

    @property
    def spot_quantity(self) -> Decimal:
        """What is left of the coins bought, net of fees taken in them; negative where they were borrowed and sold."""
        total = ZERO
        for leg, fill in self.fills:
            if leg.spot:
                total += fill.side.sign * fill.quantity
                if fill.fee_asset == self.base_asset:
                    total -= fill.fee
        return total

    @property
    def delta(self) -> Decimal:
        """Coins that no perpetual stands against: spot less interest owed in it, plus perpetual, in spot units."""
        return self.spot_quantity - self.interest + self.perp_quantity * self.multiplier

    @property
    def drift(self) -> Decimal:
        """The part of the delta that interest alone does not explain: what closing buys on top anyway."""
        return self.delta if self.delta > 0 else min(ZERO, self.delta + self.interest)
