"""The WebSocket API: the REST endpoints by other names, signed the other way, and spot's user data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from atapi.paper.records import Refusal
from atapi.paper.streams.futures_methods import CM_METHODS, UM_METHODS
from atapi.paper.streams.session import Session, framed
from atapi.paper.wire.auth import SortedProof
from atapi.paper.wire.call import Call
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Answer, Request, refusal_answer
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Route, Security

Json = dict[str, Any]

SPOT_METHODS = {  # method -> REST endpoint
    "ping": ("GET", "/api/v3/ping"),
    "time": ("GET", "/api/v3/time"),
    "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
    "depth": ("GET", "/api/v3/depth"),
    "trades.recent": ("GET", "/api/v3/trades"),
    "trades.aggregate": ("GET", "/api/v3/aggTrades"),
    "klines": ("GET", "/api/v3/klines"),
    "avgPrice": ("GET", "/api/v3/avgPrice"),
    "ticker.24hr": ("GET", "/api/v3/ticker/24hr"),
    "ticker.price": ("GET", "/api/v3/ticker/price"),
    "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
    "order.place": ("POST", "/api/v3/order"),
    "order.test": ("POST", "/api/v3/order/test"),
    "order.status": ("GET", "/api/v3/order"),
    "order.cancel": ("DELETE", "/api/v3/order"),
    "order.cancelReplace": ("POST", "/api/v3/order/cancelReplace"),
    "order.amend.keepPriority": ("PUT", "/api/v3/order/amend/keepPriority"),
    "order.amendments": ("GET", "/api/v3/order/amendments"),
    "orderList.place": ("POST", "/api/v3/order/oco"),
    "orderList.place.oco": ("POST", "/api/v3/orderList/oco"),
    "orderList.place.oto": ("POST", "/api/v3/orderList/oto"),
    "orderList.place.otoco": ("POST", "/api/v3/orderList/otoco"),
    "orderList.status": ("GET", "/api/v3/orderList"),
    "orderList.cancel": ("DELETE", "/api/v3/orderList"),
    "openOrderLists.status": ("GET", "/api/v3/openOrderList"),
    "allOrderLists": ("GET", "/api/v3/allOrderList"),
    "myPreventedMatches": ("GET", "/api/v3/myPreventedMatches"),
    "myFilters": ("GET", "/api/v3/myFilters"),
    "openOrders.status": ("GET", "/api/v3/openOrders"),
    "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
    "allOrders": ("GET", "/api/v3/allOrders"),
    "myTrades": ("GET", "/api/v3/myTrades"),
    "account.status": ("GET", "/api/v3/account"),
    "account.commission": ("GET", "/api/v3/account/commission"),
    "account.rateLimits.orders": ("GET", "/api/v3/rateLimit/order"),
}
METHODS = {"spot": SPOT_METHODS, "um": UM_METHODS, "cm": CM_METHODS}


Subscription = tuple[tuple[str, str], Callable[[], None]]  # (market, account), how to stop


class ApiTalk:
    """One WebSocket API connection."""

    paced = False

    def __init__(self, gateway: Gateway, market: str) -> None:
        self._gateway = gateway
        self._market = market
        self._hub = gateway.hub()
        self._session: Session
        self._subscriptions: dict[int, Subscription] = {}  # id -> whose events, how to stop
        self._next_subscription = 0
        self._own = {  # methods that live on the connection itself
            "userDataStream.subscribe.signature": Route(
                "WS", "", self._subscribe, Security.SIGNED, weight=2, by_account=False, orders=False
            ),
            "userDataStream.subscribe.listenToken": Route(
                "WS", "", self._subscribe_token, Security.NONE, weight=2, by_account=False, orders=False
            ),
            "userDataStream.unsubscribe": Route(
                "WS", "", self._unsubscribe, Security.NONE, weight=2, by_account=False, orders=False
            ),
            "session.subscriptions": Route(
                "WS", "", self._list, Security.NONE, weight=2, by_account=False, orders=False
            ),
        }

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
            self._session.say(_reply(message.get("id") if isinstance(message, dict) else None, answer))
            return
        values = {name: _text(value) for name, value in params.items() if value is not None}
        reply = _reply(message.get("id"), self._answer(message["method"], values))
        if values.get("returnRateLimits") != "false":
            reply["rateLimits"] = self._gateway.limits[self._market].usage()
        self._gateway.outbox.send(self._session, framed(msgspec.json.encode(reply)))

    def closed(self) -> None:
        """Stop every subscription."""
        for _, stop in self._subscriptions.values():
            stop()
        self._subscriptions.clear()
        self._hub.sessions.discard(self._session)

    # --- requests -------------------------------------------------------------------------------------------
    def _answer(self, method: str, values: dict[str, str]) -> Answer:
        route = self._own.get(method) if self._market == "spot" else None
        if route is None:
            endpoint = METHODS[self._market].get(method)
            route = endpoint and self._gateway.routers[self._market].find(*endpoint)
        if route is None:
            return refusal_answer(-1020, "This operation is not supported.")
        own = {name: value for name, value in values.items() if name not in ("apiKey", "returnRateLimits")}
        params = Params(own, strict=self._market == "spot")
        request = Request(route.method, route.path, "", b"", {})
        return self._gateway.perform(self._market, route, request, params, SortedProof(values))

    # --- user data ------------------------------------------------------------------------------------------
    def _subscribe(self, call: Call) -> Json:
        whose = ("spot", call.account)
        if self._number_of(whose) is not None:
            raise Refusal(-2035, "User Data Stream subscription already active.")
        number = self._new_number()
        self._session.owner = self._gateway.name_of(call.account)
        self._subscriptions[number] = (whose, self._hub.follow(*whose, self._sink(number)))
        return {"subscriptionId": number}

    def _subscribe_token(self, call: Call) -> Json:
        tokens = self._gateway.listen_tokens
        account, end_ms = tokens.redeem(call.params.text("listenToken"))
        whose = ("margin", account)
        number = self._number_of(whose)
        if number is None:
            number = self._new_number()
        else:
            self._subscriptions.pop(number)[1]()  # a new token goes on where the old one would have ended
        leave, push = self._hub.follow(*whose, self._sink(number)), self._sink(number)

        def expire() -> None:
            self._subscriptions.pop(number)[1]()
            push({"e": "eventStreamTerminated", "E": end_ms})

        timer = asyncio.get_running_loop().call_later(tokens.left_s(end_ms), expire)

        def stop() -> None:
            timer.cancel()
            leave()

        self._subscriptions[number] = (whose, stop)
        return {"subscriptionId": number, "expirationTime": end_ms}

    def _number_of(self, whose: tuple[str, str]) -> int | None:
        return next((number for number, (of, _) in self._subscriptions.items() if of == whose), None)

    def _new_number(self) -> int:
        self._next_subscription += 1
        return self._next_subscription - 1

    def _sink(self, number: int) -> Callable[[Json], None]:
        return lambda event: self._session.say({"subscriptionId": number, "event": event})

    def _unsubscribe(self, call: Call) -> Json:
        number = call.params.maybe_integer("subscriptionId")
        if number is not None and number not in self._subscriptions:
            raise Refusal(-2036, "User Data Stream subscription not active.")
        for which in list(self._subscriptions) if number is None else [number]:
            self._subscriptions.pop(which)[1]()
        return {}

    def _list(self, call: Call) -> list[Json]:
        return [{"subscriptionId": number} for number in self._subscriptions]


def _reply(message_id: Any, answer: Answer) -> Json:
    body = msgspec.json.decode(answer.body)
    what = "result" if answer.status == 200 else "error"
    return {"id": message_id, "status": answer.status, what: body}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
