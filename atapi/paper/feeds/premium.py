"""The made-up premium of a perpetual over its index: where the crowd's leverage leans.

In calm times a perpetual trades a little under its index, as real ones do; for weeks at a time longs lean on it and
carry it above, shorts less so. The premium is one number for each hour, on a grid of a tenth of a basis point, so
that perpetual bars are the index bars times a constant.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from operator import mul

from atapi.paper.feeds.bars import HOUR, MINUTE
from atapi.paper.feeds.markets import Market
from atapi.paper.feeds.noise import Wave, key

GRID = 100_000  # a premium is a whole number of 1 / GRID

_DIGITS = Decimal("0.00000001")
_LEANS = ((24 * 40, 7.0), (24 * 5, 4.5))  # hours between knots, basis points
_RIPPLES = ((10, 1.0), (1, 0.5))
_SHORTS = 0.2  # of what longs would do
_JITTER = (
    27  # a minute's byte of noise, -255 to 255 in odd steps, times this in 0.00000001: deviation 0.4 bps
)
_MINUTES = HOUR // MINUTE


class PremiumPath:
    """The premium index of one perpetual."""

    def __init__(self, market: Market, seed: int) -> None:
        self._market = market
        self._leans = self._waves(seed, _LEANS)
        self._ripples = self._waves(seed, _RIPPLES)
        self._jitter = key(seed, market.spot.symbol, "jitter")
        self.grid = lru_cache(maxsize=65536)(self._grid)
        self._bytes = lru_cache(maxsize=1024)(self._noise)

    def at(self, ms: int) -> Decimal:
        """Tell the premium at a moment, a fraction: the hour's, and what a single minute adds."""
        hour, minute = divmod(ms // MINUTE, _MINUTES)
        return Decimal(self._level(hour) + 2 * _JITTER * self._bytes(hour)[minute]) * _DIGITS

    def weighted_sum(self, start_ms: int, first: int, last: int) -> Decimal:
        """Add up n times the premium n minutes after the start, for n from first to last, an hour at a time."""
        total, n, begin = 0, first, start_ms // MINUTE
        while n <= last:
            hour, minute = divmod(begin + n, _MINUTES)
            until = min(last + 1, n + _MINUTES - minute)
            noise = sum(map(mul, range(n, until), self._bytes(hour)[minute:]))
            total += self._level(hour) * ((n + until - 1) * (until - n) // 2) + 2 * _JITTER * noise
            n = until
        return Decimal(total) * _DIGITS

    def extent(self, start_ms: int, minutes: int) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Tell the first, the highest, the lowest and the last of a start and so many minutes after it."""
        found: list[int] = []
        at, last = start_ms // MINUTE, start_ms // MINUTE + minutes
        while at <= last:
            hour, minute = divmod(at, _MINUTES)
            part = self._bytes(hour)[minute : minute + last - at + 1]
            ends = (part[0], max(part), min(part), part[-1])
            found += [self._level(hour) + 2 * _JITTER * noise for noise in ends]
            at += len(part)
        first, high, low, end = (Decimal(n) * _DIGITS for n in (found[0], max(found), min(found), found[-1]))
        return first, high, low, end

    def _level(self, hour: int) -> int:
        return self.grid(hour) * (10**8 // GRID) - 255 * _JITTER

    def _noise(self, hour: int) -> bytes:
        seed = self._jitter.to_bytes(8, "big") + hour.to_bytes(8, "big", signed=True)
        return blake2b(seed, digest_size=_MINUTES).digest()

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
