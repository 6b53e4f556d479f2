"""A kept-alive connection that signs, for gates that send much; it shares nothing with atapi's own client."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from atapi.clock import wall_ms

TIMEOUT_S = 20
Answer = tuple[int, Any]  # HTTP status, body


class Gone(Exception):
    """No answer came, and none will."""


class Line:
    """One connection with one key.

    Args:
        url: Base URL of a port.
    """

    def __init__(self, url: str, key: str, secret: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
        self._key = key
        self._secret = secret.encode()

    def send(
        self, method: str, target: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and read its answer; `Gone` where the connection ends before."""
        connection = self._connection
        try:
            if connection.sock is None:
                connection.connect()
                connected: Any = connection.sock
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.request(method, target, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            body = answer.read()
            return answer.status, json.loads(body) if body[:1] in (b"{", b"[") else {"html": body.decode()}
        except (OSError, http.client.HTTPException) as e:
            connection.close()
            raise Gone(str(e)) from e

    def get(self, path: str, **params: Any) -> Any:
        """Ask a public endpoint and give what it says."""
        status, body = self.send("GET", f"{path}?{urlencode(params)}")
        assert status == 200, body
        return body

    def signed(self, method: str, path: str, **params: Any) -> Answer:
        """Send a signed request."""
        query = urlencode(params | {"timestamp": wall_ms(), "recvWindow": 60_000})
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        return self.send(method, f"{path}?{query}&signature={signature}", headers={"X-MBX-APIKEY": self._key})

    def told(self, path: str, **params: Any) -> Any:
        """Ask a signed GET endpoint that has to answer, and give what it says."""
        status, body = self.signed("GET", path, **params)
        assert status == 200, (path, params, body)
        return body

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
