"""Market capitalisation: daily closes times what circulates today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal

from atapi.domain.instruments import Instrument
from atapi.errors import Refused, UsageError
from atapi.exchanges.base import MarketData, SupplySource
from atapi.services.symbols import Chosen, SymbolBook, spellings
from atapi.services.valuation import NUMERAIRE
from atapi.table import Column, Table, Value

MIN_DAYS, MAX_DAYS = 2, 1000
DATE = Column(name="Date", date=True)
SUPPLY = "Circulating Supply"
TOTAL = "Total MarketCap"
EXACT = Context(prec=60)  # a price and a supply multiply to at most 40 digits, more than the default 28

Closes = Mapping[str, Mapping[datetime, Decimal]]  # symbol -> day -> close, quote asset


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketCapService:
    """Reads closes and supplies, and multiplies them."""

    spot: MarketData
    supply: SupplySource
    book: SymbolBook

    def circulating_supply(self, typed: Sequence[str] = (), *, match: str | None = None) -> Table:
        """State coins in circulation per symbol, as the venue's product list has them now.

        Args:
            typed: Symbols; the default ones where none is named.
            match: Instead, every asset with this in its name, any case.

        Raises:
            Refused: A named symbol whose supply is unknown.
        """
        if match is None:
            chosen, supply = self._with_supply(typed)
            rows = [(i.symbol, supply[i.base_asset]) for i in chosen.instruments]
            notes = chosen.notes
        else:
            wanted, known, notes = match.upper(), self.supply.circulating_supply(), ()
            rows = sorted((a + NUMERAIRE, coins) for a, coins in known.items() if wanted in a)
        return Table.from_mapping(
            ("symbol", SUPPLY), rows, index="symbol", empty="no such asset of known supply", notes=notes
        )

    def assets_close(self, typed: Sequence[str] = (), *, days: int = 500) -> Table:
        """Read daily closes; the last row is the running day.

        Returns:
            `Date` and one column per symbol in the order named, quote asset; None before a symbol was listed.
        """
        chosen = self.book.choose(typed)
        closes = self._closes(chosen.symbols, days)
        return _by_day(closes, chosen.symbols, notes=(*chosen.notes, *_short(closes, days)))

    def marketcap(self, typed: Sequence[str] = (), *, days: int = 500) -> Table:
        """Multiply daily closes by the supply of today.

        Returns:
            `Date` and one column per symbol in alphabetical order, whole quote units, cut and not rounded;
            None before a symbol was listed. The last row is the running day.

        Raises:
            Refused: A named symbol whose supply is unknown.
        """
        caps, notes = self._caps(typed, days)
        return _by_day(caps, sorted(caps), notes=notes)

    def marketcap_summary(self, typed: Sequence[str] = (), *, days: int = 500) -> Table:
        """Add up the market capitalisations of each day, whole quote units.

        A day before a symbol was listed is the sum of the others.
        """
        caps, notes = self._caps(typed, days)
        rows = [(day, sum(cap[day] for cap in caps.values() if day in cap)) for day in _days(caps)]
        return Table.from_mapping(
            (DATE.name, TOTAL), rows, columns={DATE.name: DATE}, index=DATE.name, notes=notes
        )

    def _caps(
        self, typed: Sequence[str], days: int
    ) -> tuple[Mapping[str, Mapping[datetime, int]], tuple[str, ...]]:
        chosen, supply = self._with_supply(typed)
        closes = self._closes(chosen.symbols, days)
        caps = {
            i.symbol: {day: cut(close, supply[i.base_asset]) for day, close in closes[i.symbol].items()}
            for i in chosen.instruments
        }
        return caps, (*chosen.notes, *_short(closes, days))

    def _with_supply(self, typed: Sequence[str]) -> tuple[Chosen, Mapping[str, Decimal]]:
        chosen, supply = self.book.choose(typed), self.supply.circulating_supply()
        unknown = [i for i in chosen.instruments if i.base_asset not in supply]
        if not unknown:
            return chosen, supply
        if spellings(typed):
            raise _no_supply(unknown[0])
        known = tuple(i for i in chosen.instruments if i.base_asset in supply)
        names = ", ".join(i.symbol for i in unknown)
        return Chosen(known, (*chosen.notes, f"left out, no circulating supply: {names}")), supply

    def _closes(self, symbols: Sequence[str], days: int) -> Closes:
        if not MIN_DAYS <= days <= MAX_DAYS:
            raise UsageError(f"--days {days} is outside {MIN_DAYS}..{MAX_DAYS}")
        read = {
            s: {c.open_at: c.close for c in self.spot.candles(s, "1d", limit=days)} for s in symbols
        }  # one request each
        today = max((day for closes in read.values() for day in closes), default=None)
        if today is None:
            return read
        first = today - timedelta(days=days - 1)  # the newest bars of a delisted symbol reach back further
        return {
            s: {day: close for day, close in closes.items() if day >= first} for s, closes in read.items()
        }


def cut(close: Decimal, supply: Decimal) -> int:
    """Multiply a close by a supply and drop the fraction.

    >>> cut(Decimal("40.8937"), Decimal("163276975"))
    6676999632
    """
    return int(EXACT.multiply(close, supply))


def _by_day(
    columns: Mapping[str, Mapping[datetime, Value]], names: Sequence[str], *, notes: Sequence[str]
) -> Table:
    rows = [(day, *(columns[name].get(day) for name in names)) for day in _days(columns)]
    return Table.from_mapping(
        (DATE.name, *names), rows, columns={DATE.name: DATE}, index=DATE.name, notes=notes
    )


def _days(columns: Mapping[str, Mapping[datetime, object]]) -> list[datetime]:
    return sorted({day for values in columns.values() for day in values})


def _short(closes: Closes, days: int) -> tuple[str, ...]:
    return tuple(_warning(s, sorted(held), days) for s, held in closes.items() if len(held) < days)


def _warning(symbol: str, held: Sequence[datetime], days: int) -> str:
    said = f"warning: {symbol} has {len(held)} of {days} days"
    if not held:
        return said
    if held[-1] - held[0] >= timedelta(days=len(held)):
        return f"{said}; some are missing in between"
    return f"{said}; rows start {held[0]:%Y-%m-%d}\n  hint: --days {len(held)} for whole rows"


def _no_supply(instrument: Instrument) -> Refused:
    return Refused(
        f"no circulating supply for {instrument.symbol}",
        hint=f"circulating-supply --match {instrument.base_asset}; leave it out with --symbols",
    )
