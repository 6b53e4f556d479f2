"""Parameters as the wire wants them: one percent-encoded query string, exact numbers, nothing else.

Binance signs exactly the bytes that are sent, so what cannot be written exactly is refused here, before a socket
is touched: a float, an exponent, a sign, `NaN`.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api/request-security
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from atapi.domain.numbers import PLAIN, wire

# A text given for one of these must be a plain number: the one thing worse than a refused order is another order.
NUMBERS = frozenset(
    {
        "activatePrice",
        "activationPrice",
        "amount",
        "callbackRate",
        "icebergQty",
        "newQty",
        "pendingPrice",
        "pendingQuantity",
        "price",
        "quantity",
        "quoteOrderQty",
        "stopLimitPrice",
        "stopPrice",
        "triggerPrice",
        "workingPrice",
        "workingQuantity",
    }
)

_UNRESERVED = re.compile(r"[A-Za-z0-9\-_.~]*", re.ASCII).fullmatch
_UNRESERVED_PAIRS = re.compile(r"[A-Za-z0-9\-_.~=&]*", re.ASCII).fullmatch
_plain = PLAIN.fullmatch


def encode(parameters: Mapping[str, Any]) -> str:
    """Write parameters as a query string; None is left out.

    Raises:
        TypeError: A float or another type with no exact spelling.
        ValueError: A number the wire does not know: signed, infinite, with an exponent.
    """
    pairs: list[str] = []
    for name, value in parameters.items():
        if type(value) is str:
            if name in NUMBERS and not _plain(value):
                raise ValueError(f"{name} {value!r} is not a plain number")
            pairs.append(f"{name}={value}")
        elif value is not None:
            pairs.append(f"{name}={_text(name, value)}")
    query = "&".join(pairs)
    # Most values need no encoding, and one look at the whole is quicker than one at each: it is safe if it holds
    # nothing reserved but the very signs that were put in here.
    count = len(pairs)
    if _UNRESERVED_PAIRS(query) and query.count("=") == count and query.count("&") == max(count - 1, 0):
        return query
    return "&".join(
        f"{percent(name)}={percent(_text(name, value))}"
        for name, value in parameters.items()
        if value is not None
    )


def percent(text: str) -> str:
    """Percent-encode everything but `A-Za-z0-9-_.~`, as UTF-8."""
    from urllib.parse import quote

    return text if _UNRESERVED(text) else quote(text, safe="")


def _text(name: str, value: object) -> str:
    if isinstance(value, str):  # an enum's member too
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return _number(name, value)
    if isinstance(value, (list, tuple)):
        # Binance takes lists as compact JSON: symbols=["BTCUSDT","ETHUSDT"]
        return json.dumps([_item(name, item) for item in value], separators=(",", ":"), ensure_ascii=False)
    raise TypeError(f"{name} {value!r} is a {type(value).__name__}; give a Decimal or a string")


def _number(name: str, value: int | Decimal) -> str:
    try:
        return wire(value if type(value) is Decimal else Decimal(value))
    except ValueError as e:
        raise ValueError(f"{name}: {e}") from e


def _item(name: str, value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _item(str(key), item) for key, item in value.items() if item is not None}
    if isinstance(value, int) and not isinstance(value, bool):
        return int(_number(name, value))
    if isinstance(value, str) and name in NUMBERS and not _plain(value):
        raise ValueError(f"{name} {value!r} is not a plain number")
    return _text(name, value)  # booleans too: inside batchOrders Binance wants strings
