"""Streams that only spot has, and the words for commands that make no sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.routes.test_admin import ask
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def first(dial: Dial, spot: Wire, stream: str) -> Any:
    return dial(spot, f"/ws/{stream}").hear()


def test_the_average_is_that_of_the_endpoint(spot: Wire, dial: Dial) -> None:
    told = first(dial, spot, "btcusdt@avgPrice")

    assert (told["e"], told["s"], told["i"]) == ("avgPrice", "BTCUSDT", "5m")
    assert told["w"] == spot.get("/api/v3/avgPrice", symbol="BTCUSDT").json["price"]
    assert told["T"] <= told["E"] == spot.now()


@pytest.mark.parametrize(("window", "span"), [("1h", HOUR), ("4h", 4 * HOUR), ("1d", DAY)])
def test_windows_are_those_of_the_endpoint(spot: Wire, dial: Dial, window: str, span: int) -> None:
    told = first(dial, spot, f"btcusdt@ticker_{window}")
    asked = spot.get("/api/v3/ticker", symbol="BTCUSDT", windowSize=window).json

    assert told["e"] == f"{window}Ticker"
    assert set(told) == set("eEspPohlcwvqOCFLn")
    assert [told[k] for k in "pPwohlcvqOCn"] == [
        asked[name]
        for name in (
            "priceChange", "priceChangePercent", "weightedAvgPrice", "openPrice", "highPrice", "lowPrice",
            "lastPrice", "volume", "quoteVolume", "openTime", "closeTime", "count",
        )
    ]  # fmt: skip
    assert span <= told["C"] - told["O"] < span + MINUTE


@pytest.mark.parametrize("window", ["1h", "4h", "1d"])
def test_windows_of_all_symbols_come_as_an_array(spot: Wire, dial: Dial, window: str) -> None:
    rows = first(dial, spot, f"!ticker_{window}@arr")

    assert {row["e"] for row in rows} == {f"{window}Ticker"}
    assert len(rows) > 5


def test_the_array_of_day_tickers_is_gone_and_silent(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws")

    assert socket.ask(method="SUBSCRIBE", params=["!ticker@arr"], id=1) == {"result": None, "id": 1}
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=2)["result"] == ["!ticker@arr"]


@pytest.mark.parametrize("path", ["/ws/btcusdt@kline_1d@+08:00", "/stream?streams=btcusdt@kline_1d@+08:00"])
def test_bars_of_utc_8(spot: Wire, dial: Dial, path: str) -> None:
    message = dial(spot, path).hear()
    bar = message.get("data", message)["k"]
    [asked] = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1d", timeZone="8", limit=1).json

    assert (bar["t"] + 8 * HOUR) % DAY == 0
    assert [bar["t"], bar["o"], bar["h"], bar["l"], bar["c"], bar["v"], bar["T"]] == asked[:7]
    assert (bar["i"], bar["x"]) == ("1d", False)


@pytest.mark.parametrize(
    "interval",
    ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"],
)
def test_bars_of_every_interval(spot: Wire, dial: Dial, interval: str) -> None:
    bar = first(dial, spot, f"btcusdt@kline_{interval}")["k"]
    [asked] = spot.get("/api/v3/klines", symbol="BTCUSDT", interval=interval, limit=1).json

    assert bar["i"] == interval
    assert [bar["t"], bar["o"], bar["h"], bar["l"], bar["c"], bar["v"], bar["T"], bar["q"]] == asked[:8]


def test_the_reference_price_is_told_where_there_is_one(
    spot: Wire, dial: Dial, fault: Callable[[str], Any]
) -> None:
    socket = dial(spot, "/ws/btcusdt@referencePrice")
    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=1)["id"] == 1  # nothing was told before

    fault("rule BTCUSDT price_range=1.5/0.5")
    told = first(dial, spot, "btcusdt@referencePrice")

    price = spot.get("/api/v3/referencePrice", symbol="BTCUSDT").json["referencePrice"]
    assert told == {"e": "referencePrice", "s": "BTCUSDT", "r": price, "t": spot.now()}


def test_block_trades_are_listened_to_in_vain(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws/btcusdt@blockTrade")

    assert socket.ask(method="LIST_SUBSCRIPTIONS", id=1)["result"] == ["btcusdt@blockTrade"]


def test_averages_and_windows_go_on(spot: Wire, hosted: Hosted, dial: Dial) -> None:
    socket = dial(spot, "/stream?streams=btcusdt@avgPrice/btcusdt@ticker_1h")
    before = {message["stream"]: message["data"] for message in (socket.hear(), socket.hear())}

    assert ask(spot, hosted, "POST", "advance", span_ms=2 * HOUR).status == 200
    after = {message["stream"]: message["data"] for message in (socket.hear(), socket.hear())}

    assert after["btcusdt@avgPrice"]["w"] != before["btcusdt@avgPrice"]["w"]
    assert after["btcusdt@ticker_1h"]["O"] - before["btcusdt@ticker_1h"]["O"] == 2 * HOUR


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ("{", 3, "Invalid JSON: expected value at line 1 column 1"),
        ('{"params":["a"],"id":1}', 2, "Invalid request: missing field `method` at line 1 column 23"),
        (
            '{"method":"SING","id":1}',
            2,
            "Invalid request: unknown variant `SING`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, "
            "`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 24",
        ),
        ('{"method":"LIST_SUBSCRIPTIONS","id":1.5}', 2, "Invalid request: request ID must be an unsigned integer"),
        ('{"method":"LIST_SUBSCRIPTIONS","id":[1]}', 2, "Invalid request: request ID must be an unsigned integer"),
        (
            '{"method":"LIST_SUBSCRIPTIONS","id":"0123456789012345678901234567890123456"}',
            2,
            "Invalid request: request ID must be an unsigned integer",
        ),
        ('{"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1}', 2, "Invalid request: too many parameters"),
        (
            '{"method":"GET_PROPERTY","params":["combined",true],"id":1}',
            2,
            "Invalid request: too many parameters",
        ),
        (
            '{"method":"SET_PROPERTY","params":[7,true],"id":1}',
            2,
            "Invalid request: property name must be a string",
        ),
        ('{"method":"GET_PROPERTY","id":1}', 2, "Invalid request: property name must be a string"),
        ('{"method":"GET_PROPERTY","params":["pitch"],"id":5}', 0, "Unknown property"),
        (
            '{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}',
            1,
            "Invalid value type: expected Boolean",
        ),
    ],
)  # fmt: skip
def test_bad_commands_are_told_in_binances_words(
    spot: Wire, dial: Dial, message: str, code: int, words: str
) -> None:
    socket = dial(spot, "/ws")

    socket.connection.send(message)
    told = socket.hear()

    assert (told["code"], told["msg"]) == (code, words)
    if code == 0:
        assert told["id"] == json.loads(message)["id"]


@pytest.mark.parametrize(("market", "good"), [("spot", True), ("um", False)])
def test_futures_take_no_negative_ids(spot: Wire, um: Wire, dial: Dial, market: str, good: bool) -> None:
    socket = dial({"spot": spot, "um": um}[market], "/ws")

    told = socket.ask(method="LIST_SUBSCRIPTIONS", id=-1)

    assert told.get("code") == (None if good else 2)


@pytest.mark.parametrize("market", ["spot", "um"])
def test_words_are_ids_too(spot: Wire, um: Wire, dial: Dial, market: str) -> None:
    """The futures SDK of Binance's own numbers its commands so, whatever the documentation says."""
    name = "bd3cc0f1-4457-4bab-a782-a5c11faf00df"

    told = dial({"spot": spot, "um": um}[market], "/ws").ask(method="LIST_SUBSCRIPTIONS", id=name)

    assert told == {"result": [], "id": name}


def test_update_ids_of_the_book_follow_each_other(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws/btcusdt@depth@100ms")
    bid = Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"])
    for step in range(4):
        spot.signed(
            "POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC",
            quantity="0.01", price=bid - 10 - step,
        )  # fmt: skip

    events = [socket.hear() for _ in range(4)]
    snapshot = spot.get("/api/v3/depth", symbol="BTCUSDT").json["lastUpdateId"]

    assert all(event["U"] == before["u"] + 1 for before, event in pairwise(events))
    assert snapshot == events[-1]["u"]
    assert [set(event) for event in events] == [set("eEsUuba")] * 4
