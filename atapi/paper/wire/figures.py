"""How numbers are printed on the wire: spot pads to eight decimals, USD-M to a symbol's precision or not at all."""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.numbers import plain as bare

__all__ = ["bare", "eight", "places"]

SPECS = [f".{decimals}f" for decimals in range(32)]


def places(value: Decimal, decimals: int) -> str:
    """Print with exactly that many decimals, rounded half to even; never an exponent, never a minus zero."""
    text = format(value, SPECS[decimals])
    return text[1:] if text[0] == "-" and not text.strip("-0.") else text


def eight(value: Decimal) -> str:
    """Print as spot does: `0.00100000`."""
    return places(value, 8)
