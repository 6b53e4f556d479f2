"""Margin user data: by listen token over the WebSocket API, apart from spot's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
ORDER: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
TOKEN = "/sapi/v1/userListenToken"


def token(spot: Wire, body: str = "") -> str:
    return str(spot.send("POST", TOKEN, body=body, key=spot.key).json["token"])


@pytest.fixture
def follower(spot: Wire, dial: Dial) -> Socket:
    """A socket that hears the margin account's events."""
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_MARGIN", asset="USDT", amount="200")
    socket = dial(spot, "/ws-api/v3")
    answer = subscribe(socket, token(spot))
    assert (answer["status"], answer["result"]["subscriptionId"]) == (200, 0)
    return socket


def subscribe(socket: Socket, with_token: str) -> Any:
    return socket.ask(
        id="m", method="userDataStream.subscribe.listenToken", params={"listenToken": with_token}
    )


def test_a_token_lives_a_day_or_less(spot: Wire) -> None:
    day = spot.send("POST", TOKEN, key=spot.key).json
    minute = spot.send("POST", TOKEN, body="validity=60000", key=spot.key).json

    assert day["expirationTime"] - minute["expirationTime"] > 23 * 3_600_000
    assert day["token"] != minute["token"]
    assert spot.send("POST", TOKEN).refusal[:2] == (401, -2014)
    assert spot.send("POST", TOKEN, body="isIsolated=true&symbol=BTCUSDT", key=spot.key).refusal[1] == -3003


def test_a_borrowing_fill_is_told_as_on_spot(spot: Wire, follower: Socket) -> None:
    order = spot.signed("POST", "/sapi/v1/margin/order", **ORDER, sideEffectType="MARGIN_BUY").json

    events = follower.hear_until(lambda message: message["event"]["e"] == "outboundAccountPosition")
    *reports, position = [message["event"] for message in events]
    assert [(report["x"], report["i"]) for report in reports] == [
        ("NEW", order["orderId"]),
        ("TRADE", order["orderId"]),
    ]
    assert {row["a"] for row in position["B"]} == {"BTC", "USDT"}


def test_a_loan_and_a_transfer_are_told_as_balances(spot: Wire, follower: Socket) -> None:
    loan = {"asset": "USDT", "isIsolated": "FALSE", "amount": "100", "type": "BORROW"}
    spot.signed("POST", "/sapi/v1/margin/borrow-repay", **loan)
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MARGIN_MAIN", asset="USDT", amount="40")

    events = [follower.hear()["event"] for _ in range(4)]
    assert [event["e"] for event in events] == ["outboundAccountPosition", "balanceUpdate"] * 2
    assert events[0]["B"] == [{"a": "USDT", "f": "300.00000000", "l": "0.00000000"}]
    assert [events[1]["d"], events[3]["d"]] == ["100.00000000", "-40.00000000"]


def test_spot_events_stay_with_spot(spot: Wire, follower: Socket) -> None:
    spot.signed("POST", "/api/v3/order", **ORDER)
    spot.signed("POST", "/sapi/v1/margin/order", **ORDER | {"quantity": "0.001"})

    assert follower.hear()["event"]["q"] == "0.00100000"


def test_a_new_token_goes_on_and_a_wrong_one_is_refused(spot: Wire, follower: Socket) -> None:
    again = subscribe(follower, token(spot))
    wrong = subscribe(follower, "nonsense")
    spot.signed("POST", "/sapi/v1/margin/order", **ORDER | {"quantity": "0.001"})

    assert again["result"]["subscriptionId"] == 0
    assert (wrong["status"], wrong["error"]["code"]) == (400, -1125)
    assert follower.hear()["event"]["x"] == "NEW"
    assert follower.hear()["event"]["x"] == "TRADE"


def test_the_stream_says_when_its_token_ends(spot: Wire, follower: Socket) -> None:
    subscribe(follower, token(spot, "validity=1000"))

    assert follower.hear()["event"]["e"] == "eventStreamTerminated"
    assert follower.ask(id=2, method="session.subscriptions")["result"] == []


def test_margin_listen_keys_are_gone(spot: Wire) -> None:
    for path in ("/sapi/v1/userDataStream", "/sapi/v1/userDataStream/isolated"):
        for method in ("POST", "PUT", "DELETE"):
            gone = spot.send(method, path, "listenKey=x", key=spot.key)
            assert (gone.status, b"410 Gone" in gone.body) == (410, True)
