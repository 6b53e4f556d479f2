"""balance as typed."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from tests.fakes import D
from tests.shell.commands.desk import Desk


def test_balance_shows_eight_decimals_and_rounds_nothing(stocked: Desk) -> None:
    said = stocked.type("balance")

    assert [line.split() for line in said.lines] == [
        ["wallet", "asset", "free", "locked", "total", "value_usdt"],
        ["spot", "USDT", "812.40000000", "0.00000000", "812.40000000", "812.40000000"],
        ["spot", "BTC", "0.00001000", "0.00000000", "0.00001000", "0.60000500"],
        ["futures", "USDT", "900.00000000", "100.00000000", "1000.00000000", "999.99999999"],
    ]
    assert said.err == "worth 1813.00000499 USDT in all\n"


def test_balance_as_json_has_exact_numbers(stocked: Desk) -> None:
    rows = json.loads(stocked.type("balance --wallet futures --json").out, parse_float=Decimal)

    assert [row["value_usdt"] for row in rows] == [D("999.99999999")]


def test_a_minimum_leaves_dust_out(stocked: Desk) -> None:
    assert "BTC" not in stocked.type("balance --min 1usdt").out


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("balance --wallet earn", "--wallet 'earn' is not one of spot, margin, futures, funding, all"),
        ("balance --min 1btc", "--min '1btc' is not in USDT"),
        ("balance --walet spot", "balance has no option --walet; did you mean --wallet?"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, line: str, error: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {error}\n")


def test_without_a_key_the_account_is_not_read(stocked: Desk) -> None:
    stocked.network, stocked.key = "testnet", None

    said = stocked.type("balance")

    assert (said.code, said.out) == (5, "")
    assert said.err == (
        "error: balance needs keys for testnet; none are set\n"
        "  hint: set BINANCE_API_KEY and BINANCE_SECRET_KEY\n"
    )
