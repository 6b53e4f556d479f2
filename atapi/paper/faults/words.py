"""The one grammar of faults, typed in the shell, sent over HTTP and written in tests.

    fault  := ACTION [VALUE] [before|after] { NAME=VALUE }
    lose after method=POST path=/fapi/v1/order nth=2

`before` means that the exchange never hears of the request, `after` that it has done what was asked. A space within
a word is written `%20`, as in an address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote

from atapi.domain.amounts import parse_span
from atapi.errors import UsageError
from atapi.paper.faults.where import NAMES, Where
from atapi.paper.records import Refusal

MS_PER_S = 1000


class Kind(Enum):
    """What a fault befalls."""

    REQUEST = "requests"
    STREAM = "streams"
    WORLD = "the world"  # for as long as it stands
    DEED = "users"  # once, when it is set


@dataclass(frozen=True, slots=True)
class Action:
    """One word that a fault begins with."""

    kind: Kind
    about: str
    value: str | None = None  # what it takes, as usage shows it
    needed: bool = True  # whether it takes that always
    before: bool = False  # whether the exchange hears nothing, unless told otherwise
    options: tuple[str, ...] = ()  # names of its own, beside those that say where
    read: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as it was asked for."""

    text: str
    action: str
    value: Any
    options: dict[str, str]
    before: bool
    where: Where


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _wrong(f"'{text}' is not a whole number")
    return int(text)


def _code(text: str) -> int:
    return -_whole(text.removeprefix("-"))


def span_ms(text: str) -> int:
    """Read `500ms` or `2s`, in milliseconds."""
    try:
        return round(parse_span(text, "SPAN").total_seconds() * MS_PER_S)
    except UsageError as error:
        raise _wrong(str(error)) from error


def _signed_ms(text: str) -> int:
    return -span_ms(text[1:]) if text.startswith("-") else span_ms(text.removeprefix("+"))


_REQUEST, _STREAM, _WORLD, _DEED = Kind.REQUEST, Kind.STREAM, Kind.WORLD, Kind.DEED
ACTIONS = {
    "lose": Action(_REQUEST, "no answer ever comes; the connection stays open"),
    "reset": Action(_REQUEST, "the connection is dropped instead of an answer"),
    "cut": Action(_REQUEST, "the connection ends after so many bytes of the answer", "BYTES", read=_whole),
    "delay": Action(_REQUEST, "the answer, or with `before` the request, is held up", "SPAN", read=span_ms),
    "drip": Action(_REQUEST, "the answer comes byte by byte, one each span", "SPAN", read=span_ms),
    "status": Action(
        _REQUEST,
        "an HTTP status stands in for the answer; retry=SECONDS and text=BODY with it",
        "STATUS",
        before=True,
        options=("retry", "text", "code"),
        read=_whole,
    ),
    "code": Action(
        _REQUEST,
        "a refusal with this code stands in for the answer; text=MESSAGE with it",
        "CODE",
        before=True,
        options=("text",),
        read=_code,
    ),
    "overload": Action(
        _REQUEST,
        "futures' 503: A (nobody knows whether it was done; before or after), B (failed), C (-1008; cancels and what "
        "only reduces pass)",
        "A|B|C",
        before=True,
    ),
    "body": Action(
        _REQUEST,
        "another body, of status 200: empty, null, object, list, html, half, double, foreign; or without "
        "fields: drop=A,B; or with others: set=A:VALUE",
        "WHAT",
        needed=False,
        options=("drop", "set", "text"),
    ),
    "redirect": Action(
        _REQUEST, "the client is sent elsewhere; status=307", "URL", before=True, options=("status",)
    ),
    "twice": Action(_REQUEST, "the request reaches the exchange twice; the first answer is sent"),
    "silent": Action(_STREAM, "events are not sent; the connection lives"),
    "repeat": Action(_STREAM, "an event is sent twice"),
    "reorder": Action(_STREAM, "an event is sent after the one that follows it"),
    "late": Action(_STREAM, "events are held up, and so overtaken", "SPAN", read=span_ms),
    "hang-up": Action(
        _STREAM, "the connection ends where the event was due: with a close code, or without a word", "CODE",
        needed=False, read=_whole,
    ),
    "garble": Action(_STREAM, "the event is replaced by this text", "TEXT"),
    "clock": Action(_WORLD, "clients see a clock that is ahead (+2s) or behind (-2s)", "SPAN", read=_signed_ms),
    "lag": Action(_WORLD, "orders cannot be found for so long after they were placed", "SPAN", read=span_ms),
    "shutdown": Action(
        _WORLD,
        "spot announces serverShutdown on every WebSocket and hangs up so much later; 10s",
        "SPAN",
        needed=False,
        read=span_ms,
    ),
    "rule": Action(
        _WORLD,
        "a symbol's rules become others: tick_size lot_size min_notional max_quantity market_max_quantity "
        "status, on spot price_range=UP/DOWN max_position max_iceberg_orders without=OCO,MARKET, and on um price_band interval_hours funding_cap funding_floor interest_rate",
        "SYMBOL",
        options=(
            "tick_size", "lot_size", "min_notional", "max_quantity", "market_max_quantity", "status",
            "price_range", "max_position", "max_iceberg_orders", "without",
            "price_band", "interval_hours", "funding_cap", "funding_floor", "interest_rate",
        ),
    ),
    "delist": Action(
        _WORLD,
        "a perpetual ends: PRE_SETTLE half an hour before, then positions are settled and orders expire; in=1h",
        "SYMBOL",
        options=("in",),
    ),
    "move": Action(
        _WORLD, "a coin's spot, perpetual, index and mark go by=-10% over=1m, and back when cleared", "SYMBOL",
        options=("by", "over"),
    ),
    "adl": Action(
        _DEED, "positions are deleveraged at the mark: account=NAME, side=LONG, share=50% or quantity=0.1", "SYMBOL",
        options=("side", "share", "quantity"),
    ),
    "cancel": Action(_DEED, "the exchange cancels open orders: account=NAME, market=um", "SYMBOL"),
    "expire": Action(_DEED, "listen keys end as if an hour had passed: account=NAME", "listen-keys"),
}  # fmt: skip


def parse(text: str) -> Fault:
    """Read a fault.

    Raises:
        Refusal: -1102, saying which word makes no sense and what would.
    """
    words = text.split()
    action = ACTIONS.get(words[0].lower()) if words else None
    if action is None:
        raise _wrong(f"'{words[0] if words else ''}' is no fault; there are {', '.join(ACTIONS)}")
    name, rest = words[0].lower(), words[1:]
    value, before, named = None, action.before, dict[str, str]()
    for word in rest:
        key, equals, given = word.partition("=")
        if word in ("before", "after") and action.kind is Kind.REQUEST:
            before = word == "before"
        elif equals and key in (*NAMES, *action.options):
            named[key] = unquote(given)
        elif action.value is not None and value is None:
            value = unquote(word)
        else:
            known = (
                ", ".join((*action.options, *NAMES))
                if action.kind in (Kind.REQUEST, Kind.STREAM)
                else ", ".join(action.options)
            )
            raise _wrong(f"{name} does not know '{word}'; it knows {known or 'nothing more'}")
    if action.value is not None and action.needed and value is None:
        raise _wrong(f"{name} needs {action.value}")
    options = {key: named.pop(key) for key in action.options if key in named and key not in NAMES}
    if name == "redirect" and "status" in named:
        options["status"] = named.pop("status")
    where = Where.read(named)
    read = None if value is None else action.read(value)
    return Fault(" ".join(words), name, read, options, before, where)


def _wrong(message: str) -> Refusal:
    return Refusal(-1102, message)
