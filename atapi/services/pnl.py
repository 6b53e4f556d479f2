"""Profit of spreads by cause: price, basis, funding, fees by asset, interest and dust, per spread, per day and in all.

The parts sum exactly to what the spreads did to the account: cash of both legs, fundings and interest as the venue
booked them, and what is still held at the price `balance` uses. `docs/pnl.md` defines every term.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill
from atapi.domain.profit import Booking, Profit
from atapi.domain.spreads import Spread
from atapi.execution.executor import Executor
from atapi.services.spread_books import SpreadBooks
from atapi.table import column


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlRow:
    """Profit by key; what was paid is negative."""

    key: str
    price_usdt: Decimal = column(digits=8, signed=True)
    basis_usdt: Decimal = column(digits=8, signed=True)
    funding_usdt: Decimal = column(digits=8, signed=True)
    fees_usdt: Decimal = column(digits=8, signed=True)
    interest_usdt: Decimal = column(digits=8, signed=True)
    dust_usdt: Decimal = column(digits=8, signed=True)
    total_usdt: Decimal = column(digits=8, signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidFeeRow:
    """Fees by key and by the asset they were paid in; paid, so negative."""

    key: str
    asset: str
    fee: Decimal = column(digits=8, signed=True)  # in that asset
    fees_usdt: Decimal = column(digits=8, signed=True)  # each valued when it was paid


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlService:
    """States what spreads earned."""

    executor: Executor
    books: SpreadBooks

    def of(self, spread: Spread) -> Profit:
        """Split the profit of one spread, at current prices where something is still held."""
        return self.of_all([spread])[spread.spread_id]

    def of_all(self, spreads: Sequence[Spread]) -> dict[int, Profit]:
        """Split the profit of some spreads, by their ids; what they share is read once."""
        booked = self.books.book(spreads, self.executor.order_fills())
        return {spread_id: sum((b.profit for b in lines), Profit()) for spread_id, lines in booked.items()}

    def rows(self, *, by: str = "total", since: datetime | None = None) -> list[PnlRow]:
        """State profit in all, or by spread, symbol or day.

        Args:
            by: `total`, `spread`, `symbol` or `day`. A day (UTC) has what was booked on it: fees on the day of the
                fill, funding and interest when they were charged, basis and price when the exit filled, and today
                what is still held.
            since: Leave out what was booked before, and spreads that were closed before.
        """
        sums: dict[str, Profit] = {"total": Profit()} if by == "total" else {}
        for key, booking in self._keyed(by, since):
            sums[key] = sums.get(key, Profit()) + booking.profit
        return [
            PnlRow(
                key=key,
                price_usdt=sums[key].price,
                basis_usdt=sums[key].basis,
                funding_usdt=sums[key].funding,
                fees_usdt=sums[key].fees,
                interest_usdt=sums[key].interest,
                dust_usdt=sums[key].dust,
                total_usdt=sums[key].total,
            )
            for key in _in_order(sums, by)
        ]

    def fee_rows(self, *, by: str = "total", since: datetime | None = None) -> list[PaidFeeRow]:
        """State fees by the asset they were paid in; `by` and `since` as for `rows`."""
        sums: dict[str, dict[str, list[Booking]]] = defaultdict(
            lambda: defaultdict(list)
        )  # key -> asset -> paid
        for key, booking in self._keyed(by, since):
            if booking.fee:
                sums[key][booking.fee_asset].append(booking)
        return [
            PaidFeeRow(
                key=key,
                asset=asset,
                fee=-sum((b.fee for b in paid), ZERO),
                fees_usdt=sum((b.profit.fees for b in paid), ZERO),
            )
            for key in _in_order(sums, by)
            for asset, paid in sorted(sums[key].items())
        ]

    def fee_value(self, fill: Fill) -> Decimal:
        """Value a fee in quote asset when it was paid."""
        return self.books.fee_value(fill)

    def _keyed(self, by: str, since: datetime | None) -> Iterable[tuple[str, Booking]]:
        spreads = [
            s
            for s in self.executor.spreads()
            if s.fills and (since is None or s.closed_at is None or s.closed_at >= since)
        ]
        booked = self.books.book(spreads, self.executor.order_fills())
        for spread in spreads:
            for booking in booked[spread.spread_id]:
                if since is None or booking.at >= since:
                    yield _key(by, spread, booking), booking


def _key(by: str, spread: Spread, booking: Booking) -> str:
    match by:
        case "symbol":
            return spread.symbol
        case "spread":
            return f"#{spread.spread_id}"
        case "day":
            return booking.at.date().isoformat()
    return "total"


def _in_order(keys: Iterable[str], by: str) -> list[str]:
    return sorted(keys) if by == "day" else list(keys)
