"""Books spreads from what the venue recorded: fundings, interest, what fees cost when they were paid, what is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from atapi.clock import Clock
from atapi.domain.account import Income, Position
from atapi.domain.instruments import Market
from atapi.domain.margin import Interest
from atapi.domain.numbers import ZERO, to_ledger
from atapi.domain.orders import Fill
from atapi.domain.profit import Booking, Charge, Standing, Worth, book
from atapi.domain.spreads import Spread
from atapi.exchanges.base import FuturesVenue, SpotVenue
from atapi.services.interest import InterestBook
from atapi.services.past_prices import PastPrices
from atapi.services.valuation import NUMERAIRE, price_of

FUNDING_FEE = "FUNDING_FEE"
GRACE = timedelta(seconds=15)  # Binance may charge a funding to a position opened this long after its time
HOURLY = "1h"  # interest is charged by the hour


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadBooks:
    """Reads what booking needs, each page once for all spreads, and books them."""

    spot: SpotVenue
    futures: FuturesVenue
    interest: InterestBook
    clock: Clock
    past: PastPrices

    def book(self, spreads: Sequence[Spread], orders: Sequence[Fill] = ()) -> dict[int, list[Booking]]:
        """Book some spreads, by their ids.

        Args:
            orders: Fills of single orders, which may have traded the same perpetuals.
        """
        traded = [s for s in spreads if s.fills]
        fundings, charges = self.fundings(traded, orders), self.charges(traded)
        standings = self._standings(traded, orders)
        self._learn_fee_prices(traded)
        booked = {
            s.spread_id: book(
                s,
                fundings=((line.at, line.amount) for line in fundings[s.spread_id]),
                charges=charges[s.spread_id],
                fee_value=self.fee_value,
                standing=standings[s.spread_id],
            )
            for s in traded
        }
        return {s.spread_id: booked.get(s.spread_id, []) for s in spreads}

    def fee_value(self, fill: Fill) -> Decimal:
        """Value a fee in quote asset when it was paid: in coins at the fill's price, in BNB at that minute's."""
        if not fill.fee:
            return ZERO
        if fill.symbol.startswith(fill.fee_asset):
            return to_ledger(fill.fee * fill.price)
        price = self.past.price(fill.fee_asset, fill.at)
        return to_ledger(fill.fee * (price if price is not None else ZERO))

    def fundings(
        self, spreads: Sequence[Spread], orders: Sequence[Fill] = ()
    ) -> dict[int | None, list[Income]]:
        """List each spread's part of the fundings the venue booked, by its id; that of single orders under None."""
        shares: dict[int | None, list[Income]] = {None: [], **{s.spread_id: [] for s in spreads}}
        perps = [fill for fill in orders if fill.market is Market.UM]
        starts = [s.opened_at for s in spreads if s.opened_at is not None] + [fill.at for fill in perps]
        if not starts:
            return shares
        symbols = {s.symbol for s in spreads} | {fill.symbol for fill in perps}
        ends = [s.closed_at for s in spreads] + [None] * len(perps)
        lines = self.futures.income(
            kind=FUNDING_FEE,
            symbol=next(iter(symbols)) if len(symbols) == 1 else None,
            start=min(starts),
            end=None if None in ends else max(e for e in ends if e is not None),
        )
        for line in lines:
            for owner, amount in parts_of(line, spreads, perps):
                shares[owner].append(replace(line, amount=amount))
        return shares

    def charges(self, spreads: Sequence[Spread]) -> dict[int, list[Charge]]:
        """List the interest of each spread, valued when it was charged."""
        lines = {s.spread_id: self.interest.of(s) if s.reverse else [] for s in spreads}
        moments: dict[str, list[datetime]] = defaultdict(list)  # asset it was charged in -> when
        for line in (line for own in lines.values() for line in own):
            moments[line.asset].append(line.at)
        for asset, times in moments.items():
            self.past.learn(asset, times, HOURLY)
        return {spread_id: [self._charge(line) for line in own] for spread_id, own in lines.items()}

    # --- inside -------------------------------------------------------------------------------------------------
    def _charge(self, line: Interest) -> Charge:
        price = self.past.price(line.asset, line.at, HOURLY)
        value = to_ledger(line.amount * (price if price is not None else ZERO))
        return Charge(
            at=line.at, asset=line.asset, amount=line.amount, value=value, charge_id=line.interest_id
        )

    def _standings(self, spreads: Sequence[Spread], orders: Sequence[Fill]) -> dict[int, Standing]:
        if not spreads:
            return {}
        prices = self._prices(spreads)
        standing = sorted({s.symbol for s in spreads if s.perp_quantity})
        held = {p.symbol: p for p in self.futures.positions(standing)} if standing else {}
        marks = {symbol: p.mark_price for symbol, p in held.items()}
        for mark in self.futures.marks([symbol for symbol in standing if symbol not in held]):
            marks[mark.symbol] = mark.mark_price
        lots = {symbol: rules.lot_size for symbol, rules in self.futures.instruments().items()}
        now, worth = self.clock.now(), Worth(prices)
        return {
            s.spread_id: Standing(
                at=now,
                spot_price=prices.get(s.base_asset, ZERO),
                perp_price=marks.get(s.symbol, ZERO),
                unrealized=held[s.symbol].unrealized if s.symbol in held else ZERO,
                shared=shared(s, held.get(s.symbol), orders),
                worth=worth,
                step=lots.get(s.symbol, ZERO) * s.multiplier,
            )
            for s in spreads
        }

    def _prices(self, spreads: Sequence[Spread]) -> dict[str, Decimal]:
        """Quote what they hold, and what they paid in: asset -> USDT."""
        assets = {s.base_asset for s in spreads} | {f.fee_asset for s in spreads for _, f in s.fills}
        if any(s.reverse for s in spreads):
            assets.add("BNB")  # interest may be paid in it
        listed = self.spot.instruments()
        wanted = sorted({a + NUMERAIRE for a in assets if a != NUMERAIRE} & listed.keys())
        quoted = self.spot.prices(wanted) if wanted else {}
        return {a: price for a in assets if (price := price_of(a, quoted)) is not None}

    def _learn_fee_prices(self, spreads: Sequence[Spread]) -> None:
        times: dict[str, list[datetime]] = defaultdict(list)  # asset -> when fees were paid in it
        for spread in spreads:
            for _, fill in spread.fills:
                if fill.fee and not fill.symbol.startswith(fill.fee_asset):
                    times[fill.fee_asset].append(fill.at)
        for asset, moments in times.items():
            self.past.learn(asset, moments)


