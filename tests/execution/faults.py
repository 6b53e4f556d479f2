"""What a network, a gateway or a venue does to one request. Each is a function of a `Passing`."""

from __future__ import annotations

import json
import threading

from atapi.clock import Deadline
from tests.execution.proxy import Fault, Passing

HTML = b"<html><body>gateway</body></html>"
HURRY_S = 0.05  # between two bytes of a dripping answer
BLINK_S = 0.5  # for which nobody listens
OUTAGE_S = 15.0
SHORT_PAUSE_S = 1  # of a Retry-After


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def refusal(code: int, text: str) -> bytes:
    """Write the body of a refusal."""
    return json.dumps({"code": code, "msg": text}).encode()


# --- connections ------------------------------------------------------------------------------------------------


def dropped(request: Passing) -> None:
    """Never arrives; no answer either."""
    request.wait_until_gone()


def lost(request: Passing) -> None:
    """Executed; no answer ever comes."""
    request.forward()
    request.wait_until_gone()


def hung_up(request: Passing) -> None:
    """Executed; the connection ends without a byte of answer."""
    request.forward()
    request.hang_up()


def reset(request: Passing) -> None:
    """Executed; the connection is reset without a byte of answer."""
    request.forward()
    request.hang_up(reset=True)


def unheard(request: Passing) -> None:
    """Never arrives; the connection is reset."""
    request.hang_up(reset=True)


def cut(part: float, *, hard: bool = False) -> Fault:
    """Make the fault: executed; a part of the answer arrives, then the connection ends."""

    def fault(request: Passing) -> None:
        whole = request.forward()
        request.answer(whole[: min(round(len(whole) * part), len(whole) - 1)])
        request.hang_up(reset=hard)

    return fault


def dripping(request: Passing) -> None:
    """Executed; the answer comes a byte at a time, and slower than anybody waits."""
    for byte in request.forward():
        request.answer(bytes([byte]))
        if request.wait_until_gone(HURRY_S):
            return


def delayed(seconds: float) -> Fault:
    """Make the fault: the request arrives that much later, whoever still waits for it."""

    def fault(request: Passing) -> None:
        until = Deadline(seconds)
        gone = request.wait_until_gone(seconds)
        if gone:
            threading.Event().wait(max(0.0, until.left()))
        whole = request.forward()
        if not gone:
            request.answer(whole)

    return fault


def last(whole: bytes) -> bytes:
    """Make of an answer one after which the connection ends."""
    return whole.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


def doubled(request: Passing) -> None:
    """Delivered twice, as by a middlebox; the first answer comes back."""
    first = request.forward()
    request.forward()
    request.proxy.count.doubled.append(request.parameter("newClientOrderId"))
    request.answer(first)


# --- answers ----------------------------------------------------------------------------------------------------


def instead(whole: bytes, *, executed: bool = True) -> Fault:
    """Make the fault: something else is answered."""

    def fault(request: Passing) -> None:
        if executed:
            request.forward()
        request.answer(whole)

    return fault


def announced(request: Passing) -> None:
    """Executed; the answer comes after two that only announce it."""
    whole = request.forward()
    request.answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + whole)


def moved(status: str, url: str) -> Fault:
    """Make the fault: executed; answered with a redirect to another host."""
    return instead(answer(status, b"", f"Location: {url}/api/v3/order"))


def waiting(status: str, seconds: int, body: bytes) -> Fault:
    """Make the fault: not executed; the client is told to send nothing for a while."""

    def fault(request: Passing) -> None:
        request.proxy.count.pause(request.market, seconds)
        request.answer(answer(status, body, f"Retry-After: {seconds}"))

    return fault


garbled = instead(answer("200 OK", HTML))
emptied = instead(answer("200 OK", b"{}"))
blank = instead(answer("200 OK", b""))
foreign = instead(
    answer(
        "200 OK", b'{"symbol":"ETHUSDT","orderId":7,"clientOrderId":"web_1","status":"NEW","executedQty":"0"}'
    )
)
listed = instead(answer("200 OK", b'[[1,"2"],{"a":null}]'))
not_http = instead(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
unavailable = instead(answer("503 Service Unavailable", HTML))
bad_gateway = instead(answer("502 Bad Gateway", HTML), executed=False)
timed_out = instead(
    answer(
        "408 Request Timeout",
        refusal(-1007, "Timeout waiting for response from backend server. Send status unknown."),
    )
)
timed_out_before = instead(
    answer(
        "500 Internal Server Error",
        refusal(-1007, "Timeout waiting for response from backend server. Send status unknown."),
    ),
    executed=False,
)
overloaded = instead(
    answer("503 Service Unavailable", refusal(-1008, "Request throttled by system-level protection.")),
    executed=False,
)
too_late = instead(
    answer("400 Bad Request", refusal(-1021, "Timestamp for this request is outside of the recvWindow.")),
    executed=False,
)
key_refused = instead(
    answer("401 Unauthorized", refusal(-2015, "Invalid API-key, IP, or permissions for action.")),
    executed=False,
)
refused = instead(
    answer("400 Bad Request", refusal(-2010, "Account has insufficient balance for requested action.")),
    executed=False,
)
unknown_code = instead(answer("400 Bad Request", refusal(-9999, "Something new.")))
limited = waiting("429 Too Many Requests", SHORT_PAUSE_S, refusal(-1003, "Too many requests."))
banned = waiting("418 I'm a teapot", 3, refusal(-1003, "Way too many requests; IP banned."))
