"""Faults that are a state of the exchange and not of a message: its clock, its lag, a symbol's rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.domain.numbers import parse_plain
from atapi.paper.exchange import Exchange
from atapi.paper.faults import deeds
from atapi.paper.faults.words import Fault
from atapi.paper.feeds.base import PriceRange
from atapi.paper.records import Refusal
from atapi.paper.spot_features import PLURALS

STATUSES = {
    "spot": ("TRADING", "HALT", "BREAK", "END_OF_DAY", "CANCEL_ONLY"),
    "futures": (
        "TRADING", "PRE_SETTLE", "SETTLING", "CLOSE", "PENDING_TRADING", "PRE_DELIVERING", "DELIVERING", "DELIVERED",
        "TRADING_HALT", "TRADING_CANCEL_ONLY",
    ),
}  # fmt: skip
FUTURES_ONLY = ("price_band", "interval_hours", "funding_cap", "funding_floor", "interest_rate")
SPOT_ONLY = ("price_range", "max_position", "max_iceberg_orders", "without")
INTERVALS = (1, 2, 4, 8)
LASTING = ("delist", "move")


def begin(fault: Fault, exchange: Exchange) -> None:
    """Let it be so."""
    if fault.action == "clock":
        exchange.clock.skew_ms = fault.value
    elif fault.action == "lag":
        exchange.lag_ms = fault.value
    elif fault.action in LASTING:
        deeds.begin(fault, exchange)
    elif fault.action == "rule":
        for market in _markets(fault, exchange):
            exchange.change_rules(market, fault.value.upper(), _changes(fault, market))


def end(fault: Fault, exchange: Exchange, left: Sequence[Fault]) -> None:
    """Let it be as it was, or as another fault that still stands has it."""
    if fault.action == "clock":
        exchange.clock.skew_ms = next((f.value for f in reversed(left) if f.action == "clock"), 0)
    elif fault.action == "lag":
        exchange.lag_ms = next((f.value for f in reversed(left) if f.action == "lag"), 0)
    elif fault.action in LASTING:
        deeds.end(fault, exchange)
    elif fault.action == "rule":
        for market in _markets(fault, exchange):
            exchange.restore_rules(market, fault.value.upper())
        for other in left:
            if other.action == "rule" and other.value.upper() == fault.value.upper():
                begin(other, exchange)


def _markets(fault: Fault, exchange: Exchange) -> list[str]:
    symbol, asked = fault.value.upper(), fault.where.patterns.get("market")
    catalogue = exchange.catalogue
    listed: dict[str, Mapping[str, object]] = {"spot": catalogue.spot, "um": catalogue.um, "cm": catalogue.cm}
    options = set(fault.options)
    fitting = (
        ["um", "cm"]
        if options & set(FUTURES_ONLY)
        else ["spot"]
        if options & set(SPOT_ONLY)
        else list(listed)
    )
    wanted = [asked] if asked else fitting
    found = [market for market in wanted if symbol in listed.get(market, {})]
    if not found:
        raise Refusal(-1102, f"'{fault.value}' is not listed" + (f" on {asked}" if asked else ""))
    if not fault.options:
        raise Refusal(-1102, "rule says nothing to change: rule BTCUSDT lot_size=0.01")
    return found


def _changes(fault: Fault, market: str) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, text in fault.options.items():
        if market == "spot" and name in FUTURES_ONLY:
            raise Refusal(-1102, f"spot has no {name}; market=um")
        if market != "spot" and name in SPOT_ONLY:
            raise Refusal(-1102, f"{market} has no {name}; market=spot")
        changes[name] = _value(name, text, market)
    return changes


def _value(name: str, text: str, market: str) -> Decimal | int | str | PriceRange | frozenset[str]:
    if name == "status":
        known = STATUSES["spot" if market == "spot" else "futures"]
        if text not in known:
            raise Refusal(-1102, f"status '{text}' is none of {', '.join(known)} on {market}")
        return text
    if name == "interval_hours":
        if text not in map(str, INTERVALS):
            raise Refusal(-1102, f"interval_hours '{text}' is none of 1, 2, 4, 8")
        return int(text)
    if name == "price_range":
        up, down = (parse_plain(part) for part in (*text.split("/"), "", "")[:2])
        if up is None or down is None or not 0 < down <= up:
            raise Refusal(-1102, f"price_range '{text}' is not two multiples such as 1.01/0.99")
        return PriceRange(up, down)
    if name == "without":
        features = frozenset(text.split(","))
        if not features <= PLURALS.keys():
            raise Refusal(-1102, f"without '{text}' is not some of {','.join(PLURALS)}")
        return features
    if name == "max_iceberg_orders":
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise Refusal(-1102, f"max_iceberg_orders '{text}' is not a whole number")
        return int(text)
    negative = text.startswith("-") and name in ("funding_floor", "interest_rate")
    number = parse_plain(text[1:] if negative else text)
    if number is None or (not number and name in ("tick_size", "lot_size")):
        raise Refusal(-1102, f"{name} '{text}' is not a positive number")
    return -number if negative else number
