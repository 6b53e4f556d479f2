from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, WEEK, gather
from atapi.paper.feeds.base import Bar, FundingRecord, Series
from atapi.paper.feeds.replay import ReplayFeed
from atapi.paper.feeds.synthetic import SyntheticFeed
from tests.paper.feeds.recordings import FUNDING_HEADER, at, row, write, write_bars

MIDNIGHT = at("2022-06-05")
HOURS = [
    row(MIDNIGHT + hour * HOUR, f"{10 + hour} {15 + hour} {5 + hour} {11 + hour}", "2") for hour in range(4)
]
DAYS = [row(MIDNIGHT - DAY, "8 12 7 10", "48"), row(MIDNIGHT, "10 99 1 50", "77")]


def prices(bar: Bar) -> str:
    return f"{bar.open} {bar.high} {bar.low} {bar.close}"


@pytest.fixture
def feed(tmp_path: Path) -> ReplayFeed:
    """Spot BTCUSDT: two days, and the first hours of the second one."""
    write(tmp_path / "spot" / "1d" / "BTCUSDT-1d.csv.gz", DAYS)
    write(tmp_path / "spot" / "1h" / "BTCUSDT-1h-2022.zip", HOURS, header=None)
    return ReplayFeed(tmp_path)


def days(feed: ReplayFeed, now_ms: int) -> list[str]:
    return [prices(bar) for bar in feed.bars(Series.SPOT, "BTCUSDT", DAY, 0, now_ms, now_ms)]


def test_the_running_day_is_made_of_what_is_known_of_it(feed: ReplayFeed) -> None:
    assert days(feed, MIDNIGHT + 30 * MINUTE) == [
        "8 12 7 10",
        "10 10 10 10",
    ]  # only the open of the first hour
    assert days(feed, MIDNIGHT + HOUR) == ["8 12 7 10", "10 15 5 11"]  # first hour done, the next opens at 11
    assert days(feed, MIDNIGHT + 2 * HOUR + 1) == ["8 12 7 10", "10 16 5 12"]


def test_a_finished_day_is_the_recorded_one(feed: ReplayFeed) -> None:
    assert days(feed, MIDNIGHT + DAY) == ["8 12 7 10", "10 99 1 50"]  # not the four hours'
    assert days(feed, MIDNIGHT + DAY - 1) == ["8 12 7 10", "10 18 5 14"]  # one millisecond earlier


def test_a_running_bar_sums_finished_volume_only(feed: ReplayFeed) -> None:
    now = MIDNIGHT + 2 * HOUR + 30 * MINUTE

    [running] = feed.bars(Series.SPOT, "BTCUSDT", DAY, MIDNIGHT, now, now)

    assert running.volume == 2 + 2


def test_the_price_is_the_open_of_the_finest_running_bar(feed: ReplayFeed) -> None:
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT - 1) == 8  # of that day nothing but its open is known
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT) == 10
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + 3 * HOUR - 1) == 12
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + 3 * HOUR) == 13


def test_in_a_gap_the_last_known_close_holds_for_a_day(feed: ReplayFeed) -> None:
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + 4 * HOUR) == 14  # hours end here, the day has not
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + DAY) == 50
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + 2 * DAY - 1) == 50
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT + 2 * DAY + 1) is None
    assert feed.price(Series.SPOT, "BTCUSDT", MIDNIGHT - DAY - 1) is None  # before the first bar


def test_in_an_outage_the_open_of_a_larger_bar_is_not_known_yet(tmp_path: Path) -> None:
    write(tmp_path / "spot/BTCUSDT-2h.csv", [row(0, "1 2 1 2"), row(2 * HOUR, "5 6 5 6")])
    write(tmp_path / "spot/BTCUSDT-1h.csv", [row(HOUR, "1 2 1 2"), row(3 * HOUR, "5 6 5 6")])  # none at 02:00
    feed = ReplayFeed(tmp_path)

    def two_hours(now_ms: int) -> list[str]:
        return [prices(bar) for bar in feed.bars(Series.SPOT, "BTCUSDT", 2 * HOUR, 0, now_ms, now_ms)]

    assert feed.price(Series.SPOT, "BTCUSDT", 3 * HOUR - 1) == 2
    assert feed.price(Series.SPOT, "BTCUSDT", 3 * HOUR) == 5
    assert two_hours(3 * HOUR - 1) == ["1 2 1 2"]
    assert two_hours(3 * HOUR) == ["1 2 1 2", "5 5 5 5"]


