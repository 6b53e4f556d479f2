"""The perpetual against spot: the basis now and over time, and what a spread would trade at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.clock import Clock
from atapi.domain.carry import basis
from atapi.domain.market import BookTicker
from atapi.domain.spreads import Pair
from atapi.exchanges.base import FuturesVenue, SpotVenue
from atapi.services.fees import FeeReader, PairFees, discount_note
from atapi.services.funding import DAY, FundingService
from atapi.services.ratios import as_bps, as_percent
from atapi.services.symbols import SymbolBook
from atapi.table import Table, column

HOURLY = timedelta(days=30)  # a history up to here is hourly, beyond it daily


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """The perpetual against spot now."""

    symbol: str
    spot: Decimal | None  # middle of the book; for one unit of the perpetual
    perp: Decimal | None  # middle of the book
    basis_bp: Decimal | None = column(digits=2, signed=True)  # (perp - spot) / spot
    apr_pct: Decimal = column(digits=2, signed=True)  # of the running funding rate


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisHistoryRow:
    """The perpetual against spot at one moment."""

    time: datetime
    symbol: str
    spot: Decimal  # for one unit of the perpetual
    perp: Decimal
    basis_bp: Decimal = column(digits=2, signed=True)
    apr_pct: Decimal | None = column(digits=2, signed=True)  # of the last funding settled by then


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadQuoteRow:
    """What opening and closing a spread would trade at now; None where a side of a book is empty."""

    symbol: str
    open_bp: Decimal | None = column(digits=2, signed=True)  # (perp_bid - spot_ask) / spot_ask
    close_bp: Decimal | None = column(digits=2, signed=True)  # (perp_ask - spot_bid) / spot_bid
    spot_ask: Decimal
    perp_bid: Decimal
    spot_bid: Decimal
    perp_ask: Decimal
    fees_bp: Decimal | None = column(digits=2)  # four taker fees at own rates; None without a key


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisService:
    """Sets perpetuals against spot."""

    spot: SpotVenue
    futures: FuturesVenue
    funding: FundingService
    fees: FeeReader
    book: SymbolBook
    clock: Clock

    def current(self, typed: Sequence[str] = ()) -> Table:
        """Set perpetuals against spot, middle of the book to middle of the book.

        A perpetual never expires, so its basis has no yearly rate of its own: `apr_pct` is what the funding
        that the basis brings about pays per year, at the running rate and the symbol's own interval.
        """
        pairs, notes = self.book.choose_pairs(typed)
        symbols = [p.symbol for p in pairs]
        carries = self.funding.carries(symbols)
        spots = self.spot.book_tickers([p.spot.symbol for p in pairs])
        perps = self.futures.book_tickers(symbols)
        rows = [
            _basis_row(
                pair, _middle(spots[pair.spot.symbol]), _middle(perps[pair.symbol]), carries[pair.symbol]
            )
            for pair in pairs
        ]
        return Table.of(rows, BasisRow, notes=notes)

    def history(self, typed: Sequence[str] = (), *, since: datetime) -> Table:
        """Set perpetuals against spot over time: by the hour up to 30 days back, by the day beyond.

        Prices are the opens of both markets' candles, so that a row holds what was known at its time;
        `apr_pct` is the yearly rate of the last funding settled by then.
        """
        pairs, notes = self.book.choose_pairs(typed)
        interval = "1h" if self.clock.now() - since <= HOURLY else "1d"
        rows = [row for pair in pairs for row in self._history(pair, interval, since)]
        rows.sort(key=lambda row: row.time)  # stable: symbols keep their order
        return Table.of(rows, BasisHistoryRow, index="time", empty="no candles of both legs", notes=notes)

    def spread(self, typed: str) -> Table:
        """Quote what a spread would be opened and closed at now, touch to touch.

        With unchanged books a round trip costs `close_bp - open_bp + fees_bp`: both bid-ask spreads and four
        fees. Prices of the perpetual are for its own unit, the basis is taken per coin.
        """
        pair = self.book.pair(typed)
        spot = self.spot.book_tickers([pair.spot.symbol])[pair.spot.symbol]
        perp = self.futures.book_tickers([pair.symbol])[pair.symbol]
        fees = self.fees.of_pair(pair)
        row = SpreadQuoteRow(
            symbol=pair.symbol,
            open_bp=_basis_bp(perp.bid, spot.ask * pair.multiplier),
            close_bp=_basis_bp(perp.ask, spot.bid * pair.multiplier),
            spot_ask=spot.ask,
            perp_bid=perp.bid,
            spot_bid=spot.bid,
            perp_ask=perp.ask,
            fees_bp=as_bps(fees.round_trip) if fees else None,
        )
        return Table.of([row], SpreadQuoteRow, notes=(_fee_note(fees),))

    def _history(self, pair: Pair, interval: str, since: datetime) -> list[BasisHistoryRow]:
        spots = {
            c.open_at: c.open * pair.multiplier
            for c in self.spot.candles(pair.spot.symbol, interval, start=since)
        }
        perps = {c.open_at: c.open for c in self.futures.candles(pair.symbol, interval, start=since)}
        settled = self.funding.settled(pair.symbol, since=since - DAY)
        times = [row.time for row in settled]
        return [
            BasisHistoryRow(
                time=at,
                symbol=pair.symbol,
                spot=spots[at],
                perp=perp,
                basis_bp=as_bps(basis(perp, spots[at])),
                apr_pct=settled[known - 1].apr_pct if (known := bisect_right(times, at)) else None,
            )
            for at, perp in perps.items()
            if at in spots
        ]


def _basis_row(pair: Pair, spot: Decimal | None, perp: Decimal | None, carry: Decimal) -> BasisRow:
    spot = None if spot is None else spot * pair.multiplier
    return BasisRow(
        symbol=pair.symbol,
        spot=spot,
        perp=perp,
        basis_bp=_basis_bp(perp, spot),
        apr_pct=as_percent(carry),
    )


def _basis_bp(perp: Decimal | None, spot: Decimal | None) -> Decimal | None:
    return as_bps(basis(perp, spot)) if perp and spot else None  # 0 is an empty side


def _middle(quote: BookTicker) -> Decimal | None:
    return (quote.bid + quote.ask) / 2 if quote.bid and quote.ask else None


def _fee_note(fees: PairFees | None) -> str:
    return discount_note(fees.discount) if fees else "fees_bp is empty: own rates need a key"
