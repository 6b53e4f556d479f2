"""What people type: amounts, rates, spans and times, each with its unit.

Grammar: `1000usdt` (quote), `0.01btc` (base), `25%`, `all`; `5bp` or `0.05%`; `8h`, `30d`, `500ms`;
`2026-11-01`, `2026-11-01T08:00` (UTC). ASCII digits only, `_` between digits allowed, no sign, no exponent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from atapi.domain.numbers import LONGEST, ZERO, parse_plain
from atapi.errors import UsageError

BPS = Decimal("0.0001")
PERCENT = Decimal("0.01")

_AMOUNT = re.compile(r"([0-9][0-9_.]*)\s*([A-Za-z%][A-Za-z0-9%]*)?", re.ASCII)
_EXPONENT = re.compile(r"[eE][0-9]")  # 1e9usdt is a slip or a float's print, never an amount
_SPAN = re.compile(r"([0-9]+)(ms|s|m|h|d|w)", re.ASCII)
_SPAN_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as typed: a number of an asset, a share of what is free, or all of it."""

    value: Decimal  # of the asset; a fraction where `asset` is None
    asset: str | None  # "USDT", "BTC"; None for `25%` and `all`

    @property
    def everything(self) -> bool:
        """Whether it means all there is."""
        return self.asset is None and self.value == 1


def parse_amount(text: str) -> Amount:
    """Read `1000usdt`, `0.01btc`, `25%` or `all`.

    Raises:
        UsageError: No unit, not a number and a unit, zero, or a share outside (0, 100].
    """
    if text.lower() == "all":
        return Amount(Decimal(1), None)
    if parse_plain(text) is not None:
        raise UsageError(
            f"amount '{text}' has no unit", hint=f"{text}usdt (quote), 0.01btc (base), 25% or all"
        )
    match = _AMOUNT.fullmatch(text) if text.isascii() else None
    value = parse_plain(match[1]) if match else None
    unit = match[2] if match else None
    if match and len(match[1].replace("_", "").partition(".")[0]) > LONGEST:
        raise UsageError(f"amount '{text}' is more than there is of anything", hint="1000usdt, 25% or all")
    if value is None or unit is None or ("%" in unit and unit != "%") or _EXPONENT.match(unit):
        cleaned = (
            "1000" if re.search(r"[0-9]e[0-9]", text.lower()) else re.sub(r"[^0-9.]", "", text) or "1000"
        )
        unit_guess = (re.search(r"[a-z]{2,}$", text.lower()) or re.search("usdt", "usdt"))[0]  # type: ignore[index]
        raise UsageError(
            f"amount '{text}' is not a number and a unit", hint=_amount_hint(cleaned, unit_guess)
        )
    if value == ZERO:
        raise UsageError(f"amount '{text}' is zero", hint="name more than nothing")
    if unit == "%":
        if value > 100:
            raise UsageError(f"amount '{text}' is more than everything", hint="25% or all")
        return Amount(value * PERCENT, None)
    return Amount(value, unit.upper())


def _amount_hint(digits: str, unit: str) -> str:
    whole = digits.split(".")[0].lstrip("0") or "1000"
    unit = unit if unit in ("usdt", "btc", "eth", "bnb") else "usdt"
    grouped = f"{int(whole):_}"
    return f"{whole}{unit}" + (f" or {grouped}{unit}" if grouped != whole else "")


def parse_rate(text: str, name: str) -> Decimal:
    """Read `5bp` or `0.05%` as a fraction.

    Args:
        name: The option, for the message: `--max-slippage`.

    Raises:
        UsageError: No unit, or not a rate.
    """
    for suffix, scale in (("bps", BPS), ("bp", BPS), ("%", PERCENT)):
        if text.lower().endswith(suffix):
            value = parse_plain(text[: -len(suffix)])
            if value is not None:
                return value * scale
    if parse_plain(text) is not None:
        raise UsageError(f"{name} '{text}' has no unit", hint=f"{text}bp or 0.05%")
    raise UsageError(f"{name} '{text}' is not a rate", hint="5bp or 0.05%")


def parse_span(text: str, name: str) -> timedelta:
    """Read `500ms`, `30s`, `8h`, `30d` or `2w`.

    Raises:
        UsageError: Not a span, zero, or longer than a hundred years.
    """
    match = _SPAN.fullmatch(text.lower()) if text.isascii() else None
    if match is None or len(match[1]) > 12:
        raise UsageError(f"{name} '{text}' is not a span", hint="500ms, 30s, 8h, 30d or 2w")
    try:
        span = int(match[1]) * _SPAN_UNITS[match[2]]
    except OverflowError:
        span = timedelta.max
    if not timedelta(0) < span <= timedelta(days=36_525):
        raise UsageError(f"{name} '{text}' is outside 1ms..100 years", hint="500ms, 30s, 8h, 30d or 2w")
    return span


def parse_time(text: str, name: str, now: datetime) -> datetime:
    """Read `2026-11-01`, `2026-11-01T08:00[:00][Z]` (UTC) or a span back from now.

    Raises:
        UsageError: Not a time.
    """
    if text.isascii():
        if _SPAN.fullmatch(text.lower()):
            return now - parse_span(text, name)
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is not None and text[:4].isdigit() and text[4:5] == "-":
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    raise UsageError(
        f"{name} '{text}' is not a time", hint="2026-11-01, 2026-11-01T08:00 (UTC) or a span such as 30d"
    )
