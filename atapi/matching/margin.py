"""Margin of futures positions, by the exchange's bracket tables.

Notional is a position's value in its margin asset: quote asset of a linear contract, coins of an inverse one.
Source: protocol reference, sections 11.3 and 11.4; Binance FAQ b3c689c1 (liquidation price).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from atapi.domain.numbers import ONE, ZERO
from atapi.matching.contracts import LINEAR, Contract


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
    return max((bracket.cap for bracket in brackets if bracket.leverage >= leverage), default=ZERO)


def max_leverage(brackets: Sequence[Bracket]) -> int:
    """Most leverage any bracket allows."""
    return max(bracket.leverage for bracket in brackets)


def exposure(position: Decimal, bids: Decimal, asks: Decimal) -> Decimal:
    """Largest notional a position could come to if either side of its open orders filled.

    Orders that only reduce or turn the position round to no larger a size therefore cost no margin.
    """
    return max(abs(position + bids), abs(position - asks))


def liquidation_price(
    *,
    quantity: Decimal,
    cost: Decimal,
    wallet: Decimal,
    brackets: Sequence[Bracket],
    others_maintenance: Decimal = ZERO,
    others_unrealized: Decimal = ZERO,
    contract: Contract = LINEAR,
) -> Decimal:
    """Mark price at which margin balance meets maintenance margin, in one-way cross margin; 0 where none does.

    With V the value of one unit (the price itself, or size / price where the contract is inverse) and d its sign:
    V = (WB - TMM1 + UPNL1 + cum - d*cost) / (|q|*MMR - d*q), with the bracket that holds |q|*V: the margin left is
    monotone in V, so exactly one bracket holds its own solution.

    Args:
        quantity: Signed position.
        cost: Value of the position at its entry price, signed.
        wallet: Wallet balance of the margin asset.
        brackets: The symbol's margin table, floors ascending.
        others_maintenance: Maintenance margin of the account's other positions.
        others_unrealized: Unrealized profit of the account's other positions.
        contract: How the symbol's values follow from its prices.
    """
    if not quantity:
        return ZERO
    size, sign = abs(quantity), contract.sign
    left = wallet - others_maintenance + others_unrealized - sign * cost
    for bracket in brackets:
        value = (left + bracket.offset) / (size * bracket.maintenance_rate - sign * quantity)
        notional = size * value
        last = bracket is brackets[-1]
        if value > 0 and bracket.floor <= notional and (notional <= bracket.cap or last):
            return contract.price(ONE, value)
    return ZERO
