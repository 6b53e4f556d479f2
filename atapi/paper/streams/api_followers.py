"""User data on a WebSocket API connection: subscribed by session, by signature or by listen token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atapi.paper.records import Refusal
from atapi.paper.streams.hub import Hub
from atapi.paper.wire.call import Call
from atapi.paper.wire.gateway import Gateway

Json = dict[str, Any]
Whose = tuple[str, str]  # market, account

MOST_ACTIVE = 1000
MOST_EVER = 65_535  # in the life of one connection


@dataclass(slots=True)
class Following:
    """One subscription."""

    whose: Whose
    by_session: bool  # ends when the session logs out
    stop: Callable[[], None]


class Followed:
    """The subscriptions of one connection.

    Args:
        hub: Sends users' events.
        tell: Sends one event of a subscription, by its number.
        own: Learns the name of the account whose events are told here.
    """

    def __init__(
        self,
        gateway: Gateway,
        hub: Hub,
        tell: Callable[[int, Json], None],
        own: Callable[[str], None],
    ) -> None:
        self._gateway = gateway
        self._hub = hub
        self._tell = tell
        self._own = own
        self._active: dict[int, Following] = {}  # subscription id -> subscription
        self._next = 0

    def any(self) -> bool:
        """Tell whether there is a subscription."""
        return bool(self._active)

    def stop_all(self, *, by_session: bool = False) -> None:
        """Stop every subscription, or those alone that a session began."""
        for number, following in list(self._active.items()):
            if following.by_session or not by_session:
                self._stop(number)

    # --- methods --------------------------------------------------------------------------------------------
    def subscribe(self, call: Call) -> Json:
        """Follow the account that the session is authenticated for."""
        return self._begin(call, by_session=True)

    def subscribe_signature(self, call: Call) -> Json:
        """Follow the account that signed this request."""
        return self._begin(call, by_session=False)

    def subscribe_token(self, call: Call) -> Json:
        """Follow the margin account of a listen token until the token ends."""
        tokens = self._gateway.listen_tokens
        account, end_ms = tokens.redeem(call.params.text("listenToken"))
        whose = ("margin", account)
        number = self._number_of(whose)
        if number is None:
            number = self._new_number()
        else:
            self._stop(number)  # a new token goes on where the old one would have ended
        leave = self._hub.follow(*whose, self._sink(number))

        def expire() -> None:
            self._stop(number)
            self._tell(number, {"e": "eventStreamTerminated", "E": end_ms})

        timer = asyncio.get_running_loop().call_later(tokens.left_s(end_ms), expire)

        def stop() -> None:
            timer.cancel()
            leave()

        self._active[number] = Following(whose, False, stop)
        return {"subscriptionId": number, "expirationTime": end_ms}

    def unsubscribe(self, call: Call) -> Json:
        """Stop one subscription, or all."""
        number = call.params.maybe_integer("subscriptionId")
        if number is not None and number not in self._active:
            raise Refusal(-2036, "User Data Stream subscription not active.")
        for which in list(self._active) if number is None else [number]:
            self._stop(which)
        return {}

    def list(self, call: Call) -> list[Json]:
        """List subscriptions."""
        return [{"subscriptionId": number} for number in self._active]

    # --------------------------------------------------------------------------------------------------------
    def _begin(self, call: Call, *, by_session: bool) -> Json:
        whose = ("spot", call.account)
        if self._number_of(whose) is not None:
            raise Refusal(-2035, "User Data Stream subscription already active.")
        number = self._new_number()
        self._own(self._gateway.name_of(call.account))
        self._active[number] = Following(whose, by_session, self._hub.follow(*whose, self._sink(number)))
        return {"subscriptionId": number}

    def _stop(self, number: int) -> None:
        self._active.pop(number).stop()

    def _number_of(self, whose: Whose) -> int | None:
        return next((number for number, each in self._active.items() if each.whose == whose), None)

    def _new_number(self) -> int:
        if self._next >= MOST_EVER:
            raise Refusal(-2042, "Maximum subscription ID reached for this connection.")
        if len(self._active) >= MOST_ACTIVE:
            raise Refusal(
                -1191,
                f"Too many subscriptions. Connection may create up to '{MOST_ACTIVE}' subscriptions at a time.",
            )
        self._next += 1
        return self._next - 1

    def _sink(self, number: int) -> Callable[[Json], None]:
        return lambda event: self._tell(number, event)
