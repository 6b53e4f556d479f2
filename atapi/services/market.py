"""What the venue lists and quotes: symbols, tickers, candles, books."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, zip_longest

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Level, Ticker
from atapi.exchanges.base import MarketData
from atapi.services.ratios import as_percent
from atapi.services.symbols import SymbolBook
from atapi.services.valuation import NUMERAIRE, price_of
from atapi.table import Column, Table, column

DAILY = ("1d", "3d", "1w", "1M")  # bars labelled by their day
CANDLE_COLUMNS = ("Open", "High", "Low", "Close", "Volume", "Quote volume", "Trades")


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolRow:
    """One symbol's trading rules."""

    symbol: str
    base: str
    quote: str
    status: str
    tick: Decimal  # price step, quote asset
    step: Decimal  # quantity step, base asset
    min_notional: Decimal  # quote asset
    perp: str | None  # the perpetual that hedges it; None where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerRow:
    """The last 24 hours of one symbol."""

    symbol: str
    last: Decimal
    change_pct: Decimal | None = column(digits=2, signed=True)
    high: Decimal
    low: Decimal
    volume: Decimal = column(digits=2, thousands=True)  # base asset
    turnover_usdt: Decimal | None = column(digits=0, thousands=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthRow:
    """One level of both sides; None where a side is shorter."""

    bid_size: Decimal | None  # base asset
    bid: Decimal | None
    ask: Decimal | None
    ask_size: Decimal | None  # base asset
    cum_bid_usdt: Decimal | None = column(digits=0, thousands=True)  # down to this level, quote asset
    cum_ask_usdt: Decimal | None = column(digits=0, thousands=True)  # up to this level, quote asset


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketService:
    """Reads public market data of both markets."""

    spot: MarketData
    futures: MarketData
    book: SymbolBook

    def symbols(
        self, *, match: str | None = None, market: Market = Market.SPOT, spreadable: bool = False
    ) -> Table:
        """List symbols and their filters.

        Args:
            match: Part of the symbol, any case.
            market: `SPOT` or `UM`.
            spreadable: Only those that trade on both markets.
        """
        pairs = {(p.spot if market is Market.SPOT else p.perp).symbol: p for p in self.book.pairs().values()}
        ready = {s for s, p in pairs.items() if p.spot.trading and p.perp.trading}
        wanted = (match or "").upper()
        rows = [
            _symbol_row(i, pairs[s].symbol if s in pairs else None)
            for s, i in self._venue(market).instruments().items()
            if wanted in s and (not spreadable or s in ready)
        ]
        return Table.of(rows, SymbolRow, empty="no such symbol")

    def ticker(self, typed: Sequence[str] = ()) -> Table:
        """Quote the last 24 hours of spot symbols; of the default symbols where none is named.

        Turnover is in USDT, by the quote asset's last price; None where that has none.
        """
        chosen = self.book.choose(typed)
        quotes = {i.symbol: i.quote_asset for i in chosen.instruments}
        abroad = any(quote != NUMERAIRE for quote in quotes.values())
        prices = self.spot.prices() if abroad else {}
        found = {t.symbol: t for t in self.spot.tickers(chosen.symbols)}
        rows = [_ticker_row(found[s], price_of(quote, prices)) for s, quote in quotes.items() if s in found]
        return Table.of(rows, TickerRow, notes=chosen.notes)

    def klines(
        self,
        typed: str,
        *,
        interval: str = "1d",
        since: datetime | None = None,
        last: int | None = None,
        market: Market = Market.SPOT,
    ) -> Table:
        """Read candles, oldest first; the last one may still be running.

        Args:
            typed: One symbol.
            interval: As the venue spells it: `1m`, `1h`, `1d` …
            since: First open time; all from there on, unless `last` is given too.
            last: The newest so many; 500 where `since` is not given.
            market: `SPOT` or `UM`.
        """
        symbol = self.book.find(typed, market=market).symbol
        limit = 500 if last is None else last
        candles = self._venue(market).candles(symbol, interval, start=since, limit=limit)
        if since is not None and last is not None:
            candles = candles[-last:]
        label = "Date" if interval in DAILY else "Time"
        return Table.from_mapping(
            (label, *CANDLE_COLUMNS),
            [(c.open_at, c.open, c.high, c.low, c.close, c.volume, c.turnover, c.trades) for c in candles],
            columns={label: Column(name=label, date=interval in DAILY)},
            index=label,
            empty=f"no {interval} candles of {symbol}",
        )

    def depth(self, typed: str, *, levels: int = 10, market: Market = Market.SPOT) -> Table:
        """Read the best levels of an order book, with what it takes in quote asset to reach each."""
        symbol = self.book.find(typed, market=market).symbol
        depth = self._venue(market).depth(symbol, limit=levels)
        bids, asks = depth.bids[:levels], depth.asks[:levels]
        rows = [
            DepthRow(
                bid_size=bid.quantity if bid else None,
                bid=bid.price if bid else None,
                ask=ask.price if ask else None,
                ask_size=ask.quantity if ask else None,
                cum_bid_usdt=bid_sum,
                cum_ask_usdt=ask_sum,
            )
            for bid, ask, bid_sum, ask_sum in zip_longest(bids, asks, _running(bids), _running(asks))
        ]
        return Table.of(rows, DepthRow, empty=f"the book of {symbol} is empty")

    def _venue(self, market: Market) -> MarketData:
        return self.futures if market is Market.UM else self.spot


def _symbol_row(instrument: Instrument, perp: str | None) -> SymbolRow:
    return SymbolRow(
        symbol=instrument.symbol,
        base=instrument.base_asset,
        quote=instrument.quote_asset,
        status=instrument.status,
        tick=instrument.tick_size,
        step=instrument.lot_size,
        min_notional=instrument.min_notional,
        perp=perp,
    )


def _ticker_row(ticker: Ticker, quote_price: Decimal | None) -> TickerRow:
    return TickerRow(
        symbol=ticker.symbol,
        last=ticker.last,
        change_pct=as_percent(ticker.last / ticker.open - 1) if ticker.open else None,
        high=ticker.high,
        low=ticker.low,
        volume=ticker.volume,
        turnover_usdt=None if quote_price is None else ticker.turnover * quote_price,
    )


def _running(levels: Sequence[Level]) -> list[Decimal]:
    return list(accumulate(level.price * level.quantity for level in levels))
