"""Listen keys of the USD-M user stream; the API key alone opens one."""

from __future__ import annotations

from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router, Security

router = Router()

Json = dict[str, Any]
PATH = "/fapi/v1/listenKey"


@router.route("POST", PATH, security=Security.KEY)
def open_key(call: Call) -> Json:
    """Open a key, or extend the one that lives."""
    return {"listenKey": call.gateway.listen_keys.open(call.account)}


@router.route("PUT", PATH, security=Security.KEY)
def extend_key(call: Call) -> Json:
    """Extend the key by an hour."""
    return {"listenKey": call.gateway.listen_keys.extend(call.account)}


@router.route("DELETE", PATH, security=Security.KEY)
def close_key(call: Call) -> Json:
    """Close the key."""
    call.gateway.listen_keys.close(call.account)
    return {}
