"""The made-up premium of a perpetual over its index: where the crowd's leverage leans.

In calm times a perpetual trades a little under its index, as real ones do; for weeks at a time longs lean on it and
carry it above, shorts less so. The premium is one number for each hour, on a grid of a tenth of a basis point, so
that perpetual bars are the index bars times a constant.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from atapi.paper.feeds.bars import HOUR, MINUTE
from atapi.paper.feeds.markets import Market
from atapi.paper.feeds.noise import Wave, key, normal

GRID = 100_000  # a premium is a whole number of 1 / GRID

_DIGITS = Decimal("0.00000001")
_LEANS = ((24 * 40, 7.0), (24 * 5, 4.5))  # hours between knots, basis points
_RIPPLES = ((10, 1.0), (1, 0.5))
_SHORTS = 0.2  # of what longs would do
_JITTER_BPS = 0.4


class PremiumPath:
    """The premium index of one perpetual."""

    def __init__(self, market: Market, seed: int) -> None:
        self._market = market
        self._leans = self._waves(seed, _LEANS)
        self._ripples = self._waves(seed, _RIPPLES)
        self._jitter = key(seed, market.spot.symbol, "jitter")
        self.grid = lru_cache(maxsize=65536)(self._grid)

    def at(self, ms: int) -> Decimal:
        """Tell the premium at a moment, a fraction: the hour's, and what a single minute adds."""
        jitter = int(_JITTER_BPS * 10_000 * normal(self._jitter, ms // MINUTE))
        return Decimal(self.grid(ms // HOUR) * (10**8 // GRID) + jitter) * _DIGITS

    def _grid(self, hour: int) -> int:
        lean = ripple = 0.0
        for wave in self._leans:
            lean += wave.at(hour)
        for wave in self._ripples:
            ripple += wave.at(hour)
        bps = self._market.premium_bps + (lean if lean > 0 else lean * _SHORTS) + ripple
        return int(bps * (GRID // 10_000) + GRID) - GRID  # rounds down either side of zero

    def _waves(self, seed: int, shapes: tuple[tuple[int, float], ...]) -> list[Wave]:
        """Make each wave of two: one that all perpetuals share, and one of this coin."""
        restless = 0.7 + self._market.own_volatility * 10  # small coins lean harder
        return [
            Wave(key(seed, owner, "premium", hours), hours, 0.7 * bps * restless)
            for hours, bps in shapes
            for owner in ("market", self._market.spot.symbol)
        ]
