"""What befalls users on request: deleveraging, delisting, liquidation by a moved price, cancels, expired listen keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.streams.conftest import Socket, dial  # noqa: F401

Set = Callable[[str], Any]
Dial = Callable[[Wire, str], Socket]
MINUTE, HOUR = 60_000, 3_600_000
D = Decimal


def trade(wire: Wire, prefix: str = "/fapi/v1", **params: Any) -> Any:
    defaults = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.1"}
    answer = wire.signed("POST", f"{prefix}/order", **(defaults | params))
    assert answer.status == 200, answer.body
    return answer.json


def advance(spot: Wire, hosted: Hosted, span_ms: int) -> None:
    assert ask(spot, hosted, "POST", "advance", span_ms=span_ms).status == 200


def resting(um: Wire) -> str:
    """A price two percent under the market, on the tick."""
    last = D(um.get("/fapi/v1/ticker/price", symbol="BTCUSDT").json["price"])
    return str((last * D("0.98")).quantize(D("0.1")))


def listening(um: Wire, dial: Dial) -> Socket:  # noqa: F811
    key = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    socket = dial(um, f"/private/ws/{key}")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    return socket


def position(um: Wire, symbol: str = "BTCUSDT") -> Decimal:
    found = um.signed("GET", "/fapi/v3/positionRisk", symbol=symbol).json
    return sum((D(row["positionAmt"]) for row in found), D(0))


# --- F37 ------------------------------------------------------------------------------------------------------
def test_a_short_is_deleveraged_in_part_at_the_mark(um: Wire, fault: Set, dial: Dial) -> None:  # noqa: F811
    trade(um)
    user = listening(um, dial)
    mark = D(um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json["markPrice"])

    set_ = fault("adl BTCUSDT account=default share=40%")

    assert set_["struck"] == 1
    assert position(um) == D("-0.06")
    new, lite, told, account = [user.hear() for _ in range(4)]
    assert (new["o"]["x"], new["o"]["c"], told["o"]["c"]) == ("NEW", "adl_autoclose", "adl_autoclose")
    assert (told["o"]["x"], told["o"]["X"], told["o"]["S"], told["o"]["l"]) == (
        "CALCULATED",
        "FILLED",
        "BUY",
        "0.04",
    )
    assert (lite["e"], account["a"]["m"], account["a"]["P"][0]["pa"]) == ("TRADE_LITE", "ORDER", "-0.06")
    assert D(told["o"]["L"]) == mark
    [row] = um.signed("GET", "/fapi/v1/forceOrders", autoCloseType="ADL").json
    assert (row["clientOrderId"], row["type"], row["executedQty"]) == ("adl_autoclose", "LIMIT", "0.040")
    assert um.signed("GET", "/fapi/v1/forceOrders", autoCloseType="LIQUIDATION").json == []


def test_deleveraging_nobody_is_refused(spot: Wire, hosted: Hosted) -> None:
    answer = ask(spot, hosted, "POST", "faults", fault="adl BTCUSDT account=nobody")

    assert answer.refusal[:2] == (400, -1102)
    assert "nothing to do it to" in answer.refusal[2]


# --- F38 ------------------------------------------------------------------------------------------------------
def test_a_price_ramp_warns_then_liquidates_and_all_are_told(
    um: Wire,
    spot: Wire,
    hosted: Hosted,
    fault: Set,
    dial: Dial,  # noqa: F811
) -> None:
    um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=50)
    mark = D(um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json["markPrice"])
    size = str((D(800_000) / mark).quantize(D("0.1")))  # 16 times the wallet: 6 % up is the end
    trade(um, quantity=size)
    user = listening(um, dial)
    one = dial(um, "/market/ws/btcusdt@forceOrder")
    every = dial(um, "/market/ws/!forceOrder@arr")
    for socket in (one, every):
        socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    before = D(um.signed("GET", "/fapi/v3/balance").json[0]["balance"])

    fault("move BTCUSDT by=10% over=1m")
    advance(spot, hosted, 2 * MINUTE)

    events = user.hear_until(lambda event: event["e"] == "ACCOUNT_UPDATE")
    assert events[0]["e"] == "MARGIN_CALL"
    assert events[0]["p"][0]["s"] == "BTCUSDT"
    first = next(event["o"] for event in events if event["e"] == "ORDER_TRADE_UPDATE")
    assert first["c"].startswith("autoclose-")
    assert (first["x"], first["o"], first["f"], first["S"]) == ("NEW", "LIMIT", "IOC", "BUY")
    told, of_all = one.hear(), every.hear()
    assert told["o"] == of_all["o"]
    assert (told["e"], told["o"]["s"], told["o"]["S"], told["o"]["X"]) == (
        "forceOrder",
        "BTCUSDT",
        "BUY",
        "FILLED",
    )
    forced = um.signed("GET", "/fapi/v1/forceOrders", autoCloseType="LIQUIDATION").json
    largest = max(forced, key=lambda row: D(row["origQty"]))
    assert D(told["o"]["q"]) in {D(row["origQty"]) for row in forced}
    assert D(largest["origQty"]) <= D(size)
    income = um.signed("GET", "/fapi/v1/income", limit=1000).json
    assert sum(D(row["income"]) for row in income if row["incomeType"] == "INSURANCE_CLEAR") < 0
    after = D(um.signed("GET", "/fapi/v3/balance").json[0]["balance"])
    moved = sum(
        D(row["income"]) for row in income if row["incomeType"] in ("REALIZED_PNL", "INSURANCE_CLEAR")
    )
    assert after == before + moved
    assert after >= 0


def test_a_coin_margined_position_is_liquidated_and_told_too(
    cm: Wire,
    spot: Wire,
    hosted: Hosted,
    fault: Set,
    dial: Dial,  # noqa: F811
) -> None:
    ask(spot, hosted, "POST", "deposit", wallet="cm", asset="BTC", amount="0.1")
    cm.signed("POST", "/dapi/v1/leverage", symbol="BTCUSD_PERP", leverage=50)
    mark = D(cm.get("/dapi/v1/premiumIndex", symbol="BTCUSD_PERP").json[0]["markPrice"])
    contracts = str(int(D(3) * mark / 100))  # worth three bitcoins, thirty times the wallet
    trade(cm, "/dapi/v1", symbol="BTCUSD_PERP", side="BUY", quantity=contracts)
    told, every = dial(cm, "/ws/btcusd_perp@forceOrder"), dial(cm, "/ws/!forceOrder@arr")
    for socket in (told, every):
        socket.ask(method="LIST_SUBSCRIPTIONS", id=1)

    fault("move BTCUSDT by=-5% over=1m")
    advance(spot, hosted, 2 * MINUTE)

    order = told.hear()["o"]
    assert every.hear()["o"] == order
    assert (order["s"], order["ps"], order["st"], order["S"]) == ("BTCUSD_PERP", "BTCUSD", 2, "SELL")
    forced = cm.signed("GET", "/dapi/v1/forceOrders", autoCloseType="LIQUIDATION").json
    assert order["q"] in {row["origQty"] for row in forced}
    assert D(forced[0]["cumBase"]) > 0
    income = cm.signed("GET", "/dapi/v1/income").json
    assert sum(D(row["income"]) for row in income) == D(
        cm.signed("GET", "/dapi/v1/balance").json[0]["balance"]
    )


def test_a_moved_price_moves_all_prices_of_the_coin_and_history_stays_whole(
    um: Wire, spot: Wire, cm: Wire, hosted: Hosted, fault: Set
) -> None:
    start = um.now()

    def prices() -> list[Decimal]:
        mark = um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json
        return [
            D(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"]),
            D(um.get("/fapi/v1/ticker/price", symbol="BTCUSDT").json["price"]),
            D(cm.get("/dapi/v1/ticker/price", symbol="BTCUSD_PERP").json[0]["price"]),
            D(mark["markPrice"]),
            D(mark["indexPrice"]),
        ]

    set_ = fault("move BTCUSDT by=-20% over=10m")
    advance(spot, hosted, HOUR)
    moved = prices()
    query = {"symbol": "BTCUSDT", "startTime": start, "endTime": start + HOUR - 1, "limit": 1000}
    minutes = um.get("/fapi/v1/klines", interval="1m", **query).json
    fives = um.get("/fapi/v1/klines", interval="5m", **query).json
    ask(spot, hosted, "POST", "faults/clear", id=set_["id"])
    advance(spot, hosted, 1000)
    back = prices()

    for low, high in zip(moved, back, strict=True):
        assert D("0.79") < low / high < D("0.81")
    assert len(minutes) == 60
    for number, bar in enumerate(fives):
        parts = minutes[5 * number : 5 * number + 5]
        assert [bar[1], bar[4]] == [parts[0][1], parts[-1][4]]
        assert D(bar[2]) == max(D(part[2]) for part in parts)
        assert D(bar[3]) == min(D(part[3]) for part in parts)
        assert abs(D(bar[7]) - sum(D(part[7]) for part in parts)) < D(
            "0.0001"
        )  # each is rounded when printed
    closes = [D(bar[4]) for bar in minutes]
    assert all(abs(right / left - 1) < D("0.05") for left, right in pairwise(closes))  # a ramp, no jump
    assert closes[10] / closes[0] < D("0.85")


def test_a_multiplied_perpetual_moves_with_its_coin(um: Wire, spot: Wire, hosted: Hosted, fault: Set) -> None:
    listed = {row["symbol"] for row in um.get("/fapi/v1/exchangeInfo").json["symbols"]}
    symbol = next(name for name in sorted(listed) if name.startswith("1000"))
    coin = symbol.removeprefix("1000")

    def prices() -> list[Decimal]:
        return [
            D(um.get("/fapi/v1/ticker/price", symbol=symbol).json["price"]),
            D(um.get("/fapi/v1/premiumIndex", symbol=symbol).json["indexPrice"]),
            D(spot.get("/api/v3/ticker/price", symbol=coin).json["price"]),
        ]

    set_ = fault(f"move {symbol} by=50% over=1s")
    advance(spot, hosted, 5000)
    moved = prices()
    ask(spot, hosted, "POST", "faults/clear", id=set_["id"])
    advance(spot, hosted, 1000)

    for high, low in zip(moved, prices(), strict=True):
        assert D("1.48") < high / low < D("1.52")


# --- F39 ------------------------------------------------------------------------------------------------------
def test_a_perpetual_is_delisted_step_by_step(
    um: Wire,
    spot: Wire,
    hosted: Hosted,
    fault: Set,
    dial: Dial,  # noqa: F811
) -> None:
    trade(um)
    order = trade(um, side="BUY", type="LIMIT", timeInForce="GTC", price=resting(um), quantity="0.01")
    um.signed(
        "POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", symbol="BTCUSDT", side="BUY", type="STOP_MARKET",
        quantity="0.1", triggerPrice="500000", workingType="MARK_PRICE",
    )  # fmt: skip
    info = dial(um, "/market/ws/!contractInfo")
    info.ask(method="LIST_SUBSCRIPTIONS", id=1)
    began = um.now()

    fault("delist BTCUSDT in=2h")

    def listed() -> Any:
        return next(s for s in um.get("/fapi/v1/exchangeInfo").json["symbols"] if s["symbol"] == "BTCUSDT")

    told = info.hear()
    assert (told["s"], told["dt"], told["cs"], told["st"]) == ("BTCUSDT", began + 2 * HOUR, "TRADING", 1)
    assert told["bks"][0]["ma"] == 150
    assert (listed()["deliveryDate"], listed()["status"]) == (began + 2 * HOUR, "TRADING")

    advance(spot, hosted, 90 * MINUTE)
    assert (info.hear()["cs"], listed()["status"]) == ("PRE_SETTLE", "PRE_SETTLE")
    opening = um.signed(
        "POST", "/fapi/v1/order", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.1"
    )
    assert opening.refusal == (400, -4140, "Invalid symbol status for opening position")
    trade(um, side="BUY", quantity="0.02", reduceOnly="true")
    assert position(um) == D("-0.08")

    user = listening(um, dial)
    advance(spot, hosted, 30 * MINUTE)
    assert (info.hear()["cs"], listed()["status"], position(um)) == ("SETTLING", "SETTLING", 0)
    events = user.hear_until(lambda event: event["e"] == "ACCOUNT_UPDATE" and event["a"]["P"] != [])
    updates = [event["o"] for event in events if event["e"] == "ORDER_TRADE_UPDATE"]
    assert (updates[0]["i"], updates[0]["x"], updates[0]["X"], updates[0]["er"]) == (
        order["orderId"], "EXPIRED", "EXPIRED", "7",
    )  # fmt: skip
    closing = updates[-1]
    assert closing["c"].startswith("settlement_autoclose-")
    index = um.get(
        "/fapi/v1/indexPriceKlines", pair="BTCUSDT", interval="1m", startTime=began + 90 * MINUTE, limit=30
    ).json
    mean = sum(D(bar[4]) for bar in index) / 30
    assert abs(D(closing["L"]) - mean) <= D("0.06")  # the mean of the last 30 minutes, on the tick
    assert um.signed("GET", "/fapi/v1/openAlgoOrders").json == []
    assert um.signed("GET", "/fapi/v1/forceOrders").json == []  # a settlement is no forced order
    assert um.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1",
                     reduceOnly="true").refusal[:2] == (400, -4140)  # fmt: skip

    advance(spot, hosted, 10 * MINUTE)
    assert (info.hear()["cs"], listed()["status"]) == ("CLOSE", "CLOSE")
    ask(spot, hosted, "POST", "faults/clear")
    assert (listed()["status"], listed()["deliveryDate"]) == ("TRADING", 4133404800000)


def test_a_coin_margined_perpetual_is_delisted_too(cm: Wire, spot: Wire, hosted: Hosted, fault: Set) -> None:
    fault("delist BTCUSD_PERP in=10m")

    status = next(s for s in cm.get("/dapi/v1/exchangeInfo").json["symbols"] if s["symbol"] == "BTCUSD_PERP")
    assert status["contractStatus"] == "PRE_SETTLE"  # less than half an hour is left
    advance(spot, hosted, 10 * MINUTE)
    status = next(s for s in cm.get("/dapi/v1/exchangeInfo").json["symbols"] if s["symbol"] == "BTCUSD_PERP")
    assert status["contractStatus"] == "SETTLING"


# --- F36, F16 -------------------------------------------------------------------------------------------------
def test_the_exchange_cancels_by_itself(um: Wire, fault: Set, dial: Dial) -> None:  # noqa: F811
    order = trade(um, side="BUY", type="LIMIT", timeInForce="GTC", price=resting(um), quantity="0.01")
    user = listening(um, dial)

    assert fault("cancel BTCUSDT account=default market=um")["struck"] == 1

    told = user.hear()["o"]
    assert (told["i"], told["x"], told["X"]) == (order["orderId"], "CANCELED", "CANCELED")
    assert um.signed("GET", "/fapi/v1/openOrders").json == []


def test_a_listen_key_expires(um: Wire, fault: Set, dial: Dial) -> None:  # noqa: F811
    key = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    socket = dial(um, f"/private/stream?listenKey={key}&events=ORDER_TRADE_UPDATE")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)

    fault("expire listen-keys account=default")

    told = socket.hear()
    assert told["stream"] == key
    assert (told["data"]["e"], told["data"]["listenKey"]) == ("listenKeyExpired", key)
    assert um.send("PUT", "/fapi/v1/listenKey", key=um.key).refusal == (
        400,
        -1125,
        "This listenKey does not exist.",
    )
    assert um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"] != key


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("adl DOGEDOGE", "'DOGEDOGE' is no perpetual"),
        ("adl BTCUSDT share=0%", "share=1% to share=100%"),
        ("delist BTCUSDT in=5", "SPAN '5' is not a span"),
        ("move BTCUSDT", "'' is not a share such as 10%"),
        ("move BTCUSDT by=-100%", "no less than -99%"),
        ("expire tokens", "'tokens' does not expire"),
    ],
)
def test_deeds_that_make_no_sense_are_refused(spot: Wire, hosted: Hosted, line: str, message: str) -> None:
    answer = ask(spot, hosted, "POST", "faults", fault=line)

    assert answer.refusal[:2] == (400, -1102)
    assert message in answer.refusal[2], json.dumps(answer.json)
