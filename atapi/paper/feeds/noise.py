"""Repeatable randomness at any point, with no history to run through.

The same key and index give the same number on every machine: integers come from BLAKE2 and a 64-bit mixer, floats
only from + - * / and square roots, which IEEE 754 fixes to the last bit. `math.exp` and `log` differ between
platforms, and `hash()` between processes.
"""

from __future__ import annotations

from hashlib import blake2b
from math import sqrt

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15


def key(*words: object) -> int:
    """Derive a 64-bit key from words."""
    text = "/".join(map(str, words))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def bits(key: int, index: int) -> int:
    """Draw 64 bits for an index, which may be negative (splitmix64).

    Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
    """
    x = (key + index * _STEP) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def normal(key: int, index: int) -> float:
    """Draw a nearly normal number, mean 0 and deviation 1, within 3.5: four 16-bit numbers added up."""
    x = bits(key, index)
    return ((x & 65535) + (x >> 16 & 65535) + (x >> 32 & 65535) + (x >> 48) - 131070) / 37837.2


def growth(x: float) -> float:
    """Nearly e**x, for |x| up to 10 or so: (1 + x/1024)**1024 by squaring."""
    y = 1 + x / 1024
    for _ in range(10):
        y *= y
    return y


class Wave:
    """A smooth stationary wave: normal numbers every `period` steps, eased between."""

    __slots__ = ("_key", "_knots", "_period", "_scale")

    def __init__(self, key: int, period: int, scale: float) -> None:
        self._key = key
        self._period = period
        self._scale = scale
        self._knots: dict[int, float] = {}  # knot number -> height

    def at(self, step: int) -> float:
        """Tell the height at a step."""
        knot, along = divmod(step, self._period)
        before, after = self._knot(knot), self._knot(knot + 1)
        part = along / self._period
        return before + (after - before) * part * part * (3 - 2 * part)

    def _knot(self, knot: int) -> float:
        height = self._knots.get(knot)
        if height is None:
            height = self._knots[knot] = self._scale * normal(self._key, knot)
        return height


class Walk:
    """A Brownian motion pinned to stationary knots every `BLOCK` steps, so that any step is at hand at once.

    Within a block it is a Brownian bridge, built by halving; over many blocks it comes back to zero.
    """

    BLOCK = 512

    __slots__ = ("_deviation", "_key", "_points", "_regime")

    def __init__(self, key: int, deviation: float, regime: Wave) -> None:
        self._key = key
        self._deviation = deviation  # of one step
        self._regime = regime  # of calm and stormy times, as an exponent
        self._points: dict[int, float] = {}  # step -> height

    def at(self, step: int) -> float:
        """Tell the height at a step."""
        points = self._points
        if (known := points.get(step)) is not None:
            return known
        low = step // self.BLOCK * self.BLOCK
        high = low + self.BLOCK
        for edge in (low, high):
            if edge not in points:
                points[edge] = 0.6 * self._deviation * sqrt(self.BLOCK) * normal(self._key, edge)
        while step not in points:
            middle = (low + high) // 2
            if middle not in points:
                spread = self._deviation * sqrt(high - low) / 2 * growth(self._regime.at(middle))
                points[middle] = (points[low] + points[high]) / 2 + spread * normal(self._key, middle)
            low, high = (middle, high) if step > middle else (low, middle)
        return points[step]
