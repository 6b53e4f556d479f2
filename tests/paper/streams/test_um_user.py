"""USD-M user data in full: every order key, fundings one by one, break-even prices, conditional orders' whole life."""

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
D = Decimal
HOUR = 3_600_000
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def placed(um: Wire, **params: Any) -> Any:
    answer = um.signed("POST", "/fapi/v1/order", **(MARKET | params))
    assert answer.status == 200, answer.body
    return answer.json


def advance(wire: Wire, hosted: Hosted, span_ms: int) -> None:
    assert ask(wire, hosted, "POST", "advance", span_ms=span_ms).status == 200


def off_market(um: Wire, share: str, symbol: str = "BTCUSDT") -> str:
    last = D(um.get("/fapi/v1/ticker/price", symbol=symbol).json["price"])
    return str((last * D(share)).quantize(D("0.1")))


@pytest.fixture
def listener(um: Wire, dial: Dial) -> Socket:
    """A socket that hears the USD-M account's events."""
    key = um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"]
    socket = dial(um, f"/private/ws/{key}")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    return socket


def event(socket: Socket, kind: str) -> Any:
    return socket.hear_until(lambda told: told["e"] == kind)[-1]


def test_an_open_order_tells_what_its_side_has_open(um: Wire, listener: Socket) -> None:
    price = off_market(um, "0.98")
    first = placed(um, type="LIMIT", timeInForce="GTC", price=price)
    told = listener.hear()["o"]
    um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=first["orderId"])
    gone = listener.hear()["o"]

    assert (D(told["b"]), told["a"]) == (D(price) * D("0.01"), "0")
    assert (gone["x"], gone["b"], gone["a"]) == ("CANCELED", "0", "0")


def test_a_change_carries_the_id_its_owner_gave_it(um: Wire, listener: Socket) -> None:
    price = off_market(um, "0.98")
    order = placed(um, type="LIMIT", timeInForce="GTC", price=price)
    assert "M" not in listener.hear()["o"]

    changed = um.signed(
        "PUT", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", quantity="0.02", price=price,
        orderId=order["orderId"], modifyId=77,
    ).json  # fmt: skip

    told = listener.hear()["o"]
    assert (changed["modifyId"], changed["pair"]) == (77, "BTCUSDT")
    assert (told["x"], told["M"], told["q"]) == ("AMENDMENT", 77, "0.02")


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"type": "LIMIT", "timeInForce": "IOC", "price": "0.98"}, "2"),
        ({"type": "LIMIT", "timeInForce": "IOC", "price": "1.01", "own": True}, "3"),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "1.01", "own": True}, "1"),
    ],
)
def test_an_expired_order_says_why(um: Wire, listener: Socket, params: dict[str, Any], reason: str) -> None:
    asked = dict(params)
    if asked.pop("own", False):  # the account's own offer is the best one
        book = um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=5).json
        bid, ask_ = D(book["bids"][0][0]), D(book["asks"][0][0])
        own = placed(
            um, side="SELL", type="LIMIT", timeInForce="GTC", price=str(max(bid + D("0.1"), ask_ - D("0.1")))
        )
        assert own["status"] == "NEW"
        listener.hear()
    placed(um, **asked | {"price": off_market(um, asked["price"])}, selfTradePreventionMode="EXPIRE_TAKER")

    new, end = listener.hear()["o"], listener.hear()["o"]
    assert (new["x"], end["x"], end["er"]) == ("NEW", "EXPIRED", reason)
    assert end["X"] == ("EXPIRED" if reason == "2" else "EXPIRED_IN_MATCH")


