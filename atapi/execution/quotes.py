"""What an order may come to in USDT: the last gate's one look at the market."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from atapi.domain.caps import NUMERAIRE
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import BookTicker
from atapi.domain.numbers import ONE, ZERO
from atapi.domain.orders import Amendment, OrderRequest, Side
from atapi.errors import AtapiError, Refused

FRESH_S = 60.0  # how long a quote serves; the plan of a transaction has just read it
SLACK = Decimal(
    "0.01"
)  # a limit so close beyond the touch is how a trader caps slippage, not what he means to pay


class QuoteVenue(Protocol):
    """What is asked of one market."""

    def instruments(self) -> Mapping[str, Instrument]:
        """List every symbol's rules."""
        ...

    def book_tickers(self, symbols: Sequence[str] | None = None) -> dict[str, BookTicker]:
        """Quote best bids and asks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Best prices of a symbol, and what its quote asset is worth."""

    bid: Decimal
    ask: Decimal
    rate: Decimal = ONE  # USDT of one unit of the quote asset

    def notional(self, side: Side, quantity: Decimal, limit: Decimal | None) -> Decimal:
        """Tell what an order may come to, in USDT.

        At the touch where it takes at market or up to 1 % beyond; at its own limit where that is further, or rests.
        """
        if side is Side.SELL:
            price = self.bid if limit is None else max(limit, self.bid)
        elif limit is None or self.ask <= limit <= self.ask * (1 + SLACK):
            price = self.ask
        else:
            price = limit
        return price * quantity * self.rate


class Quotes:
    """Best prices, remembered for a minute; asked for where they are older.

    Args:
        venues: The markets; margin trades on spot's books.
        elapsed_s: Seconds of a clock that never jumps.
    """

    def __init__(self, venues: Mapping[Market, QuoteVenue], elapsed_s: Callable[[], float]) -> None:
        self._venues = venues
        self._elapsed_s = elapsed_s
        self._seen: dict[tuple[Market, str], tuple[float, Quote]] = {}  # -> when, and the quote

    def saw(self, market: Market, symbol: str, touch: Decimal) -> None:
        """Remember the price a plan takes a USDT symbol at, so that its order need not wait for another look."""
        self._seen[market, symbol] = self._elapsed_s(), Quote(bid=touch, ask=touch)

    def of(self, market: Market, symbol: str) -> Quote:
        """Quote a symbol.

        Raises:
            Refused: It has no price, so nothing can tell what an order comes to.
            VenueUnreachable: The market did not answer.
        """
        market = Market.SPOT if market is Market.MARGIN else market
        at, quote = self._seen.get((market, symbol), (None, None))
        if quote is None or at is None or self._elapsed_s() - at > FRESH_S:
            quote = self._ask(market, symbol)
            self._seen[market, symbol] = self._elapsed_s(), quote
        return quote

    def notional(self, order: OrderRequest | Amendment) -> Decimal:
        """Tell what an order may come to, in USDT.

        Raises:
            As `of` says.
        """
        return self.of(order.market, order.symbol).notional(order.side, order.quantity, order.price)

    def rate(self, market: Market, symbol: str) -> Decimal:
        """Tell what a symbol's quote asset is worth in USDT; 1 where nobody can say."""
        if symbol.endswith(NUMERAIRE):
            return ONE
        try:
            return self.of(market, symbol).rate
        except AtapiError:
            return ONE

    def guess(self, request: OrderRequest) -> Decimal:
        """Tell what an order may come to in USDT; nothing where nobody can say."""
        try:
            return self.notional(request)
        except AtapiError:
            return ZERO

    def lot(self, market: Market, symbol: str) -> Decimal:
        """Tell the quantity step of a symbol; zero where there is no such symbol."""
        instrument = self._venues[market].instruments().get(symbol)
        return ZERO if instrument is None else instrument.lot_size

    def _ask(self, market: Market, symbol: str) -> Quote:
        venue = self._venues[market]
        ticker = venue.book_tickers([symbol]).get(symbol)
        instrument = venue.instruments().get(symbol)
        if ticker is None or instrument is None or not (ticker.bid and ticker.ask):
            raise Refused(f"{symbol} has no price on {market} to judge an order by", hint=f"depth {symbol}")
        return Quote(bid=ticker.bid, ask=ticker.ask, rate=self._worth(instrument.quote_asset))

    def _worth(self, asset: str) -> Decimal:
        if asset == NUMERAIRE:
            return ONE
        symbol = asset + NUMERAIRE
        ticker = self._venues[Market.SPOT].book_tickers([symbol]).get(symbol)
        if ticker is None or not ticker.ask:
            raise Refused(
                f"{asset} has no price in {NUMERAIRE} to judge an order by", hint=f"ticker {symbol}"
            )
        return ticker.ask
