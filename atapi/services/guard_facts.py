"""What the guard reads before it judges, and what is left of a spread in an account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from atapi.domain.account import BnbDiscount, FeeRates, FuturesAccount, Income, Position
from atapi.domain.margin import MarginAccount
from atapi.domain.market import FundingRate, FundingTerms
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Order
from atapi.domain.spreads import Pair, Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What moves from second to second, read at every sweep."""

    at: datetime
    spreads: tuple[Spread, ...]  # those that stand, oldest first
    unfinished: frozenset[int]  # spreads with a transaction that was not brought to its end
    trader: str | None  # the other process that may write to the journal now
    futures: FuturesAccount
    positions: Mapping[str, Decimal]  # symbol -> signed, all position sides together
    risks: Mapping[str, Position]  # symbol -> the position as the venue shows it
    coins: Mapping[str, Decimal]  # spot wallet: asset -> free and locked
    collateral: Mapping[str, Decimal]  # futures wallet: asset -> balance
    free: Mapping[str, Decimal]  # spot wallet: asset -> free
    margin: MarginAccount | None  # None where no spread borrows
    moved: tuple[Income, ...]  # in and out of the futures wallet since the spreads stand, of a day at most
    # symbol -> orders of the exchange's own that closed a part of it, oldest first; asked for where legs differ
    forced: Mapping[str, tuple[Order, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What changes from day to day, read about each minute."""

    pairs: Mapping[str, Pair]  # perpetual's symbol -> instruments, as listed now
    prices: Mapping[str, Decimal]  # perpetual's symbol -> mark price, or spot's where it has ended
    funding: Mapping[str, FundingTerms]
    settled: Mapping[str, Sequence[FundingRate]]  # the newest fundings, oldest first
    before: Mapping[str, FundingTerms]  # terms as first seen by this guard
    bnb: BnbDiscount
    spot_fees: Mapping[str, FeeRates]
    perp_fees: Mapping[str, FeeRates]
    bnb_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is left of one spread in the account: never more than is the spread's own."""

    spread: Spread
    spot: Decimal  # coins, signed: negative where they are borrowed
    perp: Decimal  # in the perpetual's unit, signed
    foreign: Decimal = ZERO  # of the symbol's position: what no spread accounts for

    @property
    def delta(self) -> Decimal:
        """Coins that nothing stands against."""
        return self.spot + self.perp * self.spread.multiplier

    @property
    def perp_missing(self) -> Decimal:
        """How much of the perpetual is gone that the journal has, in its unit."""
        return abs(self.spread.perp_quantity) - abs(self.perp)

    @property
    def spot_missing(self) -> Decimal:
        """How many of the coins are gone that the journal has."""
        return abs(self.spread.spot_quantity) - abs(self.spot)


def standings(account: Account) -> list[Standing]:
    """Allot what the account holds to the spreads, oldest first; what is short is short of the newest.

    More than the spreads account for is somebody else's and stays out of it.
    """
    positions, coins = dict(account.positions), dict(account.coins)
    margin = account.margin.assets if account.margin is not None else ()
    owed = {asset.asset: asset.free + asset.locked - asset.owed for asset in margin}
    found = []
    for spread in account.spreads:
        wallet = owed if spread.spot_quantity < 0 else coins
        spot = _claim(wallet, spread.base_asset, spread.spot_quantity)
        perp = _claim(positions, spread.symbol, spread.perp_quantity)
        found.append(Standing(spread=spread, spot=spot, perp=perp))
    last = {standing.spread.symbol: i for i, standing in enumerate(found)}  # symbol -> its newest spread
    for symbol, i in last.items():
        s = found[i]
        found[i] = Standing(spread=s.spread, spot=s.spot, perp=s.perp, foreign=positions.get(symbol, ZERO))
    return found


def _claim(held: dict[str, Decimal], name: str, claim: Decimal) -> Decimal:
    """Take what is claimed out of what is held, as far as it is there on the same side of zero."""
    there = held.get(name, ZERO)
    taken = max(claim, min(there, ZERO)) if claim < 0 else min(claim, max(there, ZERO))
    held[name] = there - taken
    return taken
