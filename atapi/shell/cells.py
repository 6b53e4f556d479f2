"""One value of a table as text: rounded for eyes, exact for programs, harmless for a terminal and a spreadsheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from atapi.table import Column, Value

ABSENT = "-"
_FORMULA = ("=", "+", "-", "@")
# C0, DEL and C1: an exchange's text must not move the cursor or color the next line.
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)))


def clean(text: str) -> str:
    """Drop the control bytes of a text that came from elsewhere."""
    return text.translate(_CONTROL)


def is_number(value: Value | float) -> bool:
    """Whether a value is aligned and written as a number."""
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def shown(values: Sequence[Value | float], column: Column) -> list[str]:
    """Write the values of one column for eyes: rounded to its digits, half to even, one precision of time."""
    places = 0 if column.date else _time_precision(values)
    return [_shown(value, column, places) for value in values]


def exact(value: Value | float, column: Column) -> str:
    """Write a value for programs: every digit, no exponent, no separators, UTC times with a `Z`."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, datetime):
        return _day(value) if column.date else _iso(value)
    return clean(str(value))


def inert(text: str, value: Value | float) -> str:
    """Quote a text that a spreadsheet would take for a formula."""
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _shown(value: Value | float, column: Column, places: int) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _day(value) if column.date else _at(value, places)
    if isinstance(value, str):
        return clean(value)
    return _number(value, column)


def _number(value: int | Decimal | float, column: Column) -> str:
    separator = "," if column.thousands else ""
    if isinstance(value, int):
        return format(value, separator or "d")
    number = Decimal(repr(value)) if isinstance(value, float) else value
    digits = "" if column.digits is None else f".{column.digits}"
    text = format(number, f"{separator}{digits}f")
    if column.digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")  # the wire pads quantities and prices to eight decimals
    return text.removeprefix("-") if not text.strip("-0.,") else text  # never "-0.00"


def _time_precision(values: Sequence[Value | float]) -> int:
    """Tell what a column of times needs: 0 minutes, 1 seconds, 2 milliseconds, so that they stay in line."""
    times = [v for v in values if isinstance(v, datetime)]
    if any(t.microsecond for t in times):
        return 2
    return 1 if any(t.second for t in times) else 0


def _at(value: datetime, places: int) -> str:
    return value.astimezone(UTC).isoformat(" ", ("minutes", "seconds", "milliseconds")[places])[:-6]


def _day(value: datetime) -> str:
    return value.astimezone(UTC).date().isoformat()


def _iso(value: datetime) -> str:
    at = value.astimezone(UTC)
    return at.isoformat("T", "milliseconds" if at.microsecond else "seconds")[:-6] + "Z"
