from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from typing import Any

import pytest

from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import (
    BookTicker,
    Candle,
    Depth,
    FundingRate,
    FundingTerms,
    Level,
    MarkPrice,
    Ticker,
)
from atapi.errors import OutcomeUnknown, VenueUnreachable
from atapi.exchanges.binance import parse
from tests.exchanges.binance.conftest import payload


def test_spot_rules_come_from_the_filters() -> None:
    btc, doge = payload("spot_exchange_info")["symbols"]

    assert parse.spot_instrument(btc) == Instrument(
        market=Market.SPOT,
        symbol="BTCUSDT",
        base_asset="BTC",
        quote_asset="USDT",
        status="TRADING",
        perpetual=False,
        tick_size=D("0.01"),
        lot_size=D("0.00001"),
        min_quantity=D("0.00001"),
        max_quantity=D(9000),
        min_notional=D(5),
    )
    assert parse.spot_instrument(doge).min_notional == D("0.0001")  # the older MIN_NOTIONAL
    assert not parse.spot_instrument(doge).trading


def test_futures_rules_come_from_the_filters_and_not_from_the_precisions() -> None:
    btc, pepe, tesla, dated = map(parse.um_instrument, payload("um_exchange_info")["symbols"])

    assert (btc.tick_size, btc.lot_size, btc.min_notional) == (D("0.10"), D("0.001"), D(50))
    assert (pepe.base_asset, pepe.multiplier) == ("1000PEPE", D(1000))
    assert [i.perpetual for i in (btc, pepe, tesla, dated)] == [True, True, True, False]
    assert (tesla.status, tesla.trading) == ("TRADING_HALT", False)


def test_a_symbol_without_a_notional_rule_has_none() -> None:
    row = payload("um_exchange_info")["symbols"][0]
    row["filters"] = [rule for rule in row["filters"] if rule["filterType"] != "MIN_NOTIONAL"]

    assert parse.um_instrument(row).min_notional == 0


def test_a_contract_in_settlement_has_no_type_and_is_no_perpetual() -> None:
    row = {**payload("um_exchange_info")["symbols"][0], "contractType": "", "status": "SETTLING"}

    instrument = parse.um_instrument(row)

    assert not instrument.perpetual
    assert not instrument.trading


def test_a_symbol_without_a_lot_size_is_named() -> None:
    row = payload("um_exchange_info")["symbols"][0]
    row["filters"] = [rule for rule in row["filters"] if rule["filterType"] != "LOT_SIZE"]

    with pytest.raises(VenueUnreachable, match=r"exchangeInfo.*BTCUSDT.*LOT_SIZE"):
        parse.read("exchangeInfo", parse.um_instrument, row)


@pytest.mark.parametrize("name", ["spot_ticker_24hr", "um_ticker_24hr"])
def test_a_ticker_is_the_last_day(name: str) -> None:
    row = payload(name)[0]

    assert parse.ticker(row) == Ticker(
        symbol="BTCUSDT",
        last=D(row["lastPrice"]),
        open=D(row["openPrice"]),
        high=D(row["highPrice"]),
        low=D(row["lowPrice"]),
        volume=D(row["volume"]),
        turnover=D(row["quoteVolume"]),
    )


def test_an_empty_book_side_is_zero() -> None:
    btc, luna = map(parse.book_ticker, payload("spot_book_ticker"))

    assert btc == BookTicker(
        symbol="BTCUSDT", bid=D("77312.39"), bid_quantity=D("1.1"), ask=D("77312.40"), ask_quantity=D("2.2")
    )
    assert (luna.bid, luna.ask) == (D(0), D(0))


def test_a_book_keeps_its_order_and_is_cut_to_what_was_asked() -> None:
    assert parse.depth("BTCUSDT", payload("spot_depth"), 2) == Depth(
        symbol="BTCUSDT",
        bids=(Level(D("77312.39"), D("1.1")), Level(D("77312"), D("0.5"))),
        asks=(Level(D("77312.4"), D("2.2")), Level(D("77313"), D("0.3"))),
    )


def test_a_candle_is_read_by_place() -> None:
    first, _ = map(parse.candle, payload("klines"))

    assert first == Candle(
        open_at=datetime(2026, 11, 21, 1, tzinfo=UTC),
        open=D("76900"),
        high=D("77050"),
        low=D("76850.5"),
        close=D("77000.1"),
        volume=D("123.456"),
        turnover=D("9500123.4"),
        trades=4321,
        close_at=datetime(2026, 11, 21, 1, 59, 59, 999000, tzinfo=UTC),
    )


