"""One request and one answer, as values; and the answer's bytes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

JSON = "application/json;charset=UTF-8"

_encoder = msgspec.json.Encoder()
_REASONS = {status.value: status.phrase for status in HTTPStatus} | {418: "I'm a teapot"}


class Request:
    """A request as it came off the wire; query and body are kept raw, because signatures cover the raw bytes.

    Args:
        method: Upper case.
        path: Without the query.
        query: After the `?`, not decoded; empty where there is none.
        body: Not decoded.
        headers: Lower-case name to value.
    """

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(
        self, method: str, path: str, query: str, body: bytes, headers: Mapping[bytes, bytes]
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers

    def header(self, name: bytes) -> str | None:
        """Value of a header by its lower-case name."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class Answer:
    """What is sent back."""

    __slots__ = ("body", "headers", "status", "type")

    def __init__(
        self, status: int, body: bytes, headers: tuple[tuple[str, str], ...] = (), type: str = JSON
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.type = type

    def with_headers(self, headers: tuple[tuple[str, str], ...]) -> Answer:
        """Copy with more headers."""
        return Answer(self.status, self.body, self.headers + headers, self.type)

    def encode(self, *, keep_alive: bool) -> bytes:
        """Write the whole answer as bytes."""
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, '')}\r\n"
            f"Content-Type: {self.type}\r\nContent-Length: {len(self.body)}\r\n"
        )
        for name, value in self.headers:
            head += f"{name}: {value}\r\n"
        head += "\r\n" if keep_alive else "Connection: close\r\n\r\n"
        return head.encode("latin-1") + self.body


def json_answer(value: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status, _encoder.encode(value))


def refusal_answer(code: int, message: str, status: int = 400) -> Answer:
    """Answer as Binance refuses."""
    return json_answer({"code": code, "msg": message}, status)


def html_answer(status: int, body: str) -> Answer:
    """Answer with a page, as Binance's front servers do."""
    return Answer(status, body.encode(), type="text/html")
