"""A WebSocket API connection that is authenticated once, with an Ed25519 key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.keys import KINDS, KeyPair
from tests.paper.streams.conftest import Socket
from tests.paper.streams.test_user import MARKET, signed
from tests.paper.wire.test_keys import opened

Dial = Callable[[Wire, str], Socket]
ORDERS: dict[str, dict[str, Any]] = {
    "spot": MARKET,
    "um": MARKET,
    "cm": MARKET | {"symbol": "BTCUSD_PERP", "quantity": "1"},
}
API_OF = {"spot": "/ws-api/v3", "um": "/ws-fapi/v1", "cm": "/ws-dapi/v1"}


def with_pair(wire: Wire, key: str, pair: KeyPair, **params: Any) -> dict[str, Any]:
    """Sign parameters with a key pair: sorted, not encoded."""
    params |= {"apiKey": key, "timestamp": wire.now()}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": pair.sign(payload)}


@pytest.fixture
def pair() -> KeyPair:
    return KeyPair("Ed25519")


@pytest.fixture
def key(spot: Wire, hosted: Hosted, pair: KeyPair) -> str:
    return opened(spot, hosted, pair)


@pytest.mark.parametrize("market", API_OF)
def test_requests_need_no_signature_once_it_is_logged_on(
    spot: Wire, um: Wire, cm: Wire, dial: Dial, pair: KeyPair, key: str, market: str
) -> None:
    wire = {"spot": spot, "um": um, "cm": cm}[market]
    socket = dial(wire, API_OF[market])

    before = socket.ask(id=1, method="session.status")["result"]
    on = socket.ask(id=2, method="session.logon", params=with_pair(wire, key, pair))["result"]
    account = socket.ask(id=3, method="account.status", params={"timestamp": wire.now()})
    placed = socket.ask(id=4, method="order.place", params={**ORDERS[market], "timestamp": wire.now()})
    off = socket.ask(id=5, method="session.logout")["result"]
    after = socket.ask(id=6, method="account.status", params={"timestamp": wire.now()})

    assert (before["apiKey"], before["authorizedSince"], before["userDataStream"]) == (None, None, False)
    assert (on["apiKey"], on["returnRateLimits"]) == (key, True)
    assert on["connectedSince"] <= on["authorizedSince"]
    assert account["status"] == placed["status"] == 200
    assert placed["result"]["symbol"] == ORDERS[market]["symbol"]
    assert off["apiKey"] is None
    assert (after["status"], after["error"]["code"]) == (401, -2014)


def test_a_session_still_states_the_time(spot: Wire, dial: Dial, pair: KeyPair, key: str) -> None:
    socket = dial(spot, "/ws-api/v3")
    socket.ask(id=1, method="session.logon", params=with_pair(spot, key, pair))

    missing = socket.ask(id=2, method="account.status")
    stale = socket.ask(id=3, method="account.status", params={"timestamp": 1_000_000})

    assert (missing["error"]["code"], stale["error"]["code"]) == (-1102, -1021)


def test_a_request_may_be_signed_by_another_key(spot: Wire, dial: Dial, pair: KeyPair, key: str) -> None:
    socket = dial(spot, "/ws-api/v3")
    socket.ask(id=1, method="session.logon", params=with_pair(spot, key, pair))

    mine = socket.ask(
        id=2, method="account.status", params={"timestamp": spot.now(), "omitZeroBalances": "true"}
    )
    theirs = socket.ask(id=3, method="account.status", params=signed(spot, omitZeroBalances="true"))

    assert len(mine["result"]["balances"]) == 4
    assert [row["asset"] for row in theirs["result"]["balances"]] == ["USDT"]


@pytest.mark.parametrize("kind", ["HMAC_SHA256", "RSA"])
def test_only_ed25519_keys_log_on(spot: Wire, hosted: Hosted, dial: Dial, kind: str) -> None:
    if kind == "RSA":
        rsa = KeyPair("RSA")
        params = with_pair(spot, opened(spot, hosted, rsa, "ruth"), rsa)
    else:
        params = signed(spot)
    socket = dial(spot, "/ws-api/v3")

    refused = socket.ask(id=1, method="session.logon", params=params)

    assert (refused["status"], refused["error"]["msg"]) == (400, f"{kind} API key is not supported.")
    assert socket.ask(id=2, method="session.status")["result"]["apiKey"] is None


def test_a_wrong_signature_does_not_log_on(spot: Wire, dial: Dial, key: str) -> None:
    socket = dial(spot, "/ws-api/v3")

    refused = socket.ask(id=1, method="session.logon", params=with_pair(spot, key, KeyPair("Ed25519")))

    assert refused["error"] == {"code": -1022, "msg": "Signature for this request is not valid."}
    assert socket.ask(id=2, method="session.status")["result"]["apiKey"] is None


def test_user_data_of_the_session_ends_with_it(spot: Wire, dial: Dial, pair: KeyPair, key: str) -> None:
    socket = dial(spot, "/ws-api/v3")
    nobody = socket.ask(id=0, method="userDataStream.subscribe")
    socket.ask(id=1, method="session.logon", params=with_pair(spot, key, pair))

    subscribed = socket.ask(id=2, method="userDataStream.subscribe")
    again = socket.ask(id=3, method="userDataStream.subscribe")
    other = socket.ask(id=4, method="userDataStream.subscribe.signature", params=signed(spot))
    socket.say(id=5, method="order.place", params={**MARKET, "timestamp": spot.now()})
    heard = socket.hear_until(lambda m: m.get("event", {}).get("e") == "outboundAccountPosition")
    status = socket.ask(id=6, method="session.status")["result"]
    socket.ask(id=7, method="session.logout")
    left = socket.ask(id=8, method="session.subscriptions")

    assert nobody["error"]["code"] == -2014
    assert (subscribed["result"], other["result"]) == ({"subscriptionId": 0}, {"subscriptionId": 1})
    assert again["error"]["code"] == -2035
    assert {m["subscriptionId"] for m in heard if "event" in m} == {0}
    assert status["userDataStream"] is True
    assert left["result"] == [{"subscriptionId": 1}]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("market", API_OF)
def test_single_requests_are_signed_with_any_key(
    spot: Wire, um: Wire, cm: Wire, hosted: Hosted, dial: Dial, kind: str, market: str
) -> None:
    wire, pair = {"spot": spot, "um": um, "cm": cm}[market], KeyPair(kind)
    key = opened(spot, hosted, pair)
    socket = dial(wire, API_OF[market])

    good = socket.ask(id=1, method="account.status", params=with_pair(wire, key, pair))
    bad = socket.ask(id=2, method="account.status", params=with_pair(wire, key, KeyPair(kind)))

    assert (good["status"], bad["error"]["code"]) == (200, -1022)
