"""One path of ticks seen as spot, perpetual, mark or index: integers become exact decimals here.

A view's own ticks are integers too, so that bars are put together before they are shown. Within an hour the premium is
one number, and rounding to a tick keeps the order of prices, so scaling bars and then joining them gives the same as
joining and then scaling. A perpetual's bar rounds outwards, so that what was paid lies within its prices.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from atapi.paper.feeds.bars import DAY, HOUR
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.feeds.paths import PricePath
from atapi.paper.feeds.premium import GRID, PremiumPath
from atapi.paper.feeds.subdivide import Ticks, join

MARK_TICK = Decimal("0.00000001")

_ZERO = Decimal(0)


class View:
    """The spot price itself."""

    largest_ms = DAY  # the largest bars that come straight from the path

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
        return self._show(number * size_ms, self._ticks(size_ms, number))

    def joined(self, size_ms: int, first: int, count: int) -> Bar:
        """Give so many of them that follow each other as one."""
        parts = [self._ticks(size_ms, number) for number in range(first, first + count)]
        return self._show(first * size_ms, join(parts))

    def _ticks(self, size_ms: int, number: int) -> Ticks:
        return self._path.bar(size_ms, number)

    def _show(self, open_ms: int, bar: Ticks) -> Bar:
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

    def _show(self, open_ms: int, bar: Ticks) -> Bar:
        return _bare(open_ms, bar, self._tick)


class ScaledView(View):
    """A price that is the index times one plus the hour's premium."""

    largest_ms = HOUR

    def __init__(self, path: PricePath, premium: PremiumPath, tick: Decimal) -> None:
        super().__init__(path)
        scale = Fraction(path.tick) * path.market.multiplier / Fraction(tick) / GRID
        self._premium = premium
        self._tick = tick
        self._up, self._down = scale.numerator, scale.denominator

    def price(self, now_ms: int) -> Decimal:
        """Tell the last price."""
        premium = self._of_hour(now_ms)
        return _near(self._path.price(now_ms) * premium * self._up, self._down) * self._tick

    def _of_hour(self, ms: int) -> int:
        """Tell one plus the premium, in parts of GRID."""
        return GRID + self._premium.grid(ms // HOUR)


class MarkView(ScaledView):
    """Mark price history: not rounded to a tick, without volume."""

    def _ticks(self, size_ms: int, number: int) -> Ticks:
        up, down = self._up * self._of_hour(number * size_ms), self._down
        start, high, low, end = (_near(price * up, down) for price in self._path.bar(size_ms, number)[:4])
        return Ticks(start, high, low, end, 0, 0, 0, 0, 0)

    def _show(self, open_ms: int, bar: Ticks) -> Bar:
        return _bare(open_ms, bar, self._tick)


class PerpetualView(ScaledView):
    """The perpetual's price and volume."""

    def __init__(self, path: PricePath, premium: PremiumPath, tick: Decimal) -> None:
        super().__init__(path, premium, tick)
        self._lot = path.unit * path.market.um_ratio / path.market.multiplier
        self._cost = path.tick * path.unit * path.market.um_ratio / GRID

    def _ticks(self, size_ms: int, number: int) -> Ticks:
        premium, down = self._of_hour(number * size_ms), self._down
        up = self._up * premium
        start, high, low, end, trades, bought, bought_cost, sold, sold_cost = self._path.bar(size_ms, number)
        opened, closed = _near(start * up, down), _near(end * up, down)
        if not trades:
            return Ticks(opened, opened, opened, opened, 0, 0, 0, 0, 0)
        top, bottom = -(-high * up // down), low * up // down
        return Ticks(
            opened, top, bottom, closed, trades, bought, bought_cost * premium, sold, sold_cost * premium
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


def _bare(open_ms: int, bar: Ticks, tick: Decimal) -> Bar:
    start, high, low, end = (price * tick for price in bar[:4])
    return Bar(open_ms, start, high, low, end, _ZERO, _ZERO, 0, _ZERO, _ZERO)
