"""Times in microseconds, for who asks spot for them by header or address.

The exchange counts milliseconds, so the last three digits are zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from atapi.paper.wire.http import JSON, Answer, Request, refusal_answer

TIME_UNIT = b"x-mbx-time-unit"
MICROSECOND = "MICROSECOND"
_EARLIEST, _LATEST = 10**12, 10**13  # milliseconds of 2001 and of 2286
_TIMES = frozenset({
    "time", "updateTime", "transactTime", "transactionTime", "workingTime", "trailingTime", "serverTime", "openTime",
    "closeTime", "timestamp", "calcTime", "expirationTime", "authorizedSince", "connectedSince", "retryAfter",
    "E", "T", "O", "C", "W", "D", "t", "u",
})  # fmt: skip
_BAR = 12  # columns of a kline, of which 0 and 6 are times

_encode = msgspec.json.Encoder().encode


def misnamed(request: Request) -> Answer | None:
    """Refuse a header that names another unit, before anything is done."""
    unit = request.header(TIME_UNIT)
    if unit is None or unit.upper() in (MICROSECOND, "MILLISECOND") or not request.path.startswith("/api/"):
        return None
    return refusal_answer(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")


def told(request: Request, answer: Answer) -> Answer:
    """Tell an answer's times in microseconds where spot is asked to by the header."""
    asked = (request.header(TIME_UNIT) or "").upper() == MICROSECOND
    if not asked or not request.path.startswith("/api/") or answer.type != JSON:
        return answer
    return Answer(answer.status, microseconds_of(answer.body), answer.headers, answer.type)


def wanted_in_microseconds(options: Mapping[str, str]) -> bool:
    """Tell whether the address of a WebSocket asks for them."""
    return options.get("timeUnit", "").upper() == MICROSECOND


def microseconds_of(body: bytes) -> bytes:
    """Tell the times of a JSON body in microseconds."""
    return _encode(finer(msgspec.json.decode(body)))


def finer(value: Any) -> Any:
    """Tell the times of a decoded value in microseconds."""
    if isinstance(value, dict):
        return {name: _time(each) if name in _TIMES else finer(each) for name, each in value.items()}
    if isinstance(value, list):
        if len(value) == _BAR and isinstance(value[0], int):
            return [_time(each) if at in (0, 6) else each for at, each in enumerate(value)]
        return [finer(each) for each in value]
    return value


def _time(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool) and _EARLIEST <= value < _LATEST:
        closes = value % 1000 == 999  # a bar ends with its last microsecond
        return value * 1000 + 999 * closes
    return finer(value)
