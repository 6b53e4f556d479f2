"""Limit prices, and how much of a book lies within them."""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.market import Depth, Level
from atapi.domain.numbers import ONE, ZERO, ceil_to, floor_to
from atapi.domain.orders import Side


def limit_price(side: Side, touch: Decimal, slippage: Decimal, tick_size: Decimal) -> Decimal:
    """The worst price within the slippage, on a tick, and never short of the touch itself."""
    assert touch > 0
    assert slippage >= 0
    if side is Side.BUY:
        return max(floor_to(touch * (ONE + slippage), tick_size), touch)
    return min(ceil_to(touch * (ONE - slippage), tick_size), touch)


def taken(book: Depth, side: Side) -> tuple[Level, ...]:
    """The levels an order of that side takes from, best first."""
    return book.asks if side is Side.BUY else book.bids


def made(book: Depth, side: Side) -> tuple[Level, ...]:
    """The levels an order of that side rests among, best first."""
    return book.bids if side is Side.BUY else book.asks


def within(levels: tuple[Level, ...], side: Side, limit: Decimal) -> Decimal:
    """Sum what an order of that side reaches at its limit."""
    return sum((lv.quantity for lv in levels if (lv.price - limit) * side.sign <= 0), ZERO)
