"""Profit of spreads, split into price, funding and fees, so that the parts sum to the change of the balances.

The total is what the spread did to the account: cash in and out of both legs, fundings, and what is still held at
the price `balance` uses. Funding is what the venue booked. Fees are valued at the fill they belong to. Price is the
rest: the change of the basis, of the coins still held (dust included), and the roundings of the venue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.clock import Clock
from atapi.domain.numbers import ZERO, to_ledger
from atapi.domain.orders import Fill
from atapi.domain.spreads import Spread
from atapi.exchanges.base import FuturesVenue, SpotVenue
from atapi.execution.executor import Executor
from atapi.services.valuation import price_of, value_of
from atapi.table import column

FUNDING_FEE = "FUNDING_FEE"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadPnl:
    """Profit in quote asset; the parts sum to the total exactly. Fees are negative."""

    price: Decimal
    funding: Decimal
    fees: Decimal

    @property
    def total(self) -> Decimal:
        """What the account gained."""
        return self.price + self.funding + self.fees

    def __add__(self, other: SpreadPnl) -> SpreadPnl:
        return SpreadPnl(
            price=self.price + other.price, funding=self.funding + other.funding, fees=self.fees + other.fees
        )


NOTHING = SpreadPnl(price=ZERO, funding=ZERO, fees=ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlRow:
    """Profit by key."""

    key: str
    price_usdt: Decimal = column(digits=8, signed=True)
    funding_usdt: Decimal = column(digits=8, signed=True)
    fees_usdt: Decimal = column(digits=8, signed=True)
    total_usdt: Decimal = column(digits=8, signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlService:
    """States what spreads earned."""

    spot: SpotVenue
    futures: FuturesVenue
    clock: Clock
    executor: Executor

    def of(self, spread: Spread) -> SpreadPnl:
        """Split the profit of one spread, at current prices where something is still held."""
        return self._split(spread, self._prices([spread]))

    def rows(self, *, by: str = "total", since: datetime | None = None) -> list[PnlRow]:
        """State profit in all, or by spread, symbol or day.

        Args:
            by: `total`, `spread`, `symbol` or `day`. By day, funding counts on the day it was paid and the rest on
                the day of the last fill, or today while the spread stands.
            since: Leave out spreads whose last fill is older, and older fundings.
        """
        spreads = [s for s in self.executor.spreads() if s.fills]
        if since is not None:
            spreads = [s for s in spreads if s.closed_at is None or s.closed_at >= since]
        prices = self._prices(spreads)
        sums: dict[str, SpreadPnl] = defaultdict(lambda: NOTHING)
        if by == "total":
            sums["total"] = NOTHING
        for spread in spreads:
            for key, part in self._keyed(spread, prices, by, since):
                sums[key] += part
        return [
            PnlRow(key=key, price_usdt=p.price, funding_usdt=p.funding, fees_usdt=p.fees, total_usdt=p.total)
            for key, p in (sorted(sums.items()) if by == "day" else sums.items())
        ]

    def fee_value(self, fill: Fill) -> Decimal:
        """Value a fee in quote asset: a base fee at the fill's price, BNB at the current one."""
        return self._fee_value(fill, self._bnb([fill]))

    # --- inside -------------------------------------------------------------------------------------------------
    def _keyed(
        self, spread: Spread, prices: Mapping[str, Decimal], by: str, since: datetime | None
    ) -> list[tuple[str, SpreadPnl]]:
        split = self._split(spread, prices, since)
        if by != "day":
            key = {"total": "total", "symbol": spread.symbol}.get(by, f"#{spread.spread_id}")
            return [(key, split)]
        last = (spread.closed_at or self.clock.now()).date().isoformat()
        parts = [(last, SpreadPnl(price=split.price, funding=ZERO, fees=split.fees))]
        for at, amount in self._fundings(spread, since):
            parts.append((at.date().isoformat(), SpreadPnl(price=ZERO, funding=amount, fees=ZERO)))
        return parts

    def _split(
        self, spread: Spread, prices: Mapping[str, Decimal], since: datetime | None = None
    ) -> SpreadPnl:
        funding = sum((amount for _, amount in self._fundings(spread, since)), ZERO)
        cash, held = _flows(spread)
        total = cash + self._unrealized(spread) + funding
        for asset, quantity in held.items():
            price = price_of(asset, prices)
            total += value_of(quantity, price) if price is not None else ZERO
        fees = -sum((to_ledger(self._fee_value(f, prices)) for _, f in spread.fills), ZERO)
        return SpreadPnl(price=total - funding - fees, funding=funding, fees=fees)

    def _fundings(self, spread: Spread, since: datetime | None = None) -> list[tuple[datetime, Decimal]]:
        """Fundings booked on the symbol while the spread stood; one spread stands in a symbol at a time."""
        if spread.opened_at is None:
            return []
        start = max(spread.opened_at, since) if since else spread.opened_at
        lines = self.futures.income(kind=FUNDING_FEE, symbol=spread.symbol, start=start, end=spread.closed_at)
        return [(line.at, line.amount) for line in lines]

    def _unrealized(self, spread: Spread) -> Decimal:
        if not spread.perp_quantity:
            return ZERO
        return sum((p.unrealized for p in self.futures.positions([spread.symbol])), ZERO)

    def _prices(self, spreads: Sequence[Spread]) -> dict[str, Decimal]:
        assets = {a for s in spreads for a in _flows(s)[1]}
        wanted = sorted({f"{a}USDT" for a in assets if a != "USDT"} & set(self.spot.instruments()))
        return self.spot.prices(wanted) if wanted else {}

    def _bnb(self, fills: Sequence[Fill]) -> dict[str, Decimal]:
        return self.spot.prices(["BNBUSDT"]) if any(f.fee_asset == "BNB" for f in fills) else {}

    def _fee_value(self, fill: Fill, prices: Mapping[str, Decimal]) -> Decimal:
        if not fill.fee:
            return ZERO
        if fill.symbol.startswith(fill.fee_asset):
            return fill.fee * fill.price
        price = price_of(fill.fee_asset, prices)
        return fill.fee * (price if price is not None else ZERO)


def _flows(spread: Spread) -> tuple[Decimal, dict[str, Decimal]]:
    """What the fills did to the account: quote asset in and out, and the other assets left."""
    cash = ZERO
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)  # asset -> quantity
    for leg, fill in spread.fills:
        if leg.spot:
            held[spread.base_asset] += fill.side.sign * fill.quantity
            cash -= fill.side.sign * to_ledger(fill.notional)
        else:
            cash += fill.realized or ZERO
        if fill.fee_asset == spread.quote_asset:
            cash -= fill.fee
        else:
            held[fill.fee_asset] -= fill.fee
    return cash, {asset: quantity for asset, quantity in held.items() if quantity}
