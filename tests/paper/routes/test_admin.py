"""The host's own endpoints: token, JSON, time, money, beginning again."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from websockets.sync.client import connect

from atapi.paper.host import Hosted
from tests.paper.client import Reply, Wire

DAY_MS = 86_400_000
JSON = {"Content-Type": "application/json"}


def ask(wire: Wire, hosted: Hosted, method: str, verb: str, /, **body: Any) -> Reply:
    return wire.send(
        method,
        f"/paper/v1/{verb}",
        body=json.dumps(body) if method == "POST" else "",
        headers=JSON | {"X-Paper-Token": hosted.admin_token},
    )


def test_status_tells_feed_clock_and_accounts(spot: Wire, um: Wire, hosted: Hosted) -> None:
    status = ask(spot, hosted, "GET", "status").json

    assert (status["feed"], status["synthetic"], status["still"]) == ("synthetic", True, True)
    assert status["now_ms"] == spot.now()
    assert [account["name"] for account in status["accounts"]] == ["default"]
    assert hosted.api_secret not in json.dumps(status)
    assert ask(um, hosted, "GET", "status").json == status


def test_status_counts_the_sockets(um: Wire, hosted: Hosted) -> None:
    before = ask(um, hosted, "GET", "status").json["sockets"]
    url = um.url.replace("http", "ws") + "/public/ws/btcusdt@bookTicker"

    with connect(url, proxy=None) as one, connect(url, proxy=None) as two:
        one.recv(10)
        two.recv(10)
        during = ask(um, hosted, "GET", "status").json["sockets"]

    assert before == {"open": 0, "cut": 0}
    assert during == {"open": 2, "cut": 0}


def test_advancing_settles_everything_on_the_way(spot: Wire, um: Wire, hosted: Hosted) -> None:
    um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.1")
    before = spot.now()

    after = ask(spot, hosted, "POST", "advance", span_ms=DAY_MS).json["now_ms"]

    assert after == before + DAY_MS == um.now()
    fundings = um.signed("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").json
    assert [row["time"] - before for row in fundings] == [DAY_MS // 3, DAY_MS // 3 * 2, DAY_MS]


def test_a_deposit_is_there_at_once(spot: Wire, hosted: Hosted) -> None:
    told = ask(spot, hosted, "POST", "deposit", wallet="spot", asset="BTC", amount="1.5").json

    assert told == {"wallet": "spot", "asset": "BTC", "free": "1.5", "locked": "0"}
    [btc] = spot.signed("POST", "/sapi/v3/asset/getUserAsset", asset="BTC").json
    assert btc["free"] == "1.5"


def test_a_reset_begins_again_with_the_same_key(spot: Wire, um: Wire, hosted: Hosted) -> None:
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    began = spot.now()
    ask(spot, hosted, "POST", "advance", span_ms=DAY_MS)

    assert ask(spot, hosted, "POST", "reset").json == {"now_ms": began}
    assert spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json == []
    [usdt] = spot.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
    assert Decimal(usdt["free"]) == 50_000
    assert um.signed("GET", "/fapi/v3/balance").json[0]["balance"] == "50000.00000000"


@pytest.mark.parametrize("token", [None, "", "wrong"])
def test_without_the_token_nothing_is_told_or_done(spot: Wire, token: str | None) -> None:
    headers = JSON if token is None else JSON | {"X-Paper-Token": token}
    before = spot.now()

    for method, name in (("GET", "status"), ("POST", "advance"), ("POST", "deposit"), ("POST", "reset")):
        reply = spot.send(method, f"/paper/v1/{name}", body='{"span_ms": 1}', headers=headers)
        assert reply.refusal[:2] == (401, -2015)
    assert spot.now() == before


def test_the_token_is_not_taken_from_the_query(spot: Wire, hosted: Hosted) -> None:
    reply = spot.send(
        "GET", "/paper/v1/status", f"token={hosted.admin_token}&X-Paper-Token={hosted.admin_token}"
    )

    assert reply.status == 401


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("advance", '{"span_ms": 0}', "span_ms must be a whole number"),
        ("advance", '{"span_ms": 1.5}', "span_ms must be a whole number"),
        ("advance", '{"span_ms": true}', "span_ms must be a whole number"),
        ("advance", "[]", "must be a JSON object"),
        ("advance", "{", "is not JSON"),
        ("deposit", '{"asset": "BTC", "amount": "-1"}', "amount must be a positive decimal number"),
        ("deposit", '{"asset": "BTC", "amount": "1e3"}', "amount must be a positive decimal number"),
        ("deposit", '{"asset": "GOLD", "amount": "1"}', "asset 'GOLD' is not traded here"),
        ("deposit", '{"asset": "BTC", "amount": "1", "wallet": "attic"}', "wallet must be one of"),
        ("deposit", '{"asset": "BTC", "amount": "1", "account": "nobody"}', "There is no account 'nobody'"),
    ],
)
def test_what_makes_no_sense_is_refused(spot: Wire, hosted: Hosted, name: str, body: str, words: str) -> None:
    headers = JSON | {"X-Paper-Token": hosted.admin_token}

    reply = spot.send("POST", f"/paper/v1/{name}", body=body, headers=headers)

    assert reply.status == 400
    assert words in reply.json["msg"]


def test_forms_are_not_taken(spot: Wire, hosted: Hosted) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Paper-Token": hosted.admin_token}

    assert spot.send("POST", "/paper/v1/reset", body="{}", headers=headers).status == 415
