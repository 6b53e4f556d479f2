"""A connection that sends many signed requests at once and reads their answers after them."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httptools

from tests.gates.line import TIMEOUT_S, Answer


class Ask(NamedTuple):
    """One request."""

    method: str
    path: str
    params: dict[str, Any]


class Pipeline:
    """One connection with one key, on an exchange whose clock stands or goes: it signs with the time it is told."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        where = urlsplit(url)
        self._socket = socket.create_connection((where.hostname, where.port), timeout=TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = f"Host: {where.netloc}\r\nX-MBX-APIKEY: {key}\r\n\r\n"
        self._secret = secret.encode()
        self._parser = httptools.HttpResponseParser(self)
        self._answers: list[Answer] = []
        self._body = b""

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Take a whole answer."""
        self._answers.append((self._parser.get_status_code(), json.loads(self._body)))
        self._body = b""

    def all(self, asks: Sequence[Ask], now_ms: int) -> list[Answer]:
        """Send all and wait for all answers."""
        self._answers = []
        self._socket.sendall(b"".join(self._signed(ask, now_ms) for ask in asks))
        while len(self._answers) < len(asks):
            data = self._socket.recv(1 << 18)
            assert data, "the exchange hung up"
            self._parser.feed_data(data)
        return self._answers

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _signed(self, ask: Ask, now_ms: int) -> bytes:
        query = urlencode(ask.params | {"timestamp": now_ms, "recvWindow": 60_000})
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        return f"{ask.method} {ask.path}?{query}&signature={signature} HTTP/1.1\r\n{self._head}".encode()
