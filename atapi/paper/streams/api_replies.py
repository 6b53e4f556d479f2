"""Answers of the WebSocket API: an HTTP answer in an envelope, its body untouched."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from atapi.paper.streams.session import framed
from atapi.paper.wire.http import JSON, Answer
from atapi.paper.wire.microseconds import microseconds_of

_encode = msgspec.json.Encoder().encode
SECOND = 1000
_REASONS = {status.value: status.phrase for status in HTTPStatus}


def reply_frame(
    message_id: Any,
    answer: Answer,
    *,
    usage: list[dict[str, Any]] | None,
    now_ms: int,
    microseconds: bool = False,
) -> bytes:
    """Frame the answer to a request.

    Args:
        usage: `rateLimits` of the answer; None where they are not wanted.
        now_ms: Real time, from which `Retry-After` counts.
        microseconds: Whether times are told in those.
    """
    body = answer.body
    what = b"result" if answer.status == HTTPStatus.OK else b"error"
    if answer.status != HTTPStatus.OK:
        body = _error(answer, now_ms)
    elif microseconds:
        body = microseconds_of(body)
    parts = [b'{"id":', _encode(message_id), b',"status":%d,"' % answer.status, what, b'":', body]
    if usage is not None:
        parts += [b',"rateLimits":', _encode(usage)]
    parts.append(b"}")
    return framed(b"".join(parts))


def _error(answer: Answer, now_ms: int) -> bytes:
    if answer.type != JSON:  # what a web server in front would have said in HTML
        return _encode({"code": -1000, "msg": _REASONS.get(answer.status, "")})
    wait = next((value for name, value in answer.headers if name == "Retry-After"), None)
    if wait is None:
        return answer.body
    error = msgspec.json.decode(answer.body)
    until = {"serverTime": now_ms, "retryAfter": now_ms + int(wait) * SECOND}
    return _encode({**error, "data": until} if isinstance(error, dict) else error)