def test_a_position_tells_its_break_even_price_and_all_profit_so_far(um: Wire, listener: Socket) -> None:
    placed(um, quantity="0.04")
    opened = event(listener, "ACCOUNT_UPDATE")["a"]["P"][0]
    fills = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    cost = sum(D(f["quoteQty"]) for f in fills)
    fees = sum(D(f["commission"]) for f in fills)
    [row] = um.signed("GET", "/fapi/v3/positionRisk", symbol="BTCUSDT").json

    assert abs(D(opened["bep"]) - (cost + fees) / D("0.04")) < D("0.0000001")
    assert opened["bep"] == row["breakEvenPrice"]
    assert opened["cr"] == "0"

    placed(um, side="SELL", quantity="0.03")
    reduced = event(listener, "ACCOUNT_UPDATE")["a"]["P"][0]
    assert abs(D(reduced["bep"]) - D(opened["bep"])) < D("0.0001")  # what was closed took its fees with it
    placed(um, side="SELL", quantity="0.01")
    closed = event(listener, "ACCOUNT_UPDATE")["a"]["P"][0]
    realized = sum(
        D(f["realizedPnl"]) for f in um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    )
    assert (closed["pa"], closed["bep"], D(closed["cr"])) == ("0", "0", realized)

    placed(um, side="SELL", quantity="0.01")
    again = event(listener, "ACCOUNT_UPDATE")["a"]["P"][0]
    assert D(again["cr"]) == realized  # of the symbol, not of one position
    short = um.signed("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT").json[0]
    assert D(short["breakEvenPrice"]) < D(short["entryPrice"])


def test_each_funding_is_told_for_itself_with_its_symbol(
    um: Wire, spot: Wire, listener: Socket, hosted: Hosted
) -> None:
    placed(um, quantity="0.1")
    placed(um, symbol="ETHUSDT", side="SELL", quantity="1")
    listener.hear_until(lambda told: told["e"] == "ACCOUNT_UPDATE" and told["a"]["P"][0]["s"] == "ETHUSDT")
    before = D(um.signed("GET", "/fapi/v3/balance").json[0]["balance"])

    advance(spot, hosted, 16 * HOUR)

    told = [listener.hear()["a"] for _ in range(4)]
    income = um.signed("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").json
    assert [(a["m"], a["S"], a["P"]) for a in told] == [
        ("FUNDING_FEE", symbol, []) for symbol in ("BTCUSDT", "ETHUSDT", "BTCUSDT", "ETHUSDT")
    ]
    assert [D(a["B"][0]["bc"]) for a in told] == [D(row["income"]) for row in income]
    balance = before
    for change in told:
        balance += D(change["B"][0]["bc"])
        assert D(change["B"][0]["wb"]) == D(change["B"][0]["cw"]) == balance


def test_funding_of_an_isolated_position_tells_the_position(
    um: Wire, spot: Wire, listener: Socket, hosted: Hosted
) -> None:
    um.signed("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")
    placed(um, quantity="0.1")
    listener.hear_until(lambda told: told["e"] == "ACCOUNT_UPDATE" and told["a"]["m"] == "ORDER")

    advance(spot, hosted, 8 * HOUR)

    told = listener.hear()["a"]
    [fee] = um.signed("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").json
    [row] = um.signed("GET", "/fapi/v3/positionRisk").json
    [held] = told["P"]
    assert (told["m"], told["S"], held["s"], held["mt"], held["iw"]) == (
        "FUNDING_FEE", "BTCUSDT", "BTCUSDT", "isolated", row["isolatedWallet"],
    )  # fmt: skip
    assert D(told["B"][0]["bc"]) == D(fee["income"])
    assert D(told["B"][0]["wb"]) - D(told["B"][0]["cw"]) == D(held["iw"])
    placed(um, symbol="ETHUSDT", quantity="0.1")  # nothing else was told of it
    assert listener.hear()["o"]["s"] == "ETHUSDT"


def test_leverage_and_asset_mode_are_told(um: Wire, listener: Socket) -> None:
    um.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=25)
    um.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")

    one, two = listener.hear(), listener.hear()
    assert (one["e"], one["ac"]) == ("ACCOUNT_CONFIG_UPDATE", {"s": "BTCUSDT", "l": 25})
    assert (two["e"], two["ai"]) == ("ACCOUNT_CONFIG_UPDATE", {"j": True})


def test_a_margin_type_is_told_with_the_flat_position(um: Wire, listener: Socket) -> None:
    um.signed("POST", "/fapi/v1/marginType", symbol="BTCUSDT", marginType="ISOLATED")

    told = listener.hear()["a"]
    assert (told["m"], told["B"]) == ("MARGIN_TYPE_CHANGE", [])
    assert [(row["s"], row["pa"], row["mt"], row["ps"]) for row in told["P"]] == [
        ("BTCUSDT", "0", "isolated", "BOTH"),
    ]  # fmt: skip