def test_a_mark_carries_the_running_funding_rate() -> None:
    assert parse.mark(payload("premium_index")[0]) == MarkPrice(
        symbol="BTCUSDT",
        mark_price=D("77320.551243"),
        index_price=D("77335.1"),
        funding_rate=D("0.00008972"),
        next_funding_at=datetime(2026, 11, 21, 8, tzinfo=UTC),
        at=datetime(2026, 11, 21, 2, 33, tzinfo=UTC),
    )


def test_a_funding_without_a_mark_price_says_so() -> None:
    first, second = map(parse.funding_rate, payload("funding_rate"))

    assert first == FundingRate(
        symbol="BTCUSDT",
        at=datetime(2026, 11, 20, 16, 0, 0, 5000, tzinfo=UTC),  # some milliseconds late, as on the wire
        rate=D("0.00006188"),
        mark_price=D("76907.97183333"),
    )
    assert (second.rate, second.mark_price) == (D("-0.00001"), None)


def test_funding_terms_are_the_symbol_s_own() -> None:
    assert parse.funding_terms(payload("funding_info")[0]) == FundingTerms(
        symbol="LPTUSDT", interval=timedelta(hours=4), cap=D("0.02"), floor=D("-0.02")
    )


def test_supply_leaves_out_what_is_unknown_and_keeps_every_digit() -> None:
    assert parse.supply(payload("products")["data"]) == {
        "BNB": D(139288000),
        "XRP": D("60331635327.123456789"),  # a float would end in …327.12346
    }


FIELDS: list[tuple[Callable[[Any], object], Any, list[str]]] = [
    (parse.server_ms, {"serverTime": 1}, ["serverTime"]),
    (
        parse.ticker,
        payload("um_ticker_24hr")[0],
        ["symbol", "lastPrice", "openPrice", "highPrice", "lowPrice", "volume", "quoteVolume"],
    ),
    (parse.price, {"symbol": "BTCUSDT", "price": "1"}, ["price"]),
    (
        parse.book_ticker,
        payload("spot_book_ticker")[0],
        ["symbol", "bidPrice", "bidQty", "askPrice", "askQty"],
    ),
    (
        parse.mark,
        payload("premium_index")[0],
        ["symbol", "markPrice", "indexPrice", "lastFundingRate", "nextFundingTime", "time"],
    ),
    (parse.funding_rate, payload("funding_rate")[0], ["symbol", "fundingTime", "fundingRate"]),
    (
        parse.funding_terms,
        payload("funding_info")[0],
        ["symbol", "fundingIntervalHours", "adjustedFundingRateCap", "adjustedFundingRateFloor"],
    ),
    (
        parse.um_instrument,
        payload("um_exchange_info")["symbols"][0],
        ["symbol", "contractType", "status", "baseAsset", "quoteAsset", "filters"],
    ),
    (
        parse.spot_instrument,
        payload("spot_exchange_info")["symbols"][0],
        ["symbol", "status", "baseAsset", "quoteAsset", "filters"],
    ),
]
CASES = [(function, row, field) for function, row, fields in FIELDS for field in fields]


@pytest.mark.parametrize(("function", "row", "field"), CASES, ids=[f"{f.__name__}-{n}" for f, _, n in CASES])
def test_a_missing_field_is_named_with_its_endpoint(
    function: Callable[[Any], object], row: dict[str, Any], field: str
) -> None:
    without = {name: value for name, value in row.items() if name != field}

    with pytest.raises(VenueUnreachable, match=f"the endpoint: .*{field}"):
        parse.read("the endpoint", function, without)


NAMES = {"symbol", "status", "baseAsset", "quoteAsset", "contractType"}  # any text but none is one of these


@pytest.mark.parametrize("junk", [None, "", "NaN", "Infinity", "1e", "xxx\x00", [], {}, True])
def test_a_field_of_another_kind_is_never_guessed(junk: object) -> None:
    for function, row, field in CASES:
        if field in NAMES and isinstance(junk, str) and (junk or field == "contractType"):
            continue

        with pytest.raises(VenueUnreachable):
            parse.read("x", function, {**row, field: junk})


@pytest.mark.parametrize("junk", [None, [], {}, "", 5, [1], {"a": 1}])
def test_a_payload_of_another_shape_is_unreadable(junk: object) -> None:
    for function, _, _ in FIELDS:
        with pytest.raises(VenueUnreachable):
            parse.read("x", function, junk)
        with pytest.raises(OutcomeUnknown):
            parse.outcome("x", function, junk)
    for row in (parse.candle, lambda row: parse.depth("BTCUSDT", row, 5)):
        with pytest.raises(VenueUnreachable):
            parse.read("x", row, junk)


@pytest.mark.parametrize("junk", [None, {}, "text", 5])
def test_a_list_is_expected_where_there_is_one(junk: object) -> None:
    with pytest.raises(VenueUnreachable, match="not a list"):
        parse.read_all("klines", parse.candle, junk)
