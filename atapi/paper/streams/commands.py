"""Commands of a stream connection as they come in, and the words of Binance's parser for those that make no sense."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

METHODS = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
INT64 = 2**63

_NAME = re.compile(r".{0,36}", re.DOTALL)


class Unreadable(Exception):
    """A command that is none.

    Args:
        code: As on Binance's wire: 0 to 3.
        message: As on Binance's wire.
        id: Of the command, where it has one.
    """

    def __init__(self, code: int, message: str, id: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.id = id


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    method: str
    id: Any
    names: tuple[str, ...] = ()  # of streams
    combined: bool | None = None  # what the property is to be; None where it is asked for


def read(text: bytes, market: str) -> Command:
    """Read a command.

    Raises:
        Unreadable: It is none.
    """
    try:
        message = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise Unreadable(3, "Invalid JSON: expected value at line 1 column 1") from e
    if not isinstance(message, dict):
        raise Unreadable(2, "Invalid request: invalid type: expected struct Request at line 1 column 0")
    number, column = message.get("id"), len(text)
    if "method" not in message:
        raise _wrong(f"missing field `method` at line 1 column {column}", number)
    method = message["method"]
    if method not in METHODS:
        expected = ", ".join(f"`{known}`" for known in METHODS)
        raise _wrong(
            f"unknown variant `{method}`, expected one of {expected} at line 1 column {column}", number
        )
    if not _is_id(number, market):
        raise _wrong("request ID must be an unsigned integer", None)
    return _with_params(method, message.get("params"), number)


def _with_params(method: str, params: Any, number: Any) -> Command:
    if method == "LIST_SUBSCRIPTIONS":
        if params:
            raise _wrong("too many parameters", number)
        return Command(method, number)
    if method in ("SUBSCRIBE", "UNSUBSCRIBE"):
        if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
            raise _wrong("invalid type: expected a sequence of strings", number)
        return Command(method, number, names=tuple(params))
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise _wrong("property name must be a string", number)
    if params[0] != "combined":
        raise Unreadable(0, "Unknown property", number)
    if len(params) > (1 if method == "GET_PROPERTY" else 2):
        raise _wrong("too many parameters", number)
    if method == "GET_PROPERTY":
        return Command(method, number)
    if len(params) != 2 or not isinstance(params[1], bool):
        raise Unreadable(1, "Invalid value type: expected Boolean", number)
    return Command(method, number, combined=params[1])


def _is_id(value: Any, market: str) -> bool:
    # Futures' documentation knows unsigned integers alone; Binance's own SDK sends them strings all the same.
    if value is None:
        return True
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return (-INT64 if market == "spot" else 0) <= value < INT64
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _wrong(message: str, number: Any) -> Unreadable:
    return Unreadable(2, f"Invalid request: {message}", number)
