"""One bar split into the bars it is made of, exactly.

Prices are integer ticks, volumes integer lots, costs ticks times lots: the parts' first open, highest high, lowest
low, last close and every sum are the whole's own. The path between is a random walk led through the whole's extremes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import sqrt
from typing import NamedTuple


class Ticks(NamedTuple):
    """One bar in integers. A bar without trades is flat; otherwise every trade moved at least one lot."""

    open: int
    high: int
    low: int
    close: int
    trades: int
    bought: int  # lots that takers bought
    bought_cost: int  # what they paid: ticks * lots, between low * lots and high * lots
    sold: int
    sold_cost: int


Random = Callable[[], float]  # uniform in [0, 1)

_ATTEMPTS = 12  # one in two or three fits; a bar that none fits becomes a single burst


def join(parts: Sequence[Ticks]) -> Ticks:
    """Put bars that follow each other together; what `subdivide` takes apart."""
    opens, highs, lows, closes, *sums = zip(*parts, strict=True)
    return Ticks(opens[0], max(highs), min(lows), closes[-1], *map(sum, sums))


def subdivide(whole: Ticks, count: int, random: Random) -> list[Ticks]:
    """Split a bar into `count` bars that make it up exactly."""
    if not whole.trades:
        return [whole] * count
    for _ in range(_ATTEMPTS):
        if parts := _attempt(whole, count, random):
            return parts
    return _burst(whole, count, int(random() * count))


def _attempt(whole: Ticks, count: int, random: Random) -> list[Ticks] | None:
    trades = _deal(whole.trades, [0.3 + random() * random() for _ in range(count)])
    busy = [number for number in trades if number]
    path = _path(whole, len(busy), random)
    weights = [number * (0.6 + random()) for number in busy]
    bought = _spend(whole.bought, whole.bought_cost, weights, path)
    sold = _spend(whole.sold, whole.sold_cost, weights, path)
    if bought is None or sold is None:
        return None  # this path cannot have had this turnover
    parts: list[Ticks] = []
    moved = zip(path, *bought, *sold, strict=True)
    close = whole.open
    for number in trades:
        if not number:
            parts.append(_flat(close))
            continue
        prices, buys, buy_cost, sells, sell_cost = next(moved)
        if buys + sells < number:
            return None
        parts.append(Ticks(*prices, number, buys, buy_cost, sells, sell_cost))
        close = prices[3]
    return parts


def _burst(whole: Ticks, count: int, at: int) -> list[Ticks]:
    """Let everything happen in one part: always possible, seldom needed."""
    return [_flat(whole.open)] * at + [whole] + [_flat(whole.close)] * (count - at - 1)


def _flat(price: int) -> Ticks:
    return Ticks(price, price, price, price, 0, 0, 0, 0, 0)


def _deal(total: int, weights: Sequence[float]) -> list[int]:
    """Split a total into integers by weight; their sum is the total."""
    reached = list(accumulate(weights))
    scale = total / reached[-1]
    marks = [int(mark * scale) for mark in reached[:-1]]
    return [upper - lower for lower, upper in zip([0, *marks], [*marks, total], strict=True)]


def _path(whole: Ticks, count: int, random: Random) -> list[tuple[int, int, int, int]]:
    """Walk from open to close within the extremes, touching both: (open, high, low, close) of each part."""
    start, top, bottom, end = whole[:4]
    if top == bottom or count == 1:
        return [(start, top, bottom, end)] * count
    early, late, first, second = _turns(whole, count, random)
    turns = [(early + 0.5, float(first)), (late + 0.5, float(second)), (float(count), float(end))]
    step = (top - bottom) / (1.6 * sqrt(count))  # a walk's range is about 1.6 deviations
    parts: list[tuple[int, int, int, int]] = []
    at, height, before = 0.0, float(start), start
    for part in range(count):
        reach = part + 1
        while turns and turns[0][0] < reach:
            at, height = turns.pop(0)
        if reach < count:
            until, goal = turns[0]
            share = (reach - at) / (until - at)
            noise = step * sqrt((reach - at) * (1 - share))
            height += (goal - height) * share + noise * 2 * (random() + random() + random() - 1.5)
            height = min(max(_fold(height, bottom, top), bottom), top)
            at = reach
            after = int(height + 0.5)
        else:
            after = end
        high = min(max(before, after) + int(step * (random() + random()) / 3), top)
        low = max(min(before, after) - int(step * (random() + random()) / 3), bottom)
        parts.append((before, high, low, after))
        before = after
    for turn, price in ((early, first), (late, second)):
        opened, high, low, closed = parts[turn]
        parts[turn] = (opened, max(high, price), min(low, price), closed)
    return parts


def _turns(whole: Ticks, count: int, random: Random) -> tuple[int, int, int, int]:
    """Choose the parts that hold the extremes, and which comes first: (part, later part, price, later price)."""
    start, top, bottom, end = whole[:4]
    span = top - bottom
    up_first = (top - start) + span + (end - bottom)  # way to go when the top comes first
    down_first = (start - bottom) + span + (top - end)
    if random() * (up_first + down_first) < down_first:  # the shorter way is the likelier
        first, second, way = top, bottom, up_first
    else:
        first, second, way = bottom, top, down_first
    reached = abs(first - start) / way
    sooner, later = sorted((random(), random()))
    early = min(int(count * (reached + sooner) / 2), count - 2)
    late = min(int(count * (reached + span / way + later) / 2), count - 1)
    return early, max(late, early + 1), first, second


def _fold(height: float, bottom: int, top: int) -> float:
    """Reflect a height that left the range back into it."""
    if height > top:
        return 2 * top - height
    if height < bottom:
        return 2 * bottom - height
    return height


def _spend(
    lots: int, cost: int, weights: Sequence[float], path: Sequence[tuple[int, int, int, int]]
) -> tuple[list[int], list[int]] | None:
    """Deal lots and their cost out to the parts, each within its own prices; None where that cannot be."""
    if not lots:
        return [0] * len(path), [0] * len(path)
    dealt = _deal(lots, _tilt(weights, path, cost / lots))
    least = sum(number * prices[2] for number, prices in zip(dealt, path, strict=True))
    room = [number * (prices[1] - prices[2]) for number, prices in zip(dealt, path, strict=True)]
    extra, total_room = cost - least, sum(room)
    if not 0 <= extra <= total_room:
        return None
    spread = [mark * extra // (total_room or 1) for mark in accumulate(room)]  # steps of at most the room
    extras = (upper - lower for lower, upper in zip([0, *spread], spread, strict=False))
    costs = [number * prices[2] + more for number, prices, more in zip(dealt, path, extras, strict=True)]
    return dealt, costs


def _tilt(
    weights: Sequence[float], path: Sequence[tuple[int, int, int, int]], target: float
) -> Sequence[float]:
    """Weigh dear parts up or cheap ones, so that the mean price comes to the target."""
    # Added up by hand: `sum` of floats compensates since Python 3.12, and the last digit would differ from 3.11's.
    total = mean = spread = 0.0
    for weight, (_, high, low, _) in zip(weights, path, strict=True):
        total += weight
        mean += weight * (high + low)
    mean /= 2 * total
    for weight, (_, high, low, _) in zip(weights, path, strict=True):
        spread += weight * ((high + low) / 2 - mean) ** 2
    if not spread:
        return weights
    slope = (target - mean) * total / spread
    return [
        weight * max(0.05, 1 + slope * ((high + low) / 2 - mean))
        for weight, (_, high, low, _) in zip(weights, path, strict=True)
    ]