def test_no_bar_is_made_where_nothing_was_recorded(feed: ReplayFeed) -> None:
    now = MIDNIGHT + 6 * HOUR

    hours = feed.bars(Series.SPOT, "BTCUSDT", HOUR, MIDNIGHT, now, now)

    assert [bar.open_ms for bar in hours] == [MIDNIGHT + hour * HOUR for hour in range(4)]


def test_missing_intervals_are_made_of_smaller_ones(feed: ReplayFeed) -> None:
    two_hours = feed.bars(Series.SPOT, "BTCUSDT", 2 * HOUR, MIDNIGHT, MIDNIGHT + DAY, MIDNIGHT + 2 * DAY)
    weeks = feed.bars(Series.SPOT, "BTCUSDT", WEEK, 0, MIDNIGHT + WEEK, MIDNIGHT + 2 * WEEK)

    assert [prices(bar) for bar in two_hours] == ["10 16 5 12", "12 18 7 14"]
    assert [(bar.open_ms, prices(bar)) for bar in weeks] == [(at("2022-05-30"), "8 99 1 50")]


def test_a_smaller_interval_than_recorded_cannot_be_made(feed: ReplayFeed) -> None:
    assert feed.bars(Series.SPOT, "BTCUSDT", MINUTE, MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + DAY) == []


def test_a_hole_in_one_interval_is_filled_from_a_smaller_one(tmp_path: Path) -> None:
    write(tmp_path / "um" / "BTCUSDT-4h.csv", [row(4 * HOUR, "5 6 4 5")])
    write(tmp_path / "um" / "BTCUSDT-1h.csv", [row(hour * HOUR, "1 2 1 2") for hour in range(4)])

    [day] = ReplayFeed(tmp_path).bars(Series.UM, "BTCUSDT", DAY, 0, 0, 9 * DAY)

    assert prices(day) == "1 6 1 5"


def test_files_of_one_series_are_one_history(tmp_path: Path) -> None:
    write(tmp_path / "spot/BTCUSDT-1h-2024-12-31.zip", [row(at("2024-12-31T23:00"), "1 2 1 2")], header=None)
    write(tmp_path / "spot/BTCUSDT-1h-2025-01-01.zip", [row(at("2025-01-01") * 1000, "2 3 2 3")], header=None)
    write(
        tmp_path / "spot/BTCUSDT-1h-2025-01.csv",
        [row(at("2025-01-01"), "9 9 9 9"), row(at("2025-01-01T01:00"), "3 4 3 4")],
    )

    bars = ReplayFeed(tmp_path).bars(Series.SPOT, "BTCUSDT", HOUR, 0, at("2026-01-01"), at("2026-01-01"))

    assert [prices(bar) for bar in bars] == ["1 2 1 2", "2 3 2 3", "3 4 3 4"]  # an overlap is counted once


def test_only_files_that_can_matter_are_opened(tmp_path: Path) -> None:
    write(tmp_path / "spot/BTCUSDT-1h-2024-01.csv", [row(at("2024-01-31T23:00"), "1 2 1 2")])
    (tmp_path / "spot/BTCUSDT-1h-2024-03.zip").write_bytes(b"torn")
    now = at("2024-02-01")

    bars = ReplayFeed(tmp_path).bars(Series.SPOT, "BTCUSDT", HOUR, 0, now, now)

    assert [prices(bar) for bar in bars] == ["1 2 1 2"]


def test_mark_prices_keep_all_their_decimals(tmp_path: Path) -> None:
    write(
        tmp_path / "um/markPriceKlines/BTCUSDT-1h.csv",
        [row(0, "28948.25346318 29044.70674319 28716.5 29013.48", "0")],
    )
    feed = ReplayFeed(tmp_path)

    assert feed.price(Series.MARK, "BTCUSDT", 47) == Decimal("28948.25346318")
    assert feed.price(Series.UM, "BTCUSDT", 47) is None
    assert feed.price(Series.MARK, "ETHUSDT", 47) is None
    assert feed.bars(Series.MARK, "ETHUSDT", HOUR, 0, DAY, DAY) == []


