"""The tables of endpoints: complete in the documentation, and every handler says what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from atapi.paper.wire.router import Route
from atapi.paper.wire.sites import routers

DOCS = Path(__file__).resolve().parents[3] / "docs" / "paper.md"
ROUTES = [
    route for router in routers().values() for methods in router.table.values() for route in methods.values()
]


@pytest.mark.parametrize("market", ["spot", "um", "cm"])
def test_every_endpoint_is_documented(market: str) -> None:
    listed = " ".join(DOCS.read_text().partition("### Endpoints")[2].split())
    table = {
        path: methods for path, methods in routers()[market].table.items() if path.split("/")[1] != "paper"
    }

    for path, methods in table.items():
        _, first, second, name = path.split("/", 3)
        named = "" if list(methods) == ["GET"] else " ".join(sorted(methods)) + " "
        assert f"`{named}{name}`" in listed.partition(f"`/{first}/{second}/`")[2], path


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_handler_says_what_it_does(route: Route) -> None:
    assert route.handler.__doc__
