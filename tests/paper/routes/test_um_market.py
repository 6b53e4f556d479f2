"""USD-M market data on the wire: keys, types, limits, refusals."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from tests.paper.client import Wire

INVALID_SYMBOL = (400, -1121, "Invalid symbol.")
HOUR_MS = 3_600_000
NEVER_MS = 4133404800000


def test_exchange_info_ignores_the_symbol_and_states_rules(um: Wire) -> None:
    info = um.get("/fapi/v1/exchangeInfo", symbol="NOSUCH").json

    btc = next(row for row in info["symbols"] if row["symbol"] == "BTCUSDT")
    filters = {f["filterType"]: f for f in btc["filters"]}
    assert next(iter(filters)) == "PRICE_FILTER"
    assert (filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"]) == ("0.10", "0.001")
    assert filters["MIN_NOTIONAL"]["notional"] == "50"
    assert filters["PERCENT_PRICE"]["multiplierUp"] == "1.0500"
    assert (btc["contractType"], btc["deliveryDate"], btc["status"]) == ("PERPETUAL", NEVER_MS, "TRADING")
    assert (btc["pricePrecision"], btc["quantityPrecision"], btc["marginAsset"]) == (2, 3, "USDT")
    assert info["futuresType"] == "U_MARGINED"
    assert {"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"} in info["assets"]
    assert [rule["limit"] for rule in info["rateLimits"]] == [2400, 1200, 300]


def test_depth_takes_certain_limits_only(um: Wire) -> None:
    book = um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=5).json

    assert len(book["bids"]) == len(book["asks"]) == 5
    assert {type(book[key]) for key in ("lastUpdateId", "E", "T")} == {int}
    assert all(price.count(".") == 1 and len(price.split(".")[1]) == 2 for price, _ in book["bids"])
    assert um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=3).refusal == (
        400,
        -4021,
        "3 is not valid depth limit",
    )
    assert um.get("/fapi/v1/depth", symbol="BTCUSDT", limit=1500).refusal == (
        400,
        -1130,
        "Data sent for parameter 'limit' is not valid.",
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [("klines", "symbol"), ("markPriceKlines", "symbol"), ("indexPriceKlines", "pair")],
)
def test_bars_have_twelve_columns(um: Wire, path: str, name: str) -> None:
    rows = um.get(f"/fapi/v1/{path}", **{name: "BTCUSDT"}, interval="1h", limit=3).json

    assert len(rows) == 3
    assert [type(value) for value in rows[0]] == [int, *[str] * 5, int, str, int, *[str] * 3]
    assert rows[0][6] == rows[0][0] + HOUR_MS - 1
    assert um.get(f"/fapi/v1/{path}", **{name: "NOSUCH"}, interval="1h").refusal == INVALID_SYMBOL


def test_continuous_bars_are_the_perpetuals(um: Wire) -> None:
    asked = {"interval": "4h", "limit": "5"}

    continuous = um.get("/fapi/v1/continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", **asked)

    assert continuous.json == um.get("/fapi/v1/klines", symbol="BTCUSDT", **asked).json


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("interval=1s", (400, -1120, "Invalid interval.")),
        ("interval=1h&limit=1501", (400, -1130, "Data sent for parameter 'limit' is not valid.")),
        ("interval=1h&startTime=2&endTime=1", (400, -1023, "Start time is greater than end time.")),
    ],
)
def test_bars_are_refused(um: Wire, query: str, refusal: tuple[int, int, str]) -> None:
    assert um.get("/fapi/v1/klines", f"symbol=BTCUSDT&{query}").refusal == refusal


@pytest.mark.parametrize(("limit", "weight"), [(99, 1), (100, 2), (500, 5), (1000, 5), (1500, 10)])
def test_bars_weigh_by_their_limit(um: Wire, limit: int, weight: int) -> None:
    reply = um.get("/fapi/v1/klines", symbol="BTCUSDT", interval="1h", limit=limit)

    assert int(reply.headers["x-mbx-used-weight-1m"]) == weight


def test_marks_tell_the_running_rate_and_the_next_funding(um: Wire) -> None:
    one = um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json
    every = um.get("/fapi/v1/premiumIndex").json

    assert one in every
    assert {key: type(value) for key, value in one.items()} == {
        **dict.fromkeys(
            ("symbol", "markPrice", "indexPrice", "estimatedSettlePrice", "lastFundingRate", "interestRate"),
            str,
        ),
        **dict.fromkeys(("nextFundingTime", "time"), int),
    }
    assert one["nextFundingTime"] == one["time"] + 8 * HOUR_MS
    assert um.get("/fapi/v1/premiumIndex", symbol="NOSUCH").refusal == INVALID_SYMBOL


def test_settled_funding_goes_up_by_its_interval(um: Wire) -> None:
    rows = um.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=4).json

    times = [row["fundingTime"] for row in rows]
    assert [later - sooner for sooner, later in pairwise(times)] == [8 * HOUR_MS] * 3
    assert set(rows[0]) == {"symbol", "fundingTime", "fundingRate", "markPrice", "rateType"}
    assert times[-1] <= um.now()


def test_funding_info_tells_interval_cap_and_floor(um: Wire) -> None:
    rows = {row["symbol"]: row for row in um.get("/fapi/v1/fundingInfo").json}

    assert rows["BTCUSDT"]["fundingIntervalHours"] == 8
    assert (
        Decimal(rows["BTCUSDT"]["adjustedFundingRateCap"])
        > 0
        > Decimal(rows["BTCUSDT"]["adjustedFundingRateFloor"])
    )


def test_open_interest_is_in_base_asset(um: Wire) -> None:
    interest = um.get("/fapi/v1/openInterest", symbol="BTCUSDT").json

    assert Decimal(interest["openInterest"]) > 0
    assert um.get("/fapi/v1/openInterest", symbol="NOSUCH").refusal == INVALID_SYMBOL


@pytest.mark.parametrize(
    "path", ["v1/ticker/24hr", "v1/ticker/price", "v2/ticker/price", "v1/ticker/bookTicker"]
)
def test_tickers_are_told_of_one_or_all(um: Wire, path: str) -> None:
    one = um.get(f"/fapi/{path}", symbol="BTCUSDT").json

    assert one in um.get(f"/fapi/{path}").json
    assert um.get(f"/fapi/{path}", symbol="NOSUCH").refusal == INVALID_SYMBOL


def test_the_day_has_no_touch(um: Wire) -> None:
    day = um.get("/fapi/v1/ticker/24hr", symbol="BTCUSDT").json

    assert not {"bidPrice", "bidQty", "askPrice", "askQty", "prevClosePrice"} & set(day)
    assert {"priceChangePercent", "lastPrice", "quoteVolume", "count"} <= set(day)


def test_trades_say_that_they_are_no_retail_price_improvement(um: Wire) -> None:
    [trade] = um.get("/fapi/v1/trades", symbol="BTCUSDT", limit=1).json
    [aggregate] = um.get("/fapi/v1/aggTrades", symbol="BTCUSDT", limit=1).json

    assert trade["isRPITrade"] is False
    assert aggregate["nq"] == aggregate["q"] == trade["qty"]
