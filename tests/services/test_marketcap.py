"""Closes times supply: worked by hand on made data, and against the published table on recordings."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from atapi.clock import from_ms
from atapi.domain.market import Candle
from atapi.errors import Refused, UsageError
from atapi.services.marketcap import MarketCapService, cut
from tests.fakes import D, FakeFutures, FakeSpot, FakeSupply, bars, utc
from tests.recordings import recordings
from tests.services.worlds import FUTURES, SPOT, book_of, column

TODAY = utc("2026-01-03")
SUPPLY = {"BTC": D("19999999.5"), "ETH": D(120), "BNB": D(7), "1000SATS": D(1)}


def service(
    closes: dict[str, list[str]], supply: dict[str, Decimal] | None = None, **given: list[Candle]
) -> MarketCapService:
    history = {(symbol, "1d"): bars("1d", TODAY, values) for symbol, values in closes.items()}
    history |= {(symbol, "1d"): candles for symbol, candles in given.items()}
    spot = FakeSpot(listed=SPOT, history=history)
    book = book_of(spot, FakeFutures(listed=FUTURES))
    return MarketCapService(spot=spot, supply=FakeSupply(SUPPLY if supply is None else supply), book=book)


def test_marketcap_is_close_times_supply_cut_not_rounded_in_alphabetical_order() -> None:
    market = service({"ETHUSDT": ["1.009", "2"], "BTCUSDT": ["99.99", "100.01"]})

    table = market.marketcap(["ETHUSDT", "BTCUSDT"], days=2)

    assert table.names == ("Date", "BTCUSDT", "ETHUSDT")
    assert table.rows == (
        (utc("2026-01-02"), 1999799950, 121),  # 99.99 * 19999999.5 = 1999799950.005; 1.009 * 120 = 121.08
        (utc("2026-01-03"), 2000199949, 240),  # 100.01 * 19999999.5 = 2000199949.995; 2 * 120
    )


def test_a_product_beyond_28_digits_is_still_cut_and_not_rounded_up() -> None:
    # 9999999999999999.9999999999999997999…: to 28 digits that is 10000000000000000
    assert cut(D("1.0000000000000001"), D("9999999999999998.9999999999999999")) == 9999999999999999


def test_marketcap_frame_has_whole_numbers_under_naive_dates() -> None:
    frame = (
        service({"BTCUSDT": ["1", "2"], "ETHUSDT": ["3", "4"]})
        .marketcap(["BTCUSDT", "ETHUSDT"], days=2)
        .frame()
    )

    assert frame.index.name == "Date"
    assert list(frame.index) == [pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-03")]
    assert set(frame.dtypes.astype(str)) == {"int64"}


def test_a_young_symbol_leaves_its_early_days_empty_and_says_so() -> None:
    market = service({"BTCUSDT": ["1", "1", "1"], "BNBUSDT": ["1", "2"]})

    table = market.marketcap(["BTCUSDT", "BNBUSDT"], days=3)

    assert column(table, "BNBUSDT") == [None, 7, 14]
    assert table.notes == (
        "warning: BNBUSDT has 2 of 3 days; rows start 2026-01-02\n  hint: --days 2 for whole rows",
    )


def test_missing_days_in_between_are_told_apart_from_a_late_start() -> None:
    eth = bars("1d", TODAY, ["1", "1", "1"])
    market = service({"BTCUSDT": ["1", "1", "1"]}, ETHUSDT=[eth[0], eth[2]])

    table = market.assets_close(["BTCUSDT", "ETHUSDT"], days=3)

    assert column(table, "ETHUSDT") == [D(1), None, D(1)]
    assert table.notes == ("warning: ETHUSDT has 2 of 3 days; some are missing in between",)


def test_closes_of_a_delisted_symbol_do_not_stretch_the_table() -> None:
    luna = bars("1d", utc("2022-05-13"), ["1", "0.1"])
    market = service({"BTCUSDT": ["1", "1"]}, LUNAUSDT=luna)

    table = market.assets_close(["BTCUSDT", "LUNAUSDT"], days=2)

    assert column(table, "Date") == [utc("2026-01-02"), utc("2026-01-03")]
    assert column(table, "LUNAUSDT") == [None, None]


def test_assets_close_keeps_the_order_named_and_exact_prices() -> None:
    table = service({"ETHUSDT": ["2.50", "3"], "BTCUSDT": ["1", "1"]}).assets_close(
        ["ETHUSDT,BTCUSDT"], days=2
    )

    assert table.names == ("Date", "ETHUSDT", "BTCUSDT")
    assert [str(v) for v in column(table, "ETHUSDT")] == ["2.50", "3"]


def test_the_summary_adds_up_what_each_day_has() -> None:
    market = service({"BNBUSDT": ["1", "2"], "ETHUSDT": ["1", "1", "1"]})

    table = market.marketcap_summary(["BNBUSDT", "ETHUSDT"], days=3)

    assert table.names == ("Date", "Total MarketCap")
    assert column(table, "Total MarketCap") == [120, 127, 134]  # 120; 120 + 7; 120 + 14
    assert table.frame()["Total MarketCap"].dtype == "int64"


def test_a_named_symbol_of_unknown_supply_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        service({"PAXGUSDT": ["1", "1"]}).marketcap(["PAXGUSDT"])

    assert refused.value.message == "no circulating supply for PAXGUSDT"
    assert refused.value.hint == "circulating-supply --match PAXG; leave it out with --symbols"
    assert refused.value.exit_code == 1


def test_default_symbols_that_are_unlisted_or_of_unknown_supply_are_left_out_with_notes() -> None:
    table = service({s: ["1", "1"] for s in ("BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT")}).marketcap(days=2)

    assert table.names == ("Date", "BNBUSDT", "BTCUSDT", "ETHUSDT")
    assert table.notes == (
        "left out, not listed here: TRXUSDT, LTCUSDT",
        "left out, no circulating supply: XRPUSDT",
    )


@pytest.mark.parametrize("days", [-1, 0, 1, 1001])
def test_days_have_bounds(days: int) -> None:
    with pytest.raises(UsageError, match=f"--days {days} is outside 2..1000"):
        service({}).marketcap(["BTCUSDT"], days=days)


def test_supply_is_listed_by_symbol_or_found_by_match() -> None:
    market = service({})

    named = market.circulating_supply(["ETHUSDT", "BTCUSDT"])
    matched = market.circulating_supply(match="b")

    assert named.rows == (("ETHUSDT", D(120)), ("BTCUSDT", D("19999999.5")))
    assert matched.rows == (("BNBUSDT", D(7)), ("BTCUSDT", D("19999999.5")))
    assert named.names == ("symbol", "Circulating Supply")
    assert list(named.frame().index) == ["ETHUSDT", "BTCUSDT"]


@pytest.mark.recordings
def test_recorded_closes_and_supplies_reproduce_the_published_table() -> None:
    data = recordings()
    with (data / "supply/circulating-supply-2022-06-05.csv").open() as f:
        supply = {
            row["symbol"].removesuffix("USDT"): D(row["circulating_supply"]) for row in csv.DictReader(f)
        }
    symbols = ["BNBUSDT", "BTCUSDT", "ETHUSDT", "XRPUSDT"]
    spot = FakeSpot(listed=SPOT, history={(s, "1d"): _recorded(data, s) for s in symbols})
    market = MarketCapService(
        spot=spot, supply=FakeSupply(supply), book=book_of(spot, FakeFutures(listed=FUTURES))
    )

    rows = {row[0]: row[1:] for row in market.marketcap(symbols, days=500).rows}

    assert len(rows) == 500
    assert rows[utc("2021-01-22")] == (6676983304, 627856464805, 149200108943, 13157541852)
    assert rows[utc("2022-06-04")] == (49195352567, 569137466256, 218431903260, 18974667219)


def _recorded(data: Path, symbol: str) -> list[Candle]:
    with gzip.open(data / f"spot/klines/1d/{symbol}-1d.csv.gz", "rt") as f:
        days = [(from_ms(int(row["open_time"])), row["close"]) for row in csv.DictReader(f)]
    return [bar(at, close) for at, close in days if at <= utc("2022-06-05")]


def bar(at: datetime, close: str) -> Candle:
    """Make a daily bar of which only the close matters."""
    price = D(close)
    return Candle(
        open_at=at,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=D(0),
        turnover=D(0),
        trades=0,
        close_at=at + timedelta(days=1, milliseconds=-1),
    )
