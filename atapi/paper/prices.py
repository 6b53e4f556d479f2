"""What the feed says things cost, asked once per moment."""

from __future__ import annotations

import re
from decimal import Decimal

from atapi.matching.models.fees import BNB
from atapi.paper.feeds.base import Feed, Series
from atapi.paper.feeds.coin_margined import followed

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LOOK_BACK_MS = 7 * DAY  # how old a last price may be when the feed has a gap
AVERAGE_MINUTES = 5  # of the price that spot filters use
ONE = Decimal(1)

_MULTIPLIED = re.compile(r"(10+)([A-Z].*)")  # 1000PEPEUSDT


class Prices:
    """Prices of one feed. Only the latest answer is kept for each, for the time it was asked at."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._catalogue = feed.catalogue()
        self._known: dict[tuple[Series, str], tuple[int, Decimal | None]] = {}
        self._averages: dict[str, tuple[int, Decimal | None]] = {}  # spot symbol -> (minute, average)

    def at(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the feed's price; None where it has none just then."""
        key = (series, symbol)
        known = self._known.get(key)
        if known is not None and known[0] == now_ms:
            return known[1]
        price = self._feed.price(series, symbol, now_ms)
        self._known[key] = (now_ms, price)
        return price

    def last(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price, looking back over a gap; None where there was none for a week."""
        price = self.at(series, symbol, now_ms)
        if price is not None:
            return price
        for interval_ms in (HOUR, DAY):
            bars = self._feed.bars(series, symbol, interval_ms, now_ms - LOOK_BACK_MS, now_ms, now_ms)
            if bars:
                return bars[-1].close
        return None

    def index(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell a perpetual's index price: the feed's, else the spot price of its coin, else its own."""
        if symbol in self._catalogue.cm:
            return self.index(followed(symbol), now_ms) or self.last(Series.CM, symbol, now_ms)
        price = self.at(Series.INDEX, symbol, now_ms)
        if price is not None:
            return price
        source = self.index_source(symbol)
        if source is not None:
            series, name, multiplier = source
            price = self.last(series, name, now_ms)
            if price is not None:
                return price * multiplier
        return self.last(Series.UM, symbol, now_ms)

    def index_source(self, symbol: str) -> tuple[Series, str, Decimal] | None:
        """Tell whose price stands for a perpetual's index where the feed has none, and how many times it."""
        multiplied = _MULTIPLIED.fullmatch(symbol)
        if multiplied and symbol not in self._catalogue.spot:
            name, multiplier = multiplied[2], Decimal(multiplied[1])
        else:
            name, multiplier = symbol, ONE
        return (Series.SPOT, name, multiplier) if name in self._catalogue.spot else None

    def average(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the volume-weighted spot price of the last five minutes, else the last price."""
        minute = now_ms // MINUTE
        known = self._averages.get(symbol)
        if known is not None and known[0] == minute:
            return known[1]
        start = (minute - AVERAGE_MINUTES) * MINUTE
        bars = self._feed.bars(Series.SPOT, symbol, MINUTE, start, now_ms, now_ms)
        volume = sum((bar.volume for bar in bars), Decimal(0))
        turnover = sum((bar.turnover for bar in bars), Decimal(0))
        price = turnover / volume if volume and turnover else self.last(Series.SPOT, symbol, now_ms)
        self._averages[symbol] = (minute, price)
        return price

    def bnb(self, quote_asset: str, now_ms: int) -> Decimal | None:
        """Tell what one BNB costs in a quote asset; None where it does not trade against it."""
        if quote_asset == BNB:
            return ONE
        symbol = f"{BNB}{quote_asset}"
        return self.last(Series.SPOT, symbol, now_ms) if symbol in self._catalogue.spot else None
