"""Pegged orders: a price from the book, as they enter it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask
from tests.paper.streams.conftest import Socket
from tests.paper.streams.conftest import dial as dial
from tests.paper.streams.test_user import signed

BUY: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.01"}
LIMIT: dict[str, Any] = BUY | {"type": "LIMIT", "timeInForce": "GTC"}


def book(spot: Wire) -> tuple[list[str], list[str]]:
    depth = spot.get("/api/v3/depth", symbol="BTCUSDT", limit=10).json
    return [price for price, _ in depth["bids"]], [price for price, _ in depth["asks"]]


def place(spot: Wire, **params: Any) -> Any:
    return spot.signed("POST", "/api/v3/order", **params)


def test_the_best_price_of_its_own_side(spot: Wire) -> None:
    bids, _ = book(spot)

    order = place(spot, **LIMIT, pegPriceType="PRIMARY_PEG").json
    shown = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).json

    assert (order["status"], order["price"], order["peggedPrice"]) == ("NEW", "0.00000000", bids[0])
    assert (shown["price"], shown["pegPriceType"], shown["peggedPrice"]) == (
        "0.00000000",
        "PRIMARY_PEG",
        bids[0],
    )
    assert "pegOffsetType" not in order
    [usdt] = [b for b in spot.signed("GET", "/api/v3/account").json["balances"] if b["asset"] == "USDT"]
    assert Decimal(usdt["locked"]) == Decimal(bids[0]) * Decimal("0.01")


def test_levels_deeper(spot: Wire) -> None:
    bids, _ = book(spot)
    offset = {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 4}

    order = place(
        spot, **BUY, type="LIMIT_MAKER", pegPriceType="PRIMARY_PEG", newOrderRespType="FULL", **offset
    ).json

    assert (order["peggedPrice"], order["pegOffsetType"], order["pegOffsetValue"]) == (
        bids[4],
        "PRICE_LEVEL",
        4,
    )
    assert order["fills"] == []


def test_the_best_price_of_the_other_side_takes_that_level_only(spot: Wire) -> None:
    _, asks = book(spot)

    order = place(
        spot, **LIMIT | {"timeInForce": "IOC", "quantity": "1"}, pegPriceType="MARKET_PEG"
    ).json  # fmt: skip

    assert order["status"] == "EXPIRED"
    assert [fill["price"] for fill in order["fills"]] == [asks[0]]
    assert order["peggedPrice"] == asks[0]


def test_a_price_of_its_own_bounds_it(spot: Wire) -> None:
    bids, _ = book(spot)
    low = str(int(float(bids[0])) - 100)

    bound = place(spot, **LIMIT, pegPriceType="PRIMARY_PEG", price=low).json
    high = place(spot, **LIMIT, pegPriceType="PRIMARY_PEG", price=str(int(float(bids[0])) + 100)).json

    assert Decimal(bound["price"]) == Decimal(bound["peggedPrice"]) == Decimal(low)
    assert high["peggedPrice"] == bids[0]
    assert Decimal(high["price"]) > Decimal(bids[0])


def test_a_stop_is_pegged_when_it_triggers(spot: Wire, hosted: Hosted) -> None:
    assert place(spot, **BUY | {"quantity": "0.5"}, type="MARKET").status == 200
    last = Decimal(spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json["price"])
    stop = (last * Decimal("0.9999")).quantize(Decimal("0.01"))
    order = place(
        spot, symbol="BTCUSDT", side="SELL", quantity="0.4", type="STOP_LOSS_LIMIT", timeInForce="GTC",
        stopPrice=stop, pegPriceType="MARKET_PEG", newOrderRespType="RESULT",
    ).json  # fmt: skip

    for _ in range(50):
        ask(spot, hosted, "POST", "advance", span_ms=600_000)
        shown = spot.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).json
        if shown["isWorking"]:
            break

    assert (order["status"], order["price"]) == ("NEW", "0.00000000")
    assert "peggedPrice" not in order
    assert shown["isWorking"]
    assert Decimal(shown["executedQty"]) > 0
    assert Decimal(shown["cummulativeQuoteQty"]) >= Decimal(shown["executedQty"]) * Decimal(
        shown["peggedPrice"]
    )
    held = {b["asset"]: b for b in spot.signed("GET", "/api/v3/account").json["balances"]}
    left = Decimal(shown["origQty"]) - Decimal(shown["executedQty"])
    assert Decimal(held["BTC"]["locked"]) == (left if shown["status"] in ("NEW", "PARTIALLY_FILLED") else 0)


def test_a_pending_order_is_pegged_when_its_turn_comes(spot: Wire) -> None:
    _, asks = book(spot)

    made = spot.signed(
        "POST", "/api/v3/orderList/oto", symbol="BTCUSDT", workingType="LIMIT", workingSide="BUY",
        workingQuantity="0.01", workingPrice=asks[2], workingTimeInForce="GTC", pendingType="LIMIT",
        pendingSide="BUY", pendingQuantity="0.02", pendingTimeInForce="GTC", pendingPegPriceType="PRIMARY_PEG",
        pendingPegOffsetType="PRICE_LEVEL", pendingPegOffsetValue=2,
    ).json  # fmt: skip
    [resting] = spot.signed("GET", "/api/v3/openOrders", symbol="BTCUSDT").json

    pending = made["orderReports"][1]
    assert (pending["status"], pending["pegPriceType"]) == ("PENDING_NEW", "PRIMARY_PEG")
    assert "peggedPrice" not in pending
    assert (resting["orderId"], resting["peggedPrice"]) == (pending["orderId"], book(spot)[0][2])


def test_the_stream_tells_it_in_its_own_letters(spot: Wire, dial: Callable[[Wire, str], Socket]) -> None:
    socket = dial(spot, "/ws-api/v3")
    socket.ask(id=1, method="userDataStream.subscribe.signature", params=signed(spot))
    order = place(
        spot, **LIMIT, pegPriceType="PRIMARY_PEG", pegOffsetType="PRICE_LEVEL", pegOffsetValue=1
    ).json

    report = socket.hear()["event"]

    assert (report["x"], report["p"], report["gP"]) == ("NEW", "0.00000000", "PRIMARY_PEG")
    assert (report["gOT"], report["gOV"], report["gp"]) == ("PRICE_LEVEL", 1, order["peggedPrice"])


def test_the_store_keeps_it(spot: Wire, hosted: Hosted, host: Any) -> None:
    order = place(spot, **LIMIT, pegPriceType="PRIMARY_PEG").json
    hosted.close()
    later = Wire(host().spot_url, spot.key, spot.secret, "/api/v3")

    shown = later.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"]).json

    assert (shown["price"], shown["peggedPrice"]) == ("0.00000000", order["peggedPrice"])


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"type": "MARKET", "pegPriceType": "PRIMARY_PEG"}, -2010, "This order type may not use pegged price."),
        (
            {"type": "STOP_LOSS", "stopPrice": "90000", "pegPriceType": "PRIMARY_PEG"},
            -2010,
            "This order type may not use pegged price.",
        ),
        (
            {"type": "LIMIT_MAKER", "pegPriceType": "MARKET_PEG"},
            -2010,
            "This price peg cannot be used with this order type.",
        ),
        (
            {"type": "LIMIT", "timeInForce": "IOC", "pegPriceType": "PRIMARY_PEG"},
            -2010,
            "This price peg cannot be used with this order type.",
        ),
        (
            {
                "type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG",
                "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": "100",
            },
            -2010,
            "Order book liquidity is too low for this pegged order.",
        ),
        ({"type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "NEAREST"}, -1210, "Invalid pegPriceType."),
        (
            {
                "type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG", "pegOffsetType": "TICKS",
                "pegOffsetValue": "1",
            },
            -1211,
            "Invalid pegOffsetType.",
        ),
        (
            {"type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG", "pegOffsetValue": "1"},
            -1128,
            "Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely.",
        ),
        (
            {"type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG", "price": "1"},
            -1013,
            "Filter failure: PERCENT_PRICE_BY_SIDE",
        ),
    ],
)  # fmt: skip
def test_pegs_that_make_no_sense(spot: Wire, params: dict[str, Any], code: int, words: str) -> None:
    assert place(spot, **BUY, **params).refusal == (400, code, words)


def test_symbols_say_that_they_take_pegs(spot: Wire) -> None:
    [symbol] = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json["symbols"]

    assert symbol["pegInstructionsAllowed"] is True
