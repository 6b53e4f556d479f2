"""Tables as text: the published shape to the byte, exact cells, and nothing lost on a narrow terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.errors import UsageError
from atapi.shell.tables import arrange, columns_of, render
from atapi.table import Column, Table, Value

DAY = Column(name="Date", date=True)
SYMBOLS = ("BNBUSDT", "BTCUSDT", "ETHUSDT", "LTCUSDT", "TRXUSDT", "XRPUSDT")


def caps(days: int) -> Table:
    start = datetime(2021, 1, 22, tzinfo=UTC)
    rows = [
        (start + timedelta(days=d), *(10 ** (9 + i % 3) * (i + 1) + 7919 * d for i in range(len(SYMBOLS))))
        for d in range(days)
    ]
    return Table.from_mapping(("Date", *SYMBOLS), rows, columns={"Date": DAY}, index="Date")


def as_pandas_prints(table: Table) -> str:
    return table.frame().to_string(max_rows=60, min_rows=10, show_dimensions="truncate")


def test_a_long_table_has_the_published_shape() -> None:
    text = render(caps(500))

    assert text == as_pandas_prints(caps(500))
    assert text.splitlines()[0] == (
        "               BNBUSDT      BTCUSDT       ETHUSDT     LTCUSDT      TRXUSDT       XRPUSDT"
    )
    assert text.splitlines()[1].rstrip() == "Date"
    assert text.splitlines()[2] == (
        "2021-01-22  1000000000  20000000000  300000000000  4000000000  50000000000  600000000000"
    )
    assert text.splitlines()[7].split() == ["..."] * 7
    assert text.endswith("\n\n[500 rows x 6 columns]")


@pytest.mark.parametrize("days", [1, 59, 60, 61])
def test_tables_are_cut_where_pandas_cuts_them(days: int) -> None:
    assert render(caps(days)) == as_pandas_prints(caps(days))


@settings(max_examples=60)
@given(st.data())
def test_whole_numbers_are_laid_out_as_pandas_does(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.text(alphabet="ABCxyz_", min_size=1), min_size=1, max_size=4, unique=True))
    numbers = st.integers(-(10**12), 10**12)
    rows = data.draw(st.lists(st.tuples(*[numbers for _ in names]), min_size=1, max_size=70))
    start = datetime(2024, 1, 1, tzinfo=UTC)
    dated = [(start + timedelta(days=i), *row) for i, row in enumerate(rows)]
    table = Table.from_mapping(("Date", *names), dated, columns={"Date": DAY}, index="Date")

    assert render(table) == as_pandas_prints(table)


def test_a_table_without_an_index_begins_at_the_left() -> None:
    table = Table.from_mapping(
        ("asset", "free", "locked"),
        [("BTC", Decimal("0.50000000"), Decimal(0)), ("USDT", Decimal("-12.5"), None)],
    )

    assert render(table).splitlines() == [
        "asset   free  locked",
        "BTC      0.5       0",
        "USDT   -12.5       -",
    ]


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (Decimal("1E-8"), Column(name="x"), "0.00000001"),
        (Decimal("1E+3"), Column(name="x"), "1000"),
        (Decimal("0.10"), Column(name="x"), "0.1"),
        (Decimal("2.345"), Column(name="x", digits=2), "2.34"),  # half to even
        (Decimal("2.355"), Column(name="x", digits=2), "2.36"),
        (Decimal(2), Column(name="x", digits=2), "2.00"),
        (Decimal("-0.004"), Column(name="x", digits=2), "0.00"),
        (Decimal("1234567.891"), Column(name="x", digits=2, thousands=True), "1,234,567.89"),
        (
            Decimal("123456789012345678901234567890.12"),
            Column(name="x", digits=1),
            "123456789012345678901234567890.1",
        ),
        (1234567, Column(name="x"), "1234567"),
        (1234567, Column(name="x", thousands=True), "1,234,567"),
        (True, Column(name="x"), "yes"),
        (None, Column(name="x"), "-"),
        ("\x1b[31mred\x07\u009b", Column(name="x"), "[31mred"),
        (datetime(2026, 1, 1, 8, tzinfo=UTC), Column(name="x"), "2026-01-01 08:00"),
        (datetime(2026, 1, 1, 8, 0, 5, tzinfo=UTC), Column(name="x"), "2026-01-01 08:00:05"),
        (datetime(2026, 1, 1, 8, 0, 0, 7000, tzinfo=UTC), Column(name="x"), "2026-01-01 08:00:00.007"),
        (datetime(2026, 1, 1, tzinfo=UTC), Column(name="x", date=True), "2026-01-01"),
    ],
)
def test_cells_are_shown_exactly(value: Value, column: Column, text: str) -> None:
    table = Table(columns=(column,), rows=((value,),))

    assert render(table).splitlines()[1].strip() == text


def test_times_of_one_column_share_their_precision() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    table = Table.from_mapping(("time",), [(noon,), (noon + timedelta(milliseconds=5),)])

    assert render(table).splitlines()[1:] == ["2026-01-01 12:00:00.000", "2026-01-01 12:00:00.005"]


def test_wide_characters_keep_columns_in_line() -> None:
    table = Table.from_mapping(
        ("symbol", "last"), [("币安人生USDT", Decimal("0.1")), ("BTCUSDT", Decimal(67000))]
    )
    lines = render(table).splitlines()

    assert {columns_of(line) for line in lines} == {
        len("币安人生USDT") + 4 + 2 + 5
    }  # 4 wide, 2 blanks, 67000
    assert lines[1] == "币安人生USDT    0.1"


def test_rows_are_kept_from_both_ends() -> None:
    table = Table.from_mapping(("n",), [(i,) for i in range(9)])

    assert render(table, rows=5).splitlines() == [
        " n",
        " 0",
        " 1",
        " 2",
        "..",
        " 7",
        " 8",
        "",
        "[9 rows x 1 columns]",
    ]
    assert len(render(caps(500), rows=0).splitlines()) == 502
    assert render(table, rows=9) == render(table)


def test_a_narrow_terminal_gets_blocks_and_loses_nothing() -> None:
    text = render(caps(3), width=60)

    blocks = text.split("\n\n")
    assert len(blocks) == 2
    assert all(columns_of(line) <= 60 for line in text.splitlines())
    assert [b.split()[0] for b in blocks] == ["BNBUSDT", "LTCUSDT"]
    assert all(b.splitlines()[2].startswith("2021-01-22  ") for b in blocks)


def test_a_table_that_just_fits_stays_in_one_piece() -> None:
    table = Table.from_mapping(("a", "b"), [("x" * 10, 12345)])  # 10 + 2 + 5

    assert "\n\n" not in render(table, width=17)
    assert "\n\n" in render(table, width=16)


def test_colors_are_laid_on_after_the_layout() -> None:
    table = Table(
        columns=(Column(name="symbol"), Column(name="pnl", digits=1, signed=True)),
        rows=(("A", Decimal("2.5")), ("B", Decimal("-10")), ("C", Decimal(0)), ("D", None)),
    )
    colored = render(table, color=True)

    assert colored.replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "") == render(table)
    assert "\x1b[32m   2.5" in colored or "\x1b[32m 2.5" in colored
    assert "-10.0\x1b[0m" in colored
    assert colored.count("\x1b[0m") == 2


def test_sorting_puts_absent_values_last() -> None:
    table = Table.from_mapping(
        ("k", "v"), [("a", Decimal(2)), ("b", None), ("c", Decimal(10)), ("d", Decimal("-1"))]
    )

    up = arrange(table, sort="v", descending=False, columns=None)
    down = arrange(table, sort="V", descending=True, columns=["v", "k"])

    assert [row[0] for row in up.rows] == ["d", "a", "c", "b"]
    assert [row[1] for row in down.rows] == ["c", "a", "d", "b"]


def test_the_index_stays_whatever_columns_are_chosen() -> None:
    chosen = arrange(caps(2), sort="date", descending=True, columns=["xrpusdt", "BNBUSDT"])

    assert chosen.names == ("Date", "XRPUSDT", "BNBUSDT")
    assert chosen.rows[0][0] == datetime(2021, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sort", "columns", "option"), [("rate", None, "--sort"), (None, ["rate"], "--columns")]
)
def test_a_column_that_is_not_there_is_refused(
    sort: str | None, columns: list[str] | None, option: str
) -> None:
    table = Table.from_mapping(("time", "rate_bp", "mark"), [])

    with pytest.raises(UsageError, match=f"^{option} has no column 'rate'; columns: time, rate_bp, mark$"):
        arrange(table, sort=sort, descending=False, columns=columns)
