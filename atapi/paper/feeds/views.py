"""One path of ticks seen as spot, perpetual, mark or index: integers become exact decimals here.

Within an hour the premium is one number, and rounding to a tick keeps the order of prices, so scaling a bar and then
combining gives the same as combining and then scaling. A perpetual's bar rounds outwards, so that what was paid lies
within its prices.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from atapi.paper.feeds.bars import DAY, HOUR, WEEK, point
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.feeds.paths import PricePath
from atapi.paper.feeds.premium import GRID, PremiumPath
from atapi.paper.feeds.subdivide import Ticks, join

MARK_TICK = Decimal("0.00000001")

_ZERO = Decimal(0)


class View:
    """The spot price itself."""

    largest_ms = DAY  # the largest bars that come straight from the path
    joins_ms = WEEK  # within spans of this, bars are the same put together before they are shown or after

    def __init__(self, path: PricePath) -> None:
        self._path = path
        self._tick = path.tick
        self._lot = path.unit
        self._cost = path.tick * path.unit

    def price(self, now_ms: int) -> Decimal:
        """Tell the last price."""
        return self._path.price(now_ms) * self._tick

    def bar(self, size_ms: int, number: int) -> Bar:
        """Give one day, hour, minute or second, counted from 1970."""
        ticks = self._path.bar(size_ms, number)
        return self._decimal(number * size_ms, ticks)

    def joined(self, size_ms: int, first: int, count: int) -> Bar:
        """Give so many of them as one; they must not reach over the end of a `joins_ms`."""
        ticks = join([self._path.bar(size_ms, number) for number in range(first, first + count)])
        return self._decimal(first * size_ms, ticks)

    def _decimal(self, open_ms: int, bar: Ticks) -> Bar:
        start, high, low, end, trades, bought, bought_cost, sold, sold_cost = bar
        tick, lot, cost = self._tick, self._lot, self._cost
        return Bar(
            open_ms,
            start * tick,
            high * tick,
            low * tick,
            end * tick,
            (bought + sold) * lot,
            (bought_cost + sold_cost) * cost,
            trades,
            bought * lot,
            bought_cost * cost,
        )


class IndexView(View):
    """The spot price of as many coins as one contract holds, without volume."""

    def __init__(self, path: PricePath) -> None:
        super().__init__(path)
        self._tick = path.tick * path.market.multiplier

    def _decimal(self, open_ms: int, bar: Ticks) -> Bar:
        tick = self._tick
        return _bare(open_ms, bar.open * tick, bar.high * tick, bar.low * tick, bar.close * tick)


class ScaledView(View):
    """A price that is the index times one plus the hour's premium."""

    largest_ms = joins_ms = HOUR

    def __init__(self, path: PricePath, premium: PremiumPath, tick: Decimal) -> None:
        super().__init__(path)
        scale = Fraction(path.tick) * path.market.multiplier / Fraction(tick) / GRID
        self._premium = premium
        self._tick = tick
        self._up, self._down = scale.numerator, scale.denominator

    def price(self, now_ms: int) -> Decimal:
        """Tell the last price."""
        factor, down = self._factor(now_ms)
        return _near(self._path.price(now_ms) * factor, down) * self._tick

    def _factor(self, ms: int) -> tuple[int, int]:
        """Tell what spot ticks are multiplied with and divided by."""
        return self._up * (GRID + self._premium.grid(ms // HOUR)), self._down


class MarkView(ScaledView):
    """Mark price history: not rounded to a tick, without volume."""

    def _decimal(self, open_ms: int, bar: Ticks) -> Bar:
        up, down = self._factor(open_ms)
        return _bare(open_ms, *(_near(price * up, down) * self._tick for price in bar[:4]))


class PerpetualView(ScaledView):
    """The perpetual's price and volume."""

    def __init__(self, path: PricePath, premium: PremiumPath, tick: Decimal) -> None:
        super().__init__(path, premium, tick)
        self._lot = path.unit * path.market.um_ratio / path.market.multiplier
        self._cost = path.tick * path.unit * path.market.um_ratio / GRID

    def _decimal(self, open_ms: int, bar: Ticks) -> Bar:
        up, down = self._factor(open_ms)
        start, high, low, end, trades, bought, bought_cost, sold, sold_cost = bar
        tick, lot, cost = self._tick, self._lot, self._cost * (GRID + self._premium.grid(open_ms // HOUR))
        if not trades:
            return point(open_ms, _near(start * up, down) * tick)
        return Bar(
            open_ms,
            _near(start * up, down) * tick,
            -(-high * up // down) * tick,
            low * up // down * tick,
            _near(end * up, down) * tick,
            (bought + sold) * lot,
            (bought_cost + sold_cost) * cost,
            trades,
            bought * lot,
            bought_cost * cost,
        )


def view(series: Series, path: PricePath, premium: PremiumPath | None) -> View:
    """Make the view of one series."""
    market = path.market
    if series is Series.SPOT or premium is None or market.um is None:
        return View(path)
    if series is Series.INDEX:
        return IndexView(path)
    if series is Series.MARK:
        return MarkView(path, premium, MARK_TICK)
    return PerpetualView(path, premium, market.um.tick_size)


def _near(numerator: int, denominator: int) -> int:
    """Divide, rounding to the nearest integer, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _bare(open_ms: int, start: Decimal, high: Decimal, low: Decimal, end: Decimal) -> Bar:
    return Bar(open_ms, start, high, low, end, _ZERO, _ZERO, 0, _ZERO, _ZERO)
