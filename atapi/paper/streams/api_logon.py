"""Whose key a WebSocket API connection is authenticated with, so that requests need not sign."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.wire.call import Call
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.keys import ED25519, kind_of

Json = dict[str, Any]


class Logon:
    """The authentication of one connection.

    Args:
        clock_ms: Real time, since when the connection stands.
        limits_told: Whether answers tell rate limits unless asked otherwise.
        subscribed: Tells whether any user data is subscribed.
    """

    def __init__(
        self,
        gateway: Gateway,
        clock_ms: Callable[[], int],
        *,
        limits_told: bool,
        subscribed: Callable[[], bool],
    ) -> None:
        self.api_key: str | None = None
        self._gateway = gateway
        self._subscribed = subscribed
        self._limits_told = limits_told
        self._clock_ms = clock_ms
        self._connected_ms = clock_ms()
        self._since_ms: int | None = None

    def logon(self, call: Call) -> Json:
        """Authenticate the connection; only Ed25519 keys may."""
        assert call.owner is not None
        kind = kind_of(call.owner.api_secret)
        if kind != ED25519:
            raise Refusal(-4056, f"{kind} API key is not supported.")
        call.prove()
        self.api_key, self._since_ms = call.owner.api_key, self._clock_ms()
        return self.status(call)

    def status(self, call: Call) -> Json:
        """Tell which key authorizes requests."""
        return {
            "apiKey": self.api_key,
            "authorizedSince": self._since_ms,
            "connectedSince": self._connected_ms,
            "returnRateLimits": self._limits_told,
            "serverTime": self._gateway.exchange.clock.seen_ms(),
            "userDataStream": self._subscribed(),
        }

    def logout(self, call: Call) -> Json:
        """Forget the key; nothing where there is none."""
        self.api_key = self._since_ms = None
        return self.status(call)
