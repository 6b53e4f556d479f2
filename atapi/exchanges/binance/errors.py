"""What an answer means for a request: one total function, by the venue's own documents.

For an order there are three kinds of answer: proof that it was refused, evidence that it exists, and everything
else, which proves nothing. Only what is listed here is proof; a code nobody knows is not.

Source: https://developers.binance.com/docs/binance-spot-api-docs/errors,
https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from atapi.errors import (
    AtapiError,
    AuthenticationError,
    ClockSkew,
    DuplicateOrder,
    InsufficientBalance,
    OrderNotFound,
    OutcomeUnknown,
    RateLimited,
    VenueError,
    VenueUnreachable,
)


class Service(Enum):
    """A family of endpoints with its own code book: the same number means different things in two of them."""

    SPOT = "/api/"
    UM = "/fapi/"
    WALLET = "/sapi/"


class Unanswered(VenueUnreachable):
    """A read without a usable answer that may be tried again at once."""


NOT_FOUND = frozenset({-2011, -2013})
CLOCK = {
    Service.SPOT: frozenset({-1021}),
    Service.UM: frozenset({-1021, -5028}),
    Service.WALLET: frozenset({-1021}),
}
LIMITS = frozenset({-1003, -1015})
KEYS = frozenset({-1002, -1022, -2014, -2015})
BALANCES = {
    Service.SPOT: frozenset[int](),
    Service.UM: frozenset({-2018, -2019}),
    Service.WALLET: frozenset({-3020, -3041, -4026, -5002, -5013}),
}
# The venue's own failure, or its own words for "execution status unknown"
SILENCE = frozenset({-1000, -1001, -1006, -1007, -1008, -1016})

_REFUSED = frozenset({-1013, -1014, -2010})
_NEVER_RECORDED = frozenset({-5021, -5022})  # fill-or-kill and post-only: refused, and not found afterwards
_BUSY = re.compile(r"busy|internal", re.IGNORECASE)
_BAN = re.compile(r"banned until (\d{13})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST = 300  # characters of a venue's message worth repeating


def service(path: str) -> Service:
    """Tell the code book of a path."""
    if path.startswith(Service.UM.value):
        return Service.UM
    return Service.WALLET if path.startswith(Service.WALLET.value) else Service.SPOT


def refusal(payload: object) -> tuple[int | None, str]:
    """Read `{"code", "msg"}`; the code is None where there is none."""
    if not isinstance(payload, dict):
        return None, ""
    code, message = payload.get("code"), payload.get("msg")
    if isinstance(code, str) and re.fullmatch(r"-?\d{1,9}", code):
        code = int(code)  # the algo service answers "200"
    return (
        code if type(code) is int else None,
        _CONTROL.sub(" ", message)[:_LONGEST] if isinstance(message, str) else "",
    )


def succeeded(payload: object) -> bool:
    """Whether the body of a 200 is an answer: JSON, and no refusal. A success may carry a code of its own, 200."""
    if type(payload) is not dict or "code" not in payload:
        return payload is not None
    return (refusal(payload)[0] or 0) >= 0


def classify(
    status: int,
    payload: Any,
    *,
    of: Service,
    effect: bool,
    what: str,
    retry_after_s: float | None = None,
) -> AtapiError:
    """Turn an answer that is not a success into ours.

    Args:
        status: The HTTP status.
        payload: The decoded body; None where it was not JSON.
        of: Whose code book it is.
        effect: Whether the request would have changed something: an order, a cancel, a transfer.
        what: The request in words, for the message: `POST /fapi/v1/order`.
        retry_after_s: From the header, if it was there.
    """
    code, message = refusal(payload)
    told = message or f"HTTP {status}"
    if not effect and (status == 408 or status >= 500 or code in SILENCE):
        return Unanswered(f"{what}: {_shown(status, code, told)}")
    proof = _proof(status, code, message, of)
    if proof is RateLimited:
        return RateLimited(
            f"{told} ({what})",
            code=code,
            status=status,
            retry_after_s=retry_after_s,
            hint="wait, then ask again",
        )
    if proof is not None:
        return proof(told if message else f"{what}: {told}", code=code, status=status)
    if effect:
        return OutcomeUnknown(f"{what}: {_shown(status, code, told)}; it may or may not have been executed")
    if code is not None and code < 0 and not 300 <= status < 400:
        return VenueError(told, code=code, status=status)
    return VenueUnreachable(f"{what}: no usable answer (HTTP {status})")


def banned_until_ms(payload: object) -> int | None:
    """Read the time out of `IP banned until 1499827319559`."""
    match = _BAN.search(refusal(payload)[1])
    return int(match[1]) if match else None


def _proof(status: int, code: int | None, message: str, of: Service) -> type[VenueError] | None:
    if status in (418, 429):
        return RateLimited
    if status in (401, 403):  # 403 is also the firewall's, in HTML: nothing behind it was reached
        return RateLimited if code in LIMITS else AuthenticationError
    if status == 503 and of is Service.UM:
        # documented as failed and not counted; the exact text, as its neighbours mean the opposite
        return VenueError if code == -1008 or message == "Service Unavailable." else None
    if status != 400 or code is None:
        return None
    return _by_code(code, message, of)


def _by_code(code: int, message: str, of: Service) -> type[VenueError] | None:
    if code in NOT_FOUND:
        return OrderNotFound
    if code in CLOCK[of]:
        return ClockSkew
    if code in LIMITS:
        return RateLimited
    if code in KEYS:
        return AuthenticationError
    if code == -4116 or (code == -2010 and "duplicate" in message.lower()):
        return DuplicateOrder
    if code in BALANCES[of] or (code == -2010 and "insufficient" in message.lower()):
        return InsufficientBalance
    return VenueError if _definitive(code, message, of) else None


def _definitive(code: int, message: str, of: Service) -> bool:
    if code in _REFUSED or -1199 <= code <= -1100:
        return True
    match of:
        case Service.UM:
            return code in _NEVER_RECORDED or -2028 <= code <= -2018 or -4999 <= code <= -4000
        case Service.WALLET:
            business = -3999 <= code <= -3001 and code != -3044 and not _BUSY.search(message)
            return business or -4999 <= code <= -4000
        case Service.SPOT:
            return False  # -2021 and -2022 are cancel-replaces, of which one half may have been done


def _shown(status: int, code: int | None, told: str) -> str:
    return f"{told} (HTTP {status}{'' if code is None else f', code {code}'})"
