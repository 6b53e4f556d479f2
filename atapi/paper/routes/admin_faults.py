"""The host's own endpoints about faults: set, listed, cleared."""

from __future__ import annotations

from typing import Any

from atapi.paper.faults.words import ACTIONS, MS_PER_S
from atapi.paper.records import Refusal
from atapi.paper.routes.admin import PREFIX, body_of
from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]
SHUTDOWN_MS = 10_000  # from the announcement to the end, unless said


@router.route("GET", f"{PREFIX}/faults", security=Security.ADMIN)
def faults(call: Call) -> Json:
    """List the faults that stand, what each has met and struck."""
    return {"faults": [standing.shown() for standing in call.gateway.faults.all()]}


@router.route("GET", f"{PREFIX}/faults/words", security=Security.ADMIN)
def words(call: Call) -> Json:
    """Explain every word a fault may begin with."""
    return {
        "actions": [
            {"action": name, "value": action.value or "", "befalls": action.kind.value, "about": action.about}
            for name, action in ACTIONS.items()
        ]
    }


@router.route("POST", f"{PREFIX}/faults", security=Security.ADMIN)
def add(call: Call) -> Json:
    """Set a fault, written as in the shell: `{"fault": "lose after path=/fapi/v1/order nth=2"}`."""
    text = body_of(call).get("fault")
    if not isinstance(text, str):
        raise Refusal(-1102, "fault must be a line such as 'lose after path=/fapi/v1/order nth=2'.")
    standing = call.gateway.faults.add(text, call.exchange)
    if standing.fault.action == "shutdown":  # of connections, which the exchange knows nothing of
        span_ms = SHUTDOWN_MS if standing.fault.value is None else standing.fault.value
        call.gateway.hub().shut_down(span_ms / MS_PER_S)
    call.gateway.beat()  # who listens hears at once what it did
    return standing.shown()


@router.route("POST", f"{PREFIX}/faults/clear", security=Security.ADMIN)
def clear(call: Call) -> Json:
    """Take a fault away by its `id`, or all of them."""
    number = body_of(call).get("id")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise Refusal(-1102, "id must be a whole number.")
    gone = call.gateway.faults.clear(number, call.exchange)
    call.gateway.beat()
    if number is not None and not gone:
        raise Refusal(-1102, f"There is no fault {number}.")
    return {"cleared": gone}
