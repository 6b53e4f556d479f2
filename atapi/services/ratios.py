"""Fractions stated in basis points and percent, to a ten-thousandth of either.

Funding rates have eight decimals, so a rate in basis points is exact; a quotient is rounded half to even.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from atapi.domain.amounts import BPS, PERCENT

SHOWN = Decimal("0.0001")


def as_bps(fraction: Decimal) -> Decimal:
    """State a fraction in basis points.

    >>> as_bps(Decimal("0.00012345"))
    Decimal('1.2345')
    """
    return (fraction / BPS).quantize(SHOWN, ROUND_HALF_EVEN)


def as_percent(fraction: Decimal) -> Decimal:
    """State a fraction in percent.

    >>> as_percent(Decimal("0.1095"))
    Decimal('10.9500')
    """
    return (fraction / PERCENT).quantize(SHOWN, ROUND_HALF_EVEN)
