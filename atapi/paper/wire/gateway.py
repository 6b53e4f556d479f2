"""From a request to an answer: limits, key, handler, refusal."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from atapi.clock import wall_ms
from atapi.paper.exchange import Exchange
from atapi.paper.faults.board import Faults
from atapi.paper.records import AccountRecord, Refusal
from atapi.paper.wire import microseconds
from atapi.paper.wire.auth import HttpProof, Proof, unknown_key
from atapi.paper.wire.call import Call
from atapi.paper.wire.http import Answer, Request, html_answer, json_answer, refusal_answer
from atapi.paper.wire.limits import POOLS, Limits
from atapi.paper.wire.listenkeys import ListenKeys
from atapi.paper.wire.listentokens import ListenTokens
from atapi.paper.wire.outbox import Outbox
from atapi.paper.wire.params import Params
from atapi.paper.wire.permissions import needed
from atapi.paper.wire.router import Route, Router, Security

if TYPE_CHECKING:
    from atapi.paper.recording.recorder import Recorder
    from atapi.paper.streams.hub import Hub
    from atapi.paper.wire.shapes.market import Levels

log = logging.getLogger("atapi.paper")

ADMIN_TOKEN = b"x-paper-token"
SPOT_MISSING = "<html><body><h2>404 Not found</h2></body></html>"


class Gateway:
    """Everything behind the endpoints.

    Args:
        exchange: The state machine; called from one thread only.
        routers: `spot`, `um` and `cm` to the endpoints of that port.
        admin_token: What the `/paper/v1` endpoints want in `X-Paper-Token`.
        renew: Begins the world again and gives its new exchange.
        enforce_limits: False where weights and order counts are only told, never refused.
        clock_ms: Real time, for limits and listen keys; the exchange's own may stand still.
    """

    def __init__(
        self,
        exchange: Exchange,
        routers: Mapping[str, Router],
        *,
        admin_token: str,
        renew: Callable[[], Exchange],
        enforce_limits: bool = True,
        clock_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self.exchange = exchange
        self.routers = routers
        self._renew = renew
        pools = {pool: Limits(pool, clock_ms, enforced=enforce_limits) for pool in ("spot", "um")}
        self.limits = {market: pools[POOLS[market]] for market in routers}
        self.listen_keys = {market: ListenKeys(clock_ms) for market in ("um", "cm", "margin")}
        self.listen_tokens = ListenTokens(clock_ms)
        self._admin_token = admin_token
        self._hub: Hub | None = None
        self.outbox = Outbox()
        self.faults = Faults(self.listen_keys)
        self.recorder: Recorder | None = None

    # --- requests -------------------------------------------------------------------------------------------
    def answer(self, market: str, request: Request) -> Answer:
        """Answer one request; a refusal is an answer too."""
        route = self.routers[market].find(request.method, request.path)
        if route is None:
            return _missing(market, request)
        if route.security is Security.ADMIN:
            return self._administer(route, request)
        try:
            params = Params.parse(request.query, request.body, strict=request.path.startswith("/api/"))
        except Refusal as refusal:
            return refusal_answer(refusal.code, refusal.message, refusal.status)
        proof = HttpProof(request)
        if microseconds.TIME_UNIT not in request.headers:
            return self.perform(market, route, request, params, proof)
        misnamed = microseconds.misnamed(request)
        return misnamed or microseconds.told(request, self.perform(market, route, request, params, proof))

    def perform(self, market: str, route: Route, request: Request, params: Params, proof: Proof) -> Answer:
        """Let a route answer, within the market's limits and for who can prove to be who."""
        if self.recorder is not None:
            self.recorder.catch_up()
        limits = self.limits[market]
        waiting = limits.refuse()
        if waiting is not None:
            return waiting
        account: str | None = None
        weight, sapi = 0, route.path.startswith("/sapi/")
        try:
            weight = route.weight if isinstance(route.weight, int) else route.weight(params)
            limits.charge(weight)
            owner = self._owner(route, proof)
            account = owner.account if owner else None
            pool = (route.path, account if route.by_account else None)
            crowded = limits.refuse_sapi(*pool) if sapi else None
            answer = crowded or self._handle(Call(self, route, request, params, owner, proof))
            if route.orders and market == "spot":
                limits.charge(-weight)  # an accepted order is free
        except Refusal as refusal:
            answer = refusal_answer(refusal.code, refusal.message, refusal.status)
            if refusal.wait_s is not None:
                answer = answer.with_headers((("Retry-After", str(refusal.wait_s)),))
        if self.recorder is not None and account is not None and route.method not in ("GET", "WS"):
            asked = f"{route.method} {route.path}"
            self.recorder.decision(market, self.name_of(account), asked, params.given, answer)
        if sapi:
            limits.charge(-weight)  # counted by endpoint, not in the market's pool
            return answer.with_headers(
                limits.sapi_headers(route.path, weight, account if route.by_account else None)
            )
        headers = limits.headers()
        if route.orders and account is not None:
            headers += limits.order_headers(account)
        return answer.with_headers(headers)

    # --- streams --------------------------------------------------------------------------------------------
    def hub(self) -> Hub:
        """Tell who sends streams; made when first asked for."""
        if self._hub is None:
            from atapi.paper.streams.hub import Hub

            self._hub = Hub(self.exchange)
        return self._hub

    def sockets(self) -> dict[str, int]:
        """Count the WebSockets that are open, and those that were cut because they did not read."""
        hub = self._hub
        return {"open": len(hub.sessions), "cut": hub.post.cut} if hub is not None else {"open": 0, "cut": 0}

    def reset(self) -> None:
        """Begin the world again; streams are cut, because what they told is no longer true."""
        self.stop_recording()
        if self._hub is not None:
            self._hub.close()
            self._hub = None
        self.outbox.settle()
        self.faults = Faults(self.listen_keys)
        self.exchange = self._renew()
        self.outbox.follow(self.exchange)

    def stop_recording(self) -> int:
        """Finish the log that is being written; tells how many lines it got."""
        if self.recorder is None:
            return 0
        self.recorder.close()
        lines, self.recorder = self.recorder.lines, None
        return lines

    def beat(self) -> None:
        """Bring the exchange up to now and send what changed to who listens."""
        self.exchange.settle()
        self.exchange.flush()
        self.exchange.take_up()
        if self._hub is not None:
            self._hub.beat()

    def say_goodbye(self, transports: Collection[object]) -> None:
        """Tell the WebSockets on these connections that their server ends."""
        if self._hub is not None:
            self._hub.announce_end([s for s in self._hub.sessions if s.transport in transports])

    def name_cancel(self, order_id: int, cancel_id: str) -> None:
        """Let streams tell a spot cancel by the id its sender gave it."""
        if self._hub is not None:
            self._hub.name_cancel(order_id, cancel_id)

    def name_of(self, account: str) -> str:
        """Name an account."""
        return next((each.name for each in self.exchange.accounts() if each.account == account), "")

    def holder_of(self, api_key: str | None) -> str:
        """Name the account of a key; empty where there is none."""
        owner = self.exchange.account_of_key(api_key or "")
        return owner.name if owner else ""

    def snapshot(self, market: str, symbol: str, limit: int) -> tuple[int, Levels, Levels]:
        """Read a book: update id, bids and asks. Its streams have told just that much when it is shown."""
        with self.exchange.clock.held():
            if self._hub is not None:
                self._hub.before_snapshot(market, symbol)
            return self.exchange.depth(market, symbol, limit)

    # --------------------------------------------------------------------------------------------------------
    def _handle(self, call: Call) -> Answer:
        try:
            value = call.route.handler(call)
            call.prove()
        except Refusal:
            raise
        except Exception:
            log.exception("%s %s", call.route.method, call.route.path)
            return refusal_answer(-1000, "An unknown error occurred while processing the request.", 500)
        return value if isinstance(value, Answer) else json_answer(value)

    def _owner(self, route: Route, proof: Proof) -> AccountRecord | None:
        if route.security is Security.NONE:
            return None
        owner = self.exchange.account_of_key(proof.api_key())
        if owner is None:
            raise unknown_key()
        denied = self.exchange.denied(owner.account)
        if denied and needed(route.method, route.path) in denied:
            raise unknown_key()
        return owner

    def _administer(self, route: Route, request: Request) -> Answer:
        token = request.header(ADMIN_TOKEN) or ""
        if not hmac.compare_digest(token.encode(), self._admin_token.encode()):
            return refusal_answer(-2015, "The X-Paper-Token header is missing or not this host's.", 401)
        if self.recorder is not None:
            self.recorder.catch_up()
        try:
            return self._handle(
                Call(self, route, request, Params({}, strict=False), None, HttpProof(request))
            )
        except Refusal as refusal:
            return refusal_answer(refusal.code, refusal.message, refusal.status)


def _missing(market: str, request: Request) -> Answer:
    if market != "spot":
        return refusal_answer(-5000, f"Path {request.path}, Method {request.method} is invalid", 404)
    return html_answer(404, SPOT_MISSING)
