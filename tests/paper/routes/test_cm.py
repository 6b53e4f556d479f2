"""COIN-M answers: their keys, units and refusals; prices are those of the USDT perpetual, volumes a share of its."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.feeds.coin_margined import SHARE
from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.routes.test_admin import ask

D = Decimal
BTC = "BTCUSD_PERP"


def test_exchange_info_lists_three_perpetuals_with_contract_sizes(cm: Wire) -> None:
    info = cm.get("/dapi/v1/exchangeInfo").json

    listed = {row["symbol"]: row for row in info["symbols"]}
    sizes = {symbol: row["contractSize"] for symbol, row in listed.items()}
    assert sizes == {BTC: 100, "ETHUSD_PERP": 10, "BNBUSD_PERP": 10}
    row = listed[BTC]
    assert (row["pair"], row["marginAsset"], row["quoteAsset"]) == ("BTCUSD", "BTC", "USD")
    assert (row["contractStatus"], row["contractType"], "status" in row) == ("TRADING", "PERPETUAL", False)
    assert (row["pricePrecision"], row["quantityPrecision"], row["equalQtyPrecision"]) == (1, 0, 4)
    filters = {rule["filterType"]: rule for rule in row["filters"]}
    assert list(filters) == [
        "PRICE_FILTER", "LOT_SIZE", "MARKET_LOT_SIZE", "MAX_NUM_ORDERS", "MAX_NUM_ALGO_ORDERS", "PERCENT_PRICE",
    ]  # fmt: skip
    assert filters["PRICE_FILTER"]["tickSize"] == "0.1"
    assert (filters["LOT_SIZE"]["stepSize"], filters["MAX_NUM_ALGO_ORDERS"]["limit"]) == ("1", 20)
    assert {rule["rateLimitType"] for rule in info["rateLimits"]} == {"REQUEST_WEIGHT", "ORDERS"}


def test_prices_and_funding_are_those_of_the_usdt_perpetual(cm: Wire, um: Wire) -> None:
    [coin] = cm.get("/dapi/v1/premiumIndex", symbol=BTC).json
    dollar = um.get("/fapi/v1/premiumIndex", symbol="BTCUSDT").json
    [price] = cm.get("/dapi/v1/ticker/price", pair="BTCUSD").json

    assert (coin["symbol"], coin["pair"], price["ps"]) == (BTC, "BTCUSD", "BTCUSD")
    for name in ("markPrice", "indexPrice", "lastFundingRate", "nextFundingTime"):
        assert coin[name] == dollar[name]
    assert D(price["price"]) == D(um.get("/fapi/v1/ticker/price", symbol="BTCUSDT").json["price"])
    settled = cm.get("/dapi/v1/fundingRate", symbol=BTC, limit=3).json
    rates = um.get("/fapi/v1/fundingRate", symbol="BTCUSDT", limit=3).json
    assert [row["fundingRate"] for row in settled] == [row["fundingRate"] for row in rates]
    assert {row["symbol"] for row in settled} == {BTC}


def klines(wire: Wire, path: str, **params: Any) -> list[list[Any]]:
    rows: list[list[Any]] = wire.get(path, **params).json
    return rows


def test_bars_count_contracts_and_coins_and_add_up_exactly(cm: Wire, um: Wire) -> None:
    hour = 3_600_000
    start = cm.now() - 30 * hour
    span = {"startTime": start, "endTime": start + 3 * hour - 1}
    minutes = klines(cm, "/dapi/v1/klines", symbol=BTC, interval="1m", **span)
    hours = klines(cm, "/dapi/v1/klines", symbol=BTC, interval="1h", **span)
    dollars = klines(um, "/fapi/v1/klines", symbol="BTCUSDT", interval="1h", **span)

    for number, (coin, dollar) in enumerate(zip(hours, dollars, strict=True)):
        inside = minutes[number * 60 : number * 60 + 60]
        for column in (5, 9):
            assert sum(int(row[column]) for row in inside) == int(coin[column])
        assert sum(D(row[7]) for row in inside) == D(coin[7])
        assert [D(value) for value in coin[1:5]] == [D(value) for value in dollar[1:5]]
        assert abs(D(coin[5]) * 100 - D(dollar[7]) * SHARE) <= 200  # whole contracts of 100 USD, each side
        assert D(coin[7]) == D(dollar[5]) * SHARE


def test_days_weeks_and_months_are_the_sums_of_their_days(cm: Wire) -> None:
    start = cm.now() - 40 * 86_400_000
    [week] = klines(cm, "/dapi/v1/klines", symbol="ETHUSD_PERP", interval="1w", startTime=start, limit=1)
    days = klines(
        cm, "/dapi/v1/klines", symbol="ETHUSD_PERP", interval="1d", startTime=week[0], endTime=week[6]
    )
    hours = klines(
        cm, "/dapi/v1/klines", symbol="ETHUSD_PERP", interval="1h", startTime=week[0], endTime=week[6]
    )

    assert (len(days), len(hours)) == (7, 168)
    assert sum(int(day[5]) for day in days) == int(week[5]) == sum(int(row[5]) for row in hours)


def test_the_day_tells_contracts_coins_and_their_mean_price(cm: Wire) -> None:
    rows = cm.get("/dapi/v1/ticker/24hr").json
    [day] = [row for row in rows if row["symbol"] == BTC]

    assert len(rows) == 3
    assert "quoteVolume" not in day
    mean = D(day["volume"]) * 100 / D(day["baseVolume"])
    assert abs(mean - D(day["weightedAvgPrice"])) < 1
    assert D(day["lowPrice"]) <= mean <= D(day["highPrice"])


def test_books_and_tapes_are_in_contracts(cm: Wire) -> None:
    book = cm.get("/dapi/v1/depth", symbol=BTC, limit=5).json
    [touch] = cm.get("/dapi/v1/ticker/bookTicker", symbol=BTC).json
    trade = cm.get("/dapi/v1/trades", symbol=BTC, limit=1).json[0]

    assert (book["symbol"], book["pair"]) == (BTC, "BTCUSD")
    assert [touch["bidPrice"], touch["bidQty"]] == book["bids"][0]
    assert all(quantity.isdigit() for _, quantity in book["bids"] + book["asks"])
    assert D(trade["baseQty"]) == (D(trade["qty"]) * 100 / D(trade["price"])).quantize(D("1E-8"))
    interest = cm.get("/dapi/v1/openInterest", symbol=BTC).json
    assert interest["openInterest"].isdigit()
    assert (interest["pair"], interest["contractType"]) == ("BTCUSD", "PERPETUAL")


@pytest.mark.parametrize(
    ("path", "params", "refusal"),
    [
        ("/dapi/v1/depth", {"symbol": "BTCUSDT"}, (400, -1121, "Invalid symbol.")),
        ("/dapi/v1/ticker/price", {"symbol": "BTCUSD"}, (400, -1121, "Invalid symbol.")),
        ("/dapi/v1/ticker/price", {"pair": "XXXUSD"}, (400, -1121, "Invalid symbol.")),
        ("/dapi/v1/premiumIndex", {"symbol": "NOSUCH"}, (400, -1121, "Invalid symbol.")),
        ("/dapi/v1/klines", {"symbol": BTC, "interval": "1s"}, (400, -1120, "Invalid interval.")),
        (
            "/dapi/v1/klines",
            {"symbol": BTC, "interval": "1d", "startTime": 1546300800000, "endTime": 1577836800000},
            (400, -4088, "Maximum time interval is 200 days."),
        ),
        (
            "/dapi/v1/ticker/price",
            {"symbol": BTC, "pair": "ETHUSD"},
            (400, -1128, "Combination of optional parameters invalid."),
        ),
    ],
)
def test_what_is_asked_wrongly_is_refused(
    cm: Wire, path: str, params: dict[str, Any], refusal: tuple[int, int, str]
) -> None:
    assert cm.get(path, **params).refusal == refusal


def test_neither_futures_market_answers_for_the_other(cm: Wire, um: Wire) -> None:
    for path in ("klines", "markPriceKlines"):
        asked = um.get(f"/fapi/v1/{path}", symbol=BTC, interval="1h")
        assert asked.refusal == (400, -1121, "Invalid symbol.")
    assert um.get("/fapi/v1/premiumIndex", symbol=BTC).refusal[1] == -1121
    assert um.get("/dapi/v1/ping").status == cm.get("/fapi/v1/ping").status == 404
    assert all("_PERP" not in row["symbol"] for row in um.get("/fapi/v1/premiumIndex").json)


def test_weights_are_drawn_from_one_pool_with_usd_m(cm: Wire, um: Wire) -> None:
    before = int(um.get("/fapi/v1/ping").headers["x-mbx-used-weight-1m"])

    after = int(cm.get("/dapi/v1/depth", symbol=BTC, limit=1000).headers["x-mbx-used-weight-1m"])

    assert after in (before + 20, 20)  # or a new minute has begun


def test_the_account_is_shown_in_coins(cm: Wire, spot: Wire) -> None:
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.3")
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_CMFUTURE", asset="BTC", amount="0.25")
    cm.signed("POST", "/dapi/v1/order", symbol=BTC, side="SELL", type="MARKET", quantity="50")

    account = cm.signed("GET", "/dapi/v1/account").json
    balances = {row["asset"]: row for row in cm.signed("GET", "/dapi/v1/balance").json}
    [risk] = cm.signed("GET", "/dapi/v1/positionRisk", marginAsset="BTC").json
    [fill] = cm.signed("GET", "/dapi/v1/userTrades", symbol=BTC).json

    assert list(balances) == ["BNB", "BTC", "ETH"] == [row["asset"] for row in account["assets"]]
    assert [row["symbol"] for row in account["positions"]] == [BTC, "ETHUSD_PERP", "BNBUSD_PERP"]
    fee = D(fill["commission"])
    assert D(balances["BTC"]["balance"]) == D("0.25") - fee
    assert fee == (5000 / D(fill["price"]) * D("0.0005")).quantize(D("1E-8"))
    assert D(risk["notionalValue"]) == (-5000 / D(risk["markPrice"])).quantize(D("1E-8"))
    assert D(risk["entryPrice"]) == D(fill["price"])
    assert (risk["positionAmt"], risk["liquidationPrice"], risk["maxQty"]) == ("-50", "0", "50")
    held = account["positions"][0]
    assert (held["leverage"], held["isolated"], held["notionalValue"]) == ("20", False, risk["notionalValue"])
    assert D(held["initialMargin"]) == (abs(D(risk["notionalValue"])) / 20).quantize(D("1E-8"))
    assert D(balances["BTC"]["withdrawAvailable"]) < D("0.25")
    back = spot.signed("POST", "/sapi/v1/asset/transfer", type="CMFUTURE_MAIN", asset="BTC", amount="0.25")
    assert back.refusal[1] == -5013


def test_settings(cm: Wire, um: Wire) -> None:
    changed = cm.signed("POST", "/dapi/v1/leverage", symbol=BTC, leverage=100).json
    [table] = cm.signed("GET", "/dapi/v2/leverageBracket", symbol=BTC).json
    rates = cm.signed("GET", "/dapi/v1/commissionRate", symbol=BTC).json

    assert changed == {"leverage": 100, "maxQty": "10", "symbol": BTC}
    assert table["brackets"][1] | {"cum": 0} == {
        "bracket": 2, "initialLeverage": 100, "qtyCap": 10, "qtyFloor": 5, "qtylFloor": 5,
        "maintMarginRatio": 0.005, "cum": 0,
    }  # fmt: skip
    assert table["brackets"][1]["cum"] == 0.005  # 5 * (0.5 % - 0.4 %)
    assert rates["takerCommissionRate"] == "0.0005"
    same = cm.signed("POST", "/dapi/v1/marginType", symbol=BTC, marginType="CROSSED")
    assert same.refusal == (400, -4046, "No need to change margin type.")
    mode = cm.signed("GET", "/dapi/v1/positionSide/dual").json
    assert mode == um.signed("GET", "/fapi/v1/positionSide/dual").json == {"dualSidePosition": False}


def test_funding_is_paid_in_coin_at_its_hour(cm: Wire, spot: Wire, hosted: Hosted) -> None:
    spot.signed("POST", "/api/v3/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.3")
    spot.signed("POST", "/sapi/v1/asset/transfer", type="MAIN_CMFUTURE", asset="BTC", amount="0.25")
    cm.signed("POST", "/dapi/v1/order", symbol=BTC, side="SELL", type="MARKET", quantity="50")

    ask(spot, hosted, "POST", "advance", span_ms=9 * 3_600_000)

    [line] = cm.signed("GET", "/dapi/v1/income", incomeType="FUNDING_FEE").json
    [rate] = cm.get("/dapi/v1/fundingRate", symbol=BTC, startTime=line["time"]).json
    paid = 5000 / D(rate["markPrice"]) * D(rate["fundingRate"])
    assert (line["symbol"], line["asset"], line["time"]) == (BTC, "BTC", rate["fundingTime"])
    assert D(line["income"]) == paid.quantize(D("1E-8"))
    assert isinstance(line["tranId"], str)  # where USD-M tells a number
