"""Who is asking: API key, time and signature, judged in Binance's order and refused in its words.

A signature covers the raw query followed by the raw body, without the `signature` pair wherever it stands.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from functools import lru_cache
from typing import Protocol

from atapi.paper.clock import PaperClock
from atapi.paper.records import Refusal
from atapi.paper.wire.http import Request
from atapi.paper.wire.keys import PEM, verified
from atapi.paper.wire.params import Params, illegal, missing

API_KEY = b"x-mbx-apikey"
RECV_WINDOW = 5000.0  # ms, unless the request says
MAX_RECV_WINDOW = 60000
BASE64_OF_SHA256 = 44  # letters
MICROSECONDS = 10**15  # a timestamp this large counts microseconds

_KEY = re.compile(r"[A-Za-z0-9]{64}", re.ASCII)
_WINDOW = re.compile(r"[0-9]{1,10}(\.[0-9]{1,3})?", re.ASCII)


class Proof(Protocol):
    """How a request shows who sent it."""

    def api_key(self) -> str:
        """Read the key; refusal -2014 where it is not one."""
        ...

    def check(self, params: Params, secret: str) -> None:
        """Judge the signature; refusals -1102 and -1022."""
        ...


class HttpProof:
    """Key in a header, signature over the request as it was sent."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request

    def api_key(self) -> str:
        """Read the key header; refusal -2014 where it is not one."""
        return check_key(self._request.header(API_KEY))

    def check(self, params: Params, secret: str) -> None:
        """Judge the signature; refusals -1102 and -1022."""
        check_signature(params.text("signature"), signed_payload(self._request), secret)


class SortedProof:
    """Key and signature among the parameters of a WebSocket request, signed sorted by name and not encoded.

    Args:
        values: Every parameter as text, exactly as it was written.
    """

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def api_key(self) -> str:
        """Read the key; refusal -2014 where it is not one."""
        return check_key(self._values.get("apiKey"))

    def check(self, params: Params, secret: str) -> None:
        """Judge the signature, of which HMAC may be in hex or in base64; refusals -1102 and -1022."""
        signature = params.text("signature")
        if len(signature) == BASE64_OF_SHA256 and not secret.startswith(PEM):
            signature = _hex(signature)
        pairs = sorted(pair for pair in self._values.items() if pair[0] != "signature")
        payload = "&".join(f"{name}={value}" for name, value in pairs)
        check_signature(signature, payload.encode(), secret)


class SessionProof:
    """The key that a WebSocket connection is authenticated with; nothing is signed."""

    __slots__ = ("_key",)

    def __init__(self, api_key: str) -> None:
        self._key = api_key

    def api_key(self) -> str:
        """Tell the key."""
        return self._key

    def check(self, params: Params, secret: str) -> None:
        """Believe it."""


def check_key(key: str | None) -> str:
    """Judge how a key is written; refusal -2014."""
    if key is None or not _KEY.fullmatch(key):
        raise Refusal(-2014, "API-key format invalid.", 401)
    return key


def unknown_key() -> Refusal:
    """Make the refusal of a key that nobody holds."""
    return Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)


def check_time(params: Params, clock: PaperClock) -> None:
    """Judge `timestamp` within `recvWindow`; refusals -1102, -1100 and -1021."""
    sent = params.integer("timestamp")
    if sent >= MICROSECONDS:
        sent //= 1000
    reason = clock.accepts(sent, _recv_window(params))
    if reason is not None:
        raise Refusal(-1021, reason)


def check_signature(signature: str, payload: bytes, secret: str) -> None:
    """Judge a signature of a payload by a secret, or by the public key kept in its place; refusal -1022."""
    judge = verified if secret.startswith(PEM) else signed_by
    if not judge(secret, payload, signature):
        raise Refusal(-1022, "Signature for this request is not valid.")


def signed_payload(request: Request) -> bytes:
    """Tell which bytes the signature covers."""
    query = _without_signature(request.query).encode()
    return query + _bytes_without_signature(request.body) if request.body else query


def signed_by(secret: str, payload: bytes, signature: str) -> bool:
    """Tell whether the signature is this secret's HMAC-SHA256 of the payload, in hex of either case."""
    judge = _keyed(secret).copy()
    judge.update(payload)
    return hmac.compare_digest(judge.hexdigest().encode(), signature.lower().encode())


@lru_cache(4096)
def _keyed(secret: str) -> hmac.HMAC:
    """Take up a secret once: that is most of the work of signing something short."""
    return hmac.new(secret.encode(), digestmod="sha256")


def _hex(signature: str) -> str:
    try:
        return b64decode(signature, validate=True).hex()
    except ValueError:
        return signature


def _recv_window(params: Params) -> float:
    text = params.maybe("recvWindow")
    if text is None:
        return RECV_WINDOW
    if text.isdecimal() and text.isascii() and len(text) <= 5 and int(text) <= MAX_RECV_WINDOW:
        return int(text)  # nearly always
    if not _WINDOW.fullmatch(text):
        raise (
            illegal("recvWindow", r"^[0-9]{1,10}(\.[0-9]{1,3})?$") if params.strict else missing("recvWindow")
        )
    window = float(text)  # at most three decimals
    if window > MAX_RECV_WINDOW:
        raise Refusal(
            -1102, f"'recvWindow' contains unexpected value. Cannot be greater than {MAX_RECV_WINDOW}."
        )
    return window


def _without_signature(text: str) -> str:
    head, found, _ = text.rpartition("&signature=")
    if found and "signature=" not in head and "&" not in text[len(head) + 1 :]:
        return head  # where it stands last, as nearly always
    if "signature=" not in text:
        return text
    return "&".join(pair for pair in text.split("&") if not pair.startswith("signature="))


def _bytes_without_signature(body: bytes) -> bytes:
    if b"signature=" not in body:
        return body
    return b"&".join(pair for pair in body.split(b"&") if not pair.startswith(b"signature="))
