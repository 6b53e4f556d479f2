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


@pytest.mark.parametrize("name", sorted({line.split()[0] for line in LINES}))
def test_every_example_is_read_by_its_own_command(name: str, desk: Desk) -> None:
    command = load(name)
    assert command is not None

    for example in command.examples:
        assert desk.reads(example), example
