"""User data: spot over the WebSocket API, USD-M by listen key; events in Binance's order and keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket

Dial = Callable[[Wire, str], Socket]
EXECUTION = {
    "e", "E", "s", "c", "S", "o", "f", "q", "p", "P", "F", "g", "C", "x", "X", "r", "i", "l", "z", "L",
    "n", "N", "T", "t", "I", "w", "m", "M", "O", "Z", "Y", "Q", "W", "V",
}  # fmt: skip
ORDER_UPDATE = {
    "s", "c", "S", "o", "f", "q", "p", "ap", "sp", "x", "X", "i", "l", "z", "L", "n", "N", "T", "t",
    "b", "a", "m", "R", "wt", "ot", "ps", "cp", "rp", "pP", "si", "ss", "V", "pm", "gtd", "er",
}  # fmt: skip
MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def signed(wire: Wire, **params: Any) -> dict[str, Any]:
    """Sign parameters as the WebSocket API wants: sorted, not encoded."""
    params |= {"apiKey": wire.key, "timestamp": wire.now()}
    payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return params | {"signature": wire.sign(payload)}


def resting(wire: Wire, path: str, share: str, tick: str) -> dict[str, Any]:
    """A limit order that rests."""
    last = Decimal(wire.get(path, symbol="BTCUSDT").json["price"])
    price = str((last * Decimal(share)).quantize(Decimal(tick)))
    return MARKET | {"type": "LIMIT", "timeInForce": "GTC", "price": price}


# --- spot -----------------------------------------------------------------------------------------------------
@pytest.fixture
def follower(spot: Wire, dial: Dial) -> Socket:
    """A socket that hears the spot account's events."""
    socket = dial(spot, "/ws-api/v3")
    answer = socket.ask(id="u", method="userDataStream.subscribe.signature", params=signed(spot))
    assert (answer["id"], answer["status"], answer["result"]) == ("u", 200, {"subscriptionId": 0})
    return socket


def test_a_fill_is_told_as_new_trade_and_balances(spot: Wire, follower: Socket) -> None:
    order = spot.signed("POST", "/api/v3/order", **MARKET, newClientOrderId="mine").json

    events = follower.hear_until(lambda message: message["event"]["e"] == "outboundAccountPosition")
    *reports, position = [message["event"] for message in events]
    assert {message["subscriptionId"] for message in events} == {0}
    assert [(report["x"], report["X"]) for report in reports] == [("NEW", "NEW"), ("TRADE", "FILLED")]
    new, trade = reports
    assert set(new) == set(trade) == EXECUTION
    assert (new["i"], new["c"], new["C"], new["N"], new["n"], new["t"]) == (
        order["orderId"],
        "mine",
        "",
        None,
        "0",
        -1,
    )
    [fill] = order["fills"]
    assert (trade["L"], trade["l"], trade["n"], trade["N"], trade["t"]) == (
        fill["price"], fill["qty"], fill["commission"], fill["commissionAsset"], fill["tradeId"],
    )  # fmt: skip
    assert trade["Z"] == order["cummulativeQuoteQty"]
    assert {row["a"] for row in position["B"]} == {"BTC", "USDT"}


def test_a_cancel_is_told_under_its_own_id(spot: Wire, follower: Socket) -> None:
    order = spot.signed(
        "POST",
        "/api/v3/order",
        **resting(spot, "/api/v3/ticker/price", "0.9", "0.01"),
        newClientOrderId="mine",
    ).json
    spot.signed(
        "DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=order["orderId"], newClientOrderId="stop-it"
    )

    events = [m["event"] for m in follower.hear_until(lambda m: m["event"].get("x") == "CANCELED")]
    canceled = events[-1]
    assert [event["e"] for event in events] == [
        "executionReport",
        "outboundAccountPosition",
        "executionReport",
    ]
    assert (canceled["X"], canceled["C"], canceled["c"]) == ("CANCELED", "mine", "stop-it")
    [usdt] = events[1]["B"]
    assert Decimal(usdt["l"]) == Decimal(order["price"]) * Decimal("0.01")


def test_a_transfer_is_told_with_its_change(spot: Wire, follower: Socket) -> None:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_UMFUTURE", asset="USDT", amount="10")

    position, update = follower.hear()["event"], follower.hear()["event"]
    assert position["B"] == [{"a": "USDT", "f": "49990.00000000", "l": "0.00000000"}]
    assert (update["e"], update["a"], update["d"]) == ("balanceUpdate", "USDT", "-10.00000000")


