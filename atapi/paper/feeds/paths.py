"""The made-up history of one coin: any day at once, and within it every hour, minute and second.

A day is drawn directly from the levels at its two midnights; hours, minutes and seconds are the day subdivided, so
they agree with it and with each other whatever is asked first.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import frexp, sqrt
from random import Random

from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, SECOND
from atapi.paper.feeds.markets import Market
from atapi.paper.feeds.noise import Walk, Wave, bits, growth, key, normal
from atapi.paper.feeds.subdivide import Ticks, subdivide

_LEAST_TICKS = 20  # no coin falls below this many ticks
_MARKET_VOLATILITY = 0.019  # of the whole market, a day
_TRADE = 600  # mean trade, quote asset
_LOTS_PER_TRADE = 25  # at least, so that every trade can move one lot wherever it falls


class Climate:
    """What all coins of one world share: the market's level, and its calm and stormy times."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.regime = Wave(key(seed, "regime"), 24, 0.4)  # knots 24 days apart; an exponent
        self.level = Walk(key(seed, "market"), _MARKET_VOLATILITY, self.regime)


class PricePath:
    """One coin's prices in ticks and volumes in units, the finer lot of spot and perpetual made common."""

    def __init__(self, market: Market, climate: Climate) -> None:
        name = market.spot.symbol
        self.market = market
        self.tick = market.spot.tick_size
        self.unit = common_unit(market)
        self._climate = climate
        self._base = float(market.price / self.tick)
        self._key = key(climate.seed, name, "day")
        self._own = Walk(key(climate.seed, name, "own"), market.own_volatility, climate.regime)
        self._volatility = sqrt((market.beta * _MARKET_VOLATILITY) ** 2 + market.own_volatility**2)
        self.day = lru_cache(maxsize=8192)(self._day)  # day number -> its bar
        self.hours = lru_cache(maxsize=1024)(self._hours)  # day number -> 24 bars
        self.minutes = lru_cache(maxsize=256)(self._minutes)  # hour number -> 60 bars
        self.seconds = lru_cache(maxsize=128)(self._seconds)  # minute number -> 60 bars

    def bar(self, size_ms: int, number: int) -> Ticks:
        """Give the bar of a day, hour, minute or second, each counted from 1970."""
        if size_ms == DAY:
            return self.day(number)
        if size_ms == HOUR:
            return self.hours(number // 24)[number % 24]
        if size_ms == MINUTE:
            return self.minutes(number // 60)[number % 60]
        return self.seconds(number // 60)[number % 60]

    def price(self, now_ms: int) -> int:
        """Tell the last price in ticks: the close of the last finished second."""
        second = now_ms // SECOND * SECOND
        for size_ms in (DAY, HOUR, MINUTE):
            if second % size_ms == 0:
                return self.bar(size_ms, second // size_ms).open
        return self.bar(SECOND, second // SECOND).open

    def _level(self, day: int) -> int:
        exponent = self.market.beta * self._climate.level.at(day) + self._own.at(day)
        return max(int(self._base * growth(exponent)), _LEAST_TICKS)

    def _day(self, day: int) -> Ticks:
        start, end = self._level(day), self._level(day + 1)
        regime = growth(self._climate.regime.at(day))
        deviation = start * self._volatility * regime
        top = (start + end + _reach(start, end, deviation, bits(self._key, 4 * day))) / 2
        bottom = (start + end - _reach(start, end, deviation, bits(self._key, 4 * day + 1))) / 2
        high, low = int(top), max(int(bottom) + 1, 1)
        high, low = max(high, start, end), min(low, start, end)
        restless = 0.4 + 0.6 * (high - low) / (1.6 * deviation)
        turnover = self.market.turnover * restless * regime * growth(0.3 * normal(self._key, 4 * day + 2))
        return self._traded(start, high, low, end, turnover, normal(self._key, 4 * day + 3))

    def _traded(self, start: int, high: int, low: int, end: int, turnover: float, mood: float) -> Ticks:
        mean = start + high + low + end  # four times the mean price
        lots = int(turnover / (mean / 4) / float(self.tick * self.unit))
        lean = 0.06 * (end - start) / (high - low) if high > low else 0.0
        bought = int(lots * (0.5 + lean + 0.01 * mood))
        sold = lots - bought
        trades = min(int(turnover) // _TRADE, lots // _LOTS_PER_TRADE)
        return Ticks(start, high, low, end, trades, bought, bought * mean // 4, sold, sold * mean // 4)

    def _hours(self, day: int) -> list[Ticks]:
        return self._split(self.day(day), 24, HOUR, day)

    def _minutes(self, hour: int) -> list[Ticks]:
        return self._split(self.bar(HOUR, hour), 60, MINUTE, hour)

    def _seconds(self, minute: int) -> list[Ticks]:
        return self._split(self.bar(MINUTE, minute), 60, SECOND, minute)

    def _split(self, whole: Ticks, count: int, size_ms: int, number: int) -> list[Ticks]:
        random = Random(bits(self._key ^ size_ms, number))
        return subdivide(whole, count, random.random)


def common_unit(market: Market) -> Decimal:
    """Tell the quantity, in coins, that both the spot lot and the perpetual's lot divide."""
    if market.um is None:
        return market.spot.lot_size
    return max(market.spot.lot_size, market.um.lot_size * market.multiplier)


def _reach(start: int, end: int, deviation: float, draw: int) -> float:
    """Draw how far a Brownian motion between two levels runs: twice its maximum less their sum.

    Source: P(max > m) = exp(-2 (m - start)(m - end) / deviation**2) for a Brownian bridge.
    """
    part, power = frexp((draw >> 11) * 2.0**-53 or 2.0**-53)
    halvings = 2 - 2 * part - power  # close to -log2 of a uniform number, without a logarithm
    return sqrt((end - start) ** 2 + 2 * deviation**2 * 0.6931 * halvings)
