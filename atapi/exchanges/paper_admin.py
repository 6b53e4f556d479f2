"""The control path of the embedded exchange: what no real venue lets anybody do to its clock and its funds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from atapi.clock import Deadline, from_ms
from atapi.domain.account import Wallet
from atapi.domain.numbers import wire
from atapi.errors import VenueError, VenueUnreachable

TOKEN_HEADER = "X-Paper-Token"
WALLETS = {Wallet.SPOT: "spot", Wallet.MARGIN: "margin", Wallet.FUTURES: "um", Wallet.FUNDING: "funding"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperStatus:
    """The embedded exchange as it describes itself."""

    now: datetime
    details: tuple[tuple[str, str], ...]  # everything it tells, by name, in its order


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAdmin:
    """Controls an embedded exchange, in this process or in another one.

    Attributes:
        url: Base URL of its spot port.
        token: What its home directory holds for those who may control it.
        account: Name of the account that deposits go to; its first one where None.
        timeout_s: Total allowance of one request; an advance of years settles much.
    """

    url: str
    token: str
    account: str | None = None
    timeout_s: float = 60.0

    def status(self) -> PaperStatus:
        """Ask for its clock, feed, accounts and world."""
        return _status(self.request("GET", "status"))

    def advance(self, span: timedelta) -> datetime:
        """Move its clock on, settle what falls due on the way, and tell the time it came to.

        Raises:
            VenueError: Its clock runs with the wall clock, or the span is longer than it moves at once.
        """
        answer = self.request("POST", "advance", {"span_ms": span // timedelta(milliseconds=1)})
        return from_ms(int(answer["now_ms"]))

    def deposit(self, wallet: Wallet, asset: str, amount: Decimal) -> None:
        """Give the account funds, from nowhere.

        Raises:
            VenueError: Nothing trades there in that asset.
        """
        body = {"wallet": WALLETS[wallet], "asset": asset, "amount": wire(amount)}
        self.request("POST", "deposit", body if self.account is None else body | {"account": self.account})

    def reset(self) -> None:
        """Throw its world away and begin a new one."""
        self.request("POST", "reset", {})

    def request(self, method: str, verb: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask one of its own endpoints, by what follows `/paper/v1/`.

        Raises:
            VenueError: It refuses, in its own words.
            VenueUnreachable: It does not answer.
        """
        where = urlsplit(self.url)
        deadline = Deadline(self.timeout_s)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=deadline.left())
        try:
            connection.connect()
        except OSError as e:
            raise VenueUnreachable(
                f"the paper exchange at {self.url} does not answer", sent=False, hint="run the command again"
            ) from e
        try:
            connection.sock.settimeout(max(deadline.left(), 0.001))
            connection.request(method, f"/paper/v1/{verb}", _encode(body), self._headers(body))
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, HTTPException) as e:
            raise VenueUnreachable(
                f"the paper exchange did not answer {verb} in {self.timeout_s:g} s", hint="paper status"
            ) from e
        finally:
            connection.close()
        return _decode(answer.status, text)

    def _headers(self, body: Mapping[str, Any] | None) -> dict[str, str]:
        headers = {TOKEN_HEADER: self.token}
        return headers if body is None else headers | {"Content-Type": "application/json"}


def _encode(body: Mapping[str, Any] | None) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


def _decode(status: int, text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError as e:
        raise VenueUnreachable(f"the paper exchange answered {status} without JSON") from e
    if status >= 400 or not isinstance(answer, dict):
        told = answer if isinstance(answer, dict) else {}
        raise VenueError(str(told.get("msg", f"HTTP {status}")), code=told.get("code"), status=status)
    return answer


def _status(answer: Mapping[str, Any]) -> PaperStatus:
    return PaperStatus(
        now=from_ms(int(answer["now_ms"])),
        details=tuple(_told(name, value) for name, value in answer.items() if name != "now_ms"),
    )


def _told(name: str, value: Any) -> tuple[str, str]:
    """Write what the exchange tells about itself for a person: times as times, lists and records in a line."""
    if name.endswith("_ms"):
        moments = value if isinstance(value, list) else [value]
        said = " to ".join("none" if ms is None else f"{from_ms(ms):%Y-%m-%dT%H:%M:%SZ}" for ms in moments)
        return name.removesuffix("_ms"), said
    return name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_text(v) for v in value) or "none"
    if isinstance(value, dict):
        return ", ".join(" ".join(_told(name, v)) for name, v in value.items()) or "none"
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
