"""Exact numbers: what people may type, what goes on the wire, and how we round.

`Decimal()` itself accepts `1_000`, `1e5`, `NaN` and other alphabets' digits; none of those may reach an order.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Decimal

PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
TYPED = re.compile(r"[0-9]+(_[0-9]+)*(\.[0-9]+)?", re.ASCII)  # 10_000.5: what a person may type
LONGEST = 18  # digits before the point: with a lot's eight behind it, a division still comes out exact

ZERO = Decimal(0)
ONE = Decimal(1)
LEDGER_STEP = Decimal("0.00000001")  # the ledger's last digit, as on Binance's wire


def parse_plain(text: str) -> Decimal | None:
    """Read `digits[.digits]` in ASCII, with `_` between digits allowed; None for anything else, or beyond counting."""
    digits = text.replace("_", "")
    if len(digits.partition(".")[0]) > LONGEST or not TYPED.fullmatch(text):
        return None
    return Decimal(digits)


def wire(value: Decimal) -> str:
    """Write a number as the wire wants it: plain decimal, no exponent, no sign.

    Raises:
        ValueError: The value is negative, infinite or not a number.
    """
    text = format(value, "f")
    if not PLAIN.fullmatch(text):
        raise ValueError(f"{value!r} cannot go on the wire")
    return text


def plain(value: Decimal) -> str:
    """Write any finite number for a person: no exponent, no padding zeros, at least one digit."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Round toward zero to a multiple of the step, so that no order exceeds what was asked."""
    if not step:
        return value
    return (value / step).to_integral_value(ROUND_DOWN) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Round up to a multiple of the step."""
    if not step:
        return value
    return (value / step).to_integral_value(ROUND_CEILING) * step


def to_ledger(value: Decimal) -> Decimal:
    """Round to the ledger's last digit, half to even."""
    return value.quantize(LEDGER_STEP, ROUND_HALF_EVEN)