def test_refused_orders_are_not_told(spot: Wire, follower: Socket) -> None:
    assert spot.signed("POST", "/api/v3/order", **MARKET | {"quantity": "5"}).status == 400
    spot.signed("POST", "/api/v3/order", **MARKET)

    assert follower.hear()["event"]["q"] == "0.01000000"


def test_subscribing_twice_is_refused_and_leaving_ends_it(spot: Wire, follower: Socket) -> None:
    twice = follower.ask(id=1, method="userDataStream.subscribe.signature", params=signed(spot))
    listed = follower.ask(id=2, method="session.subscriptions")
    left = follower.ask(id=3, method="userDataStream.unsubscribe", params={"subscriptionId": 0})
    spot.signed("POST", "/api/v3/order", **MARKET)

    assert (twice["status"], twice["error"]["code"]) == (400, -2035)
    assert listed["result"] == [{"subscriptionId": 0}]
    assert (left["status"], left["result"]) == (200, {})
    assert follower.ask(id=4, method="ping")["id"] == 4


def test_orders_are_placed_found_and_canceled_over_the_socket(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws-api/v3")
    order = resting(spot, "/api/v3/ticker/price", "0.9", "0.01")

    placed = socket.ask(id="a", method="order.place", params=signed(spot, **order))
    key = {"symbol": "BTCUSDT", "orderId": placed["result"]["orderId"]}
    found = socket.ask(id="b", method="order.status", params=signed(spot, **key))
    canceled = socket.ask(id="c", method="order.cancel", params=signed(spot, **key, returnRateLimits="false"))

    assert (placed["id"], placed["status"]) == ("a", 200)
    assert [row["rateLimitType"] for row in placed["rateLimits"]] == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]
    assert found["result"]["status"] == "NEW"
    assert canceled["result"]["status"] == "CANCELED"
    assert "rateLimits" not in canceled


def test_requests_are_limited_by_weight_and_not_by_the_second(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws-api/v3")

    for number in range(20):
        socket.say(id=number, method="ping")

    assert [socket.hear()["id"] for _ in range(20)] == list(range(20))


def test_socket_requests_are_refused_as_http_ones(spot: Wire, dial: Dial) -> None:
    socket = dial(spot, "/ws-api/v3")

    unsigned = socket.ask(id=1, method="account.status", params={"apiKey": spot.key, "timestamp": spot.now()})
    forged = socket.ask(id=2, method="account.status", params=signed(spot) | {"signature": "0" * 64})
    stranger = socket.ask(id=3, method="account.status", params=signed(spot) | {"apiKey": "A" * 64})
    unknown = socket.ask(id=4, method="order.sing", params={})

    assert (unsigned["status"], unsigned["error"]["code"]) == (400, -1102)
    assert (forged["status"], forged["error"]["code"]) == (400, -1022)
    assert (stranger["status"], stranger["error"]["code"]) == (401, -2015)
    assert (unknown["status"], unknown["error"]["code"]) == (400, -1020)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("time", {}),
        ("exchangeInfo", {"symbols": ["BTCUSDT"]}),
        ("depth", {"symbol": "BTCUSDT", "limit": 5}),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": 2}),
        ("ticker.price", {"symbol": "BTCUSDT"}),
        ("ticker.book", {"symbols": ["BTCUSDT"]}),
    ],
)
def test_market_data_is_told_over_the_socket(
    spot: Wire, dial: Dial, method: str, params: dict[str, Any]
) -> None:
    assert dial(spot, "/ws-api/v3").ask(id=1, method=method, params=params)["status"] == 200


# --- USD-M ----------------------------------------------------------------------------------------------------
@pytest.fixture
def listen_key(um: Wire) -> str:
    return str(um.send("POST", "/fapi/v1/listenKey", key=um.key).json["listenKey"])


@pytest.fixture
def listener(um: Wire, dial: Dial, listen_key: str) -> Socket:
    """A socket that hears the USD-M account's events."""
    socket = dial(um, f"/private/ws/{listen_key}")
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    return socket


