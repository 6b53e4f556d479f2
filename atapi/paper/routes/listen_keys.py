"""Listen keys of a futures user stream; the API key alone opens one."""

from __future__ import annotations

from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.router import Router, Security

Json = dict[str, Any]


def listen_keys(market: str, path: str) -> Router:
    """Make the endpoints of one market's keys."""
    router = Router()

    @router.route("POST", path, security=Security.KEY)
    def open_key(call: Call) -> Json:
        """Open a key, or extend the one that lives."""
        return {"listenKey": call.gateway.listen_keys[market].open(call.account)}

    @router.route("PUT", path, security=Security.KEY)
    def extend_key(call: Call) -> Json:
        """Extend the key by an hour."""
        return {"listenKey": call.gateway.listen_keys[market].extend(call.account)}

    @router.route("DELETE", path, security=Security.KEY)
    def close_key(call: Call) -> Json:
        """Close the key."""
        call.gateway.listen_keys[market].close(call.account)
        return {}

    return router


router = listen_keys("um", "/fapi/v1/listenKey")
