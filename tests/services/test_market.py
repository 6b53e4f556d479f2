"""Symbols, tickers, candles and books as tables."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from atapi.domain.instruments import Market
from atapi.domain.market import Level, Ticker
from atapi.services.market import MarketService
from tests.fakes import D, FakeFutures, FakeSpot, bars, utc
from tests.services.worlds import FUTURES, SPOT, book_of, column, record

DAY = utc("2026-01-03")
ETHBTC = Ticker(
    symbol="ETHBTC",
    last=D("0.05"),
    open=D("0.04"),
    high=D("0.06"),
    low=D("0.04"),
    volume=D(100),
    turnover=D(5),
)
BTC = Ticker(
    symbol="BTCUSDT", last=D(99), open=D(100), high=D(101), low=D(98), volume=D(10), turnover=D("990.5")
)


def service(spot: FakeSpot, futures: FakeFutures | None = None) -> MarketService:
    spot, futures = replace(spot, listed=SPOT), replace(futures or FakeFutures(), listed=FUTURES)
    return MarketService(spot=spot, futures=futures, book=book_of(spot, futures))


def test_symbols_name_the_perpetual_that_hedges_each() -> None:
    table = service(FakeSpot()).symbols(match="usd")

    perps = dict(zip(column(table, "symbol"), column(table, "perp"), strict=True))
    assert perps["BTCUSDT"] == "BTCUSDT"
    assert perps["PEPEUSDT"] == "1000PEPEUSDT"
    assert perps["PAXGUSDT"] is None
    assert "ETHBTC" not in perps


def test_spreadable_symbols_trade_on_both_markets() -> None:
    table = service(FakeSpot()).symbols(spreadable=True)

    assert column(table, "symbol") == ["BTCUSDT", "ETHUSDT", "BNBUSDT", "PEPEUSDT", "1000SATSUSDT"]


def test_symbols_of_futures_have_the_rules_of_futures() -> None:
    table = service(FakeSpot()).symbols(match="1000PEPE", market=Market.UM)

    assert record(table) == {
        "symbol": "1000PEPEUSDT",
        "base": "1000PEPE",
        "quote": "USDT",
        "status": "TRADING",
        "tick": D("0.1"),
        "step": D("0.001"),
        "min_notional": D(50),
        "perp": "1000PEPEUSDT",
    }


def test_ticker_states_the_change_of_a_day_and_keeps_the_order_named() -> None:
    spot = FakeSpot(day={"BTCUSDT": BTC, "ETHBTC": ETHBTC}, last_prices={"BTCUSDT": D(99)})

    table = service(spot).ticker(["ETHBTC", "BTCUSDT"])

    assert column(table, "symbol") == ["ETHBTC", "BTCUSDT"]
    assert column(table, "change_pct") == [D("25.0000"), D("-1.0000")]  # 0.05 / 0.04 - 1; 99 / 100 - 1
    assert column(table, "turnover_usdt") == [D(495), D("990.5")]  # 5 BTC at 99; as it is


def test_a_turnover_in_an_asset_without_price_is_unknown_and_so_is_a_change_from_nothing() -> None:
    new = replace(ETHBTC, open=D(0))

    row = record(service(FakeSpot(day={"ETHBTC": new})).ticker(["ETHBTC"]))

    assert row["turnover_usdt"] is None
    assert row["change_pct"] is None


def test_klines_of_days_have_naive_dates_as_index_in_the_frame() -> None:
    spot = FakeSpot(history={("BTCUSDT", "1d"): bars("1d", DAY, ["10", "11.5", "12"])})

    frame = service(spot).klines("btcusdt", last=2).frame()

    assert list(frame.columns) == ["Open", "High", "Low", "Close", "Volume", "Quote volume", "Trades"]
    assert frame.index.name == "Date"
    assert list(frame.index) == [pd.Timestamp("2026-01-02"), pd.Timestamp("2026-01-03")]
    assert list(frame["Close"]) == [11.5, 12.0]
    assert frame["Trades"].dtype == "int64"


def test_klines_within_the_day_have_utc_times_as_index() -> None:
    futures = FakeFutures(history={("BTCUSDT", "1h"): bars("1h", utc("2026-01-01T05:00"), ["1", "2", "3"])})

    frame = service(FakeSpot(), futures).klines("BTCUSDT", interval="1h", market=Market.UM).frame()

    assert frame.index.name == "Time"
    assert frame.index[0] == pd.Timestamp("2026-01-01T03:00", tz="UTC")


def test_klines_since_a_time_are_all_from_there_on_or_the_newest_of_them() -> None:
    spot = FakeSpot(history={("BTCUSDT", "1d"): bars("1d", DAY, ["1", "2", "3", "4"])})

    assert column(service(spot).klines("BTCUSDT", since=utc("2026-01-01")), "Close") == [D(2), D(3), D(4)]
    assert column(service(spot).klines("BTCUSDT", since=utc("2026-01-01"), last=1), "Close") == [D(4)]


def test_depth_adds_up_what_reaching_each_level_takes() -> None:
    bids = [Level(D(100), D(2)), Level(D(99), D(1))]
    asks = [Level(D(101), D(3))]

    table = service(FakeSpot(books={"BTCUSDT": (bids, asks)})).depth("BTCUSDT")

    assert table.names == ("bid_size", "bid", "ask", "ask_size", "cum_bid_usdt", "cum_ask_usdt")
    assert table.rows == (
        (D(2), D(100), D(101), D(3), D(200), D(303)),
        (D(1), D(99), None, None, D(299), None),  # 200 + 99; the asks end
    )


def test_depth_shows_no_more_levels_than_asked() -> None:
    side = [Level(D(n), D(1)) for n in (3, 2, 1)]

    assert len(service(FakeSpot(books={"BTCUSDT": (side, side)})).depth("BTCUSDT", levels=2).rows) == 2


def test_frames_of_quotes_are_floats() -> None:
    frame = service(FakeSpot(day={"BTCUSDT": BTC})).ticker(["BTCUSDT"]).frame()

    assert set(frame.dtypes[1:].astype(str)) == {"float64"}
