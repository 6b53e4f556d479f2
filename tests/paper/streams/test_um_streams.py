"""What USD-M streams beyond trades and books: arrays, averages, continuous bars, notices; which address tells what."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def advance(wire: Wire, hosted: Hosted, span_ms: int) -> None:
    assert ask(wire, hosted, "POST", "advance", span_ms=span_ms).status == 200


def ready(socket: Socket) -> None:
    """Wait until what the address named is joined."""
    socket.say(method="LIST_SUBSCRIPTIONS", id=9)
    socket.hear_until(lambda message: isinstance(message, dict) and message.get("id") == 9)


def test_continuous_bars_name_pair_and_kind(um: Wire, cm: Wire, dial: Dial) -> None:
    linear = dial(um, "/market/ws/btcusdt_perpetual@continuousKline_1m").hear()
    inverse = dial(cm, "/ws/btcusd_perpetual@continuousKline_1h").hear()

    assert {key: linear[key] for key in ("e", "ps", "ct")} == {
        "e": "continuous_kline", "ps": "BTCUSDT", "ct": "PERPETUAL",
    }  # fmt: skip
    assert "s" not in linear
    assert "s" not in linear["k"]
    [bar] = um.get(
        "/fapi/v1/continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", interval="1m", limit=1
    ).json
    assert [linear["k"][key] for key in "tohlc"] == [bar[n] for n in (0, 1, 2, 3, 4)]
    assert (inverse["ps"], inverse["k"]["i"]) == ("BTCUSD", "1h")


def test_the_average_of_the_mark_is_over_thirty_seconds(
    um: Wire, spot: Wire, hosted: Hosted, dial: Dial
) -> None:
    marks = []
    for _ in range(3):  # one mark each ten seconds
        advance(spot, hosted, 10_000)
        marks.append(Decimal(um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json["markPrice"]))

    told = dial(um, "/market/ws/btcusdt@markPrice@1s").hear()

    assert Decimal(told["p"]) == marks[-1]
    assert abs(Decimal(told["ap"]) - sum(marks) / 3) <= Decimal("0.00000001")
    assert len(set(marks)) == 3


def test_the_touch_of_all_symbols_comes_each_five_seconds_one_event_each(
    um: Wire, cm: Wire, spot: Wire, hosted: Hosted, dial: Dial
) -> None:
    socket = dial(um, "/public/ws/!bookTicker")
    symbols = (
        um.get("/fapi/v1/exchangeInfo").json["symbols"] + cm.get("/dapi/v1/exchangeInfo").json["symbols"]
    )
    first = [socket.hear() for _ in symbols]
    assert {event["s"] for event in first} == {listed["symbol"] for listed in symbols}
    assert {(event["e"], event["st"]) for event in first} == {("bookTicker", 1), ("bookTicker", 2)}

    advance(spot, hosted, 4000)
    advance(spot, hosted, 1000)
    later = socket.hear()

    assert later["E"] == first[0]["E"] + 5000


@pytest.mark.parametrize("name", ["btcusdt@markPrice", "!markPrice@arr"])
def test_marks_are_told_each_three_seconds_or_each_second(
    um: Wire, spot: Wire, hosted: Hosted, dial: Dial, name: str
) -> None:
    slow, fast = dial(um, f"/market/ws/{name}"), dial(um, f"/market/ws/{name}@1s")

    def time_of(told: Any) -> int:
        return int((told[0] if isinstance(told, list) else told)["E"])

    began = time_of(slow.hear())
    assert time_of(fast.hear()) == began
    for _ in range(6):
        advance(spot, hosted, 1000)

    assert [time_of(slow.hear()) - began for _ in range(2)] == [3000, 6000]
    assert [time_of(fast.hear()) - began for _ in range(6)] == [1000, 2000, 3000, 4000, 5000, 6000]


def test_asset_indices_are_told_in_an_array_and_alone(um: Wire, dial: Dial) -> None:
    rows = dial(um, "/market/ws/!assetIndex@arr").hear()
    alone = dial(um, "/market/ws/btcusd@assetIndex").hear()

    btc = next(row for row in rows if row["s"] == "BTCUSD")
    assert alone == btc
    listed = um.get("/fapi/v1/assetIndex", symbol="BTCUSD").json
    assert (btc["i"], btc["b"], btc["B"], btc["A"]) == (
        listed["index"], listed["bidBuffer"], listed["bidRate"], listed["askRate"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["btcusdt@compositeIndex", "tradingSession", "btcusdt@forceOrder", "nonsense@x"]
)
def test_streams_without_news_are_acknowledged_and_silent(um: Wire, dial: Dial, name: str) -> None:
    socket = dial(um, "/market/ws")

    assert socket.ask(method="SUBSCRIBE", params=[name], id=1) == {"result": None, "id": 1}
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=2) == {"result": [name], "id": 2}


@pytest.mark.parametrize(
    "name", ["depth", "depth@100ms", "depth@250ms", "depth@500ms", "rpiDepth@500ms", "rpiDepth"]
)
def test_every_speed_of_a_book_names_the_update_before(
    um: Wire, dial: Dial, spot: Wire, hosted: Hosted, name: str
) -> None:
    socket = dial(um, f"/public/ws/btcusdt@{name}")
    ready(socket)

    advance(spot, hosted, 1000)
    advance(spot, hosted, 1000)

    one, two = socket.hear(), socket.hear()
    assert one["e"] == "depthUpdate"
    assert (two["pu"], two["U"] > one["u"], two["ps"], two["st"]) == (one["u"], True, "BTCUSDT", 1)


@pytest.mark.parametrize("name", ["depth5@250ms", "depth10@500ms", "depth20@100ms", "depth5"])
def test_every_speed_of_the_best_levels(um: Wire, dial: Dial, name: str) -> None:
    told = dial(um, f"/public/ws/btcusdt@{name}").hear()

    rows = int("".join(c for c in name.partition("@")[0] if c.isdigit()))
    assert (len(told["b"]), len(told["a"])) == (rows, rows)


# --- addresses ------------------------------------------------------------------------------------------------
@pytest.fixture
def listen_key(um: Wire) -> str:
    return str(um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"])


def test_events_are_filtered_key_by_key(
    um: Wire, hosted: Hosted, spot: Wire, dial: Dial, listen_key: str
) -> None:
    made = ask(spot, hosted, "POST", "accounts", name="bob", funded=True).json
    bob = Wire(hosted.um_url, made["key"], made["secret"], "/fapi/v1")
    other = bob.send("POST", "/fapi/v1/listenKey", key=bob.key).json["listenKey"]
    path = (
        f"listenKey={listen_key}&events=ACCOUNT_UPDATE&listenKey={other}&events=TRADE_LITE/ORDER_TRADE_UPDATE"
    )
    socket = dial(um, f"/private/stream?{path}")
    ready(socket)

    um.signed("POST", "/fapi/v1/order", **MARKET)
    bob.signed("POST", "/fapi/v1/order", **MARKET)

    heard = [socket.hear() for _ in range(4)]
    assert [(message["stream"], message["data"]["e"]) for message in heard] == [
        (listen_key, "ACCOUNT_UPDATE"),
        (other, "ORDER_TRADE_UPDATE"),
        (other, "TRADE_LITE"),
        (other, "ORDER_TRADE_UPDATE"),
    ]


@pytest.mark.parametrize("path", ["/private/ws", "/private/stream", "/private/ws/1"])
def test_a_listen_key_is_subscribed_too(um: Wire, dial: Dial, listen_key: str, path: str) -> None:
    socket = dial(um, path)
    socket.ask(method="SUBSCRIBE", params=[listen_key], id=1)

    um.signed("POST", "/fapi/v1/order", **MARKET)

    heard = socket.hear()
    assert (heard.get("data") or heard)["e"] == "ORDER_TRADE_UPDATE"


@pytest.mark.parametrize("path", ["/ws/{key}", "/market/ws/{key}", "/public/stream?streams={key}"])
def test_other_addresses_tell_no_users_events(um: Wire, dial: Dial, listen_key: str, path: str) -> None:
    socket = dial(um, path.format(key=listen_key))
    ready(socket)

    um.signed("POST", "/fapi/v1/order", **MARKET)

    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=3)["id"] == 3  # nothing came before the answer


def test_the_private_address_tells_no_market(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/private/ws/btcusdt@bookTicker")

    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=3)["result"] == ["btcusdt@bookTicker"]


def test_a_closed_listen_key_ends_its_stream(um: Wire, dial: Dial, listen_key: str) -> None:
    socket = dial(um, f"/private/ws/{listen_key}")
    ready(socket)

    um.send("DELETE", "/fapi/v1/listenKey", key=um.key)

    told = socket.hear()
    assert (told["e"], told["listenKey"]) == ("listenKeyExpired", listen_key)
    um.signed("POST", "/fapi/v1/order", **MARKET)
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=3)["id"] == 3
