"""What real clients once sent, byte for byte, to an exchange that knows their key and whose clock is theirs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.synthetic import SyntheticFeed
from atapi.paper.store import Store
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.http import Answer, Request
from atapi.paper.wire.sites import routers
from tests.paper.recordings import shared
from tests.paper.worlds import funded

CLIENTS = ["binance-connector", "binance-futures-connector", "binance-sdk-spot", "ccxt", "python-binance"]
GONE = {"/api/v3/userDataStream"}  # by now at Binance too
MARKETS = {"api": "spot", "sapi": "spot", "fapi": "um", "futures": "um", "dapi": "cm"}
# What says that a request was not understood, whatever it asked for.
NOT_UNDERSTOOD = {
    -1000,
    -1020,
    -1021,
    -1022,
    -1100,
    -1101,
    -1102,
    -1103,
    -1104,
    -1105,
    -1106,
    -2014,
    -2015,
    -5000,
}


class Then:
    """The exchange of the moment a client was recorded in."""

    def __init__(self, recorded: dict[str, Any]) -> None:
        self._now = min(at for at in map(timestamp, recorded["requests"]) if at is not None)
        clock = PaperClock.on_wall(wall=lambda: self._now)
        self._exchange = Exchange(
            SyntheticFeed(7), clock, Store(":memory:"), make_key=lambda: (recorded["api_key"], recorded["api_secret"])
        )  # fmt: skip
        amounts = {"spot_USDT": "1000000", "spot_BTC": "10", "um_USDT": "1000000", "margin_USDT": "10000"}
        funded(self._exchange, **amounts)
        self._gateway = Gateway(
            self._exchange, routers(), admin_token="t", renew=lambda: self._exchange, enforce_limits=False
        )
        self._key = recorded["api_key"].encode()

    def answer(self, sent: dict[str, Any]) -> Answer:
        """Answer one of its requests in its moment."""
        self._now = max(self._now, timestamp(sent) or 0)
        headers = {b"x-mbx-apikey": self._key, b"content-type": (sent["content_type"] or "").encode()}
        request = Request(sent["method"], sent["path"], sent["query"], sent["body"].encode(), headers)
        return self._gateway.answer(MARKETS[sent["path"].split("/")[1]], request)


def timestamp(sent: dict[str, Any]) -> int | None:
    found = re.search(r"(?:^|&)timestamp=(\d+)", f"{sent['query']}&{sent['body']}")
    return int(found[1]) if found else None


def in_order(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort by time, as a file holds more than one session; what is not signed stands with what was before it."""
    moments, latest = [], 0
    for sent in requests:
        latest = timestamp(sent) or latest
        moments.append(latest)
    return [
        sent
        for _, _, sent in sorted(
            zip(moments, range(len(requests)), requests, strict=True), key=lambda each: each[:2]
        )
    ]


@pytest.mark.recordings
@pytest.mark.parametrize("client", CLIENTS)
def test_every_request_is_understood(client: str) -> None:
    recorded = json.loads(shared(f"fixtures/signed_requests/{client}.json").read_text())
    then = Then(recorded)
    wanting = []

    for sent in in_order(recorded["requests"]):
        answer = then.answer(sent)
        if answer.status == 410 and sent["path"] in GONE:
            continue
        told = (
            json.loads(answer.body) if answer.body[:1] in b"[{" else {"code": -5000, "msg": answer.body[:60]}
        )
        code = int(told.get("code", 0)) if isinstance(told, dict) else 0
        if code in NOT_UNDERSTOOD or answer.status in (404, 500):
            wanting.append((sent["method"], sent["path"], sent["query"], sent["body"], told))

    assert recorded["requests"]
    assert wanting == []
