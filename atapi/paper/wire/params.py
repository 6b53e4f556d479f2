"""Parameters of a request, typed, with Binance's own words where they are missing or malformed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import msgspec

from atapi.paper.records import Refusal

_DECIMAL = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_SIGNED_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)
_SPOT_SYMBOL = re.compile(r"[^\sa-z]{1,50}")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}", re.ASCII)

SIDES = ("BUY", "SELL")


class Params:
    """Decoded parameters of one request that remember which of them were read.

    Args:
        values: Name to decoded value.
        strict: Spot refuses parameters that nobody reads, USD-M ignores them.
    """

    __slots__ = ("_read", "_values", "strict")

    def __init__(self, values: dict[str, str], *, strict: bool) -> None:
        self._values = values
        self._read: set[str] = set()
        self.strict = strict

    @classmethod
    def parse(cls, query: str, body: bytes, *, strict: bool) -> Params:
        """Read the query and a form body under any content type; where both name a parameter, the query wins."""
        values = _pairs(query)
        if body:
            for name, value in _pairs(body.decode("utf-8", "replace")).items():
                values.setdefault(name, value)
        return cls(values, strict=strict)

    @property
    def given(self) -> dict[str, str]:
        """Everything that was sent, read or not."""
        return dict(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    # --- text -----------------------------------------------------------------------------------------------
    def maybe(self, name: str) -> str | None:
        """Read a parameter that may be absent, but not empty."""
        if self.strict:
            self._read.add(name)
        value = self._values.get(name)
        if value == "":
            raise Refusal(-1105, f"Parameter '{name}' was empty.")
        return value

    def text(self, name: str) -> str:
        """Read a mandatory parameter."""
        value = self.maybe(name)
        if value is None:
            raise missing(name)
        return value

    def choice(self, name: str, allowed: Sequence[str], refusal: Refusal) -> str:
        """Read a mandatory parameter that must be one of some words."""
        value = self.text(name)
        if value not in allowed:
            raise refusal
        return value

    def symbol(self, name: str = "symbol") -> str:
        """Read a mandatory symbol."""
        return self._symbol(name, self.text(name))

    def maybe_symbol(self) -> str | None:
        """Read a symbol that may be absent."""
        value = self.maybe("symbol")
        return None if value is None else self._symbol("symbol", value)

    def side(self) -> str:
        """Read the side of an order."""
        return self.choice("side", SIDES, Refusal(-1117, "Invalid side."))

    def client_id(self, name: str) -> str | None:
        """Read a client order id that may be absent."""
        value = self.maybe(name)
        if value is not None and not _CLIENT_ID.fullmatch(value):
            raise illegal(name, r"^[\.A-Z\:/a-z0-9_-]{1,36}$")
        return value

    # --- numbers and flags ----------------------------------------------------------------------------------
    def maybe_integer(self, name: str) -> int | None:
        """Read a whole number that may be absent."""
        value = self.maybe(name)
        if value is None:
            return None
        if not (value.isdecimal() and value.isascii() and len(value) <= 20):
            raise illegal(name, "^[0-9]{1,20}$") if self.strict else missing(name)
        return int(value)

    def integer(self, name: str) -> int:
        """Read a mandatory whole number."""
        value = self.maybe_integer(name)
        if value is None:
            raise missing(name)
        return value

    def limit(self, default: int, most: int, *, clip: bool | None = None) -> int:
        """Read how many rows are wanted; spot clips what is too much, USD-M refuses it."""
        value = self.maybe_integer("limit")
        if value is None:
            return default
        clip = self.strict if clip is None else clip
        if value < 1 or (value > most and not clip):
            raise invalid("limit")
        return min(value, most)

    def maybe_decimal(self, name: str) -> Decimal | None:
        """Read a plain decimal number that may be absent; exponents are refused."""
        value = self.maybe(name)
        if value is None:
            return None
        if not (_DECIMAL if self.strict else _SIGNED_DECIMAL).fullmatch(value):
            raise illegal(name, r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
        return Decimal(value)

    def decimal(self, name: str) -> Decimal:
        """Read a mandatory plain decimal number."""
        value = self.maybe_decimal(name)
        if value is None:
            raise missing(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Read true or false in any case."""
        value = self.maybe(name)
        if value is None:
            return default
        word = value.lower()
        if word not in ("true", "false"):
            raise invalid(name)
        return word == "true"

    def json_list(self, name: str) -> list[Any] | None:
        """Read a JSON array that may be absent."""
        value = self.maybe(name)
        if value is None:
            return None
        try:
            parsed = msgspec.json.decode(value)
        except msgspec.DecodeError:
            parsed = None
        if not isinstance(parsed, list) or not parsed:
            raise illegal(name, _SYMBOLS_RANGE) if self.strict else invalid(name)
        return parsed

    # --- the whole ------------------------------------------------------------------------------------------
    def skip(self, *names: str) -> None:
        """Take parameters as read that Binance knows and that change nothing here."""
        if self.strict:
            self._read.update(names)

    def forbid(self, *names: str) -> None:
        """Refuse parameters that do not belong to this kind of order."""
        for name in names:
            if name in self._values:
                raise Refusal(-1106, f"Parameter '{name}' sent when not required.")

    def done(self) -> None:
        """Refuse, as spot does, parameters that nobody has read."""
        if not self.strict:
            return
        unread = self._values.keys() - self._read
        if not unread:
            return
        sent, read = len(self._values), len(self._values) - len(unread)
        if not self._read:
            raise Refusal(-1101, f"Too many parameters; expected '0' and received '{sent}'.")
        raise Refusal(
            -1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
        )

    def _symbol(self, name: str, value: str) -> str:
        if self.strict and not _SPOT_SYMBOL.fullmatch(value):
            raise illegal(name, r"^[\w\-._&&[^a-z]]{1,50}$")
        return value


_SYMBOLS_RANGE = r'^\["[\w\-._&&[^a-z]]{1,50}"(,"[\w\-._&&[^a-z]]{1,50}"){0,}\]$'


def missing(name: str) -> Refusal:
    """Make the refusal of a mandatory parameter that is not there."""
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def illegal(name: str, legal: str) -> Refusal:
    """Make the refusal of a value that is not written as it should be."""
    return Refusal(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def invalid(name: str) -> Refusal:
    """Make the refusal of a value that is written well and still wrong."""
    return Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def _pairs(text: str) -> dict[str, str]:
    if not text:
        return {}
    pairs, escaped = text.split("&"), "%" in text or "+" in text
    if not escaped and text.count("=") == len(pairs):  # nearly always
        values = dict([pair.partition("=")[::2] for pair in pairs])
        if len(values) == len(pairs) and "" not in values:
            return values
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            if not name:
                continue
        elif escaped:
            name, value = unquote_plus(name), unquote_plus(value)
        if name in values:
            raise Refusal(-1101, "Duplicate values for a parameter detected.")
        values[name] = value
    return values
