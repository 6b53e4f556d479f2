"""What spot and futures have in common: rules, time, quotes and candles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from atapi.clock import from_ms
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import BookTicker, Candle, Ticker
from atapi.errors import VenueError
from atapi.exchanges.binance import parse
from atapi.exchanges.binance.link import Link
from atapi.exchanges.binance.paging import candles_from, newest_candles

T = TypeVar("T")

ORDER_RECV_WINDOW_MS = 3000  # an order that arrives later than this after its timestamp is refused


class BinanceMarket:
    """One market of Binance over its connector; the connector is made at first use."""

    market: Market
    _candle_page: int  # most bars one answer holds

    def __init__(self, link: Link, make_api: Callable[[Link], Any]) -> None:
        self.link = link
        self._make_api = make_api
        self._instruments: dict[str, Instrument] | None = None  # symbol -> rules

    @cached_property
    def api(self) -> Any:
        """The connector's endpoint methods over our transport."""
        return self._make_api(self.link)

    def server_time(self) -> datetime:
        """Ask the venue's time."""
        return from_ms(parse.read("time", parse.server_ms, self.api.time()))

    def instruments(self) -> Mapping[str, Instrument]:
        """List every symbol's rules by symbol; cached until `refresh_instruments`."""
        if self._instruments is None:
            self._instruments = self._read_instruments()
        return self._instruments

    def refresh_instruments(self) -> None:
        """Forget the cached rules, as after a filter error."""
        self._instruments = None

    def listing(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """Read some symbols' rules as they are now; one that is no longer listed is left out."""
        found = self._read_some(symbols)
        return {symbol: found[symbol] for symbol in symbols if symbol in found}

    def candles(
        self,
        symbol: str,
        interval: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 500,
    ) -> list[Candle]:
        """Read candles, oldest first: all that open from `start` to `end`, else the newest `limit` up to `end`."""

        def fetch(start_ms: int | None, end_ms: int | None, limit: int) -> list[Candle]:
            rows = self.api.klines(symbol, interval, startTime=start_ms, endTime=end_ms, limit=limit)
            return parse.read_all("klines", parse.candle, rows)

        if start is not None:
            return candles_from(fetch, start, end, self._candle_page)
        return newest_candles(fetch, end, limit, self._candle_page)

    def tickers(self, symbols: Sequence[str] | None = None) -> list[Ticker]:
        """Quote the last 24 hours; of all symbols where none is named."""
        return list(self._quotes("ticker/24hr", self._ask_tickers, parse.ticker, symbols).values())

    def prices(self, symbols: Sequence[str] | None = None) -> dict[str, Decimal]:
        """Quote last prices by symbol; of all symbols where none is named."""
        return self._quotes("ticker/price", self._ask_prices, parse.price, symbols)

    def book_tickers(self, symbols: Sequence[str] | None = None) -> dict[str, BookTicker]:
        """Quote best bids and asks by symbol; of all symbols where none is named."""
        return self._quotes("ticker/bookTicker", self._ask_book_tickers, parse.book_ticker, symbols)

    def _quotes(
        self,
        endpoint: str,
        ask: Callable[[Sequence[str] | None], Any],
        parse_row: Callable[[parse.Row], T],
        symbols: Sequence[str] | None,
    ) -> dict[str, T]:
        if symbols is not None and not symbols:
            return {}
        payload = ask(symbols)
        found = dict(
            parse.read_all(
                endpoint,
                lambda row: (parse.text(row, "symbol"), parse_row(row)),
                [payload] if isinstance(payload, dict) else payload,
            )
        )
        return found if symbols is None else pick(found, symbols)

    def _rules(
        self, payload: Any, parse_instrument: Callable[[parse.Row], Instrument]
    ) -> dict[str, Instrument]:
        parse.read("exchangeInfo", lambda info: self.link.budget.learn(info["rateLimits"]), payload)
        rows = parse.read("exchangeInfo", lambda info: info["symbols"], payload)
        found = parse.read_all("exchangeInfo", parse_instrument, rows)
        return {instrument.symbol: instrument for instrument in found}

    def _read_instruments(self) -> dict[str, Instrument]:
        raise NotImplementedError

    def _read_some(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        return self._read_instruments()

    def _ask_tickers(self, symbols: Sequence[str] | None) -> Any:
        raise NotImplementedError

    def _ask_prices(self, symbols: Sequence[str] | None) -> Any:
        raise NotImplementedError

    def _ask_book_tickers(self, symbols: Sequence[str] | None) -> Any:
        raise NotImplementedError


def pick(found: Mapping[str, T], symbols: Sequence[str]) -> dict[str, T]:
    """Take the named symbols out of an answer about more.

    Raises:
        VenueError: One is not there; in the venue's own words for it.
    """
    missing = [symbol for symbol in symbols if symbol not in found]
    if missing:
        raise VenueError(f"Invalid symbol. ({missing[0]})", code=-1121)
    return {symbol: found[symbol] for symbol in symbols}
