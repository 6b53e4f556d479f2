"""Answers that are not what they should be: other statuses, codes, bodies."""

from __future__ import annotations

from typing import Any

import msgspec

from atapi.paper.faults.words import Fault
from atapi.paper.records import Refusal
from atapi.paper.wire.http import Answer, html_answer, refusal_answer

TOO_MANY = "Too many requests; current limit of IP(127.0.0.1) is 2400 requests per minute."
UNKNOWN = "Unknown error, please check your request or try again later."
STATUSES: dict[int, tuple[int, str]] = {  # status -> code and message that Binance sends with it
    403: (0, "<html><body><h1>403 Forbidden</h1></body></html>"),
    408: (-1007, "Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
    418: (-1003, "Way too many requests; IP(127.0.0.1) banned until {until}. Please use the websocket for live updates to avoid bans."),
    429: (-1003, TOO_MANY),
    500: (-1000, "An unknown error occurred while processing the request."),
    502: (0, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
    503: (0, "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"),
    504: (0, "<html><body><h1>504 Gateway Time-out</h1></body></html>"),
}  # fmt: skip
CODES = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1003: TOO_MANY,
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: STATUSES[408][1],
    -1008: "Server is currently overloaded with other requests. Please try again in a few minutes.",
    -1013: "Filter failure: LOT_SIZE",
    -1015: "Too many new orders; current limit is 100 orders per TEN_SECONDS.",
    -1016: "This service is no longer available.",
    -1021: "Timestamp for this request is outside of the recvWindow.",
    -1022: "Signature for this request is not valid.",
    -1111: "Precision is over the maximum defined for this asset.",
    -2010: "Account has insufficient balance for requested action.",
    -2011: "Unknown order sent.",
    -2013: "Order does not exist.",
    -2014: "API-key format invalid.",
    -2015: "Invalid API-key, IP, or permissions for action.",
    -2018: "Balance is insufficient.",
    -2019: "Margin is insufficient.",
    -2021: "Order would immediately trigger.",
    -2022: "ReduceOnly Order is rejected.",
    -2027: "Exceeded the maximum allowable position at current leverage.",
    -3003: "Margin account does not exist.",
    -3004: "Trade not allowed.",
    -3005: "Transferring out not allowed. Transfer out amount exceeds max amount.",
    -3006: "Your borrow amount has exceed maximum borrow amount.",
    -3007: "You have pending transaction, please try again later..",
    -3008: "Borrow not allowed. Your borrow amount has exceed maximum borrow amount.",
    -3010: "Repay not allowed. Repay amount exceeds borrow amount.",
    -3012: "Borrow is banned for this asset.",
    -3013: "Borrow amount less than minimum borrow amount.",
    -3015: "Repay amount exceeds borrow amount.",
    -3016: "Repay amount less than minimum repay amount.",
    -3020: "Transfer out amount exceeds max amount.",
    -3021: "Margin account are not allowed to trade this trading pair.",
    -3022: "You account's trading is banned.",
    -3023: "You can't transfer out/place order under current margin level.",
    -3024: "The unpaid debt is too small after this repayment.",
    -3027: "Not a valid margin asset.",
    -3028: "Not a valid margin pair.",
    -3029: "Transfer failed.",
    -3037: "PNL is clearing. Wait a second.",
    -3038: "Listen key not found.",
    -3041: "Balance is not enough",
    -3044: "System busy.",
    -3045: "The system doesn't have enough asset now.",
    -2012: "Batch cancel failure.",
    -2020: "Unable to fill.",
    -2023: "User in liquidation mode now.",
    -2024: "Position is not sufficient.",
    -2025: "Reach max open order limit.",
    -2028: "Leverage is smaller than permitted: insufficient margin balance.",
    -4003: "Quantity less than zero.",
    -4045: "Reach max stop order limit.",
    -4087: "User can only place reduce only order",
    -4088: "User can not place order currently",
    -4105: "The position is controlled by the risk system: positions may only be reduced.",
    -4109: "This account is inactive, please activate your account first.",
    -4117: "stop order is triggering",
    -4116: "ClientOrderId is duplicated.",
    -4118: "ReduceOnly Order Failed. Please check your existing position and open orders",
    -4131: "The counterparty's best price does not meet the PERCENT_PRICE filter limit",
    -4164: "Order's notional must be no smaller than 5 (unless you choose reduce only).",
    -4189: "The account may only place reduce only orders.",
    -4192: "Trade forbidden due to Cooling-off Period.",
    -4210: "Stop price is higher than price multiplier cap.",
    -4211: "Stop price is lower than price multiplier floor.",
    -4400: "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed, please try again later.",
    -4401: "Compliance restricted account permission: can only place reduceOnly order.",
    -4531: "The position mode cannot be changed: it could not be synchronized with COIN-M.",
    -5021: "Due to the order could not be filled immediately, the FOK order has been rejected.",
    -5022: "Due to the order could not be executed as maker, the Post Only order will be rejected.",
    -5026: "Exceed maximum modify order limit.",
    -5027: "No need to modify the order.",
    -5043: "A pending modification already exists for this order.",
    -5028: "Timestamp for this request is outside of the ME recvWindow",
}
THROTTLED = "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."
OVERLOADS: dict[str, tuple[int, str]] = {  # which of futures' 503 -> code and message
    "A": (-1000, UNKNOWN),  # executed or not: nobody knows
    "B": (-1001, "Service Unavailable."),  # not executed
    "C": (-1008, THROTTLED),  # not executed; what only reduces is let through
}
HTTP_OF = {-1003: 429, -1007: 408, -1008: 503, -1015: 429, -1016: 503, -2014: 401, -2015: 401}
_WHOLE: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "object": b"{}",
    "list": b"[]",
    "html": b"<html><body><h1>Please log in</h1></body></html>",
}


