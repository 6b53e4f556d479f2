"""One request on its way through a handler: its parameters, the exchange and, once proven, the caller's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atapi.paper.exchange import Exchange
from atapi.paper.records import AccountRecord
from atapi.paper.wire.auth import Proof, check_time
from atapi.paper.wire.http import Request
from atapi.paper.wire.params import Params
from atapi.paper.wire.router import Route, Security

if TYPE_CHECKING:
    from atapi.paper.wire.gateway import Gateway


class Call:
    """What a handler is given.

    Args:
        gateway: What is behind all endpoints.
        route: The endpoint.
        request: As it came.
        params: Decoded.
        owner: Whose API key it carries; None where the endpoint wants none.
        proof: How it is signed.
    """

    __slots__ = ("_proof", "_proven", "exchange", "gateway", "now_ms", "owner", "params", "request", "route")

    def __init__(
        self,
        gateway: Gateway,
        route: Route,
        request: Request,
        params: Params,
        owner: AccountRecord | None,
        proof: Proof,
    ) -> None:
        self.gateway = gateway
        self.exchange: Exchange = gateway.exchange
        self.now_ms = gateway.exchange.now_ms()
        self.route = route
        self.request = request
        self.params = params
        self.owner = owner
        self._proof = proof
        self._proven = False

    @property
    def account(self) -> str:
        """The caller's account. Reading it judges time and signature, so a handler reads its parameters first.

        Raises:
            Refusal: -1021, -1022, -1102 or, on spot, -1101 and -1104 for parameters that nobody read.
        """
        assert self.owner is not None, f"{self.route.path} is public"
        self.prove()
        return self.owner.account

    def prove(self) -> None:
        """Judge what the endpoint wants proven, once."""
        if self._proven:
            return
        if self.route.security is Security.SIGNED and self.owner is not None:
            self.params.skip("timestamp", "recvWindow", "signature")
            self.params.done()
            check_time(self.params, self.exchange.clock)
            self._proof.check(self.params, self.owner.api_secret)
        else:
            self.params.done()
        self._proven = True
