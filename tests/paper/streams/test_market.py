"""Market streams: how they are asked for, what they say, and that a book can be kept from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
MINUTE_MS = 60_000


@pytest.fixture
def advance(hosted: Hosted, spot: Wire) -> Callable[[int], None]:
    def move(span_ms: int) -> None:
        headers = {"Content-Type": "application/json", "X-Paper-Token": hosted.admin_token}
        done = spot.send("POST", "/paper/v1/advance", body=json.dumps({"span_ms": span_ms}), headers=headers)
        assert done.status == 200

    return move


@pytest.mark.parametrize("path", ["/ws", "/ws/1", "/ws?x=/stream/7"])
def test_streams_are_subscribed_listed_and_left(spot: Wire, dial: Dial, path: str) -> None:
    socket = dial(spot, path)

    assert socket.ask(method="SUBSCRIBE", params=["btcusdt@trade", "nosuch@trade"], id=1) == {
        "result": None,
        "id": 1,
    }
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id="two") == {
        "result": ["btcusdt@trade", "nosuch@trade"],
        "id": "two",
    }
    assert socket.ask(method="UNSUBSCRIBE", params=["nosuch@trade"], id=3) == {"result": None, "id": 3}
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=None) == {"result": ["btcusdt@trade"], "id": None}


@pytest.mark.parametrize(
    ("message", "code"),
    [("{", 3), ('{"method":"SING","id":1}', 2), ('{"method":"SUBSCRIBE","params":"x","id":1}', 2),
     ('{"method":"GET_PROPERTY","params":["pitch"],"id":1}', 0),
     ('{"method":"SET_PROPERTY","params":["combined",1],"id":1}', 1)],
)  # fmt: skip
def test_what_is_not_understood_is_answered_with_a_code(
    spot: Wire, dial: Dial, message: str, code: int
) -> None:
    socket = dial(spot, "/ws")

    socket.connection.send(message)

    assert socket.hear()["code"] == code


def test_the_address_subscribes_raw_or_combined(spot: Wire, dial: Dial) -> None:
    raw = dial(spot, "/ws/btcusdt@bookTicker").hear()
    combined = dial(spot, "/stream?streams=btcusdt@bookTicker/ethusdt@miniTicker")
    first, second = combined.hear(), combined.hear()

    assert set(raw) == {"u", "s", "b", "B", "a", "A"}
    assert first == {"stream": "btcusdt@bookTicker", "data": raw}
    assert (second["stream"], second["data"]["e"]) == ("ethusdt@miniTicker", "24hrMiniTicker")


def test_the_combined_property_wraps_from_then_on(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws")

    assert socket.ask(method="GET_PROPERTY", params=["combined"], id=1)["result"] is False
    socket.ask(method="SET_PROPERTY", params=["combined", True], id=2)
    socket.ask(method="SUBSCRIBE", params=["btcusdt@bookTicker"], id=3)
    assert socket.hear()["stream"] == "btcusdt@bookTicker"


SPOT_STREAMS: dict[str, set[str]] = {
    "btcusdt@bookTicker": {"u", "s", "b", "B", "a", "A"},
    "btcusdt@depth5": {"lastUpdateId", "bids", "asks"},
    "btcusdt@depth20@100ms": {"lastUpdateId", "bids", "asks"},
    "btcusdt@kline_1m": {"e", "E", "s", "k"},
    "btcusdt@kline_1M": {"e", "E", "s", "k"},
    "btcusdt@miniTicker": {"e", "E", "s", "c", "o", "h", "l", "v", "q"},
    "btcusdt@ticker": {
        "e", "E", "s", "p", "P", "w", "x", "c", "Q", "b", "B", "a", "A", "o", "h", "l", "v", "q", "O", "C", "F",
        "L", "n",
    },
}  # fmt: skip
UM_STREAMS: dict[str, set[str]] = {
    "btcusdt@bookTicker": {"e", "u", "E", "T", "s", "ps", "b", "B", "a", "A", "st"},
    "btcusdt@depth10@500ms": {"e", "E", "T", "s", "U", "u", "pu", "b", "a", "ps", "st"},
    "btcusdt@kline_1h": {"e", "E", "s", "k"},
    "btcusdt@markPrice": {"e", "E", "s", "p", "ap", "i", "P", "r", "T", "st"},
    "btcusdt@markPrice@1s": {"e", "E", "s", "p", "ap", "i", "P", "r", "T", "st"},
    "btcusdt@ticker": {
        "e", "E", "s", "p", "P", "w", "c", "Q", "o", "h", "l", "v", "q", "O", "C", "F", "L", "n", "ps", "st",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", SPOT_STREAMS)
def test_spot_streams_show_how_things_stand(spot: Wire, dial: Dial, name: str) -> None:
    assert set(dial(spot, f"/ws/{name}").hear()) == SPOT_STREAMS[name]


@pytest.mark.parametrize("category", ["public", "market"])
@pytest.mark.parametrize("name", UM_STREAMS)
def test_usd_m_streams_show_how_things_stand(um: Wire, dial: Dial, name: str, category: str) -> None:
    assert set(dial(um, f"/{category}/ws/{name}").hear()) == UM_STREAMS[name]


@pytest.mark.parametrize("name", ["!miniTicker@arr", "!ticker@arr", "!markPrice@arr@1s"])
def test_arrays_hold_every_symbol(um: Wire, dial: Dial, name: str) -> None:
    symbols = {row["s"] for row in dial(um, f"/market/ws/{name}").hear()}

    assert {"BTCUSDT", "ETHUSDT"} <= symbols


@pytest.mark.parametrize("pace", ["", "@1000ms", "@3000ms"])
def test_small_tickers_of_all_are_told_at_any_pace(spot: Wire, dial: Dial, pace: str) -> None:
    rows = dial(spot, f"/ws/!miniTicker@arr{pace}").hear()

    assert {"BTCUSDT", "ETHUSDT"} <= {row["s"] for row in rows}


def test_the_legacy_address_acknowledges_and_stays_silent(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/ws/btcusdt@markPrice/btcusdt@kline_1m/btcusdt@bookTicker")

    assert socket.hear()["e"] == "bookTicker"
    assert socket.ask(method="SUBSCRIBE", params=["btcusdt@aggTrade"], id=1) == {"result": None, "id": 1}
    assert len(socket.ask(method="LIST_SUBSCRIPTIONS", id=2)["result"]) == 4


def test_the_legacy_address_tells_nothing_of_users(um: Wire, dial: Dial) -> None:
    key = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    retired, private = dial(um, f"/ws/{key}/btcusdt@trade"), dial(um, f"/private/ws/{key}")
    for socket in (retired, private):
        socket.ask(method="LIST_SUBSCRIPTIONS", id=1)

    um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")

    assert private.hear()["e"] == "ORDER_TRADE_UPDATE"
    assert retired.hear()["e"] == "trade"


def test_bars_close_and_open_as_time_goes_on(spot: Wire, dial: Dial, advance: Callable[[int], None]) -> None:
    socket = dial(spot, "/ws/btcusdt@kline_1m")
    opened = socket.hear()["k"]

    advance(3 * MINUTE_MS)

    bars = [event["k"] for event in socket.hear_until(lambda event: not event["k"]["x"])]
    rows = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1m", limit=4).json
    assert opened["x"] is False
    assert [bar["t"] - opened["t"] for bar in bars] == [0, MINUTE_MS, 2 * MINUTE_MS, 3 * MINUTE_MS]
    assert [bar["x"] for bar in bars] == [True, True, True, False]
    assert [bar["c"] for bar in bars] == [row[4] for row in rows]


def test_trades_are_told_once_and_in_order(um: Wire, dial: Dial, advance: Callable[[int], None]) -> None:
    socket = dial(um, "/market/ws/btcusdt@aggTrade")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    own = socket.hear()
    advance(MINUTE_MS)

    tape = um.get("/fapi/v1/trades", symbol="BTCUSDT", limit=20).json
    newer = [trade for trade in tape if trade["id"] > own["a"]]
    told = [socket.hear() for _ in newer]
    assert (own["q"], own["m"]) == ("0.100", False)
    assert [(event["a"], event["p"], event["q"]) for event in told] == [
        (trade["id"], trade["price"], trade["qty"]) for trade in newer
    ]


class Book:
    """A client's copy of a book, kept by Binance's published rule."""

    def __init__(self, snapshot: Any) -> None:
        self.id = snapshot["lastUpdateId"]
        self.sides = {side: {Decimal(p): Decimal(q) for p, q in snapshot[side]} for side in ("bids", "asks")}

    def apply(self, event: Any) -> None:
        if event["u"] <= self.id:
            return
        assert event["U"] <= self.id + 1 <= event["u"], (event["U"], self.id, event["u"])
        if "pu" in event:
            assert event["pu"] <= self.id
        for side, key in (("bids", "b"), ("asks", "a")):
            for price, quantity in event[key]:
                self.sides[side][Decimal(price)] = Decimal(quantity)
                if not Decimal(quantity):
                    del self.sides[side][Decimal(price)]
        self.id = event["u"]

    def levels(self) -> dict[str, list[tuple[Decimal, Decimal]]]:
        return {
            "bids": sorted(self.sides["bids"].items(), reverse=True),
            "asks": sorted(self.sides["asks"].items()),
        }


def test_a_book_is_kept_by_the_published_rule(spot: Wire, dial: Dial, advance: Callable[[int], None]) -> None:
    socket = dial(spot, "/ws/btcusdt@depth@100ms")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    book = Book(spot.get("/api/v3/depth", symbol="BTCUSDT", limit=5000).json)

    for step in range(12):
        side = "BUY" if step % 2 else "SELL"
        if step % 3 == 2:
            advance(700)
        elif step == 0:
            price = str((max(book.sides["bids"]) * Decimal("0.999")).quantize(Decimal("0.01")))
            limit = {"type": "LIMIT", "timeInForce": "GTC", "price": price}
            spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", quantity="0.5", **limit)
        else:
            quantity = "0.3" if side == "BUY" else "0.1"
            spot.signed(
                "POST", "/api/v3/order", symbol="BTCUSDT", side=side, type="MARKET", quantity=quantity
            )
    snapshot = Book(spot.get("/api/v3/depth", symbol="BTCUSDT", limit=5000).json)
    for event in socket.hear_until(lambda event: event["u"] >= snapshot.id):
        book.apply(event)

    assert book.id == snapshot.id
    assert book.levels() == snapshot.levels()


def test_usd_m_books_name_the_update_before(um: Wire, dial: Dial, advance: Callable[[int], None]) -> None:
    socket = dial(um, "/public/ws/btcusdt@depth")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    book = Book(um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).json)

    for _ in range(3):
        advance(1000)
    events = [socket.hear() for _ in range(3)]
    for event in events:
        book.apply(event)

    assert [event["pu"] for event in events[1:]] == [event["u"] for event in events[:-1]]
    assert book.levels() == Book(um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).json).levels()


def test_the_heart_beats_while_the_clock_runs(host: Callable[..., Hosted], dial: Dial) -> None:
    hosted = host(at=None)
    wire = Wire(hosted.um_url, hosted.api_key, hosted.api_secret, "/fapi/v1")
    socket = dial(wire, "/market/ws/btcusdt@markPrice@1s")

    first, second = socket.hear(), socket.hear()

    assert second["E"] > first["E"]
    assert second["p"] != first["p"]


def test_a_reset_says_good_bye(spot: Wire, dial: Dial, hosted: Hosted) -> None:
    socket = dial(spot, "/ws/btcusdt@bookTicker")
    socket.hear()
    headers = {"Content-Type": "application/json", "X-Paper-Token": hosted.admin_token}

    spot.send("POST", "/paper/v1/reset", body="{}", headers=headers)

    assert socket.hear()["e"] == "serverShutdown"
    with pytest.raises(ConnectionClosed) as closed:
        socket.hear()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        ("/ws", {"Origin": "https://evil.example"}, 403),
        ("/ws", {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_handshakes_are_refused(spot: Wire, path: str, headers: dict[str, str], status: int) -> None:
    url = spot.url.replace("http", "ws") + path

    with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None, additional_headers=headers):
        pass

    assert refused.value.response.status_code == status


def test_who_talks_too_fast_is_cut(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws")

    for number in range(6):
        socket.say(method="LIST_SUBSCRIPTIONS", id=number)

    with pytest.raises(ConnectionClosed) as closed:
        socket.hear_until(lambda message: False)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_pings_are_answered_and_long_messages_are_put_together(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/public/ws")
    assert socket.connection.ping(b"here").wait(10)

    socket.connection.send(['{"method":"LIST_', 'SUBSCRIPTIONS","id":7}'])

    assert socket.hear() == {"result": [], "id": 7}
