"""Prices moved on request: a coin's spot, perpetual, index and mark together, by a share, at once or bit by bit.

What lies before a move stays as it was. A bar that a move runs through is put together from its seconds, so that
larger bars still are exactly what smaller ones make.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, SECOND, combine
from atapi.paper.feeds.base import Bar, Series

ONE = Decimal(1)
Key = tuple[Series, str]
Bars = Callable[[int, int, int], Sequence[Bar]]  # interval, first and last open time


@dataclass(frozen=True, slots=True)
class Move:
    """One move: from a moment on, over a while, by a share."""

    keys: frozenset[Key]
    start_ms: int
    span_ms: int  # at least a second
    share: Decimal  # -0.1 is ten percent down

    def factor(self, at_ms: int) -> Decimal:
        """Tell what prices are multiplied by; it changes on whole seconds."""
        gone = at_ms // SECOND * SECOND - self.start_ms
        return ONE + self.share * min(max(gone, 0), self.span_ms) / self.span_ms

    @property
    def end_ms(self) -> int:
        """When it is done."""
        return self.start_ms + self.span_ms + SECOND


class Moves:
    """The moves that stand.

    Args:
        tick_of: Tells a series' and symbol's price step.
    """

    def __init__(self, tick_of: Callable[[Series, str], Decimal]) -> None:
        self._tick_of = tick_of
        self._moves: dict[int, Move] = {}

    def begin(self, key: int, move: Move) -> None:
        """Let a move begin; the key is what ends it."""
        self._moves[key] = move

    def end(self, key: int) -> None:
        """Take a move back."""
        self._moves.pop(key, None)

    def of(self, series: Series, symbol: str) -> list[Move]:
        """List the moves of a price series."""
        if not self._moves:
            return []
        return [move for move in self._moves.values() if (series, symbol) in move.keys]

    def price(self, series: Series, symbol: str, at_ms: int, price: Decimal | None) -> Decimal | None:
        """Move a price."""
        moves = self.of(series, symbol)
        if price is None or not moves:
            return price
        return _on_grid(price * _factor(moves, at_ms), self._tick_of(series, symbol))

    def bars(
        self, series: Series, symbol: str, interval_ms: int, bars: Sequence[Bar], now_ms: int, finer: Bars
    ) -> Sequence[Bar]:
        """Move bars; `finer` gives those of the feed itself."""
        moves = self.of(series, symbol)
        if not moves or not bars:
            return bars
        tick = self._tick_of(series, symbol)
        return [self._bar(moves, tick, interval_ms, bar, now_ms, finer) for bar in bars]

    def _bar(
        self, moves: Sequence[Move], tick: Decimal, interval_ms: int, bar: Bar, now_ms: int, finer: Bars
    ) -> Bar:
        until = bar.open_ms + interval_ms
        if all(until <= move.start_ms for move in moves):
            return bar
        if any(bar.open_ms < move.end_ms and until > move.start_ms for move in moves):
            size = next(
                (
                    size
                    for size in (DAY, HOUR, MINUTE, SECOND)
                    if size < interval_ms and not interval_ms % size
                ),
                0,
            )
            parts = finer(size, bar.open_ms, until - 1) if size else []
            if parts:
                moved = [self._bar(moves, tick, size, part, now_ms, finer) for part in parts]
                return combine(bar.open_ms, moved)
        factor = _factor(moves, min(until, now_ms))
        opened, high, low, close = (
            _on_grid(price * factor, tick) for price in (bar.open, bar.high, bar.low, bar.close)
        )
        return replace(
            bar,
            open=opened,
            high=high,
            low=low,
            close=close,
            turnover=bar.turnover * factor,
            taker_turnover=bar.taker_turnover * factor,
        )


def _factor(moves: Sequence[Move], at_ms: int) -> Decimal:
    factor = ONE
    for move in moves:
        factor *= move.factor(at_ms)
    return factor


def _on_grid(price: Decimal, tick: Decimal) -> Decimal:
    return max(tick, (price / tick).to_integral_value() * tick)
