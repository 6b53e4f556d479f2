"""One pays the other: what a working order buys is sold by those that wait for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.routes.test_admin_accounts import make, sums

WORKING: dict[str, Any] = {
    "symbol": "BTCUSDT", "workingType": "LIMIT", "workingSide": "BUY", "workingQuantity": "0.02",
    "workingTimeInForce": "GTC",
}  # fmt: skip
D = Decimal


def ask_price(spot: Wire) -> Decimal:
    return D(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["askPrice"])


def rounded(price: Decimal) -> Decimal:
    return price.quantize(D("0.01"))


def opo(spot: Wire, price: Decimal, **pending: Any) -> Any:
    chosen = {"pendingType": "LIMIT", "pendingTimeInForce": "GTC", "pendingSide": "SELL"} | pending
    return spot.signed("POST", "/api/v3/orderList/opo", **WORKING, workingPrice=rounded(price), **chosen)


def held(spot: Wire, asset: str) -> tuple[Decimal, Decimal]:
    rows = spot.signed("GET", "/api/v3/account", omitZeroBalances="true").json["balances"]
    return next(((D(r["free"]), D(r["locked"])) for r in rows if r["asset"] == asset), (D(0), D(0)))


def test_what_was_bought_less_the_fee_is_sold(spot: Wire) -> None:
    price = ask_price(spot)

    made = opo(spot, price * D("1.001"), pendingPrice=rounded(price * D("1.02"))).json
    [sell] = spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json

    assert made["contingencyType"] == "OTO"
    first, second = made["orderReports"]
    assert (first["status"], second["status"], second["workingTime"]) == ("FILLED", "PENDING_NEW", -1)
    assert "origQty" not in second
    assert (sell["orderId"], sell["side"], sell["origQty"]) == (second["orderId"], "SELL", "0.01998000")
    assert held(spot, "BTC") == (0, D("0.01998"))  # 0.02 less a thousandth


def test_the_fee_is_paid_from_what_else_is_free(spot: Wire) -> None:
    price = ask_price(spot)
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")

    opo(spot, price * D("1.001"), pendingPrice=rounded(price * D("1.02")))
    [sell] = spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json

    assert sell["origQty"] == "0.02000000"
    assert held(spot, "BTC") == (D("0.00999") - D("0.00002"), D("0.02"))


def test_what_is_bought_in_part_is_held_until_the_list_is_canceled(spot: Wire, hosted: Hosted) -> None:
    seller, _ = make(spot, hosted, "seller")
    inside = D(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"]) + D("0.01")
    made = opo(spot, inside, pendingPrice=rounded(inside * D("1.02"))).json
    sold = seller.signed(
        "POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="IOC",
        quantity="0.005", price=inside,
    ).json  # fmt: skip

    during = held(spot, "BTC")
    refused = spot.signed(
        "PUT", "/api/v3/order/amend/keepPriority", symbol="BTCUSDT",
        orderId=made["orderReports"][1]["orderId"], newQty="0.001",
    ).refusal  # fmt: skip
    spot.signed("DELETE", "/api/v3/orderList", symbol="BTCUSDT", orderListId=made["orderListId"])

    assert sold["status"] == "FILLED"
    assert during == (0, D("0.004995"))
    assert refused == (400, -2038, "Order amend (pending OPO order) is not supported.")
    assert held(spot, "BTC") == (D("0.004995"), 0)
    assert held(spot, "USDT")[1] == 0
    assert sums(hosted) == {}


def test_what_is_held_outlives_a_restart(spot: Wire, hosted: Hosted, host: Any) -> None:
    seller, _ = make(spot, hosted, "seller")
    inside = D(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"]) + D("0.01")
    opo(spot, inside, pendingPrice=rounded(inside * D("1.02")))
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "timeInForce": "IOC", "price": inside}
    seller.signed("POST", "/api/v3/order", **order, quantity="0.005")

    hosted.close()
    again = host().spot_url
    later, other = (Wire(again, w.key, w.secret, "/api/v3") for w in (spot, seller))
    during = held(later, "BTC")
    other.signed("POST", "/api/v3/order", **order, quantity="0.015")
    [sell] = later.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json

    assert during == (0, D("0.004995"))
    assert sell["origQty"] == "0.01998000"
    assert held(later, "BTC") == (0, D("0.01998"))


def test_an_oco_sells_it(spot: Wire) -> None:
    price = ask_price(spot)

    made = spot.signed(
        "POST", "/api/v3/orderList/opoco", **WORKING, workingPrice=rounded(price * D("1.001")), pendingSide="SELL",
        pendingAboveType="LIMIT_MAKER", pendingAbovePrice=rounded(price * D("1.05")),
        pendingBelowType="STOP_LOSS", pendingBelowStopPrice=rounded(price * D("0.95")),
    ).json  # fmt: skip
    rows = spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json

    assert len(made["orders"]) == 3
    assert {(row["type"], row["origQty"]) for row in rows} == {
        ("LIMIT_MAKER", "0.01998000"),
        ("STOP_LOSS", "0.01998000"),
    }
    assert held(spot, "BTC") == (0, D("0.01998"))


def test_an_order_at_market_sells_it_at_once(spot: Wire, hosted: Hosted) -> None:
    price = ask_price(spot)
    chosen = {"pendingType": "MARKET", "pendingSide": "SELL"}

    made = spot.signed(
        "POST", "/api/v3/orderList/opo", **WORKING, workingPrice=rounded(price * D("1.001")), **chosen
    ).json  # fmt: skip
    sold = spot.signed(
        "GET", "/api/v3/order", symbol="BTCUSDT", orderId=made["orderReports"][1]["orderId"]
    ).json  # fmt: skip

    assert (sold["status"], sold["executedQty"]) == ("FILLED", "0.01998000")
    assert held(spot, "BTC") == (0, 0)
    assert sums(hosted) == {}


def test_too_little_to_sell_expires_and_stays(spot: Wire) -> None:
    price = ask_price(spot)
    tiny = WORKING | {
        "workingQuantity": "0.00012"
    }  # worth more than 5 USDT, and less at a third of the price

    made = spot.signed(
        "POST", "/api/v3/orderList/opo", **tiny, workingPrice=rounded(price * D("1.001")),
        pendingType="STOP_LOSS_LIMIT", pendingTimeInForce="GTC", pendingSide="SELL",
        pendingStopPrice=rounded(price * D("0.95")), pendingPrice=rounded(price * D("0.91")),
    ).json  # fmt: skip
    pending = spot.signed(
        "GET", "/api/v3/order", symbol="BTCUSDT", orderId=made["orderReports"][1]["orderId"]
    ).json  # fmt: skip

    assert (pending["status"], pending["expiryReason"]) == ("EXPIRED", "REJECTED")
    assert held(spot, "BTC") == (D("0.00012") - D("0.00000012"), 0)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"workingSide": "SELL"}, -1222, "Working order in an OPO list must be a bid."),
        ({"pendingSide": "BUY"}, -1223, "Pending orders in an OPO list must be asks."),
        ({"pendingQuantity": "1"}, -1104, "Not all sent parameters were read"),
    ],
)
def test_other_sides_are_refused(spot: Wire, change: dict[str, str], code: int, words: str) -> None:
    price = str(rounded(ask_price(spot)))
    order = {**WORKING, "workingPrice": price, "pendingType": "LIMIT", "pendingTimeInForce": "GTC",
             "pendingSide": "SELL", "pendingPrice": price}  # fmt: skip

    status, told, message = spot.signed("POST", "/api/v3/orderList/opo", **order | change).refusal

    assert (status, told) == (400, code)
    assert message.startswith(words)


def test_an_advance_fills_and_sells(spot: Wire, hosted: Hosted) -> None:
    price = ask_price(spot)
    opo(spot, price * D("0.9999"), pendingPrice=rounded(price * D("1.001")))
    assert ask(spot, hosted, "POST", "advance", span_ms=120 * 3_600_000).status == 200

    rows = spot.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT").json

    assert rows[0]["status"] == "FILLED"
    assert rows[1]["origQty"] == "0.01998000"
    assert sums(hosted) == {}
