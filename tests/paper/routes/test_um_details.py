"""USD-M to the letter: retail orders, windows of time, amendments, downloads, standing, refusals of modes and prices."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from atapi.paper import um_amend
from atapi.paper.host import Hosted
from tests.paper.client import Reply, Wire
from tests.paper.routes.test_admin import ask

D = Decimal
DAY = 86_400_000
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def send(um: Wire, **params: Any) -> Reply:
    return um.signed("POST", "/fapi/v1/order", **(MARKET | params))


def priced(um: Wire, share: str, symbol: str = "BTCUSDT") -> str:
    last = D(um.get("/fapi/v1/ticker/price", symbol=symbol).json["price"])
    return str((last * D(share)).quantize(D("0.1")))


def advance(spot: Wire, hosted: Hosted, span_ms: int) -> None:
    assert ask(spot, hosted, "POST", "advance", span_ms=span_ms).status == 200


def test_an_order_for_retail_is_a_makers_or_none(um: Wire, spot: Wire, hosted: Hosted) -> None:
    refused = send(um, type="LIMIT", timeInForce="RPI", price=priced(um, "1.01"))
    rested = send(um, type="LIMIT", timeInForce="RPI", price=priced(um, "0.999")).json
    ask(spot, hosted, "POST", "faults", fault="move BTCUSDT by=-1% over=5s")
    advance(spot, hosted, 120_000)

    assert refused.refusal[:2] == (400, -5022)
    assert (rested["status"], rested["timeInForce"]) == ("NEW", "RPI")
    fills = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    assert fills
    rate = um.signed("GET", "/fapi/v1/commissionRate", symbol="BTCUSDT").json["rpiCommissionRate"]
    for fill in fills:
        assert fill["maker"]
        assert abs(D(fill["commission"]) - D(fill["quoteQty"]) * D(rate)) < D("1e-8")


def test_funding_info_tells_no_time_of_symbols_with_caps_of_their_own(um: Wire) -> None:
    rows = {row["symbol"]: row for row in um.get("/fapi/v1/fundingInfo").json}

    btc = rows["BTCUSDT"]
    assert (btc["adjustedFundingRateCap"], btc["disclaimer"], btc["updateTime"]) == ("0.00300000", True, None)
    usual = [row for row in rows.values() if row["adjustedFundingRateCap"] == "0.02000000"]
    assert usual
    assert all(row["updateTime"] > 0 and not row["disclaimer"] for row in usual)


def test_lists_are_of_the_last_week_and_ids_reach_further_back(um: Wire, spot: Wire, hosted: Hosted) -> None:
    first = send(um).json
    began = um.now()
    advance(spot, hosted, 8 * DAY)
    second = send(um).json

    def orders(**params: Any) -> list[int]:
        return [
            row["orderId"] for row in um.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT", **params).json
        ]

    def trades(**params: Any) -> list[int]:
        return [
            row["orderId"] for row in um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT", **params).json
        ]

    for listed in (orders, trades):
        assert listed() == [second["orderId"]]
        assert listed(startTime=began - DAY) == [first["orderId"]]  # a week from there
        assert listed(endTime=began + DAY) == [first["orderId"]]
        assert listed(endTime=um.now()) == [second["orderId"]]
    assert orders(orderId=first["orderId"]) == [first["orderId"], second["orderId"]]
    assert set(trades(fromId=0)) == {first["orderId"], second["orderId"]}
    assert trades(orderId=first["orderId"]) == [first["orderId"]]
    too_long = um.signed(
        "GET", "/fapi/v1/allOrders", symbol="BTCUSDT", startTime=began, endTime=began + 8 * DAY
    )
    assert too_long.refusal == (400, -1127, "More than 168 hours between startTime and endTime.")


def test_an_order_that_never_filled_is_forgotten_after_three_days(
    um: Wire, spot: Wire, hosted: Hosted
) -> None:
    order = send(um, type="LIMIT", timeInForce="GTC", price=priced(um, "0.98")).json
    um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    filled = send(um).json
    found = um.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])

    advance(spot, hosted, 3 * DAY)

    gone = um.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert (found.status, gone.refusal) == (200, (400, -2013, "Order does not exist."))
    listed = um.signed("GET", "/fapi/v1/allOrders", symbol="BTCUSDT").json
    assert [row["orderId"] for row in listed] == [filled["orderId"]]


# --- changes --------------------------------------------------------------------------------------------------
def change(um: Wire, order: Any, **params: Any) -> Reply:
    asked = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "orderId": order["orderId"],
        "quantity": "0.02",
        "price": order["price"],
    }
    return um.signed("PUT", "/fapi/v1/order", **(asked | params))


def test_what_an_order_was_before_is_listed_newest_first(um: Wire) -> None:
    price = priced(um, "0.98")
    order = send(um, type="LIMIT", timeInForce="GTC", price=price).json
    lower = str(D(order["price"]) - 10)
    change(um, order)
    change(um, order, price=lower)

    rows = um.signed("GET", "/fapi/v1/orderAmendment", symbol="BTCUSDT", orderId=order["orderId"]).json

    assert [row["amendment"]["count"] for row in rows] == [2, 1]
    assert rows[0]["amendment"]["price"] == {"before": order["price"], "after": f"{D(lower):.2f}"}
    assert rows[1]["amendment"]["origQty"] == {"before": "0.010", "after": "0.020"}
    assert {row["orderId"] for row in rows} == {order["orderId"]}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"quantity": "0.010"}, -5027),
        ({"reduceOnly": "true"}, -5047),
        ({"quantity": "0.0001"}, -1111),
        ({"price": "1.23"}, -4014),
        ({"quantity": "0.001", "price": "40000.0"}, -5029),
        ({"side": "SELL"}, -1130),
        ({"priceMatch": "QUEUE"}, -1106),
        ({"orderId": 1}, -2013),
    ],
)
def test_changes_are_refused_and_leave_the_order(um: Wire, params: dict[str, Any], code: int) -> None:
    order = send(um, type="LIMIT", timeInForce="GTC", price=priced(um, "0.98")).json

    refused = change(um, order, **params)

    assert refused.refusal[:2] == (400, code), refused.body
    found = um.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"]).json
    assert (found["status"], found["origQty"], found["price"]) == ("NEW", "0.010", order["price"])


def test_an_order_is_changed_ten_thousand_times_at_most(um: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(um_amend, "MOST", 1)  # not ten thousand requests
    order = send(um, type="LIMIT", timeInForce="GTC", price=priced(um, "0.98")).json

    assert change(um, order).status == 200
    assert change(um, order, quantity="0.03").refusal == (400, -5026, "Exceed maximum modify order limit.")


# --- standing, downloads --------------------------------------------------------------------------------------
def test_an_account_stands_well_and_has_no_portfolio_margin(um: Wire) -> None:
    status = um.signed("GET", "/fapi/v1/apiTradingStatus").json

    assert status["indicators"] == {}
    assert um.signed("GET", "/fapi/v1/apiTradingStatus", symbol="XUSDT").refusal[:2] == (400, -1121)
    assert um.signed("POST", "/fapi/v1/stock/contract").json == {"code": 200, "msg": "success"}
    assert um.get("/fapi/v1/tradingSchedule").json["marketSchedules"] == {}
    assert um.signed("GET", "/fapi/v1/pmAccountInfo", asset="USDT").refusal[:2] == (401, -2015)


@pytest.mark.parametrize("kind", ["income", "order", "trade"])
def test_history_is_downloaded(um: Wire, kind: str) -> None:
    send(um)
    now = um.now()
    asked = um.signed("GET", f"/fapi/v1/{kind}/asyn", startTime=now - DAY, endTime=now + DAY).json

    told = um.signed("GET", f"/fapi/v1/{kind}/asyn/id", downloadId=asked["downloadId"]).json
    where = urlsplit(told["url"])
    file = um.get(where.path, where.query)

    assert (told["status"], told["isExpired"]) == ("completed", None)
    rows = list(csv.DictReader(io.StringIO(file.body.decode())))
    assert {row["symbol"] for row in rows} - {""} == {"BTCUSDT"}  # a transfer is of no symbol
    assert um.get(where.path, where.query[:-1] + "x").refusal[:2] == (401, -2015)
    other = "trade" if kind == "income" else "income"
    assert um.signed("GET", f"/fapi/v1/{other}/asyn/id", downloadId=asked["downloadId"]).refusal[:2] == (
        400,
        -1130,
    )


def test_the_book_for_retail_is_the_book(um: Wire) -> None:
    book = um.get("/fapi/v1/rpiDepth", symbol="BTCUSDT").json
    own = um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1000).json

    assert (book["bids"], book["asks"]) == (own["bids"], own["asks"])
    assert um.get("/fapi/v1/rpiDepth", symbol="BTCUSDT", limit=500).refusal[:2] == (400, -1130)
    assert um.get("/futures/data/delivery-price", pair="BTCUSDT").json == []


# --- modes and prices -----------------------------------------------------------------------------------------
def test_the_asset_mode_changes_only_where_it_may(um: Wire) -> None:
    def switch(on: str) -> Reply:
        return um.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin=on)

    assert switch("false").refusal[:2] == (400, -4171)
    um.signed("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    assert switch("true").refusal[:2] == (400, -4167)
    um.signed("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="CROSSED")
    order = send(um, type="LIMIT", timeInForce="GTC", price=priced(um, "0.98")).json
    assert switch("true").refusal[:2] == (400, -4170)
    um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    assert switch("true").json == {"code": 200, "msg": "success"}
    refused = um.signed("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
    assert refused.refusal[:2] == (400, -4168)


def test_an_account_on_other_assets_may_not_leave_multi_assets_mode(
    um: Wire, spot: Wire, hosted: Hosted
) -> None:
    made = ask(spot, hosted, "POST", "accounts", name="bob").json
    bob = Wire(hosted.um_url, made["key"], made["secret"], "/fapi/v1")
    ask(spot, hosted, "POST", "deposit", account="bob", wallet="um", asset="BTC", amount="1")
    assert bob.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true").status == 200
    assert send(bob, quantity="0.1").status == 200  # on bitcoin alone; the fee leaves USDT below zero

    refused = bob.signed("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="false")

    assert refused.refusal[:2] == (400, -4172)


@pytest.mark.parametrize(
    ("params", "refusal"),
    [
        ({"type": "STOP", "price": "1.2"}, (-4183, "Price is higher than stop price multiplier cap.")),
        ({"type": "STOP", "side": "SELL", "trigger": "0.97", "price": "0.8"},
         (-4184, "Price is lower than stop price multiplier floor.")),
        ({"trigger": "0.97"}, (-2021, "Order would immediately trigger.")),
        ({"closePosition": "true"}, (-4137, "Quantity must be zero with closePosition equals true")),
        ({"positionSide": "UP"}, (-4060, "Invalid position side.")),
        ({"positionSide": "LONG"}, (-4061, "Order's position side does not match user's setting.")),
        ({"timeInForce": "GTE_GTC"}, (-4509, None)),
        ({"type": "TRAILING_STOP_MARKET", "callbackRate": "21"}, (-2007, "Invalid callBack rate")),
    ],
)  # fmt: skip
def test_conditional_orders_are_refused(
    um: Wire, params: dict[str, Any], refusal: tuple[int, str | None]
) -> None:
    asked = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "STOP_MARKET",
        "quantity": "0.01",
    }
    wanted = dict(params)
    asked |= {"triggerPrice": priced(um, wanted.pop("trigger", "1.03"))}
    if "price" in wanted:
        wanted["price"] = priced(um, wanted["price"])

    refused = um.signed("POST", "/fapi/v1/algoOrder", **(asked | wanted)).refusal

    assert refused[:2] == (400, refusal[0])
    assert refusal[1] in (None, refused[2])


# --- overloads ------------------------------------------------------------------------------------------------
def test_the_three_overloads(um: Wire, spot: Wire, hosted: Hosted) -> None:
    send(um, side="SELL")

    def under(fault: str, **params: Any) -> Reply:
        line = f"{fault} path=/fapi/v1/order"
        number = ask(spot, hosted, "POST", "faults", fault=line).json["id"]
        answer = send(um, **params)
        ask(spot, hosted, "POST", "faults/clear", id=number)
        return answer

    def size() -> Decimal:
        return sum((D(r["positionAmt"]) for r in um.signed("GET", "/fapi/v3/positionRisk").json), D(0))

    unknown = under("overload A after", side="SELL")
    assert unknown.refusal[::2] == (503, "Unknown error, please check your request or try again later.")
    assert size() == D("-0.02")  # and it was done all the same
    assert under("overload B", side="SELL").refusal[::2] == (503, "Service Unavailable.")
    throttled = under("overload C", side="SELL").refusal
    assert throttled[:2] == (503, -1008)
    assert "Reduce-only/close-position orders are exempt" in throttled[2]
    assert size() == D("-0.02")
    assert under("overload C", reduceOnly="true").status == 200
    assert size() == D("-0.01")
    assert under("code -1008", side="SELL").refusal[2] == throttled[2]
    wrong = ask(spot, hosted, "POST", "faults", fault="overload D")
    assert json.loads(wrong.body)["msg"] == "overload 'D' is none of A, B, C"