def test_the_index_is_the_spot_price_where_none_was_recorded(tmp_path: Path) -> None:
    write(tmp_path / "spot/PEPEUSDT-1h.csv", [row(0, "0.00000280 0.00000281 0.00000279 0.00000280", "5")])
    write(tmp_path / "spot/BTCUSDT-1h.csv", [row(0, "100 101 99 100")])
    write(tmp_path / "um/indexPriceKlines/BTCUSDT-1h.csv", [row(0, "100.5 101 99 100")])
    feed = ReplayFeed(tmp_path)

    assert feed.price(Series.INDEX, "BTCUSDT", 1) == Decimal("100.5")
    assert feed.price(Series.INDEX, "1000PEPEUSDT", 1) == Decimal("0.0028")
    [bar] = feed.bars(Series.INDEX, "1000PEPEUSDT", HOUR, 0, 0, HOUR)
    assert (bar.high, bar.volume) == (Decimal("0.00281"), Decimal(0))
    assert feed.price(Series.INDEX, "ETHUSDT", 1) is None


def test_the_premium_is_the_recorded_one_or_the_perpetual_over_its_index(tmp_path: Path) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        write(tmp_path / f"spot/{symbol}-1h.csv", [row(0, "100 101 99 100")])
        write(tmp_path / f"um/{symbol}-1h.csv", [row(0, "100.03 101 99 100")])
    write(tmp_path / "um/premiumIndexKlines/ETHUSDT-1h.csv", [row(0, "-0.00042 0 -0.0005 0")])
    write(tmp_path / "um/markPriceKlines/XRPUSDT-1h.csv", [row(0, "1 1 1 1")])
    feed = ReplayFeed(tmp_path)

    assert feed.premium("BTCUSDT", 5) == Decimal("0.0003")
    assert feed.premium("ETHUSDT", 5) == Decimal("-0.00042")
    assert feed.premium("XRPUSDT", 5) is None  # no index


def test_funding_is_what_was_recorded_to_the_millisecond(tmp_path: Path) -> None:
    times = [8 * HOUR + 2, 16 * HOUR + 10, 24 * HOUR]
    write(tmp_path / "um/fundingRate/BTCUSDT-fundingRate-a.csv", [f"{times[0]},8,0.0001"], FUNDING_HEADER)
    write(
        tmp_path / "um/fundingRate/BTCUSDT-fundingRate-b.csv.gz",
        [f"{time},8,-0.0002" for time in times[1:]],
        FUNDING_HEADER,
    )
    feed = ReplayFeed(tmp_path)

    assert feed.funding("BTCUSDT", 0, 8 * HOUR + 1) == []
    assert feed.funding("BTCUSDT", 0, 8 * HOUR + 2) == [FundingRecord(8 * HOUR + 2, Decimal("0.0001"), 8)]
    assert [record.time_ms for record in feed.funding("BTCUSDT", times[0], DAY) or []] == times[1:]
    assert feed.funding("ETHUSDT", 0, DAY) is None
    assert feed.next_funding_ms("BTCUSDT", 8 * HOUR + 2) == 16 * HOUR
    assert feed.next_funding_ms("BTCUSDT", 24 * HOUR) is None
    assert feed.next_funding_ms("ETHUSDT", 0) is None


def test_the_catalogue_lists_what_has_bars(tmp_path: Path) -> None:
    write(tmp_path / "spot/XRPUSDT-1h.csv", [row(0, "0.21953 0.22235 0.216 0.22162")])
    write(tmp_path / "um/XRPUSDT-1h.csv", [row(0, "0.2195 0.2224 0.2159 0.2217")])
    write(tmp_path / "um/markPriceKlines/BTCUSDT-1h.csv", [row(0, "1 1 1 1")])

    listed = ReplayFeed(tmp_path).catalogue()

    assert list(listed.spot) == list(listed.um) == ["XRPUSDT"]
    assert listed.spot["XRPUSDT"].tick_size == Decimal("0.00001")
    assert listed.um["XRPUSDT"].tick_size == Decimal("0.0001")


def test_the_span_comes_from_names_and_else_from_rows(tmp_path: Path) -> None:
    write(
        tmp_path / "spot/BTCUSDT-1h.csv", [row(at("2021-05-01"), "1 1 1 1"), row(at("2021-05-02"), "1 1 1 1")]
    )
    assert ReplayFeed(tmp_path).span() == (at("2021-05-01"), at("2021-05-02T01:00") - 1)

    write(tmp_path / "spot/BTCUSDT-1d-2022.csv", [])
    assert ReplayFeed(tmp_path).span() == (at("2021-05-01"), at("2023-01-01") - 1)

    assert ReplayFeed(tmp_path / "nothing").span() is None


