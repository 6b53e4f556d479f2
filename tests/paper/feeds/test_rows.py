from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from atapi.errors import StorageError
from atapi.paper.feeds.base import Bar, FundingRecord
from atapi.paper.feeds.rows import Sheet, glance
from tests.paper.feeds.recordings import FUNDING_HEADER, HEADER, row, write

ROWS = [
    "1730073600000,68021.69,68116.78,67839.9,67859.91,555.35912,1730077199999,37756129.8195,145225,281.12,19113044.72,0",
    "1730077200000,67859.90,67907.20,67740.11,67751.89,304.9,1730080799999,20676332.06,89536,126.7,8592886.7,0",
]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".zip"])
@pytest.mark.parametrize("header", [HEADER, None])
def test_every_packing_reads_alike(tmp_path: Path, suffix: str, header: str | None) -> None:
    sheet = Sheet(write(tmp_path / f"BTCUSDT-1h{suffix}", ROWS, header))

    assert sheet.times == [1730073600000, 1730077200000]
    assert sheet.bar(0) == Bar(
        1730073600000,
        Decimal("68021.69"),
        Decimal("68116.78"),
        Decimal("67839.9"),
        Decimal("67859.91"),
        Decimal("555.35912"),
        Decimal("37756129.8195"),
        145225,
        Decimal("281.12"),
        Decimal("19113044.72"),
    )


def test_microseconds_are_told_by_their_size(tmp_path: Path) -> None:
    sheet = Sheet(write(tmp_path / "BTCUSDT-1h.csv", [row(1735689600000000, "1 2 1 2")], header=None))

    assert sheet.times == [1735689600000]


def test_what_was_not_recorded_is_zero(tmp_path: Path) -> None:
    sheet = Sheet(write(tmp_path / "BTCUSDT-1h.csv", [row(0, "1 2 1 2"), "60000,1,2,1,2,5"]))

    one, two, zero = Decimal(1), Decimal(2), Decimal(0)
    assert sheet.bar(0) == Bar(0, one, two, one, two, zero, zero, 0, zero, zero)
    assert sheet.bar(1).volume == 5


def test_rows_are_put_in_order_and_the_last_of_two_alike_counts(tmp_path: Path) -> None:
    rows = [row(120, "3 3 3 3"), row(0, "1 1 1 1"), row(60, "2 2 2 2"), row(0, "9 9 9 9")]

    sheet = Sheet(write(tmp_path / "BTCUSDT-1h.csv", rows))

    assert sheet.times == [0, 60, 120]
    assert [sheet.bar(number).close for number in range(3)] == [9, 2, 3]


def test_between_includes_the_start_and_excludes_the_end(tmp_path: Path) -> None:
    sheet = Sheet(write(tmp_path / "BTCUSDT-1h.csv", [row(time, "1 1 1 1") for time in (0, 60, 120)]))

    assert list(sheet.between(60, 120)) == [1]
    assert list(sheet.between(-5, 999)) == [0, 1, 2]


def test_funding_rows_keep_their_milliseconds(tmp_path: Path) -> None:
    rows = ["1625702400002,8,0.00001382", "1625731200010,,-0.00006403"]

    sheet = Sheet(write(tmp_path / "BTCUSDT-fundingRate.csv", rows, FUNDING_HEADER))

    assert sheet.funding(0) == FundingRecord(1625702400002, Decimal("0.00001382"), 8)
    assert sheet.funding(1) == FundingRecord(1625731200010, Decimal("-0.00006403"), 8)


@pytest.mark.parametrize(
    "bad", ["0,1,2,,2,5", "0,1,nan,1,2,5", "0,1,1,2,1,5", "0,one,2,1,2,5", "0,1,2,1,2,5,0,1,x"]
)
def test_a_torn_row_is_named_when_it_is_asked_for(tmp_path: Path, bad: str) -> None:
    sheet = Sheet(write(tmp_path / "BTCUSDT-1h.csv", [bad]))

    with pytest.raises(StorageError, match=r"BTCUSDT-1h\.csv: this row cannot be read: 0,"):
        sheet.bar(0)


@pytest.mark.parametrize("name", ["X-1h.csv.gz", "X-1h.zip"])
def test_a_file_that_cannot_be_unpacked_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not packed at all")

    with pytest.raises(StorageError, match=rf"{name} cannot be read"):
        Sheet(tmp_path / name)


def test_a_glance_counts_the_decimals_prices_need(tmp_path: Path) -> None:
    path = write(tmp_path / "X-1h.zip", [row(0, "0.21950000 0.2224 0.2159 0.22173"), row(60, "1 1 1 1")])

    assert glance(path) == (5, Decimal("0.2195"))
    assert glance(write(tmp_path / "Y-1h.csv", [])) == (0, Decimal(1))