def test_a_futures_fill_is_told_lightly_then_fully_then_as_position(um: Wire, listener: Socket) -> None:
    order = um.signed("POST", "/fapi/v1/order", **MARKET, newClientOrderId="mine").json

    new, lite, trade, account = [listener.hear() for _ in range(4)]
    assert [e["e"] for e in (new, lite, trade, account)] == [
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
        "ORDER_TRADE_UPDATE",
        "ACCOUNT_UPDATE",
    ]
    assert set(new["o"]) == set(trade["o"]) == ORDER_UPDATE
    assert (new["o"]["x"], new["o"]["X"], new["o"]["c"]) == ("NEW", "NEW", "mine")
    assert (trade["o"]["x"], trade["o"]["X"], trade["o"]["i"]) == ("TRADE", "FILLED", order["orderId"])
    [fill] = um.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT").json
    assert lite["t"] == trade["o"]["t"] == fill["id"]
    assert Decimal(lite["L"]) == Decimal(trade["o"]["ap"]) == Decimal(fill["price"])
    assert Decimal(trade["o"]["n"]) == Decimal(fill["commission"])
    [usdt], [position] = account["a"]["B"], account["a"]["P"]
    assert account["a"]["m"] == "ORDER"
    assert (usdt["bc"], Decimal(usdt["wb"])) == ("0", 50_000 - Decimal(fill["commission"]))
    assert (position["s"], position["pa"], position["mt"], position["ps"]) == (
        "BTCUSDT",
        "0.01",
        "cross",
        "BOTH",
    )
    assert Decimal(position["ep"]) == Decimal(fill["price"])


def test_resting_and_canceling_move_no_account(um: Wire, listener: Socket) -> None:
    order = um.signed("POST", "/fapi/v1/order", **resting(um, "/fapi/v1/ticker/price", "0.98", "0.1")).json
    um.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", orderId=order["orderId"])
    um.signed("POST", "/fapi/v1/order", **MARKET)

    kinds = [listener.hear() for _ in range(3)]
    assert [event["o"]["x"] for event in kinds] == ["NEW", "CANCELED", "NEW"]


def test_funding_is_told_with_its_symbol_and_no_position(
    um: Wire, spot: Wire, listener: Socket, hosted: Hosted
) -> None:
    um.signed("POST", "/fapi/v1/order", **MARKET)
    listener.hear_until(lambda event: event["e"] == "ACCOUNT_UPDATE")
    headers = {"Content-Type": "application/json", "X-Paper-Token": hosted.admin_token}
    spot.send("POST", "/paper/v1/advance", body=json.dumps({"span_ms": 8 * 3_600_000}), headers=headers)

    account = listener.hear()["a"]
    [fee] = um.signed("GET", "/fapi/v1/income", incomeType="FUNDING_FEE").json
    assert (account["m"], account["S"], account["P"]) == ("FUNDING_FEE", "BTCUSDT", [])
    assert Decimal(account["B"][0]["bc"]) == Decimal(fee["income"])


def test_a_transfer_is_told_as_deposit(spot: Wire, listener: Socket) -> None:
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_UMFUTURE", asset="USDT", amount="10")

    account = listener.hear()["a"]
    assert (account["m"], account["P"]) == ("DEPOSIT", [])
    assert account["B"] == [{"a": "USDT", "wb": "50010", "cw": "50010", "bc": "10"}]


@pytest.mark.parametrize(
    "path", ["/private/ws?listenKey={key}&events=ACCOUNT_UPDATE", "/private/stream?listenKey={key}"]
)
def test_listen_keys_are_taken_from_the_query(um: Wire, dial: Dial, listen_key: str, path: str) -> None:
    socket = dial(um, path.format(key=listen_key))
    socket.ask(method="LIST_SUBSCRIPTIONS", id=1)
    um.signed("POST", "/fapi/v1/order", **MARKET)

    first = socket.hear()
    if "events" in path:
        assert first["e"] == "ACCOUNT_UPDATE"
    else:
        assert (first["stream"], first["data"]["e"]) == (listen_key, "ORDER_TRADE_UPDATE")


