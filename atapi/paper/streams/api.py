"""The WebSocket API: the REST endpoints by other names, signed the other way, and what lives on the connection itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from atapi.clock import wall_ms
from atapi.paper.streams.api_followers import Followed
from atapi.paper.streams.api_logon import Logon
from atapi.paper.streams.api_replies import reply_frame
from atapi.paper.streams.futures_methods import CM_METHODS, UM_METHODS
from atapi.paper.streams.session import Session
from atapi.paper.streams.spot_methods import SPOT_METHODS
from atapi.paper.wire.auth import SessionProof, SortedProof, unknown_key
from atapi.paper.wire.call import Call
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Answer, Request, refusal_answer
from atapi.paper.wire.microseconds import finer, wanted_in_microseconds
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Handler, Route, Security

Json = dict[str, Any]

METHODS = {"spot": SPOT_METHODS, "um": UM_METHODS, "cm": CM_METHODS}
BANNED = 418
VERSION = "v3/"  # may stand before a method of spot


class ApiTalk:
    """One WebSocket API connection.

    Args:
        options: Of the address: `returnRateLimits`, and on spot `timeUnit`.
    """

    paced = False

    def __init__(self, gateway: Gateway, market: str, options: Mapping[str, str] | None = None) -> None:
        self._gateway = gateway
        self._market = market
        self._limits_told = (options or {}).get("returnRateLimits", "true") != "false"
        self._microseconds = market == "spot" and wanted_in_microseconds(options or {})
        self._hub = gateway.hub()
        self._session: Session
        self._followed = Followed(gateway, self._hub, self._tell, self._be_of)
        self._logon = Logon(gateway, wall_ms, limits_told=self._limits_told, subscribed=self._followed.any)
        self._own = self._own_methods()

    # --- talk -----------------------------------------------------------------------------------------------
    def opened(self, session: Session) -> None:
        """Wait for requests."""
        self._session = session
        self._hub.sessions.add(session)

    def heard(self, text: bytes) -> None:
        """Answer one request."""
        try:
            message = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            message = None
        params = message.get("params") or {} if isinstance(message, dict) else None
        if (
            not isinstance(message, dict)
            or not isinstance(message.get("method"), str)
            or not isinstance(params, dict)
        ):
            answer = refusal_answer(-1135, "Invalid JSON Request")
            self._reply(message.get("id") if isinstance(message, dict) else None, answer, {})
            return
        values = {name: _text(value) for name, value in params.items() if value is not None}
        self._answer(message.get("id"), message["method"], values)

    def closed(self) -> None:
        """Stop every subscription."""
        self._followed.stop_all()
        self._hub.sessions.discard(self._session)

    def announced(self, event: Json) -> Json:
        """Wrap an event about the connection itself."""
        return {"event": finer(event) if self._microseconds else event}

    # --- requests -------------------------------------------------------------------------------------------
    def _answer(self, message_id: Any, method: str, values: dict[str, str]) -> None:
        route = self._route(method)
        if route is None:
            self._reply(message_id, refusal_answer(-1020, "This operation is not supported."), values)
            return
        key = values.get("apiKey") or self._logon.api_key or ""
        request = Request(route.method, route.path, "", b"", {b"x-mbx-apikey": key.encode()})

        def perform(request: Request) -> Answer:
            own = {
                name: value for name, value in values.items() if name not in ("apiKey", "returnRateLimits")
            }
            params = Params(own, strict=self._market == "spot")
            proof = (
                SortedProof(values) if "apiKey" in values or not self._logon.api_key else SessionProof(key)
            )
            return self._gateway.perform(self._market, route, request, params, proof)

        if self._gateway.faults.requests:
            from atapi.paper.faults.messages import meet_message

            meet_message(
                self._gateway,
                self._market,
                self._session,
                request,
                symbol=values.get("symbol", ""),
                answer=perform,
                frame=lambda answer: self._frame(message_id, answer, values, route),
            )
        else:
            self._reply(message_id, perform(request), values, route)

    def _route(self, method: str) -> Route | None:
        if self._market == "spot":
            method = method.removeprefix(VERSION)
        own = self._own.get(method)
        if own is not None:
            return own
        endpoint = METHODS[self._market].get(method)
        return None if endpoint is None else self._gateway.routers[self._market].find(*endpoint)

    def _reply(
        self, message_id: Any, answer: Answer, values: Mapping[str, str], route: Route | None = None
    ) -> None:
        banned = answer.status == BANNED
        frame = self._frame(message_id, answer, values, route)
        self._gateway.outbox.send(self._session, frame, last=banned)

    def _frame(
        self, message_id: Any, answer: Answer, values: Mapping[str, str], route: Route | None
    ) -> bytes:
        usage = None
        if _wanted(values.get("returnRateLimits"), default=self._limits_told):
            usage = self._usage(values, route)
        return reply_frame(message_id, answer, usage=usage, now_ms=wall_ms(), microseconds=self._microseconds)

    def _usage(self, values: Mapping[str, str], route: Route | None) -> list[Json]:
        limits = self._gateway.limits[self._market]
        used = limits.usage()
        if route is None or not route.orders:
            return used
        owner = self._gateway.exchange.account_of_key(values.get("apiKey") or self._logon.api_key or "")
        return used if owner is None else limits.order_usage(owner.account) + used

    # --- what lives on the connection -----------------------------------------------------------------------
    def _own_methods(self) -> dict[str, Route]:
        methods = {
            "session.logon": _own("session.logon", self._logon.logon, Security.SIGNED),
            "session.status": _own("session.status", self._logon.status),
            "session.logout": _own("session.logout", self._logout),
        }
        if self._market == "spot":
            followed, data = self._followed, "userDataStream"
            methods |= {
                f"{data}.subscribe": _own(f"{data}.subscribe", self._subscribe, Security.KEY),
                f"{data}.subscribe.signature": _own(
                    f"{data}.subscribe.signature", followed.subscribe_signature, Security.SIGNED
                ),
                f"{data}.subscribe.listenToken": _own(
                    f"{data}.subscribe.listenToken", followed.subscribe_token
                ),
                f"{data}.unsubscribe": _own(f"{data}.unsubscribe", followed.unsubscribe),
                "session.subscriptions": _own("session.subscriptions", followed.list),
            }
        return methods

    def _subscribe(self, call: Call) -> Json:
        if self._logon.api_key is None:
            raise unknown_key()
        return self._followed.subscribe(call)

    def _logout(self, call: Call) -> Json:
        self._followed.stop_all(by_session=True)
        return self._logon.logout(call)

    def _tell(self, number: int, event: Json) -> None:
        told = finer(event) if self._microseconds else event
        self._session.say({"subscriptionId": number, "event": told})

    def _be_of(self, name: str) -> None:
        self._session.owner = name


def _own(name: str, handler: Handler, security: Security = Security.NONE) -> Route:
    return Route("WS", name, handler, security, weight=2, by_account=False, orders=False)


def _wanted(text: str | None, *, default: bool) -> bool:
    return default if text is None else text != "false"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