def parts_of(
    line: Income, spreads: Sequence[Spread], orders: Sequence[Fill]
) -> list[tuple[int | None, Decimal]]:
    """Share a funding out: to the spreads, and to single orders as None, by the positions they had just before it.

    One that nobody held may have been charged to a spread opened just after.
    """
    ours = [s for s in spreads if s.symbol == line.symbol]
    holders: list[tuple[int | None, Decimal]] = [
        (s.spread_id, _held([f for leg, f in s.fills if not leg.spot], line.at)) for s in ours
    ]
    holders.append((None, _held([f for f in orders if f.symbol == line.symbol], line.at)))
    holders = [(owner, quantity) for owner, quantity in holders if quantity]
    if not holders:
        late = (s for s in ours if s.opened_at is not None and line.at <= s.opened_at <= line.at + GRACE)
        return [(s.spread_id, line.amount) for s in islice(late, 1)]
    whole, left, parts = sum(quantity for _, quantity in holders), line.amount, []
    for owner, quantity in holders[:-1]:
        part = to_ledger(line.amount * quantity / whole) if whole else ZERO
        parts.append((owner, part))
        left -= part
    return [*parts, (holders[-1][0], left)]


def shared(spread: Spread, position: Position | None, orders: Iterable[Fill]) -> bool:
    """Tell whether others traded a spread's perpetual while it stood, as far as we can know."""
    if spread.perp_quantity and (position is None or position.quantity != spread.perp_quantity):
        return True
    start, end = spread.opened_at, spread.closed_at
    return any(
        f.symbol == spread.symbol
        and f.market is Market.UM
        and start is not None
        and start <= f.at
        and (end is None or f.at <= end)
        for f in orders
    )


def _held(fills: Iterable[Fill], at: datetime) -> Decimal:
    return sum((f.side.sign * f.quantity for f in fills if f.at < at), ZERO)
