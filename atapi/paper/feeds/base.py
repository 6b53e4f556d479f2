"""The seam between the embedded exchange and where its prices come from.

A feed never shows anything later than the `now_ms` it is given, the running bar included.
Times are milliseconds since 1970, UTC, as on the wire; prices and quantities are exact decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from atapi.matching.contracts import LINEAR, Contract, Inverse


class Series(StrEnum):
    """Which price series of a symbol."""

    SPOT = "spot"
    UM = "um"
    CM = "cm"  # the coin-margined perpetual; see `CoinMarginedFeed`
    MARK = "mark"  # mark price of the perpetual
    INDEX = "index"  # index price of the perpetual
    PREMIUM = "premium"  # premium index of the perpetual; made for every feed, see `PremiumBars`


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle; a running one holds only what has happened by the feed's `now_ms`."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal  # base asset
    turnover: Decimal  # quote asset
    trades: int
    taker_volume: Decimal  # base asset bought by takers
    taker_turnover: Decimal  # quote asset


class PriceRange(NamedTuple):
    """How far from the reference price trades may be, as multiples of it."""

    up: Decimal
    down: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotRules:
    """Trading rules of one spot symbol."""

    symbol: str
    base_asset: str
    quote_asset: str
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal
    max_quantity: Decimal = Decimal(9000)
    market_max_quantity: Decimal = Decimal(100)
    status: str = "TRADING"
    price_range: PriceRange | None = None  # the execution rule of that name
    max_position: Decimal | None = None  # most of the base asset, open orders to buy included
    max_iceberg_orders: int | None = None
    without: frozenset[str] = frozenset()  # what is not supported; see `spot_features`


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One tier of a margin table."""

    floor: Decimal  # notional, quote asset
    cap: Decimal
    leverage: int
    maintenance_rate: Decimal
    offset: Decimal  # Binance's `cum`


@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualRules:
    """Trading rules of one perpetual; quantities of a coin-margined one are contracts, its notionals coins."""

    symbol: str
    base_asset: str  # "1000PEPE" where one contract is 1000 coins
    quote_asset: str
    tick_size: Decimal
    lot_size: Decimal
    min_notional: Decimal
    price_precision: int
    quantity_precision: int
    brackets: tuple[Bracket, ...]
    max_quantity: Decimal = Decimal(1000)
    market_max_quantity: Decimal = Decimal(120)
    price_band: Decimal = Decimal("0.05")  # PERCENT_PRICE, either side of the mark
    liquidation_fee: Decimal = Decimal("0.0125")
    interval_hours: int = 8
    funding_cap: Decimal = Decimal("0.02")
    funding_floor: Decimal = Decimal("-0.02")
    interest_rate: Decimal = Decimal("0.0001")  # per 8 h
    status: str = "TRADING"
    onboard_ms: int = 1567965300000
    delivery_ms: int = 0  # when it ends by settlement; 0: never
    contract: Contract = LINEAR

    @property
    def margin_asset(self) -> str:
        """What margins and settles it."""
        return self.base_asset if isinstance(self.contract, Inverse) else self.quote_asset


@dataclass(frozen=True, slots=True)
class FundingRecord:
    """One funding that a feed states itself (recordings do; the synthetic feed leaves it to the formula)."""

    time_ms: int
    rate: Decimal
    interval_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """How the crowd of one symbol quotes: the exchange turns this into levels around the price."""

    half_spread_bps: Decimal  # half of ask - bid, of the price
    top_notional: Decimal  # quote asset resting at the touch
    levels: int = 50
    growth: Decimal = Decimal("1.15")  # each level holds this much more than the one before
    step_bps: Decimal = Decimal("0.5")  # distance between levels, of the price
    contract_size: Decimal | None = (
        None  # quote asset in one lot, where that is fixed; None where a lot is coins
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything a feed can trade."""

    spot: Mapping[str, SpotRules] = field(default_factory=dict)  # symbol -> rules
    um: Mapping[str, PerpetualRules] = field(default_factory=dict)  # symbol -> rules
    cm: Mapping[str, PerpetualRules] = field(default_factory=dict)  # symbol -> rules

    def perpetuals(self, market: str) -> Mapping[str, PerpetualRules]:
        """List the perpetuals of `um` or `cm`."""
        return self.cm if market == "cm" else self.um

    def symbols(self, market: str) -> list[str]:
        """List the symbols of `spot`, `um` or `cm`."""
        return list(self.spot if market == "spot" else self.perpetuals(market))


Levels = list[tuple[Decimal, Decimal]]  # price, quantity; best first


class Print(NamedTuple):
    """One trade of the public tape."""

    price: Decimal
    quantity: Decimal
    side: str  # the taker's: BUY, SELL
    number: int = 0  # among those of the same millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Books and trades that a feed has recorded, where others leave them to the crowd's model."""

    levels: Callable[
        [Series, str, int], tuple[Levels, Levels] | None
    ]  # series, symbol, now; None: no book yet
    prints: Callable[[Series, str, int, int], Sequence[tuple[int, Print]]]  # series, symbol, how many, now
    speed: Decimal | None  # how fast the clock runs through it; None where it stands until advanced


class Feed(Protocol):
    """Prices of one world."""

    name: str  # as the user gave it: "synthetic", "replay:DIR"
    synthetic: bool  # made up; shown wherever its prices are

    @property
    def recorded(self) -> Recorded | None:
        """Its own books and trades, where it has them."""
        ...

    def identity(self) -> str:
        """Name this world in a file name: a state belongs to the world it was made in."""
        ...

    def catalogue(self) -> Catalogue:
        """List what can be traded."""
        ...

    def span(self) -> tuple[int, int] | None:
        """First and last millisecond there is data for; None where there is for any time."""
        ...

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price at that moment; None where the feed has none (before listing, in a gap)."""
        ...

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        """List bars whose open time lies in [start_ms, end_ms], oldest first, nothing later than `now_ms`.

        `interval_ms` is any Binance interval up to a week; a bar that `now_ms` falls into is the running one.
        A larger bar is the exact aggregate of the smaller ones.
        """
        ...

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        """Tell the premium index at that moment, as a fraction; None where it cannot be known."""
        ...

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        """List recorded funding with after_ms < time <= until_ms; None where the formula decides."""
        ...

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        """Tell the next recorded funding time after now, rounded down to the hour; None where the formula decides."""
        ...

    def book(self, series: Series, symbol: str) -> Book:
        """Tell how the crowd quotes this symbol."""
        ...

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        """Coins in circulation by base asset, as known at that moment."""
        ...


@runtime_checkable
class SummedPremium(Protocol):
    """A feed that adds premiums up faster than they could be asked for one by one."""

    def premium_sum(self, symbol: str, start_ms: int, first: int, last: int) -> tuple[Decimal, int]:
        """Add up n * premium(start_ms + n minutes) for n from first to last, where it is known; and those n."""
        ...


@runtime_checkable
class RangedPremium(Protocol):
    """A feed that tells the extremes of many premiums faster than they could be asked for one by one."""

    def premium_range(
        self, symbol: str, start_ms: int, minutes: int
    ) -> tuple[Decimal, Decimal, Decimal, Decimal] | None:
        """Tell of start_ms and so many minutes after it the first, highest, lowest and last; None for no perpetual."""
        ...
