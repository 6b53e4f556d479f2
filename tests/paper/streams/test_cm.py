"""COIN-M streams: not split, symbols like `btcusd_perp`, volumes in contracts, `st` 2; arrays hold both markets."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
BTC = "BTCUSD_PERP"


@pytest.mark.parametrize(
    ("name", "event", "keys"),
    [
        ("bookTicker", "bookTicker", {"e", "u", "E", "T", "s", "b", "B", "a", "A", "ps", "st"}),
        ("depth5", "depthUpdate", {"e", "E", "s", "T", "U", "u", "pu", "b", "a", "ps", "st"}),
        ("markPrice@1s", "markPriceUpdate", {"e", "E", "s", "p", "ap", "i", "P", "r", "T", "st"}),
        ("kline_1m", "kline", {"e", "E", "s", "k"}),
        ("miniTicker", "24hrMiniTicker", {"e", "E", "s", "c", "o", "h", "l", "v", "q", "ps", "st"}),
    ],
)
def test_a_stream_begins_with_how_things_stand(
    cm: Wire, dial: Dial, name: str, event: str, keys: set[str]
) -> None:
    told = dial(cm, f"/ws/btcusd_perp@{name}").hear()

    assert (told["e"], told["s"], set(told)) == (event, BTC, keys)
    assert told.get("st", 2) == 2
    assert told.get("ps", "BTCUSD") == "BTCUSD"


def test_the_index_is_of_a_pair(cm: Wire, dial: Dial) -> None:
    told = dial(cm, "/stream?streams=btcusd@indexPrice").hear()

    assert told["stream"] == "btcusd@indexPrice"
    [mark] = cm.get("/dapi/v1/premiumIndex", pair="BTCUSD").json
    assert (told["data"]["e"], told["data"]["i"], told["data"]["p"]) == (
        "indexPriceUpdate",
        "BTCUSD",
        mark["indexPrice"],
    )


def test_the_array_of_marks_holds_both_markets_on_both_hosts(cm: Wire, um: Wire, dial: Dial) -> None:
    from_cm = dial(cm, "/ws/!markPrice@arr").hear()
    from_um = dial(um, "/market/ws/!markPrice@arr").hear()

    assert from_cm == from_um
    kinds = {row["s"]: row["st"] for row in from_um}
    assert (kinds["BTCUSDT"], kinds[BTC]) == (1, 2)


def test_a_fill_is_told_with_coins(cm: Wire, spot: Wire, dial: Dial) -> None:
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.2")
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_CMFUTURE", asset="BTC", amount="0.1")
    key = cm.send("POST", "/dapi/v1/listenKey", key=cm.key).json["listenKey"]
    user = dial(cm, f"/ws/{key}")

    cm.signed("POST", "/dapi/v1/order", symbol=BTC, side="BUY", type="MARKET", quantity="7")

    new, trade, account = (user.hear() for _ in range(3))
    assert [new["o"]["x"], trade["o"]["x"], account["e"]] == ["NEW", "TRADE", "ACCOUNT_UPDATE"]
    order = trade["o"]
    assert (order["X"], order["z"], order["N"]) == ("FILLED", "7", "BTC")
    assert Decimal(order["ap"]) == Decimal(order["L"])
    [balance], [position] = account["a"]["B"], account["a"]["P"]
    assert account["a"]["m"] == "ORDER"
    assert Decimal(balance["wb"]) == Decimal("0.1") - Decimal(order["n"])
    assert (position["pa"], position["ma"], position["ep"]) == ("7", "BTC", order["ap"])
    moved = spot.signed("POST", "/sapi/v1/asset/transfer", type="CMFUTURE_MAIN", asset="BTC", amount="0.01")
    assert moved.status == 200
    withdrawn = user.hear()["a"]
    assert (withdrawn["m"], withdrawn["B"][0]["bc"]) == ("WITHDRAW", "-0.01")


def test_trades_of_accounts_are_on_the_tape(cm: Wire, spot: Wire, dial: Dial) -> None:
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.2")
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_CMFUTURE", asset="BTC", amount="0.1")
    tape = dial(cm, "/ws")
    assert tape.ask(method="SUBSCRIBE", params=["btcusd_perp@aggTrade", "btcusd_perp@depth"], id=1) == {
        "result": None,
        "id": 1,
    }

    cm.signed("POST", "/dapi/v1/order", symbol=BTC, side="BUY", type="MARKET", quantity="7")

    heard = [tape.hear(), tape.hear()]
    told = {event["e"]: event for event in heard}
    assert (told["aggTrade"]["q"], told["aggTrade"]["m"], told["aggTrade"]["st"]) == ("7", False, 2)
    assert told["depthUpdate"]["a"]
