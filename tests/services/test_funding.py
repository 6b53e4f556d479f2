"""Funding per year by each symbol's own interval, and time left."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from atapi.domain.market import FundingRate, MarkPrice
from atapi.errors import UsageError
from atapi.services.funding import FundingService, countdown
from tests.fakes import D, FakeFutures, FakeSpot, utc
from tests.services.worlds import FUTURES, SPOT, book_of, column

HOUR = timedelta(hours=1)
FOUR_O_CLOCK = utc("2026-01-01T16:00")
NOON = utc("2026-01-01T12:00")


def service(futures: FakeFutures) -> FundingService:
    futures.listed = FUTURES
    return FundingService(futures=futures, book=book_of(FakeSpot(listed=SPOT), futures))


def settled(*hours: float, rate: str = "0.0001", symbol: str = "BTCUSDT") -> list[FundingRate]:
    """Make fundings so many hours before noon."""
    return [
        FundingRate(symbol=symbol, at=NOON - h * HOUR, rate=D(rate), mark_price=D("60000.5")) for h in hours
    ]


def running(symbol: str, rate: str, next_at: datetime = FOUR_O_CLOCK, at: datetime = NOON) -> MarkPrice:
    return MarkPrice(
        symbol=symbol,
        mark_price=D(100),
        index_price=D(100),
        funding_rate=D(rate),
        next_funding_at=next_at,
        at=at,
    )


def test_history_states_rate_interval_mark_and_yearly_rate() -> None:
    table = service(FakeFutures(settled=settled(20, 12, 4))).history("btcusdt", last=2)

    assert table.names == ("time", "symbol", "rate_bp", "interval_h", "mark", "apr_pct")
    assert table.rows == (
        (utc("2026-01-01T00:00"), "BTCUSDT", D(1), 8, D("60000.5"), D("10.95")),  # 0.0001 * 3 * 365
        (utc("2026-01-01T08:00"), "BTCUSDT", D(1), 8, D("60000.5"), D("10.95")),
    )


@pytest.mark.parametrize(
    ("hours", "apr"),
    [(8, "10.95"), (4, "21.9"), (2, "43.8"), (1, "87.6")],  # 1 bp, 3, 6, 12 and 24 times a day, 365 days
)
def test_the_yearly_rate_uses_the_symbols_own_interval(hours: int, apr: str) -> None:
    futures = FakeFutures(
        running=[running("BTCUSDT", "0.0001")],
        settled=settled(3 * hours, 2 * hours, hours),
        intervals={"BTCUSDT": hours * HOUR},
    )

    past = service(futures).history("BTCUSDT")
    now = service(futures).current()

    assert column(past, "interval_h") == [hours] * 3
    assert column(past, "apr_pct") == [D(apr)] * 3
    assert column(now, "apr_pct") == [D(apr)]


def test_a_change_of_interval_shows_on_the_funding_it_happened() -> None:
    table = service(FakeFutures(settled=settled(24, 16, 8, 4, 0))).history("BTCUSDT", last=4)

    assert column(table, "interval_h") == [8, 8, 4, 4]
    assert column(table, "apr_pct") == [D("10.95"), D("10.95"), D("21.9"), D("21.9")]


def test_settlements_some_milliseconds_late_are_whole_hours_apart() -> None:
    late = settled(16, 8 - 47 / 3_600_000, 0)

    assert column(service(FakeFutures(settled=late)).history("BTCUSDT"), "interval_h") == [8, 8, 8]


def test_the_first_funding_and_one_after_a_long_pause_take_the_listed_interval() -> None:
    futures = FakeFutures(settled=settled(100, 4, 0), intervals={"BTCUSDT": 4 * HOUR})

    assert column(service(futures).history("BTCUSDT"), "interval_h") == [4, 4, 4]


def test_history_since_a_time_holds_all_from_there_on_and_knows_the_first_spacing() -> None:
    futures = FakeFutures(settled=settled(16, 12, 8, 4, 0))  # listed as 8 h, paid every 4 h

    table = service(futures).history("BTCUSDT", since=utc("2026-01-01T04:00"))

    assert column(table, "time") == [utc(f"2026-01-01T{h}:00") for h in ("04", "08", "12")]
    assert column(table, "interval_h") == [4, 4, 4]


def test_history_holds_thirty_unless_told_otherwise() -> None:
    futures = FakeFutures(settled=settled(*range(400, 0, -8)))

    assert len(service(futures).history("BTCUSDT").rows) == 30


def test_history_as_a_frame_has_utc_times_and_floats() -> None:
    frame = service(FakeFutures(settled=settled(16, 8, 0))).history("BTCUSDT").frame()

    assert frame.index.name == "time"
    assert str(frame.index.dtype).endswith("UTC]")
    assert frame.dtypes["rate_bp"] == "float64"
    assert frame.dtypes["interval_h"] == "int64"
    assert list(frame["apr_pct"]) == [10.95] * 3


def test_current_ranks_by_yearly_rate_and_counts_down() -> None:
    two_past = NOON + timedelta(minutes=2)  # the venue's own time: a clock of ours need not agree
    marks = [
        running("BTCUSDT", "0.0002", at=two_past),  # 8 h: 21.9 %
        running("ETHUSDT", "0.00015", utc("2026-01-01T12:59:59"), two_past),  # 4 h: 32.85 %
        running("BNBUSDT", "-0.0001", at=two_past),
    ]

    table = service(FakeFutures(running=marks, intervals={"ETHUSDT": 4 * HOUR})).current()

    assert table.rows == (
        ("ETHUSDT", D("1.5"), "00:57:59", D("32.85")),
        ("BTCUSDT", D(2), "03:58:00", D("21.9")),
        ("BNBUSDT", D(-1), "03:58:00", D("-10.95")),
    )


def test_current_leaves_out_what_no_longer_trades_and_what_never_pays_funding() -> None:
    marks = [running("OLDUSDT", "0.01"), running("BTCUSDT_260327", "0"), running("BTCUSDT", "0.0001")]

    assert column(service(FakeFutures(running=marks)).current(), "symbol") == ["BTCUSDT"]


def test_funding_of_a_spot_symbol_without_perpetual_is_refused() -> None:
    with pytest.raises(UsageError, match="PEPEUSDT has no perpetual"):
        service(FakeFutures()).history("PEPEUSDT")


def test_a_perpetual_that_never_paid_has_an_empty_history() -> None:
    table = service(FakeFutures()).history("BTCUSDT")

    assert (table.rows, table.empty) == ((), "no funding of BTCUSDT yet")


@pytest.mark.parametrize(
    ("left", "shown"),
    [
        (timedelta(seconds=-1), "00:00:00"),
        (timedelta(0), "00:00:00"),
        (timedelta(hours=7, minutes=59, seconds=59.9), "07:59:59"),
        (timedelta(hours=26), "26:00:00"),
    ],
)
def test_a_countdown_never_goes_below_nothing(left: timedelta, shown: str) -> None:
    assert countdown(left) == shown


def test_rates_of_eight_decimals_are_exact_in_basis_points() -> None:
    table = service(FakeFutures(settled=settled(0, rate="-0.00012345"))).history("BTCUSDT")

    assert column(table, "rate_bp") == [Decimal("-1.2345")]
