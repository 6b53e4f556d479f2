"""Which handler answers which method and path, what it weighs and who may call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from atapi.paper.wire.params import Params

if TYPE_CHECKING:
    from atapi.paper.wire.call import Call

Handler = Callable[["Call"], Any]  # returns what goes into JSON, or an Answer
Weight = int | Callable[[Params], int]


class Security(Enum):
    """What a request must prove."""

    NONE = "none"
    KEY = "key"  # API key header
    SIGNED = "signed"  # key, time and signature
    ADMIN = "admin"  # the host's own token


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    handler: Handler
    security: Security
    weight: Weight
    by_account: bool  # a wallet's endpoint whose weight is counted by account, not by address
    orders: bool  # places orders: their counts are told, and on spot one that is accepted costs no weight


class Router:
    """The endpoints of one file; files are included into the table of a site."""

    def __init__(self) -> None:
        self.table: dict[str, dict[str, Route]] = {}  # path -> method -> route

    def route(
        self,
        method: str,
        path: str,
        *,
        security: Security = Security.NONE,
        weight: Weight = 1,
        orders: bool = False,
        by_account: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for a method and a path."""

        def register(handler: Handler) -> Handler:
            methods = self.table.setdefault(path, {})
            assert method not in methods, f"{method} {path} has two handlers"
            methods[method] = Route(method, path, handler, security, weight, by_account, orders)
            return handler

        return register

    def public(self, path: str, *, weight: Weight = 1) -> Callable[[Handler], Handler]:
        """Register a GET that anybody may call."""
        return self.route("GET", path, weight=weight)

    def signed(
        self,
        method: str,
        path: str,
        *,
        weight: Weight = 1,
        orders: bool = False,
        by_account: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Register an endpoint that wants key, time and signature."""
        return self.route(
            method, path, security=Security.SIGNED, weight=weight, orders=orders, by_account=by_account
        )

    def include_router(self, other: Router) -> None:
        """Take over another file's endpoints."""
        for path, methods in other.table.items():
            mine = self.table.setdefault(path, {})
            assert not mine.keys() & methods.keys(), f"{path} is registered twice"
            mine.update(methods)

    def find(self, method: str, path: str) -> Route | None:
        """Find the endpoint of a method and a path."""
        methods = self.table.get(path)
        return None if methods is None else methods.get(method)
