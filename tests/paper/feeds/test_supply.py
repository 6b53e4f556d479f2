from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from atapi.errors import StorageError
from atapi.paper.feeds.supply import Supply
from tests.paper.feeds.recordings import at, write

HEADER = "symbol,circulating_supply"
DAILY = "date,symbol,price_usd,market_cap_usd,implied_supply"


def test_a_dated_file_is_known_from_its_day_on(tmp_path: Path) -> None:
    path = write(tmp_path / "circulating-supply-2022-06-05.csv", ["BTCUSDT,19057618"], HEADER)

    supply = Supply([path])

    assert supply.at(at("2022-06-05") - 1) == {}
    assert supply.at(at("2022-06-05")) == {"BTC": Decimal(19057618)}


def test_an_undated_file_is_always_known_and_gives_way_to_a_dated_one(tmp_path: Path) -> None:
    always = write(tmp_path / "coins.csv", ["BTC,1", "ETH,2"], HEADER)
    dated = write(tmp_path / "coins-2022-06-05.csv", ["BTCUSDT,3"], HEADER)

    supply = Supply([dated, always])

    assert supply.at(0) == {"BTC": 1, "ETH": 2}
    assert supply.at(at("2030-01-01")) == {"BTC": 3, "ETH": 2}


def test_daily_rows_give_the_newest_that_is_not_later(tmp_path: Path) -> None:
    rows = [
        "2021-01-01,BTC,29022.4,539438036435.67,18586943",
        "2021-01-02,BTC,29352.1,545593282215.25,18587862",
    ]
    supply = Supply([write(tmp_path / "daily.csv.gz", rows, DAILY)])

    assert supply.at(at("2021-01-01T23:59")) == {"BTC": 18586943}
    assert supply.at(at("2021-01-02")) == {"BTC": 18587862}


def test_the_newest_source_wins_whatever_its_layout(tmp_path: Path) -> None:
    daily = write(tmp_path / "daily.csv", ["2021-12-31,BTC,1,1,18900000"], DAILY)
    dated = write(tmp_path / "s-2022-06-05.csv", ["BTCUSDT,19057618"], HEADER)

    assert Supply([daily, dated]).at(at("2022-06-04")) == {"BTC": 18900000}
    assert Supply([daily, dated]).at(at("2022-06-05")) == {"BTC": 19057618}


def test_tables_of_something_else_are_passed_over(tmp_path: Path) -> None:
    other = write(tmp_path / "notes.csv", ["BTC,good"], "symbol,remark")
    empty = write(tmp_path / "empty.csv", [], header=None)

    assert Supply([other, empty]).at(0) == {}


def test_a_torn_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"coins\.csv: this row cannot be read: BTC,many"):
        Supply([write(tmp_path / "coins.csv", ["BTC,many"], HEADER)])
