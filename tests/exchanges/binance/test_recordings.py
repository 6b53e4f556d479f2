"""Payloads recorded from the venue and pasted by other clients' authors: every one of them must parse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atapi.exchanges.binance import parse
from atapi.exchanges.binance import parse_account as account
from atapi.exchanges.binance.link import decoded
from tests.exchanges.binance.recordings import shared

pytestmark = pytest.mark.recordings
Parser = Callable[[Any], object]


def depth(row: Any) -> object:
    return parse.depth("X", row, 100)


PARSERS: dict[str, Parser] = {
    "/api/v3/depth": depth,
    "/fapi/v1/depth": depth,
    "/api/v3/klines": parse.candle,
    "/fapi/v1/klines": parse.candle,
    "/api/v3/ticker/24hr": parse.ticker,
    "/fapi/v1/ticker/24hr": parse.ticker,
    "/api/v3/ticker/price": parse.price,
    "/fapi/v1/ticker/price": parse.price,
    "/api/v3/ticker/bookTicker": parse.book_ticker,
    "/fapi/v1/ticker/bookTicker": parse.book_ticker,
    "/fapi/v1/premiumIndex": parse.mark,
    "/fapi/v1/fundingRate": parse.funding_rate,
    "/fapi/v1/fundingInfo": parse.funding_terms,
    "/fapi/v1/time": parse.server_ms,
}
FILES: dict[str, Parser] = {
    "spot-bookTicker-2026-07-15": parse.book_ticker,
    "um-bookTicker-2026-07-15": parse.book_ticker,
    "um-fundingInfo-2026-07-04": parse.funding_terms,
    "um-fundingRate-BTCUSDT-2026-07-04": parse.funding_rate,
    "um-fundingRate-ETHUSDT-2026-07-04": parse.funding_rate,
    "um-premiumIndex-2026-07-04": parse.mark,
}
CLIENTS: dict[str, Parser] = {
    "binance_spot/orders/jkorf__Spot_Trading_GetOpenOrders.json": account.spot_order,
    "binance_spot/orders/jkorf__Spot_Trading_GetOrders.json": account.spot_order,
    "binance_spot/orders/nautilus__spot_http_json_all_orders_response.json": account.spot_order,
    "binance_spot/orders/nautilus__spot_http_json_cancel_order_response.json": account.spot_order,
    "binance_spot/klines/jkorf__Spot_ExchangeData_GetKlines.json": parse.candle,
    "binance_spot/klines/nautilus__http_responses_http_spot_market_klines.json": parse.candle,
    "binance_spot/tickers/jkorf__Spot_ExchangeData_GetTicker.json": parse.ticker,
    "binance_spot/tickers/nautilus__spot_http_json_ticker_24hr_response.json": parse.ticker,
    "binance_spot/tickers/nautilus__http_responses_http_spot_market_book_ticker.json": parse.book_ticker,
    "binance_um/orders/jkorf__UsdFutures_Trading_PlaceOrder.json": account.um_order,
    "binance_um/orders/jkorf__UsdFutures_Trading_GetOpenOrders.json": account.um_order,
    "binance_um/my_trades/jkorf__UsdFutures_Trading_GetUserTrades.json": account.um_fill,
    "binance_um/my_trades/nautilus__http_responses_http_futures_account_trades.json": account.um_fill,
    "binance_um/balances/jkorf__UsdFutures_Account_GetBalances.json": account.um_balance,
    "binance_um/funding/nautilus__http_responses_http_futures_market_funding_rate.json": parse.funding_rate,
    "binance_um/funding/nautilus__http_responses_http_futures_market_premium_index.json": parse.mark,
}


def load(kind: str, name: str) -> Any:
    folder = shared(kind)
    if folder is None or not (folder / name).is_file():
        pytest.skip(f"no ../shared/{kind}/{name}")
    raw = (folder / name).read_bytes()
    return decoded(gzip.decompress(raw) if name.endswith(".gz") else raw)


def rows(payload: Any, parser: Parser) -> list[Any]:
    if parser is parse.candle:
        return payload if isinstance(payload[0], list) else [payload]
    return payload if isinstance(payload, list) else [payload]


@pytest.mark.parametrize("path", PARSERS)
def test_recorded_answers_parse(path: str) -> None:
    recorded = load("data", "rest/recorded-market-endpoints.json.gz")[path]["GET"]
    parser = PARSERS[path]
    answers = [
        r["data"] for r in recorded if r["data"] and not (isinstance(r["data"], dict) and "code" in r["data"])
    ]

    values = [
        parse.read(path, parser, row)
        for answer in answers
        for row in rows(answer, parser)
        if not (parser is parse.mark and not row["nextFundingTime"])  # dated contracts
    ]

    assert values


@pytest.mark.parametrize("name", FILES)
def test_recorded_lists_parse(name: str) -> None:
    listed = [row for row in load("data", f"rest/{name}.json.gz") if row.get("nextFundingTime") != 0]

    assert len(parse.read_all(name, FILES[name], listed)) >= 20


@pytest.mark.parametrize(
    ("name", "parser"),
    [
        ("spot-2021-10-12", parse.spot_instrument),
        ("um-2021-07-21", parse.um_instrument),
        ("um-2025-03-06", parse.um_instrument),
    ],
)
def test_recorded_rules_parse(name: str, parser: Parser) -> None:
    payload = load("data", f"exchangeinfo/{name}.json.gz")

    assert len(parse.read_all(name, parser, payload["symbols"])) > 100


@pytest.mark.parametrize("name", CLIENTS)
def test_payloads_of_other_clients_parse(name: str) -> None:
    payload = load("fixtures", name)
    answer = payload["response"] if isinstance(payload, dict) and "response" in payload else payload

    assert [parse.read(name, CLIENTS[name], row) for row in rows(answer, CLIENTS[name])]


def test_everything_named_here_is_still_there() -> None:
    folder = shared("fixtures")
    if folder is None:
        pytest.skip("no ../shared/fixtures")

    missing = [name for name in CLIENTS if not (Path(folder) / name).is_file()]

    assert json.dumps(missing) == "[]"
