"""One market's line to the venue: signs, sends, bounds and classifies; retries reads, never an order.

Everything both connectors send passes through `Link.request`. What it promises:
- a request that would change something is sent at most once, and its failure says whether a byte may have left;
- a read is tried up to three times inside one total deadline;
- nothing is sent inside a pause the venue asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from atapi.clock import Deadline
from atapi.errors import (
    AtapiError,
    AuthenticationError,
    ClockSkew,
    ConfigError,
    OutcomeUnknown,
    RateLimited,
    VenueUnreachable,
)
from atapi.exchanges.binance.budget import Budget
from atapi.exchanges.binance.connection import Answer, Fault
from atapi.exchanges.binance.errors import Unanswered, banned_until_ms, classify, refusal, service, succeeded
from atapi.exchanges.binance.hosts import Hosts
from atapi.exchanges.binance.http import HttpClient
from atapi.exchanges.binance.query import encode
from atapi.exchanges.binance.servertime import ServerTime
from atapi.exchanges.binance.signing import Signer
from atapi.version import VERSION

WAITS_S = (0.1, 0.3)  # between the tries of a read

TIME = {"spot": "/api/v3/time", "um": "/fapi/v1/time"}  # market -> the path of its clock
ORDER = frozenset({"/api/v3/order", "/fapi/v1/order"})
COUNTDOWN = "/fapi/v1/countdownCancelAll"
MARGIN_ORDER = "/sapi/v1/margin/order"  # counted apart from spot's orders
# Not GET, but harmless when sent twice: they read, test, or set something to a value
REPEATABLE = frozenset(
    {
        "/api/v3/order/test",
        "/fapi/v1/order/test",
        COUNTDOWN,
        "/fapi/v1/leverage",
        "/fapi/v1/listenKey",
        "/fapi/v1/marginType",
        "/sapi/v1/asset/get-funding-asset",
        "/sapi/v3/asset/getUserAsset",
    }
)

_KEY = re.compile(r"[!-~]+")  # what a header can carry: no space, no line break


class Credentials(NamedTuple):
    """Who we are at the venue; shows nothing of it."""

    api_key: str
    sign: Signer

    def __repr__(self) -> str:
        return "Credentials(****)"


class Request(NamedTuple):
    """One call, encoded but not yet stamped and signed."""

    method: str
    path: str
    query: str
    keyed: bool
    signed: bool
    essential: bool  # allowed to use the last of the budget

    @property
    def effect(self) -> bool:
        """Whether it changes something, so that sending it twice would too."""
        return self.method != "GET" and self.path not in REPEATABLE

    @property
    def order(self) -> bool:
        """Whether it counts as a new order."""
        return self.method == "POST" and self.path in ORDER

    @property
    def what(self) -> str:
        """The call in words, without its parameters."""
        return f"{self.method} {self.path}"


class Link:
    """The line to one market of the venue; threads may share it."""

    def __init__(
        self,
        market: str,
        hosts: Hosts,
        credentials: Credentials | None,
        *,
        timeout_s: float,
        wait: Callable[[float], None],
    ) -> None:
        self._market = market  # "spot" or "um": a field of Endpoints
        self._hosts = hosts
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._wait = wait
        self.time = ServerTime(self._ask_time, max_age_s=hosts.current.clock_max_age_s, timeout_s=timeout_s)
        self.budget = Budget(self.time.estimate_ms)
        self._settle()

    def request(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, Any] | None,
        *,
        keyed: bool = False,
        signed: bool = False,
    ) -> Any:
        """Make one call and return its decoded JSON, numbers with a point as `Decimal`.

        Raises:
            TypeError, ValueError: A parameter has no exact spelling; nothing was sent.
            AtapiError: As `errors.classify` says; of a call that changes something `OutcomeUnknown` unless
                there is proof, or `VenueUnreachable` with `sent` False.
        """
        parameters = parameters or {}
        essential = (
            method == "DELETE"
            or path == COUNTDOWN
            or (method == "GET" and (path in ORDER or path == MARGIN_ORDER))
            or parameters.get("reduceOnly") in (True, "true")
            or parameters.get("sideEffectType") == "AUTO_REPAY"  # margin's way of reducing
        )
        request = Request(method, path, encode(parameters), keyed, signed, essential)
        if (keyed or signed) and self._credentials is None:
            raise AuthenticationError(
                f"{request.what} needs an API key", hint="set BINANCE_API_KEY and BINANCE_API_SECRET"
            )
        deadline = Deadline(self._timeout_s)
        return self._effect(request, deadline) if request.effect else self._read(request, deadline)

    def socket_parameters(self) -> dict[str, str | int]:
        """Sign for the WebSocket API, which takes a call's parameters in a frame, in alphabetical order.

        Raises:
            AuthenticationError: There is no key.
            VenueUnreachable: The venue's clock could not be read.
        """
        if self._credentials is None:
            raise AuthenticationError(
                "a user stream needs an API key", hint="set BINANCE_API_KEY and BINANCE_API_SECRET"
            )
        key, stamp = self._credentials.api_key, self.time.timestamp_ms(Deadline(self._timeout_s))
        signature = unquote(
            self._credentials.sign(f"apiKey={key}&timestamp={stamp}")
        )  # no URL: nothing escaped
        return {"apiKey": key, "timestamp": stamp, "signature": signature}

    def socket_url(self, path: str) -> str:
        """Tell where a WebSocket of this market is."""
        return self._hosts.current.socket(self._market) + path

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def _effect(self, request: Request, deadline: Deadline) -> Any:
        try:
            return self._result(request, self._attempt(request, deadline))
        except Fault as e:
            if e.sent:
                raise OutcomeUnknown(f"{request.what}: {e}; it may or may not have been executed") from e
            raise VenueUnreachable(f"{request.what}: {e}; nothing was sent", sent=False) from e
        except ClockSkew:
            with suppress(AtapiError):  # else the next signature measures
                self.time.resync(deadline)
            raise

    def _read(self, request: Request, deadline: Deadline) -> Any:
        for wait_s in WAITS_S:
            try:
                return self._once(request, deadline)
            except Unanswered:
                if deadline.left() <= wait_s:
                    raise
            self._wait(wait_s)
        return self._once(request, deadline)

    def _once(self, request: Request, deadline: Deadline) -> Any:
        try:
            try:
                return self._result(request, self._attempt(request, deadline))
            except ClockSkew:  # forgotten by now: the second signature measures the clock first
                return self._result(request, self._attempt(request, deadline))
        except Fault as e:
            raise Unanswered(f"{request.what}: {e}", sent=e.sent) from e

    def _attempt(self, request: Request, deadline: Deadline) -> Answer:
        self.budget.check(order=request.order, essential=request.essential)
        try:
            return self._send(request, deadline)
        except Fault as e:
            if not (e.refused and self._moved()):
                raise
        return self._send(request, deadline)

    def _moved(self) -> bool:
        try:
            if not self._hosts.look_again(self._endpoints):
                return False
        except AtapiError as e:
            raise Fault(f"nobody listens, and {e}", sent=False) from e
        self.close()
        self._settle()
        self.time.forget()
        return True

    def _send(self, request: Request, deadline: Deadline) -> Answer:
        query = self._signed(request, deadline) if request.signed else request.query
        head = f"{request.method} {request.path}?{query}" if query else f"{request.method} {request.path}"
        tail = self._tails[request.method in ("POST", "PUT"), request.keyed or request.signed]
        return self._http.exchange((head + tail).encode("ascii"), deadline)

    def _signed(self, request: Request, deadline: Deadline) -> str:
        assert self._credentials is not None
        try:
            stamp = self.time.timestamp_ms(deadline)
        except VenueUnreachable as e:
            raise VenueUnreachable(
                f"{request.what}: the venue's clock could not be read, so nothing was sent ({e})", sent=False
            ) from e
        text = f"{request.query}&timestamp={stamp}" if request.query else f"timestamp={stamp}"
        return f"{text}&signature={self._credentials.sign(text)}"

    def _result(self, request: Request, answer: Answer) -> Any:
        self.budget.note(answer.headers)
        payload = decoded(answer.body)
        if answer.status == 200 and succeeded(payload):
            return payload
        error = classify(
            answer.status,
            payload,
            of=service(request.path),
            effect=request.effect,
            what=request.what,
            retry_after_s=self._retry_after_s(answer, payload),
        )
        if isinstance(error, RateLimited):
            self.budget.pause(error.retry_after_s or 0.0, error.message)
        elif isinstance(error, ClockSkew):
            self.time.forget()
        raise error

    def _retry_after_s(self, answer: Answer, payload: object) -> float:
        told = answer.headers.get("retry-after", "")
        if told.isdigit():
            return float(told)
        until = banned_until_ms(payload)
        now = self.time.estimate_ms()
        if until is not None:
            return max((until - now) / 1000, 1.0)
        if answer.status == 418:
            return 120.0  # the shortest ban
        if refusal(payload)[0] == -1015:
            return 10.0  # the shortest window orders are counted in
        return (60_000 - now % 60_000) / 1000  # weights are counted by the minute

    def _ask_time(self, deadline: Deadline) -> int:
        request = Request("GET", TIME[self._market], "", keyed=False, signed=False, essential=True)
        payload = self._read(request, deadline)
        try:
            return int(payload["serverTime"])
        except (KeyError, TypeError, ValueError):
            raise VenueUnreachable(f"{request.what}: no field 'serverTime' in the answer") from None

    def _settle(self) -> None:
        self._endpoints = self._hosts.current
        self._http = HttpClient(getattr(self._endpoints, self._market))
        common = f" HTTP/1.1\r\nHost: {self._http.host}\r\nUser-Agent: atapi/{VERSION}\r\n"
        key = f"X-MBX-APIKEY: {self._credentials.api_key}\r\n" if self._credentials else ""
        self._tails = {
            (has_body, keyed): common
            + "Accept: application/json\r\n"
            + (key if keyed else "")
            + ("Content-Length: 0\r\n" if has_body else "")
            + "\r\n"
            for has_body in (True, False)
            for keyed in (True, False)
        }  # (whether the method has a body, whether the key is sent) -> the rest of the request


def credentials(api_key: str | None, api_secret: str | None) -> Credentials | None:
    """Make credentials of a key and its secret (or private key in PEM); None where neither is given.

    Raises:
        ConfigError: One without the other, or a key no header can carry.
    """
    from atapi.exchanges.binance.signing import signer

    if not api_key and not api_secret:
        return None
    if not api_key or not api_secret:
        raise ConfigError("an API key and its secret go together; one of them is missing")
    if not _KEY.fullmatch(api_key):
        raise ConfigError("the API key has characters no key has")
    return Credentials(api_key, signer(api_secret))


def decoded(body: bytes) -> Any:
    """Decode JSON, numbers with a point exactly; None where it is not JSON."""
    decode, unreadable = _json()
    try:
        return decode(body)
    except unreadable:
        return None


@cache
def _json() -> tuple[Callable[[bytes], Any], tuple[type[Exception], ...]]:
    import msgspec  # with the first answer, not with the adapter

    decoder = msgspec.json.Decoder(float_hook=Decimal)
    return decoder.decode, (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
