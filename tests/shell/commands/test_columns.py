"""Every table has the columns that its help names, in that order, and becomes a frame that computes."""

from __future__ import annotations

import re

import pytest

from atapi.shell.registry import load
from tests.shell.commands.desk import Desk

LINES = (
    "symbols", "ticker BTCUSDT", "depth BTCUSDT", "circulating-supply BTCUSDT", "marketcap-summary BTCUSDT",
    "balance", "positions", "orders", "fills BTCUSDT", "income", "fees BTCUSDT", "transfer 1usdt spot futures",
    "basis BTCUSDT", "spread BTCUSDT",
)  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_columns_are_those_of_the_help(stocked: Desk, line: str) -> None:
    command = load(line.split()[0])
    assert command is not None
    documented = re.sub(r" \[[^]]*\]", "", command.columns.partition(";")[0]).split(", ")

    assert stocked.type(f"{line} --csv").lines[0].split(",") == documented


@pytest.mark.parametrize("line", LINES)
def test_a_frame_holds_numbers_where_the_column_names_a_unit(stocked: Desk, line: str) -> None:
    frame = stocked.table(line).frame()

    measured = [name for name in frame if str(name).endswith(("_bp", "_pct", "_usdt", "_ms"))]
    assert [str(frame[name].dtype) for name in measured] == ["float64"] * len(measured)


@pytest.mark.parametrize(
    "line", ["funding BTCUSDT", "fills BTCUSDT", "income", "basis BTCUSDT --since 2025-12-01"]
)
def test_a_frame_over_time_is_indexed_by_utc_times(stocked: Desk, line: str) -> None:
    index = stocked.table(line).frame().index

    assert index.name == "time"
    assert str(index.dtype).endswith(", UTC]")


@pytest.mark.parametrize("line", ["marketcap BTCUSDT", "marketcap-summary BTCUSDT", "assets-close BTCUSDT"])
def test_a_frame_over_days_is_indexed_by_naive_dates(stocked: Desk, line: str) -> None:
    index = stocked.table(f"{line} --days 2").frame().index

    assert index.name == "Date"
    assert [str(day) for day in index] == ["2025-12-31 00:00:00", "2026-01-01 00:00:00"]


ORDERS = {"buy", "sell", "cancel", "cancel-all", "amend", "order", "flatten", "hedge"}


@pytest.mark.parametrize("name", sorted({line.split()[0] for line in LINES} | ORDERS))
def test_every_example_is_read_by_its_own_command(name: str, desk: Desk) -> None:
    command = load(name)
    assert command is not None

    for example in command.examples:
        assert desk.reads(example), example
