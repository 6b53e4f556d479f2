"""Margin of futures positions, by the exchange's bracket tables.

Tables begin with the smallest notional and the highest leverage. Notional is a position's value in its margin asset: quote asset of a linear contract, coins of an inverse one.
Source: protocol reference, section 11.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from atapi.domain.numbers import ZERO


class Bracket(Protocol):
    """One tier of a margin table."""

    @property
    def floor(self) -> Decimal:
        """Least notional, margin asset."""
        ...

    @property
    def cap(self) -> Decimal:
        """Most notional, margin asset."""
        ...

    @property
    def leverage(self) -> int:
        """Most leverage allowed here."""
        ...

    @property
    def maintenance_rate(self) -> Decimal:
        """Fraction of notional."""
        ...

    @property
    def offset(self) -> Decimal:
        """What makes maintenance margin continuous at the floor (`cum` on the wire), margin asset."""
        ...


def bracket_of(brackets: Sequence[Bracket], notional: Decimal) -> Bracket:
    """Find the bracket that holds a notional; the last one holds everything above."""
    size = abs(notional)
    for bracket in brackets:
        if size <= bracket.cap:
            return bracket
    return brackets[-1]


def initial_margin(notional: Decimal, leverage: int) -> Decimal:
    """Margin to hold a position of this notional."""
    return abs(notional) / leverage


def maintenance_margin(brackets: Sequence[Bracket], notional: Decimal) -> Decimal:
    """Margin below which a position of this notional is liquidated."""
    bracket = bracket_of(brackets, notional)
    return abs(notional) * bracket.maintenance_rate - bracket.offset


def max_notional(brackets: Sequence[Bracket], leverage: int) -> Decimal:
    """Most notional allowed at a leverage; 0 where the leverage itself is not allowed."""
    for bracket in reversed(brackets):
        if bracket.leverage >= leverage:
            return bracket.cap
    return ZERO


def max_leverage(brackets: Sequence[Bracket]) -> int:
    """Most leverage any bracket allows."""
    return brackets[0].leverage


def exposure(position: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """Largest notional a position could come to if either side of its open orders filled.

    Orders that only reduce or turn the position round to no larger a size therefore cost no margin.
    """
    return max(abs(position + bids), abs(position - asks))


def hedged_exposure(long: Decimal, short: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """Notional of both legs of a hedged symbol and of the orders that open more of either; they do not offset."""
    return abs(long) + bids + abs(short) + asks
