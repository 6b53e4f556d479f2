"""COIN-M perpetuals made of a feed's USDT perpetuals: BTCUSD_PERP follows BTCUSDT, with a share of its trade.

Only a log of COIN-M has series of their own, and its perpetuals are left as they are. The others' prices, index, mark, premium and funding are those of the USDT perpetual (a USD
is a USDT here), on the same price grid; their crowd quotes, and their bars trade, `SHARE` of it. Volume is contracts,
turnover coins, so that contracts * size / coins is the USDT perpetual's own mean price.

Contracts are whole. A bar's are what the day's turnover up to its end comes to, less what it came to at its start, so
that every larger bar is the exact sum of the smaller ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP
from atapi.matching.contracts import Inverse
from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, SECOND, gather, slots
from atapi.paper.feeds.base import Bar, Book, Catalogue, Feed, FundingRecord, PerpetualRules, Series
from atapi.paper.feeds.brackets import brackets
from atapi.paper.feeds.moves import Moves
from atapi.paper.feeds.premium_bars import PremiumBars

SIZES = {"BTC": Decimal(100), "ETH": Decimal(10), "BNB": Decimal(10)}  # coin -> USD in one contract
USUAL_SIZE = Decimal(10)
SHARE = Decimal("0.2")  # of the USDT perpetual's depth and turnover
ZERO = Decimal(0)


def pair_of(symbol: str) -> str:
    """Tell the pair of a coin-margined symbol: `BTCUSD` of `BTCUSD_PERP`."""
    return symbol.partition("_")[0]


def perpetual_of(pair: str) -> str:
    """Tell the perpetual of a pair: `BTCUSD_PERP` of `BTCUSD`."""
    return f"{pair}_PERP"


def followed(symbol: str) -> str:
    """Tell the USDT perpetual that a coin-margined one follows: `BTCUSDT` for `BTCUSD_PERP`."""
    return f"{pair_of(symbol)}T"


def coin_margined(um: Mapping[str, PerpetualRules]) -> Mapping[str, PerpetualRules]:
    """Make the coin-margined perpetuals of those listed."""
    listed = {coin: um[f"{coin}USDT"] for coin in SIZES if f"{coin}USDT" in um}
    made = (coin_rules(perpetual_of(f"{coin}USD"), rules) for coin, rules in listed.items())
    return {rules.symbol: rules for rules in made}


def coin_rules(symbol: str, um: PerpetualRules) -> PerpetualRules:
    """Make the rules of a coin-margined symbol of those of the USDT perpetual it follows."""
    tick, coin = um.tick_size.normalize(), um.base_asset
    return replace(
        um,
        symbol=symbol,
        quote_asset="USD",
        lot_size=Decimal(1),
        min_notional=ZERO,
        price_precision=max(0, -tick.adjusted()),
        quantity_precision=0,
        brackets=brackets(pair_of(symbol)) if coin in SIZES else um.brackets,
        max_quantity=Decimal(1_000_000),
        market_max_quantity=Decimal(60_000),
        liquidation_fee=Decimal("0.015"),
        onboard_ms=1_597_042_800_000,
        contract=Inverse(SIZES.get(coin, USUAL_SIZE)),
    )


class CoinMarginedFeed:
    """A feed with coin-margined perpetuals beside what it has."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.name = feed.name
        self.synthetic = feed.synthetic
        self.recorded = feed.recorded
        listed = feed.catalogue()
        self._recorded = frozenset(listed.cm)  # what it has series of its own of
        self._catalogue = replace(listed, cm={**coin_margined(listed.um), **listed.cm})
        self._premiums = PremiumBars(feed)
        self.moves = Moves(self._tick_of)

    def identity(self) -> str:
        """Name the feed's own world: nothing is added that could differ."""
        return self._feed.identity()

    def catalogue(self) -> Catalogue:
        """List what can be traded."""
        return self._catalogue

    def span(self) -> tuple[int, int] | None:
        """First and last millisecond of the feed."""
        return self._feed.span()

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price: of a coin-margined symbol, that of the perpetual it follows."""
        if series is Series.CM and symbol not in self._recorded:
            return self.price(Series.UM, followed(symbol), now_ms)
        own = self._own(symbol)
        return self.moves.price(series, own, now_ms, self._feed.price(series, own, now_ms))

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        """List bars; those of a coin-margined symbol count contracts and coins."""
        if series is Series.PREMIUM:
            return self._premiums.bars(self._own(symbol), interval_ms, start_ms, end_ms, now_ms)
        if series is not Series.CM or symbol in self._recorded:
            return self._moved(series, self._own(symbol), interval_ms, start_ms, end_ms, now_ms)
        if interval_ms > DAY:
            opened, closed = slots(start_ms, min(end_ms, now_ms), interval_ms)
            return gather(self.bars(series, symbol, DAY, opened, closed - 1, now_ms), interval_ms)
        found = self.bars(Series.UM, followed(symbol), interval_ms, start_ms, end_ms, now_ms)
        return list(self._in_contracts(symbol, found, now_ms))

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        """Tell the premium index."""
        return self._feed.premium(self._own(symbol), at_ms)

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        """List recorded funding."""
        return self._feed.funding(self._own(symbol), after_ms, until_ms)

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        """Tell the next recorded funding time."""
        return self._feed.next_funding_ms(self._own(symbol), now_ms)

    def book(self, series: Series, symbol: str) -> Book:
        """Tell how the crowd quotes: on a coin-margined symbol a share of what it follows, in contracts."""
        if series is not Series.CM or symbol in self._recorded:
            return self._feed.book(series, symbol)
        book = self._feed.book(Series.UM, followed(symbol))
        return replace(book, top_notional=book.top_notional * SHARE, contract_size=self._size(symbol))

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        """Coins in circulation."""
        return self._feed.supply(now_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _own(self, symbol: str) -> str:
        return followed(symbol) if symbol in self._catalogue.cm and symbol not in self._recorded else symbol

    def _moved(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        def own(size_ms: int, first_ms: int, last_ms: int) -> Sequence[Bar]:
            return self._feed.bars(series, symbol, size_ms, first_ms, last_ms, now_ms)

        return self.moves.bars(series, symbol, interval_ms, own(interval_ms, start_ms, end_ms), now_ms, own)

    def _tick_of(self, series: Series, symbol: str) -> Decimal:
        if series is Series.SPOT:
            return self._catalogue.spot[symbol].tick_size
        if series is Series.CM:
            return self._catalogue.cm[symbol].tick_size
        return self._catalogue.um[symbol].tick_size if series is Series.UM else LEDGER_STEP

    def _size(self, symbol: str) -> Decimal:
        return SIZES[self._catalogue.cm[symbol].base_asset]

    def _in_contracts(self, symbol: str, bars: Sequence[Bar], now_ms: int) -> Iterator[Bar]:
        size, day, bought, sold = self._size(symbol), -1, ZERO, ZERO
        for bar in bars:
            if bar.open_ms // DAY != day:
                day = bar.open_ms // DAY
                bought, sold = self._since_midnight(symbol, bar.open_ms, now_ms)
            more_bought = bought + bar.taker_turnover * SHARE
            more_sold = sold + (bar.turnover - bar.taker_turnover) * SHARE
            taken = more_bought // size - bought // size
            given = more_sold // size - sold // size
            bought, sold = more_bought, more_sold
            yield replace(
                bar,
                volume=taken + given,
                turnover=bar.volume * SHARE,
                taker_volume=taken,
                taker_turnover=bar.taker_volume * SHARE,
            )

    def _since_midnight(self, symbol: str, at_ms: int, now_ms: int) -> tuple[Decimal, Decimal]:
        # What takers bought and sold since the day began, quote asset, in as few bars as there are.
        bought, sold, start = ZERO, ZERO, at_ms // DAY * DAY
        for size_ms in (HOUR, MINUTE, SECOND):
            until = at_ms // size_ms * size_ms
            if start < until:
                for bar in self.bars(Series.UM, followed(symbol), size_ms, start, until - 1, now_ms):
                    bought += bar.taker_turnover * SHARE
                    sold += (bar.turnover - bar.taker_turnover) * SHARE
            start = until
        return bought, sold
