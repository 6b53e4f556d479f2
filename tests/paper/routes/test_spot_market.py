"""Spot market data on the wire: keys, types, limits, refusals."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.paper.client import Wire

EIGHT = re.compile(r"-?\d+\.\d{8}")
INVALID_SYMBOL = (400, -1121, "Invalid symbol.")
DAY_MS = 86_400_000


def test_exchange_info_states_rules_in_the_order_clients_index(spot: Wire) -> None:
    info = spot.get("/api/v3/exchangeInfo", symbol="BTCUSDT").json

    [symbol] = info["symbols"]
    assert [f["filterType"] for f in symbol["filters"]][:2] == ["PRICE_FILTER", "LOT_SIZE"]
    assert {"NOTIONAL", "MARKET_LOT_SIZE", "PERCENT_PRICE_BY_SIDE"} <= {
        f["filterType"] for f in symbol["filters"]
    }
    assert symbol["filters"][0]["tickSize"] == "0.01000000"
    assert symbol["permissionSets"] == [["SPOT", "MARGIN"]]
    assert symbol["permissions"] == []
    assert (symbol["baseAsset"], symbol["quoteAsset"], symbol["status"]) == ("BTC", "USDT", "TRADING")
    assert [rule["rateLimitType"] for rule in info["rateLimits"]] == [
        "REQUEST_WEIGHT",
        "ORDERS",
        "ORDERS",
        "RAW_REQUESTS",
    ]
    assert (info["timezone"], info["exchangeFilters"]) == ("UTC", [])


def test_exchange_info_lists_what_is_asked_for(spot: Wire) -> None:
    two = spot.get("/api/v3/exchangeInfo", 'symbols=["ETHUSDT","BTCUSDT"]').json["symbols"]
    every = spot.get("/api/v3/exchangeInfo", "showPermissionSets=false").json["symbols"]

    assert [row["symbol"] for row in two] == ["ETHUSDT", "BTCUSDT"]
    assert len(every) > 20
    assert all(row["permissionSets"] == [] for row in every)


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("symbol=NOSUCH", INVALID_SYMBOL),
        ('symbols=["BTCUSDT","NOSUCH"]', INVALID_SYMBOL),
        (
            'symbol=BTCUSDT&symbols=["BTCUSDT"]',
            (400, -1128, "Combination of optional parameters invalid."),
        ),
        (
            'symbols=["BTCUSDT","BTCUSDT"]',
            (400, -1151, "Symbol is present multiple times in the list."),
        ),
        (
            "x=1",
            (400, -1104, "Not all sent parameters were read; read '0' parameter(s) but was sent '1'."),
        ),
    ],
)
def test_exchange_info_refuses(spot: Wire, query: str, refusal: tuple[int, int, str]) -> None:
    assert spot.get("/api/v3/exchangeInfo", query).refusal == refusal


def test_endpoints_without_parameters_take_none(spot: Wire) -> None:
    assert spot.get("/api/v3/time", "x=1").refusal == (
        400,
        -1101,
        "Too many parameters; expected '0' and received '1'.",
    )


def test_depth_shows_both_sides_best_first(spot: Wire) -> None:
    book = spot.get("/api/v3/depth", symbol="BTCUSDT", limit=20).json

    bids = [Decimal(price) for price, _ in book["bids"]]
    asks = [Decimal(price) for price, _ in book["asks"]]
    assert len(bids) == len(asks) == 20
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert all(EIGHT.fullmatch(text) for row in book["bids"] + book["asks"] for text in row)
    assert isinstance(book["lastUpdateId"], int)


@pytest.mark.parametrize(
    ("limit", "weight"), [("5", 5), ("100", 5), ("101", 25), ("1000", 50), ("99999", 250)]
)
def test_depth_weighs_by_its_limit(spot: Wire, limit: str, weight: int) -> None:
    used = spot.get("/api/v3/depth", symbol="BTCUSDT", limit=limit).headers["x-mbx-used-weight-1m"]

    assert int(used) == weight


def test_klines_have_twelve_columns_and_end_with_the_running_one(spot: Wire) -> None:
    now = spot.now()
    rows = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1h", limit=3).json

    assert [type(value) for value in rows[0]] == [int, *[str] * 5, int, str, int, *[str] * 3]
    assert [row[0] for row in rows] == [now - 7_200_000, now - 3_600_000, now]
    assert rows[0][6] == rows[0][0] + 3_599_999
    assert all(EIGHT.fullmatch(text) for row in rows for text in (*row[1:6], row[7], row[9], row[10]))
    assert spot.get("/api/v3/uiKlines", symbol="BTCUSDT", interval="1h", limit=3).json == rows


def test_klines_go_up_from_a_start_and_stop_at_an_end(spot: Wire) -> None:
    start = spot.now() - 10 * DAY_MS

    three = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1d", startTime=start, limit=3).json
    two = spot.get(
        "/api/v3/klines", symbol="BTCUSDT", interval="1d", startTime=start, endTime=start + DAY_MS
    ).json

    assert [row[0] for row in three] == [start, start + DAY_MS, start + 2 * DAY_MS]
    assert two == three[:2]


def test_months_are_the_sum_of_their_days(spot: Wire) -> None:
    months = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1M", limit=3).json
    november = months[-3]
    days = spot.get(
        "/api/v3/klines", symbol="BTCUSDT", interval="1d", startTime=november[0], endTime=november[6]
    ).json

    assert len(days) == 30
    assert (november[1], november[4]) == (days[0][1], days[-1][4])
    assert Decimal(november[2]) == max(Decimal(day[2]) for day in days)
    assert Decimal(november[5]) == sum(Decimal(day[5]) for day in days)
    assert november[8] == sum(day[8] for day in days)
    assert months[-1][0] == spot.now()  # January begins


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("symbol=BTCUSDT&interval=7m", (400, -1120, "Invalid interval.")),
        ("symbol=NOSUCH&interval=1m", INVALID_SYMBOL),
        (
            "symbol=BTCUSDT",
            (400, -1102, "Mandatory parameter 'interval' was not sent, was empty/null, or malformed."),
        ),
        (
            "symbol=btcusdt&interval=1m",
            (
                400,
                -1100,
                r"Illegal characters found in parameter 'symbol'; legal range is '^[\w\-._&&[^a-z]]{1,50}$'.",
            ),
        ),
        ("symbol=BTCUSDT&interval=1m&limit=0", (400, -1130, "Data sent for parameter 'limit' is not valid.")),
    ],
)
def test_klines_refuse(spot: Wire, query: str, refusal: tuple[int, int, str]) -> None:
    assert spot.get("/api/v3/klines", query).refusal == refusal


def test_trades_are_told_with_the_types_clients_expect(spot: Wire) -> None:
    [*_, trade] = spot.get("/api/v3/trades", symbol="ETHUSDT", limit=5).json
    [*_, aggregate] = spot.get("/api/v3/aggTrades", symbol="ETHUSDT", limit=5).json

    assert {key: type(value) for key, value in trade.items()} == {
        "id": int,
        "price": str,
        "qty": str,
        "quoteQty": str,
        "time": int,
        "isBuyerMaker": bool,
        "isBestMatch": bool,
    }
    assert (aggregate["a"], aggregate["p"], aggregate["q"]) == (trade["id"], trade["price"], trade["qty"])


TICKER: dict[str, type] = {
    **dict.fromkeys(
        (
            "symbol", "priceChange", "priceChangePercent", "weightedAvgPrice", "prevClosePrice", "lastPrice",
            "lastQty", "bidPrice", "bidQty", "askPrice", "askQty", "openPrice", "highPrice", "lowPrice", "volume",
            "quoteVolume",
        ),
        str,
    ),
    **dict.fromkeys(("openTime", "closeTime", "firstId", "lastId", "count"), int),
}  # fmt: skip


def test_the_day_is_told_at_length(spot: Wire) -> None:
    day = spot.get("/api/v3/ticker/24hr", symbol="BTCUSDT").json

    assert {key: type(value) for key, value in day.items()} == TICKER
    assert Decimal(day["priceChange"]) == Decimal(day["lastPrice"]) - Decimal(day["openPrice"])
    assert Decimal(day["lowPrice"]) <= Decimal(day["weightedAvgPrice"]) <= Decimal(day["highPrice"])
    assert day["closeTime"] - day["openTime"] == 23 * 3_600_000  # 00:00 on: the running hour has just begun


@pytest.mark.parametrize("path", ["24hr", "price", "bookTicker"])
def test_tickers_are_told_of_one_of_several_of_all(spot: Wire, path: str) -> None:
    one = spot.get(f"/api/v3/ticker/{path}", symbol="BTCUSDT").json
    some = spot.get(f"/api/v3/ticker/{path}", 'symbols=["BTCUSDT"]').json
    every = spot.get(f"/api/v3/ticker/{path}").json

    assert some == [one]
    assert one in every
    assert len(every) > 20
    assert spot.get(f"/api/v3/ticker/{path}", symbol="NOSUCH").refusal == INVALID_SYMBOL


def test_the_average_price_lies_near_the_last_one(spot: Wire) -> None:
    average = spot.get("/api/v3/avgPrice", symbol="BTCUSDT").json
    last = spot.get("/api/v3/ticker/price", symbol="BTCUSDT").json

    assert average["mins"] == 5
    assert abs(Decimal(average["price"]) / Decimal(last["price"]) - 1) < Decimal("0.05")


def test_supply_is_a_number_or_null(spot: Wire) -> None:
    answer: Any = spot.get("/bapi/asset/v2/public/asset-service/product/get-products", includeEtf="true").json

    supply = {row["s"]: row["cs"] for row in answer["data"]}
    assert answer["success"] is True
    assert supply["BTCUSDT"] > 19_000_000
    assert all(value is None or isinstance(value, int | float) for value in supply.values())


def test_products_tell_the_day_of_one_symbol_or_all(spot: Wire) -> None:
    path = "public/asset-service/product/get-product"
    every = spot.get(f"/bapi/asset/v2/{path}s").json["data"]
    older = spot.get(f"/exchange-api/v2/{path}s").json["data"]
    one = spot.get(f"/bapi/asset/v2/{path}-by-symbol", symbol="BTCUSDT").json["data"]
    day = spot.get("/api/v3/ticker/24hr", symbol="BTCUSDT").json

    assert older == every
    assert one == next(row for row in every if row["s"] == "BTCUSDT")
    assert [one[name] for name in ("o", "h", "l", "c", "v", "qv")] == [
        day[name] for name in ("openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume")
    ]
    assert set(one) == {
        "s", "st", "b", "q", "ba", "qa", "i", "ts", "an", "qn", "o", "h", "l", "c", "v", "qv", "y", "as", "pm", "pn",
        "cs", "tags", "pom", "pomt", "lc", "g", "sd", "r", "hd", "rb", "ks", "etf",
    }  # fmt: skip
    assert spot.get(f"/bapi/asset/v2/{path}-by-symbol", symbol="NOSUCH").refusal == INVALID_SYMBOL