def of_status(fault: Fault, now_ms: int) -> Answer:
    """Answer with a status, its usual body and, where asked for, `Retry-After`."""
    status: int = fault.value
    if not 200 <= status <= 599:
        raise Refusal(-1102, f"status {status} is none of HTTP")
    code, message = STATUSES.get(status, (-1000, UNKNOWN))
    retry = fault.options.get("retry")
    message = message.replace("{until}", str(now_ms + 1000 * int(retry or 120)))
    if "code" in fault.options:
        code = int(fault.options["code"])
        message = CODES.get(code, UNKNOWN)
    message = fault.options.get("text", message)
    answer = refusal_answer(code, message, status) if code else html_answer(status, message)
    return answer if retry is None else answer.with_headers((("Retry-After", retry),))


def overloaded(fault: Fault) -> Answer:
    """Answer one of the three ways in which futures are overloaded."""
    code, message = OVERLOADS[fault.value]
    return refusal_answer(code, message, 503)


def of_code(fault: Fault, market: str) -> Answer:
    """Refuse with a code, in the words that go with it on a market."""
    usual = THROTTLED if fault.value == -1008 and market != "spot" else CODES.get(fault.value, UNKNOWN)
    message = fault.options.get("text") or usual
    return refusal_answer(fault.value, message, HTTP_OF.get(fault.value, 400))


def redirected(fault: Fault) -> Answer:
    """Send the client elsewhere."""
    status = int(fault.options.get("status", "307"))
    return html_answer(status, "").with_headers((("Location", str(fault.value)),))


def altered(fault: Fault, answer: Answer) -> Answer:
    """Give an answer another body."""
    body = answer.body
    if "text" in fault.options:
        return Answer(200, fault.options["text"].encode(), answer.headers, answer.type)
    if "drop" in fault.options or "set" in fault.options:
        body = _with_fields(body, fault.options)
        return Answer(answer.status, body, answer.headers, answer.type)
    if fault.value == "half":
        return Answer(answer.status, body[: len(body) // 2], answer.headers, answer.type)
    if fault.value == "double":
        return Answer(answer.status, body + body, answer.headers, answer.type)
    if fault.value == "foreign":
        return Answer(
            200, b'{"orderId":1,"clientOrderId":"of-somebody-else","status":"FILLED"}', answer.headers
        )
    kind = "text/html" if fault.value == "html" else answer.type
    return Answer(200, _WHOLE[fault.value or "object"], answer.headers, kind)


def check(fault: Fault) -> None:
    """Refuse, when it is set, what could not be done when it strikes."""
    if fault.action == "body" and not fault.options:
        known = (*_WHOLE, "half", "double", "foreign")
        if fault.value not in known:
            raise Refusal(-1102, f"body '{fault.value}' is none of {', '.join(known)}")
    if fault.action == "overload" and fault.value not in OVERLOADS:
        raise Refusal(-1102, f"overload '{fault.value}' is none of {', '.join(OVERLOADS)}")
    if fault.action == "status":
        of_status(fault, 0)
    if fault.action == "redirect" and fault.options.get("status", "307") not in (
        "301",
        "302",
        "303",
        "307",
        "308",
    ):
        raise Refusal(-1102, f"status {fault.options['status']} is no redirect")


def _with_fields(body: bytes, options: dict[str, str]) -> bytes:
    value: Any = msgspec.json.decode(body)
    rows = value if isinstance(value, list) else [value]
    for row in rows:
        if not isinstance(row, dict):
            continue
        for name in filter(None, options.get("drop", "").split(",")):
            row.pop(name, None)
        for pair in filter(None, options.get("set", "").split(",")):
            name, _, text = pair.partition(":")
            row[name] = text
    return msgspec.json.encode(value)
