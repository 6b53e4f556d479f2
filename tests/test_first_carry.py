"""The shipped example and the refusals around it, run as a new user would run them."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "first-carry.atapi"
STILL = ("--seed", "7", "--at", "2026-01-01T00:00:00Z")


def atapi(home: Path, *words: str, script: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "atapi", "--home", str(home), *words],
        input=script, stdin=subprocess.DEVNULL if script is None else None,
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def arrays(text: str) -> list[list[dict[str, Any]]]:
    """Read the JSON arrays of an output, every number exact."""
    decoder, rest, found = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal), text.strip(), []
    while rest:
        value, end = decoder.raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def test_the_example_prints_the_same_bytes_in_two_empty_homes(tmp_path: Path) -> None:
    first = atapi(tmp_path / "a", *STILL, "run", str(SCRIPT))
    second = atapi(tmp_path / "b", *STILL, "run", str(SCRIPT))

    assert first.returncode == 0, first.stderr
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert first.stdout.count("BTCUSDT  SHORT") == 1
    assert (
        len([line for line in first.stdout.splitlines() if line.startswith("2026-01-0")]) == 9
    )  # three days, 8 h each


def test_the_example_runs_again_on_the_state_it_left(tmp_path: Path) -> None:
    for _ in range(2):
        ended = atapi(tmp_path, "run", str(SCRIPT))
        assert ended.returncode == 0, ended.stderr


def test_the_balances_change_by_exactly_the_profit(tmp_path: Path) -> None:
    lines = ["balance --json", "open-spread BTCUSDT 10000usdt > /dev/null", "paper advance 3d --json",
             "close-spread BTCUSDT --json", "pnl --json", "balance --json"]  # fmt: skip

    ended = atapi(tmp_path, *STILL, script="\n".join(lines))

    before, fundings, [closed], [profit], after = arrays(ended.stdout)
    gained = sum(row["value_usdt"] for row in after) - sum(row["value_usdt"] for row in before)
    assert gained == profit["total_usdt"] == closed["net_usdt"]
    parts = ("price", "basis", "funding", "fees", "interest", "dust")
    assert sum(profit[f"{part}_usdt"] for part in parts) == profit["total_usdt"]
    assert profit["funding_usdt"] == sum(row["amount_usdt"] for row in fundings)
    assert len(fundings) == 9


def test_the_identity_holds_while_the_spread_stands(tmp_path: Path) -> None:
    lines = ["balance --json", "open-spread ETHUSDT 5000usdt > /dev/null", "paper advance 20h > /dev/null",
             "pnl --json", "balance --json", "spreads --json"]  # fmt: skip

    ended = atapi(tmp_path, *STILL, script="\n".join(lines))

    before, [profit], after, [spread] = arrays(ended.stdout)
    gained = sum(row["value_usdt"] for row in after) - sum(row["value_usdt"] for row in before)
    assert gained == profit["total_usdt"] == spread["net_usdt"]
    assert spread["state"] == "HEDGED"
    assert 0 <= spread["delta"] < Decimal("0.0001")  # less than a spot lot


def test_data_alone_goes_to_stdout(tmp_path: Path) -> None:
    ended = atapi(tmp_path, *STILL, script="balance\nfunding BTCUSDT --last 5 --json\n")

    table, _, rest = ended.stdout.partition("[")
    assert ended.returncode == 0
    assert table.splitlines()[0].split() == ["wallet", "asset", "free", "locked", "total", "value_usdt"]
    assert len(json.loads("[" + rest)) == 5


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("open-spread BTCUSDT 1000", 2, "amount '1000' has no unit\n  hint: 1000usdt (quote), 0.01btc (base), 25% or all"),
        ("open-spread NOSUCH 1000usdt", 2, "no spot symbol 'NOSUCH'; did you mean "),
        ("open-spread BTCUSD 1000usdt", 2, "no spot symbol 'BTCUSD'; did you mean BTCUSDT?\n  hint: symbols --match BTC"),
        ("open-spread BTCUSDT -5usdt", 2, "amount '-5usdt' is not a number and a unit"),
        ("open-spread BTCUSDT nanusdt", 2, "amount 'nanusdt' is not a number and a unit"),
        ("open-spread BTCUSDT 1e9usdt", 2, "amount '1e9usdt' is not a number and a unit"),
        ("open-spread BTCUSDT 1,000usdt", 2, "amount '1,000usdt' is not a number and a unit\n  hint: 1000usdt or 1_000usdt"),
        ("open-spread BTCUSDT ٣usdt", 2, "is not a number and a unit"),
        ("open-spread BTCUSDT 1eth", 2, "amount '1eth' is in ETH, BTCUSDT trades BTC against USDT"),
        ("open-spread PEPEUSDT 100usdt", 2, "PEPEUSDT has no perpetual\n  hint: on futures it is 1000PEPEUSDT"),
        ("open-spread BTCUSDT 1usdt", 1, "is under BTCUSDT's minimum of 50 USDT\n  hint: smallest now: 0.00"),
        ("open-spread BTCUSDT 30usdt", 1, "is under BTCUSDT's minimum of 50 USDT"),
        ("open-spread BTCUSDT 60000usdt", 1, "spot has 50000.00 USDT free; "),
        ("open-spread BTCUSDT 99999999999usdt", 1, "error: "),
        ("open-spread BTCUSDT 0.0005btc", 1, "0.0005 BTC is no multiple of 0.001"),
        ("open-spread BTCUSDT 1000usdt --max-slippage 5", 2, "--max-slippage '5' has no unit\n  hint: 5bp or 0.05%"),
        ("close-spread BTCUSDT", 1, "no open spread in BTCUSDT\n  hint: spreads"),
        ("transfer 90000usdt spot futures", 1, "error: "),
    ],
)  # fmt: skip
def test_refusals_send_nothing_and_change_nothing(tmp_path: Path, words: str, code: int, said: str) -> None:
    ended = atapi(tmp_path, *STILL, *words.split())
    state = atapi(tmp_path, *STILL, script="balance --json\norders --all --json\nspreads --all --json\n")

    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    balance, orders, spreads = arrays(state.stdout)
    assert [row["total"] for row in balance] == [50_000, 50_000]
    assert (orders, spreads) == ([], [])


def test_a_second_spread_in_a_symbol_needs_add(tmp_path: Path) -> None:
    opened = atapi(tmp_path, *STILL, "open-spread", "BTCUSDT", "1000usdt")
    again = atapi(tmp_path, *STILL, "open-spread", "BTCUSDT", "1000usdt")
    added = atapi(tmp_path, *STILL, "open-spread", "BTCUSDT", "1000usdt", "--add")
    spreads = atapi(tmp_path, *STILL, "spreads", "--json")

    assert (opened.returncode, again.returncode, added.returncode) == (0, 1, 0)
    assert "BTCUSDT has an open spread of 0.021 BTC (#1)" in again.stderr
    [[spread]] = arrays(spreads.stdout)
    assert spread["qty"] == Decimal("0.042")


def test_a_part_can_be_closed(tmp_path: Path) -> None:
    lines = ["open-spread BTCUSDT 2000usdt > /dev/null", "close-spread BTCUSDT 50% --json", "spreads --json",
             "close-spread BTCUSDT --json", "positions --json"]  # fmt: skip

    ended = atapi(tmp_path, *STILL, script="\n".join(lines))

    [half], [left], [whole], positions = arrays(ended.stdout)
    assert (half["state"], whole["state"]) == ("HEDGED", "FLAT")
    assert half["qty"] + left["qty"] == Decimal("0.043")
    assert positions == []


def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    ended = atapi(
        tmp_path, *STILL, script="open-spread BTCUSDT 1000usdt --dry-run --json\norders --all --json\n"
    )

    legs, orders = arrays(ended.stdout)
    assert [row["leg"] for row in legs] == ["perp", "spot"]
    assert orders == []
    assert "breaks even in" in ended.stderr
