"""What a spread earned, booking by booking, in parts that sum exactly to what it did to the balances.

Coins short through the perpetual and coins held on spot are paired as they are bought and sold. A pair earns its
basis: what it was entered at less what it is left at. What moves both legs alike cancels, so `price` holds only what
had no other leg against it, and the roundings of the venue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from atapi.domain.account import Wallet
from atapi.domain.numbers import ZERO, to_ledger
from atapi.domain.orders import Fill
from atapi.domain.pairing import Pairing, Pool
from atapi.domain.spreads import LegName, Spread, SpreadState


@dataclass(frozen=True, slots=True, kw_only=True)
class Profit:
    """Profit in quote asset by cause; the parts sum to the total exactly. What was paid is negative."""

    price: Decimal = ZERO  # moves of what no other leg stood against, and the venue's roundings
    basis: Decimal = ZERO  # entry basis less exit basis, or less the current one while held
    funding: Decimal = ZERO  # as the venue booked it
    fees: Decimal = ZERO  # each valued when it was paid
    interest: Decimal = ZERO  # on borrowed coins, each charge valued when it was made
    dust: Decimal = ZERO  # coins left below a step: what they are worth less what they cost

    @property
    def total(self) -> Decimal:
        """What the account gained."""
        return self.price + self.basis + self.funding + self.fees + self.interest + self.dust

    def __add__(self, other: Profit) -> Profit:
        return Profit(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What one event earned."""

    at: datetime
    profit: Profit
    fee: Decimal = ZERO  # in its own asset
    fee_asset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Interest on borrowed coins."""

    at: datetime
    asset: str  # it was charged in
    amount: Decimal  # of that asset
    value: Decimal  # in quote asset, at that time
    charge_id: str = ""  # the venue's


class Worth:
    """Values what several spreads hold so that their values sum to the value of the sum, which a wallet shows.

    A wallet's worth is rounded once; each spread gets what it adds to it.

    Args:
        prices: By asset, in quote asset; what has none is worth nothing.
    """

    def __init__(self, prices: Mapping[str, Decimal]) -> None:
        self._prices = dict(prices)
        self._counted: dict[tuple[Wallet, str], Decimal] = defaultdict(lambda: ZERO)

    def add(self, wallet: Wallet, asset: str, quantity: Decimal) -> Decimal:
        """Tell what a quantity adds to what a wallet's holdings of an asset, counted so far, are worth."""
        price, before = self._prices.get(asset, ZERO), self._counted[wallet, asset]
        self._counted[wallet, asset] = before + quantity
        return to_ledger((before + quantity) * price) - to_ledger(before * price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is needed to value what a spread still holds."""

    at: datetime
    spot_price: Decimal  # of one coin
    perp_price: Decimal  # of one unit of the perpetual: its mark
    unrealized: Decimal  # profit of the open perpetual, as the venue states it
    shared: bool = (
        False  # others traded the perpetual meanwhile: what the venue realized is not the spread's alone
    )
    worth: Worth  # values coins left, and what fees and interest took of other assets
    step: Decimal  # coins: less than this cannot be traded against the perpetual


Event = Decimal | Charge | tuple[LegName, Fill]  # a funding's amount, interest, or an execution


class Books:
    """The bookings of one spread.

    Args:
        spread: With its fills.
        step: Coins: less than this cannot be traded against the perpetual.
        fee_value: Values a fee in quote asset at the time it was paid.
        shared: Others traded the perpetual meanwhile, so that its own fills alone tell what it earned.
    """

    def __init__(
        self, spread: Spread, step: Decimal, fee_value: Callable[[Fill], Decimal], *, shared: bool
    ) -> None:
        self._spread = spread
        self._fee_value = fee_value
        self._pairing = Pairing(step)
        self._shared = shared
        self._position = Pool()  # of the perpetual, its own fills alone
        self._coins = Pool()  # held on spot, net of fees and interest in coins
        self._wallet = Wallet.MARGIN if spread.reverse else Wallet.SPOT  # where the coins are
        # (wallet, asset) -> what fees and interest took of it, at its value then
        self._others: dict[tuple[Wallet, str], Pool] = defaultdict(Pool)

    def book(self, at: datetime, event: Event) -> Booking:
        """Book a funding, a charge or a fill."""
        if isinstance(event, Decimal):
            return Booking(at=at, profit=Profit(funding=event))
        if isinstance(event, Charge):
            return self._charge(event)
        leg, fill = event
        return self._fill(fill, spot=leg.spot)

    def hold(self, standing: Standing) -> Booking:
        """Book what is still there, at what it is worth now."""
        flat = self._spread.state is SpreadState.FLAT
        basis = self._pairing.open_basis(standing.perp_price / self._spread.multiplier, standing.spot_price)
        dust = self._pairing.dust(standing.spot_price, flat=flat)
        held = self._position
        own = to_ledger(held.quantity * standing.perp_price) - held.cost
        gained = (own if self._shared else standing.unrealized) - self._coins.cost
        gained += standing.worth.add(self._wallet, self._spread.base_asset, self._coins.quantity)
        for (wallet, asset), pool in self._others.items():
            gained += standing.worth.add(wallet, asset, pool.quantity) - pool.cost
        profit = Profit(price=gained - basis - dust, basis=basis, dust=dust)
        return Booking(at=standing.at, profit=profit)

    # --- inside -------------------------------------------------------------------------------------------------
    def _fill(self, fill: Fill, *, spot: bool) -> Booking:
        fee = self._fee_value(fill)
        gained, basis, dust = self._spot(fill, fee) if spot else self._perp(fill)
        if fill.fee_asset != self._spread.quote_asset and not (spot and self._in_coins(fill)):
            self._others[self._wallet if spot else Wallet.FUTURES, fill.fee_asset].put(-fill.fee, -fee)
        profit = Profit(price=gained - basis - dust, basis=basis, fees=-fee, dust=dust)
        return Booking(at=fill.at, profit=profit, fee=fill.fee, fee_asset=fill.fee_asset)

    def _charge(self, charge: Charge) -> Booking:
        if charge.asset == self._spread.base_asset:
            self._coins.put(-charge.amount, -charge.value)
            self._pairing.shrink(-charge.amount, -charge.value)
        elif charge.asset != self._spread.quote_asset:
            self._others[self._wallet, charge.asset].put(-charge.amount, -charge.value)
        return Booking(at=charge.at, profit=Profit(interest=-charge.value))

    def _in_coins(self, fill: Fill) -> bool:
        return fill.fee_asset == self._spread.base_asset

    def _spot(self, fill: Fill, fee: Decimal) -> tuple[Decimal, Decimal, Decimal]:
        quantity, cost = fill.side.sign * fill.quantity, fill.side.sign * to_ledger(fill.notional)
        if self._in_coins(fill):
            quantity, cost = quantity - fill.fee, cost - fee
        basis, dust = self._pairing.trade(self._pairing.spot, quantity, cost)
        return self._coins.trade(quantity, cost), basis, dust

    def _perp(self, fill: Fill) -> tuple[Decimal, Decimal, Decimal]:
        quantity, cost = fill.side.sign * fill.quantity, fill.side.sign * to_ledger(fill.notional)
        own = self._position.trade(quantity, cost)
        basis, dust = self._pairing.trade(self._pairing.perp, quantity * self._spread.multiplier, cost)
        return own if self._shared else fill.realized or ZERO, basis, dust


def book(
    spread: Spread,
    *,
    fundings: Iterable[tuple[datetime, Decimal]],
    charges: Iterable[Charge],
    fee_value: Callable[[Fill], Decimal],
    standing: Standing,
) -> list[Booking]:
    """Book everything a spread did, oldest first, and what it still holds last.

    The totals of the bookings sum to the change of the balances: cash of both legs, fundings, interest, and what is
    left at the prices of `standing`.
    """
    books = Books(spread, standing.step, fee_value, shared=standing.shared)
    happened: list[tuple[datetime, int, Event]] = [
        *((at, 0, amount) for at, amount in fundings),  # a fill of the same moment came after it
        *((charge.at, 1, charge) for charge in charges),
        *((fill.at, 2, (leg, fill)) for leg, fill in spread.fills),
    ]
    happened.sort(key=lambda event: event[:2])
    return [books.book(at, event) for at, _, event in happened] + [books.hold(standing)]