# --- conditional orders ---------------------------------------------------------------------------------------
def algo(um: Wire, **params: Any) -> Any:
    asked = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "0.01",
    }
    answer = um.signed("POST", "/fapi/v1/algoOrder", **(asked | params))
    assert answer.status == 200, answer.body
    return answer.json


def test_a_conditional_order_is_told_from_new_to_finished(
    um: Wire, spot: Wire, listener: Socket, hosted: Hosted
) -> None:
    made = algo(um, triggerPrice=off_market(um, "0.97"), clientAlgoId="mine")
    assert ask(spot, hosted, "POST", "faults", fault="move BTCUSDT by=-5% over=10s").status == 200
    advance(spot, hosted, 20_000)

    told = listener.hear_until(lambda e: e["e"] == "ALGO_UPDATE" and e["o"]["X"] == "FINISHED")
    states = [e["o"]["X"] if e["e"] == "ALGO_UPDATE" else e.get("o", e).get("x", e["e"]) for e in told]
    assert states == ["NEW", "TRIGGERING", "TRIGGERED", "NEW", "TRADE_LITE", "TRADE", "FINISHED"]
    order = told[3]["o"]
    assert (order["c"], order["o"], order["S"]) == ("mine", "MARKET", "SELL")
    assert {e["o"]["aid"] for e in told if e["e"] == "ALGO_UPDATE"} == {made["algoId"]}
    triggered, finished = told[2]["o"], told[-1]["o"]
    assert (triggered["ai"], triggered["aq"], triggered["act"]) == (str(order["i"]), "0.00000", "MARKET")
    assert (finished["ai"], finished["aq"], finished["act"]) == (str(order["i"]), "0.01", "MARKET")
    assert D(finished["ap"]) == D(told[5]["o"]["ap"])
    assert finished["tt"] > 0
    found = um.signed("GET", "/fapi/v1/algoOrder", algoId=made["algoId"]).json
    assert (found["algoStatus"], found["actualOrderId"], found["actualQty"]) == (
        "FINISHED", str(order["i"]), "0.010",
    )  # fmt: skip
    assert D(found["actualPrice"]) == D(finished["ap"])


def test_a_conditional_order_without_margin_is_rejected_when_it_triggers(
    um: Wire, spot: Wire, listener: Socket, hosted: Hosted
) -> None:
    algo(um, triggerPrice=off_market(um, "0.97"), quantity="100")  # nobody asks for margin until then
    ask(spot, hosted, "POST", "faults", fault="move BTCUSDT by=-5% over=10s")
    advance(spot, hosted, 20_000)

    states = [listener.hear()["o"] for _ in range(3)]
    assert [state["X"] for state in states] == ["NEW", "TRIGGERING", "REJECTED"]
    assert states[-1]["rm"] == "Margin is insufficient."


def test_a_conditional_order_of_a_position_expires_with_it(um: Wire, listener: Socket) -> None:
    placed(um)
    event(listener, "ACCOUNT_UPDATE")
    algo(
        um,
        type="TAKE_PROFIT_MARKET",
        triggerPrice=off_market(um, "1.05"),
        timeInForce="GTE_GTC",
        reduceOnly="true",
    )
    assert listener.hear()["o"]["X"] == "NEW"

    placed(um, side="SELL", reduceOnly="true")

    told = listener.hear_until(lambda e: e["e"] == "ALGO_UPDATE")[-1]["o"]
    assert (told["X"], told["rm"]) == ("EXPIRED", "The position is closed.")


def test_a_canceled_conditional_order_and_a_trailing_one(um: Wire, listener: Socket) -> None:
    made = algo(um, triggerPrice=off_market(um, "0.97"))
    um.signed("DELETE", "/fapi/v1/algoOrder", algoId=made["algoId"])
    algo(um, type="TRAILING_STOP_MARKET", callbackRate="1", activatePrice=off_market(um, "1.02"))

    new, canceled, trailing = (listener.hear()["o"] for _ in range(3))
    assert (new["X"], canceled["X"], canceled["aid"]) == ("NEW", "CANCELED", made["algoId"])
    assert (trailing["o"], trailing["cr"], trailing["ia"], trailing["tp"]) == (
        "TRAILING_STOP_MARKET",
        "1",
        False,
        "0",
    )
    assert D(trailing["AP"]) > 0
