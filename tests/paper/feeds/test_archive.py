from __future__ import annotations

from pathlib import Path

import pytest

from atapi.paper.feeds.archive import Kind, scan
from atapi.paper.feeds.bars import DAY, HOUR
from tests.paper.feeds.recordings import at


def touch(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("spot/monthly/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip", Kind.SPOT),
        ("data/futures/um/daily/klines/BTCUSDT/1h/BTCUSDT-1h-2024-01-05.zip", Kind.UM),
        ("futures/um/monthly/markPriceKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip", Kind.MARK),
        ("futures/um/monthly/indexPriceKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip", Kind.INDEX),
        ("futures/um/monthly/premiumIndexKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.zip", Kind.PREMIUM),
        ("futures-um/BTCUSDT-1h.csv", Kind.UM),
        ("archive/futures-um-BTCUSDT-1h-2024-10-28.zip", Kind.UM),
        ("archive/futures-um-klines-BTCUSDT-1h-2024-10-28.zip", Kind.UM),
        ("archive/spot-BTCUSDT-1h-2024-10-28.zip", Kind.SPOT),
        ("um/klines/1h-with-counts/BTCUSDT-1h-2026-02-20_2026-03-05.csv.gz", Kind.UM),
    ],
)
def test_the_path_tells_market_and_series(tmp_path: Path, name: str, kind: Kind) -> None:
    touch(tmp_path, name)

    [recording] = scan(tmp_path).recordings

    assert (recording.kind, recording.symbol, recording.interval_ms) == (kind, "BTCUSDT", HOUR)


def test_the_directory_itself_may_name_the_market(tmp_path: Path) -> None:
    touch(tmp_path, "um/BTCUSDT-1d.csv")

    [recording] = scan(tmp_path / "um").recordings

    assert (recording.kind, recording.interval_ms) == (Kind.UM, DAY)


def test_funding_has_no_interval(tmp_path: Path) -> None:
    touch(tmp_path, "um/fundingRate/XRPUSDT-fundingRate-to-2023.csv.gz")

    [recording] = scan(tmp_path).recordings

    assert (recording.kind, recording.symbol, recording.interval_ms) == (Kind.FUNDING, "XRPUSDT", 0)
    assert (recording.first_ms, recording.end_ms) == (None, at("2024-01-01"))


@pytest.mark.parametrize(
    ("span", "first", "end"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2020_2023", "2020-01-01", "2024-01-01"),
        ("2021-01_2022-06", "2021-01-01", "2022-07-01"),
        ("2024-03-01_2024-03-10", "2024-03-01", "2024-03-11"),
    ],
)
def test_a_name_bounds_the_times_of_its_rows(tmp_path: Path, span: str, first: str, end: str) -> None:
    touch(tmp_path, f"spot/BTCUSDT-1h-{span}.csv.gz")

    [recording] = scan(tmp_path).recordings

    assert (recording.first_ms, recording.end_ms) == (at(first), at(end))
    assert recording.overlaps(at(first), at(first) + 1)
    assert not recording.overlaps(at(first) - HOUR, at(first))
    assert not recording.overlaps(at(end), at(end) + HOUR)


@pytest.mark.parametrize("name", ["BTCUSDT-1h", "BTCUSDT-1h-mine", "BTCUSDT-1h-2024-13"])
def test_a_name_without_dates_bounds_nothing(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"spot/{name}.csv")

    [recording] = scan(tmp_path).recordings

    assert recording.overlaps(0, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("defects/BNBUSDT-1h-unfinished-bars.csv.gz", "its path names no market, spot or um"),
        ("spot/BTCUSDT-aggTrades-2024-01.zip", "its name is not SYMBOL-interval"),
        ("um/openInterestHist/ADAUSDT-oi-4h-2026-02-20.csv.gz", "its name is not SYMBOL-interval"),
        ("cm/BTCUSD-1h.csv", "COIN-M is not replayed"),
        ("spot/BTCUSDT-1mo-2024-01.zip", "no bars of 1mo are replayed"),
        ("manifest.csv", "its name is not SYMBOL-interval"),
    ],
)
def test_what_is_not_used_is_listed_with_the_reason(tmp_path: Path, name: str, why: str) -> None:
    touch(tmp_path, name)

    archive = scan(tmp_path)

    assert archive.recordings == []
    [(path, reason)] = archive.unused
    assert path == tmp_path / name
    assert reason.startswith(why)


def test_other_files_are_nobodys_business(tmp_path: Path) -> None:
    touch(tmp_path, "README.md", "spot/BTCUSDT-1h-2024-01.zip.CHECKSUM", "supply/coins.csv")

    archive = scan(tmp_path)

    assert (archive.recordings, archive.unused) == ([], [])
    assert archive.supplies == [tmp_path / "supply" / "coins.csv"]
