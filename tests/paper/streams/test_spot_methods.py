"""Spot's WebSocket API: every method, by its name, and what surrounds an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.streams.spot_methods import SPOT_METHODS
from atapi.paper.wire.sites import routers
from tests.paper.client import Wire
from tests.paper.streams.conftest import Socket
from tests.paper.streams.test_user import MARKET, signed

Dial = Callable[[Wire, str], Socket]
S: dict[str, Any] = {"symbol": "BTCUSDT"}
PUBLIC: dict[str, dict[str, Any]] = {
    "ping": {},
    "time": {},
    "exchangeInfo": {"symbols": ["BTCUSDT", "ETHUSDT"]},
    "executionRules": S,
    "depth": S | {"limit": 5},
    "trades.recent": S | {"limit": 1},
    "trades.historical": S | {"limit": 2},
    "trades.aggregate": S | {"limit": 1},
    "blockTrades.historical": S | {"fromId": 1},
    "klines": S | {"interval": "1h", "limit": 2, "timeZone": "8"},
    "uiKlines": S | {"interval": "1d", "limit": 1},
    "avgPrice": S,
    "ticker": S | {"windowSize": "7m"},
    "ticker.24hr": {"symbols": ["BTCUSDT", "ETHUSDT"], "type": "MINI"},
    "ticker.tradingDay": S,
    "ticker.price": S,
    "ticker.book": S,
}
SIGNED: dict[str, dict[str, Any]] = {
    "order.test": MARKET | {"computeCommissionRates": True},
    "openOrders.status": {},
    "allOrders": S,
    "allOrderLists": {},
    "openOrderLists.status": {},
    "myTrades": S,
    "myAllocations": S,
    "myPreventedMatches": S | {"orderId": 1},
    "myFilters": S,
    "account.status": {"omitZeroBalances": True},
    "account.commission": S,
    "account.rateLimits.orders": {},
    "order.amendments": S | {"orderId": 1},
}


@pytest.fixture
def socket(spot: Wire, dial: Dial) -> Socket:
    return dial(spot, "/ws-api/v3")


def rest(spot: Wire, method: str, params: dict[str, Any]) -> Any:
    words = {k: json.dumps(v, separators=(",", ":")) if isinstance(v, list) else v for k, v in params.items()}
    return spot.get(SPOT_METHODS[method][1], **words).json


@pytest.mark.parametrize("method", PUBLIC)
@pytest.mark.parametrize("prefix", ["", "v3/"])
def test_market_data_is_that_of_the_endpoint(spot: Wire, socket: Socket, method: str, prefix: str) -> None:
    told = socket.ask(id="x", method=prefix + method, params=PUBLIC[method])

    assert (told["id"], told["status"]) == ("x", 200)
    assert told["result"] == rest(spot, method, PUBLIC[method])
    assert [row["rateLimitType"] for row in told["rateLimits"]] == ["REQUEST_WEIGHT"]


@pytest.mark.parametrize("method", SIGNED)
def test_account_data_is_told_to_its_owner(spot: Wire, socket: Socket, method: str) -> None:
    spot.signed("POST", "/api/v3/order", **MARKET)

    params = {k: str(v).lower() if isinstance(v, bool) else v for k, v in SIGNED[method].items()}
    told = socket.ask(id=1, method=method, params=signed(spot, **params))
    nobody = socket.ask(id=2, method=method, params=SIGNED[method])

    _, path = SPOT_METHODS[method]
    asked = spot.signed("POST" if method == "order.test" else "GET", path, **params)
    assert told["result"] == asked.json
    assert (nobody["status"], nobody["error"]["code"]) == (401, -2014)


def test_every_method_has_its_endpoint() -> None:
    table = routers()["spot"]

    assert [name for name, endpoint in SPOT_METHODS.items() if table.find(*endpoint) is None] == []


def test_booleans_are_signed_as_they_are_written(spot: Wire, socket: Socket) -> None:
    params = {"apiKey": spot.key, "omitZeroBalances": True, "timestamp": spot.now()}
    payload = f"apiKey={spot.key}&omitZeroBalances=true&timestamp={params['timestamp']}"

    told = socket.ask(id=1, method="account.status", params=params | {"signature": spot.sign(payload)})

    assert [row["asset"] for row in told["result"]["balances"]] == ["USDT"]


@pytest.mark.parametrize("form", ["hex", "HEX", "base64"])
def test_hmac_comes_in_hex_or_base64(spot: Wire, socket: Socket, form: str) -> None:
    params = signed(spot)
    digest = bytes.fromhex(params["signature"])
    text = {"hex": digest.hex(), "HEX": digest.hex().upper(), "base64": base64.b64encode(digest).decode()}[
        form
    ]

    assert socket.ask(id=1, method="account.status", params=params | {"signature": text})["status"] == 200


@pytest.mark.parametrize(("path", "asked", "told"), [
    ("/ws-api/v3", None, True),
    ("/ws-api/v3", False, False),
    ("/ws-api/v3?returnRateLimits=false", None, False),
    ("/ws-api/v3?returnRateLimits=false", True, True),
])  # fmt: skip
def test_rate_limits_are_told_unless_they_are_not_wanted(
    spot: Wire, dial: Dial, path: str, asked: bool | None, told: bool
) -> None:
    params = {} if asked is None else {"returnRateLimits": asked}

    answer = dial(spot, path).ask(id=1, method="ping", params=params)
    refused = dial(spot, path).ask(id=2, method="depth", params=params)

    assert ("rateLimits" in answer, "rateLimits" in refused) == (told, told)


def test_orders_live_over_the_socket(spot: Wire, socket: Socket) -> None:
    bid = Decimal(spot.get("/api/v3/ticker/bookTicker", symbol="BTCUSDT").json["bidPrice"])
    low = str((bid * Decimal("0.95")).quantize(Decimal("0.01")))
    limit = MARKET | {"type": "LIMIT", "timeInForce": "GTC", "price": low}

    def ask(method: str, **params: Any) -> Any:
        return socket.ask(id=method, method=method, params=signed(spot, **params))

    placed = ask("order.place", **limit | {"quantity": "0.02"})["result"]
    amended = ask("order.amend.keepPriority", **S, orderId=placed["orderId"], newQty="0.01")["result"]
    replaced = ask(
        "order.cancelReplace", **limit, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"]
    )["result"]
    stopped = ask(
        "order.cancelReplace", **limit, cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["orderId"]
    )
    half = ask(
        "order.cancelReplace", **limit, cancelReplaceMode="ALLOW_FAILURE", cancelOrderId=placed["orderId"]
    )
    left = ask("openOrders.cancelAll", **S)["result"]

    assert amended["amendedOrder"]["qty"] == "0.01000000"
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    assert (stopped["status"], stopped["error"]["code"]) == (400, -2022)
    assert stopped["error"]["data"]["newOrderResult"] == "NOT_ATTEMPTED"
    assert (half["status"], half["error"]["code"]) == (409, -2021)
    assert half["error"]["data"]["newOrderResponse"]["status"] == "NEW"
    assert len(left) == 2


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        ("{", 400, -1135),
        ('{"id":1}', 400, -1135),
        ('{"id":1,"method":"ping","params":[]}', 200, 0),
        ('{"id":1,"method":"ping","params":["x"]}', 400, -1135),
        ('{"id":1,"method":"sing"}', 400, -1020),
        ('{"id":1,"method":"depth"}', 400, -1102),
        ('{"id":1,"method":"depth","params":{"symbol":"NOSUCH"}}', 400, -1121),
        ('{"id":1,"method":"depth","params":{"symbol":"BTCUSDT","depth":5}}', 400, -1104),
        ('{"id":1,"method":"sor.order.place","params":{}}', 401, -2014),
    ],
)
def test_what_is_wrong_is_told_in_the_envelope(socket: Socket, message: str, status: int, code: int) -> None:
    socket.connection.send(message)

    told = socket.hear()

    assert (told["status"], told.get("error", {"code": 0})["code"]) == (status, code)
