"""Tickers of other windows, bars of other time zones, symbols by their state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from atapi.paper.host import Hosted
from tests.paper.client import Wire
from tests.paper.faults.conftest import fault as fault
from tests.paper.routes.test_admin import ask

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.fixture
def later(spot: Wire, hosted: Hosted) -> int:
    """13 minutes and some seconds past ten."""
    span = 10 * HOUR + 13 * MINUTE + 17_123
    assert ask(spot, hosted, "POST", "advance", span_ms=span).status == 200
    return spot.now()


def klines(spot: Wire, interval: str, start: int, limit: int = 1000, **more: Any) -> list[list[Any]]:
    rows: list[list[Any]] = spot.get(
        "/api/v3/klines", symbol="BTCUSDT", interval=interval, startTime=start, limit=limit, **more
    ).json
    return rows


def merged(rows: list[list[Any]]) -> list[str]:
    """Open, high, low, close, volume, turnover of bars in a row."""

    def total(column: int) -> Decimal:
        return sum((Decimal(row[column]) for row in rows), Decimal(0))

    figures = [
        rows[0][1],
        max(rows, key=lambda r: Decimal(r[2]))[2],
        min(rows, key=lambda r: Decimal(r[3]))[3],
    ]
    return [*figures, rows[-1][4], f"{total(5):f}", f"{total(7):f}"]


@pytest.mark.parametrize(("window", "span"), [("7m", 7 * MINUTE), ("4h", 4 * HOUR), ("1d", DAY), (None, DAY)])
def test_a_window_opens_on_a_minute_and_sums_its_bars(
    spot: Wire, later: int, window: str | None, span: int
) -> None:
    query = {"symbol": "BTCUSDT"} | ({} if window is None else {"windowSize": window})

    told = spot.get("/api/v3/ticker", **query).json

    start = (later - span) // MINUTE * MINUTE
    assert (told["openTime"], told["closeTime"]) == (start, later)
    minutes = klines(spot, "1m", start) + klines(spot, "1m", start + 1000 * MINUTE)
    fields = ("openPrice", "highPrice", "lowPrice", "lastPrice", "volume", "quoteVolume")
    assert [told[name] for name in fields] == merged(minutes)
    assert told["count"] == sum(row[8] for row in minutes)
    assert list(told) == [
        "priceChange", "priceChangePercent", "weightedAvgPrice", "symbol", "openPrice", "highPrice", "lowPrice",
        "lastPrice", "volume", "quoteVolume", "openTime", "closeTime", "firstId", "lastId", "count",
    ]  # fmt: skip


@pytest.mark.parametrize(("zone", "hours"), [("0", 0), ("8", 8), ("-1:00", -1)])
def test_a_trading_day_is_the_day_of_a_zone(spot: Wire, later: int, zone: str, hours: int) -> None:
    told = spot.get("/api/v3/ticker/tradingDay", symbol="BTCUSDT", timeZone=zone, type="MINI").json

    local = later + hours * HOUR
    start = local - local % DAY - hours * HOUR
    assert (told["openTime"], told["closeTime"]) == (start, start + DAY - 1)
    minutes = klines(spot, "1m", start) + klines(spot, "1m", start + 1000 * MINUTE)
    assert [told["openPrice"], told["volume"]] == [minutes[0][1], merged(minutes)[4]]
    assert "priceChange" not in told


def test_several_symbols_are_a_list_and_weigh_four_each(spot: Wire) -> None:
    before = int(spot.get("/api/v3/ping").headers["x-mbx-used-weight-1m"])
    reply = spot.get("/api/v3/ticker", symbols='["BTCUSDT","ETHUSDT"]')

    assert [row["symbol"] for row in reply.json] == ["BTCUSDT", "ETHUSDT"]
    assert int(reply.headers["x-mbx-used-weight-1m"]) - before == 8


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("ticker", "symbol=BTCUSDT&windowSize=60m", -1130),
        ("ticker", "symbol=BTCUSDT&windowSize=1d2h", -1130),
        ("ticker", "symbol=BTCUSDT&windowSize=8d", -1130),
        ("ticker", "symbol=BTCUSDT&type=HUGE", -1139),
        ("ticker", "", -1102),
        ("ticker", "symbol=NOSUCH", -1121),
        ("ticker/tradingDay", "symbol=BTCUSDT&timeZone=15:00", -1130),
        ("ticker/24hr", "symbol=BTCUSDT&symbolStatus=SLEEPING", -1122),
        ("klines", "symbol=BTCUSDT&interval=1d&timeZone=noon", -1130),
        ("exchangeInfo", "symbol=BTCUSDT&symbolStatus=TRADING", -1128),
        ("exchangeInfo", "symbol=BTCUSDT&permissions=SPOT", -1128),
        ("exchangeInfo", "permissions=EVERYTHING", -1130),
    ],
)
def test_what_makes_no_sense_is_refused(spot: Wire, path: str, query: str, code: int) -> None:
    assert spot.get(f"/api/v3/{path}", query).refusal[:2] == (400, code)


@pytest.mark.parametrize(
    ("interval", "zone", "hours", "base", "count"),
    [
        ("1d", "8", 8, "4h", 6),
        ("1d", "05:45", 5.75, "15m", 96),
        ("4h", "-1:00", -1, "1h", 4),
        ("12h", "14:00", 14, "2h", 6),
        ("1w", "8", 8, "8h", 21),
    ],
)
def test_bars_open_by_the_clock_of_a_zone(
    spot: Wire, interval: str, zone: str, hours: float, base: str, count: int
) -> None:
    start = spot.now() - 20 * DAY

    rows = klines(spot, interval, start, 3, timeZone=zone)

    span = rows[0][6] + 1 - rows[0][0]
    monday = 4 * DAY if interval == "1w" else 0
    assert all((row[0] + hours * HOUR - monday) % span == 0 for row in rows)
    assert start <= rows[0][0] < start + span
    assert [row[0] - rows[0][0] for row in rows] == [0, span, 2 * span]
    parts = klines(spot, base, rows[1][0], count)
    assert merged(parts) == [*rows[1][1:5], rows[1][5], rows[1][7]]


def test_months_of_a_zone_begin_on_its_first(spot: Wire) -> None:
    [month, running] = spot.get("/api/v3/klines", symbol="BTCUSDT", interval="1M", limit=2, timeZone="8").json

    december, january = 1764518400000, 1767196800000  # 2025-12-01, 2026-01-01 at 00:00 of UTC+8
    assert (month[0], month[6], running[0]) == (december, january - 1, january)


def test_whole_hours_need_no_zone(spot: Wire) -> None:
    start = spot.now() - DAY

    assert klines(spot, "1h", start, 5, timeZone="-3:00") == klines(spot, "1h", start, 5)


def test_symbols_are_chosen_by_their_state(spot: Wire, fault: Any) -> None:
    fault("rule BTCUSDT market=spot status=HALT")

    halted = spot.get("/api/v3/ticker/price", symbolStatus="HALT").json
    two = spot.get("/api/v3/ticker/bookTicker", symbols='["BTCUSDT","ETHUSDT"]', symbolStatus="TRADING").json
    other = spot.get("/api/v3/depth", symbol="BTCUSDT", symbolStatus="TRADING")
    listed = spot.get("/api/v3/exchangeInfo", symbolStatus="HALT").json["symbols"]

    assert [row["symbol"] for row in halted] == [row["symbol"] for row in listed] == ["BTCUSDT"]
    assert [row["symbol"] for row in two] == ["ETHUSDT"]
    assert other.refusal == (400, -1220, "The symbol's status does not match the requested symbolStatus.")


def test_exchange_info_by_permission(spot: Wire) -> None:
    every = spot.get("/api/v3/exchangeInfo").json["symbols"]
    margin = spot.get("/api/v3/exchangeInfo", permissions="MARGIN").json["symbols"]
    either = spot.get("/api/v3/exchangeInfo", 'permissions=["SPOT","MARGIN"]').json["symbols"]
    none = spot.get("/api/v3/exchangeInfo", "permissions=LEVERAGED").json["symbols"]

    assert [row["symbol"] for row in margin] == [r["symbol"] for r in every if r["isMarginTradingAllowed"]]
    assert either == every
    assert none == []


def test_nobody_makes_block_trades(spot: Wire) -> None:
    assert spot.get("/api/v3/historicalBlockTrades", symbol="BTCUSDT", fromId=1).json == []
    assert spot.get("/api/v3/historicalBlockTrades", symbol="BTCUSDT").refusal[1] == -1102
