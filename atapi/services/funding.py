"""What perpetuals pay for being held, stated per year by each symbol's own interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.carry import annualize
from atapi.domain.market import FundingRate
from atapi.exchanges.base import FundingData
from atapi.services.ratios import as_bps, as_percent
from atapi.services.symbols import SymbolBook
from atapi.table import Table, column

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DEFAULT_LAST = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRow:
    """One settled funding."""

    time: datetime
    symbol: str
    rate_bp: Decimal = column(digits=4, signed=True)  # of notional; longs pay shorts where positive
    interval_h: int  # hours the rate was for
    mark: Decimal | None  # None where the venue did not record it
    apr_pct: Decimal = column(digits=2, signed=True)  # simple, 365 days


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentRow:
    """The running funding of one perpetual."""

    symbol: str
    rate_bp: Decimal = column(digits=4, signed=True)
    next_in: str  # HH:MM:SS until it is paid
    apr_pct: Decimal = column(digits=2, signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingService:
    """Reads funding, settled and running."""

    futures: FundingData
    book: SymbolBook

    def history(self, typed: str, *, last: int | None = None, since: datetime | None = None) -> Table:
        """List settled funding of one perpetual, oldest first.

        Args:
            typed: The perpetual.
            last: The newest so many; 30 where `since` is not given.
            since: All from there on, unless `last` is given too.

        Returns:
            Indexed by `time`, UTC. `interval_h` is read off the spacing of the settlements, so a change of
            the interval shows on the day it happened.
        """
        symbol = self.book.perpetual(typed).symbol
        rows = self.settled(symbol, last=last, since=since)
        return Table.of(rows, FundingRow, index="time", empty=f"no funding of {symbol} yet")

    def current(self) -> Table:
        """Quote the running rate of every perpetual that trades, the highest yearly rate first."""
        trading = self.book.perpetuals()
        marks = [m for m in self.futures.marks() if m.symbol in trading]
        terms = self.futures.funding_terms([m.symbol for m in marks])
        rows = [
            CurrentRow(
                symbol=m.symbol,
                rate_bp=as_bps(m.funding_rate),
                next_in=countdown(m.next_funding_at - m.at),
                apr_pct=as_percent(annualize(m.funding_rate, terms[m.symbol].interval)),
            )
            for m in marks
        ]
        return Table.of(sorted(rows, key=lambda r: (-r.apr_pct, r.symbol)), CurrentRow, empty="no perpetuals")

    def carries(self, symbols: Sequence[str]) -> dict[str, Decimal]:
        """State the running rate of perpetuals per year, as a fraction, by symbol."""
        marks = self.futures.marks(symbols)
        terms = self.futures.funding_terms(symbols)
        return {m.symbol: annualize(m.funding_rate, terms[m.symbol].interval) for m in marks}

    def settled(
        self, symbol: str, *, last: int | None = None, since: datetime | None = None
    ) -> list[FundingRow]:
        """Read settled funding of a listed perpetual, oldest first; see `history`."""
        if since is None:
            last = last or DEFAULT_LAST
            read = self.futures.funding_history(symbol, limit=last + 1)  # one more: the spacing of the first
        else:
            read = self.futures.funding_history(symbol, start=since - DAY)  # a day more, for the same
        listed = self.futures.funding_terms([symbol])[symbol].interval
        rows = [row for row in funding_rows(read, listed) if since is None or row.time >= since]
        return rows[-last:] if last else rows


def funding_rows(settled: Sequence[FundingRate], listed: timedelta) -> list[FundingRow]:
    """State settled fundings per year.

    Args:
        settled: Of one symbol, oldest first.
        listed: The interval the venue lists now; used where the spacing does not say: for the first one,
            and after a pause of more than a day.
    """
    rows = []
    for i, one in enumerate(settled):
        spacing = whole_hours(one.at - settled[i - 1].at) if i else listed
        interval = spacing if HOUR <= spacing <= DAY else listed
        rows.append(
            FundingRow(
                time=one.at,
                symbol=one.symbol,
                rate_bp=as_bps(one.rate),
                interval_h=interval // HOUR,
                mark=one.mark_price,
                apr_pct=as_percent(annualize(one.rate, interval)),
            )
        )
    return rows


def whole_hours(span: timedelta) -> timedelta:
    """Round to the hour: settlements are recorded some milliseconds late."""
    return (span + HOUR / 2) // HOUR * HOUR


def countdown(left: timedelta) -> str:
    """Write a time left as HH:MM:SS, which sorts as it reads; nothing left is 00:00:00.

    >>> countdown(timedelta(hours=7, minutes=59, seconds=3.2))
    '07:59:03'
    """
    seconds = max(left // timedelta(seconds=1), 0)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