def test_the_coin_margined_socket_answers_as_its_rest_does(cm: Wire, dial: Dial) -> None:
    socket = dial(cm, "/ws-dapi/v1")

    started = socket.ask(id=1, method="userDataStream.start", params={"apiKey": cm.key})
    account = socket.ask(id=2, method="account.status", params=signed(cm))
    refused = socket.ask(
        id=3,
        method="order.place",
        params=signed(cm, symbol="BTCUSD_PERP", side="BUY", type="MARKET", quantity="100"),
    )

    assert (started["status"], len(started["result"]["listenKey"])) == (200, 64)
    assert {row["asset"] for row in account["result"]["assets"]} >= {"BTC", "ETH", "BNB"}
    assert (refused["status"], refused["error"]["code"]) == (400, -2019)


ASKED: list[tuple[str, dict[str, Any], str]] = [  # method, parameters, a key of the answer
    ("ticker.price", {"symbol": "BTCUSDT"}, "price"),
    ("ticker.book", {"symbol": "BTCUSDT"}, "bidPrice"),
    ("depth", {"symbol": "BTCUSDT", "limit": 5}, "lastUpdateId"),
]


@pytest.mark.parametrize(("method", "params", "key"), ASKED)
def test_the_futures_socket_tells_the_market(
    um: Wire, dial: Dial, method: str, params: dict[str, Any], key: str
) -> None:
    answer = dial(um, "/ws-fapi/v1").ask(id="m", method=method, params=params)

    assert (answer["id"], answer["status"]) == ("m", 200)
    assert key in answer["result"]
    assert answer["rateLimits"][0]["limit"] == 2400


def test_the_futures_socket_does_all_its_methods(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/ws-fapi/v1")

    def ask(method: str, **params: Any) -> Any:
        answer = socket.ask(id=method, method=method, params=signed(um, **params))
        assert answer["status"] == 200, answer
        return answer["result"]

    rest = resting(um, "/fapi/v1/ticker/price", "0.98", "0.1")
    placed = ask("order.place", **rest)
    key = {"symbol": "BTCUSDT", "orderId": placed["orderId"]}
    changed = ask("order.modify", **key, side="BUY", quantity="0.02", price=rest["price"])
    found = ask("order.status", **key)
    canceled = ask("order.cancel", **key)
    trigger = str(Decimal(rest["price"]) - 1000)
    algo = ask(
        "algoOrder.place", algoType="CONDITIONAL", symbol="BTCUSDT", side="SELL", type="STOP_MARKET",
        quantity="0.01", triggerPrice=trigger,
    )  # fmt: skip
    ended = ask("algoOrder.cancel", algoId=algo["algoId"])
    ask("order.place", **MARKET)

    assert (changed["origQty"], found["origQty"], canceled["status"]) == ("0.020", "0.020", "CANCELED")
    assert (algo["algoStatus"], ended["code"]) == ("NEW", "200")
    assert len(ask("account.status")["positions"]) > 20  # version 1 lists every symbol
    assert [p["symbol"] for p in ask("v2/account.status")["positions"]] == ["BTCUSDT"]
    assert {row["asset"] for row in ask("account.balance")} == {
        row["asset"] for row in ask("v2/account.balance")
    }
    assert [p["positionAmt"] for p in ask("v2/account.position", symbol="BTCUSDT")] == ["0.01"]
    assert ask("account.position", symbol="BTCUSDT")[0]["leverage"] == "20"
    for method in ("userDataStream.start", "userDataStream.ping", "userDataStream.stop"):
        answer = socket.ask(id=method, method=method, params={"apiKey": um.key})
        assert (answer["status"], "listenKey" in answer["result"]) == (200, not method.endswith("stop"))


def test_the_futures_socket_places_orders_too(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/ws-fapi/v1")

    placed = socket.ask(id="x", method="order.place", params=signed(um, **MARKET))
    balance = socket.ask(id="y", method="v2/account.balance", params=signed(um))

    assert (placed["status"], placed["result"]["status"]) == (200, "NEW")
    assert balance["result"][0]["asset"] == "USDT"


def test_the_futures_socket_tells_both_versions_of_an_account(um: Wire, dial: Dial) -> None:
    socket = dial(um, "/ws-fapi/v1")

    old = socket.ask(id=1, method="account.status", params=signed(um))["result"]
    new = socket.ask(id=2, method="v2/account.status", params=signed(um))["result"]

    assert (old["canTrade"], old["multiAssetsMargin"]) == (True, False)
    assert "BTCUSDT" in {row["symbol"] for row in old["positions"]}
    assert "canTrade" not in new
    assert (new["totalWalletBalance"], new["positions"]) == (old["totalWalletBalance"], [])
