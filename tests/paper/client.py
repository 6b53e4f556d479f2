"""A client that sends exactly what it is told, for tests of the wire."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as it came."""

    status: int
    headers: Mapping[str, str]  # lower-case name -> value
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def refusal(self) -> tuple[int, int, str]:
        """HTTP status, Binance's code and message."""
        return self.status, self.json["code"], self.json["msg"]


class Wire:
    """Sends requests to one port, signed with one key.

    Args:
        url: Base URL.
        prefix: What the market's time endpoint stands under.
    """

    def __init__(self, url: str, key: str, secret: str, prefix: str) -> None:
        self.url = url
        self.key = key
        self.secret = secret
        self._prefix = prefix

    def now(self) -> int:
        """Tell the exchange's time."""
        return int(self.get(f"{self._prefix}/time").json["serverTime"])

    def get(self, path: str, query: str = "", **params: Any) -> Reply:
        """Ask a public endpoint."""
        return self.send("GET", path, query or urlencode(params))

    def signed(self, method: str, path: str, **params: Any) -> Reply:
        """Ask a signed endpoint, everything in the query."""
        query = urlencode(params | {"timestamp": self.now()})
        return self.send(method, path, f"{query}&signature={self.sign(query)}", key=self.key)

    def sign(self, payload: str) -> str:
        """Sign a payload as Binance's documentation says."""
        return hmac.new(self.secret.encode(), payload.encode(), hashlib.sha256).hexdigest()

    def send(
        self,
        method: str,
        path: str,
        query: str = "",
        *,
        body: str = "",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request on a connection of its own."""
        sent = dict(headers or {})
        if key is not None:
            sent["X-MBX-APIKEY"] = key
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_S)
        try:
            target = f"{path}?{query}" if query else path
            connection.request(method, target, body=body.encode() or None, headers=sent)
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """Open a bare connection."""
        where = urlsplit(self.url)
        return socket.create_connection((where.hostname, where.port), timeout=TIMEOUT_S)
