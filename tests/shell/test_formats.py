"""Tables for programs: every digit, no surprises in a spreadsheet, files whole or untouched."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.shell.formats import to_csv, to_file, to_json, to_markup
from atapi.table import Column, Table

EIGHT = datetime(2026, 1, 1, 8, tzinfo=UTC)
TABLE = Table(
    columns=(
        Column(name="time"),
        Column(name="day", date=True),
        Column(name="symbol"),
        Column(name="rate", digits=2, thousands=True),
        Column(name="count", thousands=True),
        Column(name="open"),
    ),
    rows=(
        (EIGHT, EIGHT, "BTCUSDT", Decimal("1234.50000001"), 12345, True),
        (EIGHT.replace(microsecond=5000), EIGHT, '"币"\x07', Decimal("1E-8"), None, False),
    ),
)


def test_json_carries_every_digit_as_a_number() -> None:
    assert to_json(TABLE).splitlines() == [
        "[",
        '{"time": "2026-01-01T08:00:00Z", "day": "2026-01-01", "symbol": "BTCUSDT", "rate": 1234.50000001,'
        ' "count": 12345, "open": true},',
        '{"time": "2026-01-01T08:00:00.005Z", "day": "2026-01-01", "symbol": "\\"币\\"", "rate": 0.00000001,'
        ' "count": null, "open": false}',
        "]",
    ]


def test_an_empty_table_is_an_empty_list() -> None:
    assert to_json(Table.from_mapping(("a",), [])) == "[]"


@given(
    st.lists(
        st.tuples(
            st.text(),
            st.none() | st.decimals(allow_nan=False, allow_infinity=False),
            st.none() | st.integers() | st.booleans(),
        )
    )
)
def test_json_reads_back_to_the_same_values(rows: list[tuple[str, Decimal | None, int | None]]) -> None:
    table = Table.from_mapping(("text", "number", "other"), rows)

    found = json.loads(to_json(table), parse_float=Decimal, parse_int=Decimal)

    assert [row["number"] for row in found] == [number for _, number, _ in rows]
    assert [row["other"] for row in found] == [other for _, _, other in rows]


def test_csv_carries_every_digit_and_no_separators() -> None:
    assert to_csv(TABLE).splitlines() == [
        "time,day,symbol,rate,count,open",
        "2026-01-01T08:00:00Z,2026-01-01,BTCUSDT,1234.50000001,12345,true",
        '2026-01-01T08:00:00.005Z,2026-01-01,"""币""",0.00000001,,false',
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_text_never_becomes_a_formula(text: str) -> None:
    [_, [cell, number]] = csv.reader(StringIO(to_csv(Table.from_mapping(("t", "n"), [(text, Decimal(-1))]))))

    assert cell == "'" + text.strip()
    assert number == "-1"


def test_markup_is_rounded_and_whole() -> None:
    table = Table.from_mapping(
        ("n", "x"), [(i, Decimal("0.005")) for i in range(100)], columns={"x": Column(name="x", digits=2)}
    )

    text = to_markup(table, "md")

    assert text.splitlines()[:3] == ["|   n |    x |", "|----:|-----:|", "|   0 | 0.00 |"]
    assert len(text.splitlines()) == 102
    assert "<td style" in to_markup(table, "html")


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text("old")

    to_file(TABLE, "json", str(file))

    assert json.loads(file.read_text())[0]["count"] == 12345
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()  # a directory cannot be replaced by a file

    with pytest.raises(OSError, match="directory"):
        to_file(TABLE, "csv", str(tmp_path / "out.csv"))

    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_parquet_keeps_decimals_exact(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    file = tmp_path / "it's.parquet"

    to_file(TABLE, "parquet", str(file))

    found = duckdb.sql(f"SELECT rate, day, count FROM '{str(file).replace(chr(39), chr(39) * 2)}'").fetchall()
    assert found == [
        (Decimal("1234.50000001"), EIGHT.date(), 12345),
        (Decimal("0.00000001"), EIGHT.date(), None),
    ]