def test_data_known_to_be_bad_is_not_used(tmp_path: Path) -> None:
    bad = write(tmp_path / "defects/BNBUSDT-1h-unfinished-bars.csv.gz", [row(0, "1 1 1 1")])
    feed = ReplayFeed(tmp_path)

    assert feed.catalogue().spot == {}
    assert list(feed.unused) == [(bad, "its path names no market, spot or um")]


# Nothing later than now: two directories that differ only in what had not happened yet must look the same.
Edit = Callable[[Iterable[Bar], int], list[Bar]]
START = at("2026-03-01")
SOURCE = SyntheticFeed(3)
SETS = [
    (Series.SPOT, "spot/BTCUSDT-1d.csv", DAY),
    (Series.SPOT, "spot/BTCUSDT-1h.csv", HOUR),
    (Series.SPOT, "spot/BTCUSDT-5m-2026-03-02.csv", 5 * MINUTE),
    (Series.UM, "um/BTCUSDT-4h.csv", 4 * HOUR),
    (Series.UM, "um/BTCUSDT-15m.csv", 15 * MINUTE),
    (Series.MARK, "um/markPriceKlines/BTCUSDT-1h.csv", HOUR),
]
NOWS = [
    START,
    START + 1,
    START + DAY - 1,
    START + DAY,
    START + DAY + 10 * HOUR + 17 * MINUTE,
    START + 3 * DAY - 1,
]


def record(directory: Path, change: Callable[[Bar, int], Bar | None]) -> ReplayFeed:
    """Record three days, each bar as `change(bar, interval_ms)` leaves it."""
    for series, name, interval_ms in SETS:
        first, last = (
            (START + DAY, START + 2 * DAY - 1) if interval_ms == 5 * MINUTE else (START, START + 3 * DAY - 1)
        )
        bars = SOURCE.bars(series, "BTCUSDT", interval_ms, first, last, START + 9 * DAY)
        changed = [change(bar, interval_ms) for bar in bars]
        write_bars(directory / name, [bar for bar in changed if bar], interval_ms)
    return ReplayFeed(directory)


@pytest.mark.parametrize("now_ms", NOWS)
def test_nothing_depends_on_what_comes_later(tmp_path: Path, now_ms: int) -> None:
    def cut(bar: Bar, interval_ms: int) -> Bar | None:
        """Leave out the future, and of running bars everything but the open."""
        if bar.open_ms > now_ms:
            return None
        if bar.open_ms + interval_ms <= now_ms:
            return bar
        return replace(bar, high=Decimal(10**9), low=Decimal(1), close=Decimal(7), volume=Decimal(10**9))

    full, past = record(tmp_path / "full", lambda bar, _: bar), record(tmp_path / "past", cut)

    for series in Series:
        assert full.price(series, "BTCUSDT", now_ms) == past.price(series, "BTCUSDT", now_ms)
        for interval_ms in (5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 12 * HOUR, DAY, WEEK):
            asked = (series, "BTCUSDT", interval_ms, START - WEEK, START + 9 * DAY, now_ms)
            assert full.bars(*asked) == past.bars(*asked)
    assert full.premium("BTCUSDT", now_ms) == past.premium("BTCUSDT", now_ms)


@pytest.mark.parametrize("now_ms", NOWS)
def test_a_running_bar_closes_at_the_price(tmp_path: Path, now_ms: int) -> None:
    feed = record(tmp_path, lambda bar, _: bar)

    for series in (Series.SPOT, Series.UM, Series.MARK):
        for interval_ms in (4 * HOUR, DAY):
            [running] = feed.bars(series, "BTCUSDT", interval_ms, now_ms - interval_ms + 1, now_ms, now_ms)
            assert running.close == feed.price(series, "BTCUSDT", now_ms)


def test_what_is_made_of_smaller_bars_is_their_exact_aggregate(tmp_path: Path) -> None:
    feed, later = record(tmp_path, lambda bar, _: bar), START + 9 * DAY
    quarters = feed.bars(Series.UM, "BTCUSDT", 15 * MINUTE, START, START + 3 * DAY - 1, later)

    for interval_ms in (30 * MINUTE, HOUR, 2 * HOUR, 12 * HOUR, DAY):
        made = feed.bars(Series.UM, "BTCUSDT", interval_ms, START, START + 3 * DAY - 1, later)
        assert made == gather(quarters, interval_ms)
