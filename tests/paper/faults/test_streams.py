"""What befalls events, over real sockets: silence, repetition, disorder, ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket, dial  # noqa: F401

Set = Callable[[str], Any]
Dial = Callable[[Wire, str], Socket]
ORDER: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


@pytest.fixture
def follower(um: Wire, dial: Dial) -> Socket:  # noqa: F811
    """A socket that hears the account's USD-M events."""
    key = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    return dial(um, f"/private/ws?listenKey={key}")


def buy(um: Wire) -> None:
    um.signed("POST", "/fapi/v1/order", **ORDER)


def kinds(follower: Socket, count: int) -> list[str]:
    """Name the next events, an order's by what happened to it."""
    heard = [follower.hear() for _ in range(count)]
    return [event["o"]["X"] if event["e"] == "ORDER_TRADE_UPDATE" else event["e"] for event in heard]


def test_an_order_is_told_in_four_events(um: Wire, follower: Socket) -> None:
    buy(um)

    assert kinds(follower, 4) == ["NEW", "TRADE_LITE", "FILLED", "ACCOUNT_UPDATE"]


def test_an_event_is_missing(um: Wire, follower: Socket, fault: Set) -> None:
    fault("silent event=ORDER_TRADE_UPDATE nth=2")
    buy(um)

    assert kinds(follower, 3) == ["NEW", "TRADE_LITE", "ACCOUNT_UPDATE"]


def test_an_event_comes_twice(um: Wire, follower: Socket, fault: Set) -> None:
    fault("repeat event=ORDER_TRADE_UPDATE nth=2")
    buy(um)

    assert kinds(follower, 5) == ["NEW", "TRADE_LITE", "FILLED", "FILLED", "ACCOUNT_UPDATE"]


def test_an_event_comes_after_the_next(um: Wire, follower: Socket, fault: Set) -> None:
    fault("reorder event=TRADE_LITE")
    buy(um)

    assert kinds(follower, 4) == ["NEW", "FILLED", "TRADE_LITE", "ACCOUNT_UPDATE"]


def test_an_event_is_overtaken(um: Wire, follower: Socket, fault: Set) -> None:
    fault("late 1ms event=ORDER_TRADE_UPDATE nth=1")
    buy(um)

    assert kinds(follower, 4) == ["TRADE_LITE", "FILLED", "ACCOUNT_UPDATE", "NEW"]


def test_an_event_is_poisoned(um: Wire, follower: Socket, fault: Set) -> None:
    fault('garble {"e":"NEVER_HEARD_OF"} event=TRADE_LITE')
    buy(um)

    assert kinds(follower, 4) == ["NEW", "NEVER_HEARD_OF", "FILLED", "ACCOUNT_UPDATE"]


@pytest.mark.parametrize(("line", "code"), [("hang-up", 1006), ("hang-up 1008", 1008)])
def test_the_connection_ends_where_an_event_was_due(
    um: Wire, follower: Socket, fault: Set, line: str, code: int
) -> None:
    fault(f"{line} event=TRADE_LITE")
    buy(um)

    assert kinds(follower, 1) == ["NEW"]
    with pytest.raises(ConnectionClosed) as ended:
        follower.hear()
    assert (ended.value.rcvd.code if ended.value.rcvd else 1006) == code


def test_a_stream_is_alive_and_silent(um: Wire, dial: Dial, fault: Set) -> None:  # noqa: F811
    fault("silent symbol=BTCUSDT")
    socket = dial(um, "/public/stream")

    answer = socket.ask(method="SUBSCRIBE", params=["btcusdt@bookTicker", "ethusdt@bookTicker"], id=1)

    assert answer == {"result": None, "id": 1}
    assert socket.hear()["stream"] == "ethusdt@bookTicker"
    assert socket.connection.ping(b"there").wait(10)


def test_streams_are_told_apart_by_name(spot: Wire, dial: Dial, fault: Set) -> None:  # noqa: F811
    fault("silent stream=*@ticker")
    socket = dial(spot, "/stream?streams=btcusdt@ticker/btcusdt@miniTicker")

    assert socket.hear()["stream"] == "btcusdt@miniTicker"


def test_only_the_account_named_hears_nothing(um: Wire, follower: Socket, fault: Set) -> None:
    fault("silent account=somebody-else")
    fault("silent account=default event=TRADE_LITE")
    buy(um)

    assert kinds(follower, 3) == ["NEW", "FILLED", "ACCOUNT_UPDATE"]
