"""The real recordings beside the repository, seen through the replay feed."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from atapi.paper.feeds.bars import DAY, HOUR, MINUTE, gather
from atapi.paper.feeds.base import Series
from atapi.paper.feeds.replay import ReplayFeed
from tests.paper.feeds.recordings import at, real_recordings

pytestmark = pytest.mark.recordings

FOUR = ("BNB", "BTC", "ETH", "XRP")


@pytest.fixture(scope="module")
def data() -> Path:
    return real_recordings()


@pytest.fixture(scope="module")
def feed(data: Path) -> ReplayFeed:
    return ReplayFeed(data)


def rows(path: Path) -> list[list[str]]:
    """Read a recording without the package."""
    return [line.split(",") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]


def test_closes_times_supply_are_the_published_market_caps(feed: ReplayFeed) -> None:
    now = at("2022-06-05T00:30")
    supply = feed.supply(now)
    days = {asset: feed.bars(Series.SPOT, f"{asset}USDT", DAY, now - 500 * DAY, now, now) for asset in FOUR}

    def caps(day: str) -> list[int]:
        closes = {asset: {bar.open_ms: bar.close for bar in bars}[at(day)] for asset, bars in days.items()}
        return [int(closes[asset] * supply[asset]) for asset in FOUR]

    assert all(len(bars) == 500 and bars[0].open_ms == at("2021-01-22") for bars in days.values())
    assert caps("2021-01-22") == [6676983304, 627856464805, 149200108943, 13157541852]
    assert caps("2022-06-04") == [49195352567, 569137466256, 218431903260, 18974667219]


def test_the_running_day_knows_the_first_hours_open_only(data: Path, feed: ReplayFeed) -> None:
    now = at("2022-06-05T00:30")
    hours = rows(data / "spot/klines/1h/BTCUSDT-1h-2022.csv.gz")
    [first_open] = [Decimal(fields[1]) for fields in hours if int(fields[0]) == at("2022-06-05")]

    [running] = feed.bars(Series.SPOT, "BTCUSDT", DAY, at("2022-06-05"), now, now)

    assert {running.open, running.high, running.low, running.close} == {first_open}
    assert running.volume == 0


def test_funding_and_the_mark_it_is_paid_at_are_the_files(data: Path, feed: ReplayFeed) -> None:
    start, end = at("2021-02-01T00:30"), at("2021-03-03T00:30")
    marks = {
        int(fields[0]): Decimal(fields[1])
        for fields in rows(data / "um/markPriceKlines/1h/BTCUSDT-1h-2021.csv.gz")
    }
    paid = [
        (int(time), Decimal(rate), marks[int(time) // HOUR * HOUR])
        for time, _, rate in rows(data / "um/fundingRate/BTCUSDT-fundingRate-to-2023.csv.gz")
        if start < int(time) <= end
    ]

    records = feed.funding("BTCUSDT", start, end) or []

    assert len(paid) == 30 * 3
    assert [
        (item.time_ms, item.rate, feed.price(Series.MARK, "BTCUSDT", item.time_ms)) for item in records
    ] == paid


def test_an_outage_leaves_out_bars_and_holds_the_price(data: Path, feed: ReplayFeed) -> None:
    known = {int(fields[0]): fields for fields in rows(data / "spot/klines/1h/BTCUSDT-1h-2021.csv.gz")}
    missing = next(ms for ms in range(at("2021-01-01"), at("2022-01-01"), HOUR) if ms not in known)

    around = feed.bars(Series.SPOT, "BTCUSDT", HOUR, missing - HOUR, missing, missing + 2 * DAY)

    assert [bar.open_ms for bar in around] == [missing - HOUR]
    assert feed.price(Series.SPOT, "BTCUSDT", missing + HOUR - 1) == Decimal(known[missing - HOUR][4])


def test_bars_made_of_hours_are_the_recorded_ones(data: Path, feed: ReplayFeed) -> None:
    """Recorded 2h bars equal their hours in price; the recording's own notes say so for every bar."""
    start, end = at("2022-03-01"), at("2022-04-01") - 1
    hours = feed.bars(Series.SPOT, "ETHUSDT", HOUR, start, end, end + 1)

    assert gather(hours, 2 * HOUR) == feed.bars(Series.SPOT, "ETHUSDT", 2 * HOUR, start, end, end + 1)
    assert gather(hours, DAY) == feed.bars(Series.SPOT, "ETHUSDT", DAY, start, end, end + 1)


def test_the_catalogue_and_the_files_left_out(data: Path, feed: ReplayFeed) -> None:
    listed = feed.catalogue()
    left_out = {str(path.relative_to(data)): why for path, why in feed.unused}

    assert set(listed.spot) == {f"{asset}USDT" for asset in FOUR}
    assert {"BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT"} <= set(listed.um)
    assert listed.spot["XRPUSDT"].tick_size == Decimal("0.00001")
    assert left_out["defects/BNBUSDT-1h-unfinished-bars.csv.gz"] == "its path names no market, spot or um"


def test_minutes_serve_where_they_were_recorded(feed: ReplayFeed) -> None:
    now = at("2024-03-05T12:34:56")

    [running] = feed.bars(Series.SPOT, "BTCUSDT", HOUR, at("2024-03-05T12:00"), now, now)
    minutes = feed.bars(Series.SPOT, "BTCUSDT", MINUTE, at("2024-03-05T12:00"), now, now)

    assert len(minutes) == 35
    assert running == gather(minutes, HOUR)[0]
    assert running.close == feed.price(Series.SPOT, "BTCUSDT", now)
