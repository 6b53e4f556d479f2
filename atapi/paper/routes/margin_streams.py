"""Margin user data: tokens that open it over the WebSocket API, and the listen keys that it was once opened by."""

from __future__ import annotations

from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.routes.margin import check_cross
from atapi.paper.routes.spot_account import GONE
from atapi.paper.wire.call import Call
from atapi.paper.wire.http import Answer, html_answer
from atapi.paper.wire.params import invalid
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]
RISK = "/sapi/v1/margin/listen-key"
RETIRED = "/sapi/v1/userDataStream"


@router.route("POST", "/sapi/v1/userListenToken", security=Security.KEY)
def listen_token(call: Call) -> Json:
    """Make a token for `userDataStream.subscribe.listenToken`; the API key alone is enough."""
    life = call.params.maybe_integer("validity")
    if life == 0:
        raise invalid("validity")
    check_cross(call.params)
    token, end_ms = call.gateway.listen_tokens.issue(call.account, life)
    return {"token": token, "expirationTime": end_ms}


@router.route("POST", RISK, security=Security.KEY)
def open_risk(call: Call) -> Json:
    """Open the stream of levels and debts, or extend it; it is on this port, `/ws/<listenKey>`."""
    return {"listenKey": call.gateway.listen_keys["margin"].open(call.account)}


@router.route("PUT", RISK, security=Security.KEY)
def extend_risk(call: Call) -> Json:
    """Extend it by an hour."""
    call.params.skip("listenKey")
    try:
        call.gateway.listen_keys["margin"].extend(call.account)
    except Refusal:
        raise Refusal(-3038, "Listen key not found.") from None
    return {}


@router.route("DELETE", RISK, security=Security.KEY)
def close_risk(call: Call) -> Json:
    """Close it."""
    call.params.skip("listenKey")
    call.gateway.listen_keys["margin"].close(call.account)
    return {}


@router.route("POST", RETIRED, security=Security.NONE)
@router.route("PUT", RETIRED, security=Security.NONE)
@router.route("DELETE", RETIRED, security=Security.NONE)
@router.route("POST", f"{RETIRED}/isolated", security=Security.NONE)
@router.route("PUT", f"{RETIRED}/isolated", security=Security.NONE)
@router.route("DELETE", f"{RETIRED}/isolated", security=Security.NONE)
def listen_key(call: Call) -> Answer:
    """Say that margin listen keys are gone since 2025-11-10."""
    return html_answer(410, GONE)
