"""Between request and answer: our own mistakes, and symbols that have no price."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

import pytest

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from atapi.paper.wire.call import Call
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Request
from atapi.paper.wire.router import Router
from atapi.paper.wire.sites import routers
from tests.paper.feed_of_bars import DEFAULT, T0, FeedOfBars
from tests.paper.worlds import funded, world

DAY_MS = 86_400_000


def gateway(exchange: Exchange, tables: dict[str, Router]) -> Gateway:
    return Gateway(exchange, tables, admin_token="t", renew=lambda: exchange)


def without_price() -> Exchange:
    """A world in which BTCUSDT is listed and has no price any more, on either market."""
    steps: dict[Any, Any] = dict(DEFAULT)
    for series in Series:
        steps[series, "BTCUSDT"] = [(T0 - 9 * DAY_MS, None)]
    return world(FeedOfBars(steps))


def test_our_own_mistake_is_an_unknown_error_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    router = Router()

    @router.public("/api/v3/broken")
    def broken(call: Call) -> Any:
        raise KeyError("oh")

    with caplog.at_level(logging.ERROR, "atapi.paper"):
        answer = gateway(world(), {"spot": router}).answer(
            "spot", Request("GET", "/api/v3/broken", "", b"", {})
        )

    assert (answer.status, json.loads(answer.body)["code"]) == (500, -1000)
    assert "KeyError" in caplog.text


@pytest.mark.parametrize(
    ("market", "path"),
    [
        ("spot", "/api/v3/ticker/24hr"),
        ("spot", "/api/v3/ticker/price"),
        ("spot", "/api/v3/ticker/bookTicker"),
        ("spot", "/bapi/asset/v2/public/asset-service/product/get-products"),
        ("um", "/fapi/v1/ticker/24hr"),
        ("um", "/fapi/v2/ticker/price"),
        ("um", "/fapi/v1/premiumIndex"),
    ],
)
def test_lists_leave_out_what_has_no_price(market: str, path: str) -> None:
    answer = gateway(without_price(), routers()).answer(market, Request("GET", path, "", b"", {}))

    assert answer.status == 200
    assert b"BTCUSDT" not in answer.body
    assert (b"BNBUSDT" if market == "spot" else b"ETHUSDT") in answer.body


@pytest.mark.parametrize(
    "path", ["/fapi/v2/account", "/fapi/v3/account", "/fapi/v2/positionRisk", "/fapi/v1/symbolConfig"]
)
def test_accounts_are_shown_all_the_same(path: str) -> None:
    exchange = without_price()
    funded(exchange)
    [owner] = exchange.accounts()
    query = f"timestamp={T0}"
    signature = hmac.new(owner.api_secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    request = Request(
        "GET", path, f"{query}&signature={signature}", b"", {b"x-mbx-apikey": owner.api_key.encode()}
    )

    answer = gateway(exchange, routers()).answer("um", request)

    assert answer.status == 200
