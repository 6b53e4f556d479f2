"""The crowd: the synthetic liquidity of a symbol, as levels around the feed's price.

Assumes: the crowd quotes both sides at a distance and in sizes its `Book` model states, each level holding up to 30 %
more or less than the model says, by a hash of market, symbol and second. It quotes anew when a second has passed or
the price has moved; until then what was taken from it stays taken, so that a second order pays more than the first.
All in whole ticks and lots, without a float, so that two machines quote alike.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple
from zlib import crc32

from atapi.paper.feeds.base import Book as CrowdModel

PRICE_UNIT = 100_000_000  # distances from the price are whole parts of this
WEIGHT_UNIT = 1_000_000
TICK_UNIT = 1000  # a price between two ticks is told to a thousandth
JITTER_UNIT = 1000
JITTER_LOW, JITTER_SPAN = 700, 601  # thousandths

Levels = list[tuple[int, int]]  # (ticks, lots), best first


class Ladder(NamedTuple):
    """A crowd's model for one symbol, in integers."""

    market: str
    symbol: str
    tick: Decimal
    steps: tuple[tuple[int, int], ...]  # (distance from the price in PRICE_UNIT, weight in WEIGHT_UNIT)
    top: int  # at the touch, in ticks times lots; where a lot is a fixed sum, in lots
    flat: bool  # a lot is a fixed sum of the quote asset, whatever the price

    @classmethod
    def of(cls, market: str, symbol: str, tick: Decimal, lot: Decimal, model: CrowdModel) -> Ladder:
        """Turn a model into integers for a symbol's ticks and lots."""
        steps = tuple(
            (
                int((model.half_spread_bps + model.step_bps * i) * (PRICE_UNIT // 10_000)),
                int(model.growth**i * WEIGHT_UNIT),
            )
            for i in range(model.levels)
        )
        size = model.contract_size
        top = model.top_notional / (tick * lot if size is None else size)
        return cls(market, symbol, tick, steps, int(top), size is not None)

    def quotes(self, price: Decimal, second: int) -> tuple[Levels, Levels]:
        """Quote bids and asks around a price."""
        fine = int(price / self.tick * TICK_UNIT)
        unit = PRICE_UNIT * TICK_UNIT
        state = crc32(f"{self.market}:{self.symbol}:{second}".encode())
        bids: Levels = []
        asks: Levels = []
        bid, ask = fine // TICK_UNIT + 1, -1
        for distance, weight in self.steps:
            state, lots_unit = _next(state, weight * self.top)
            bid = min(bid - 1, fine * (PRICE_UNIT - distance) // unit)
            if bid > 0:
                bids.append((bid, max(1, lots_unit // (1 if self.flat else bid))))
            state, lots_unit = _next(state, weight * self.top)
            ask = max(ask + 1, -(-fine * (PRICE_UNIT + distance) // unit), bids[0][0] + 1 if bids else 1)
            asks.append((ask, max(1, lots_unit // (1 if self.flat else ask))))
        return bids, asks


def _next(state: int, size: int) -> tuple[int, int]:
    state = (state * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
    jitter = JITTER_LOW + (state * JITTER_SPAN >> 31)
    return state, size * jitter // (WEIGHT_UNIT * JITTER_UNIT)
