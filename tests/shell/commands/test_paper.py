"""paper and its verbs as typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from atapi.domain.account import Income, Wallet
from atapi.domain.market import FundingRate
from tests.fakes import NOON, D
from tests.shell.commands.desk import Desk
from tests.shell.commands.stock import PAID_AT


def test_advance_prints_the_fundings_as_data_and_the_clock_beside_them(stocked: Desk) -> None:
    at = PAID_AT + timedelta(hours=8)
    amount = D("-0.048")  # 0.016 short, 60 000, -0.5 bp
    stocked.futures.settled = [FundingRate(symbol="BTCUSDT", at=at, rate=D("-0.00005"), mark_price=D(60000))]
    stocked.futures.lines = [
        Income(symbol="BTCUSDT", kind="FUNDING_FEE", amount=amount, asset="USDT", at=at, income_id="1")
    ]

    said = stocked.type("paper advance 8h")

    assert [line.split() for line in said.lines] == [
        ["symbol", "rate_bp", "mark", "position", "amount_usdt"],
        ["time"],
        ["2026-01-01", "16:00", "BTCUSDT", "-0.5000", "60000", "-0.016", "-0.04800000"],
    ]
    assert said.err == "clock 2026-01-01T20:00:00Z; 1 funding, -0.048 USDT\n"


def test_advance_without_fundings_prints_no_data(desk: Desk) -> None:
    said = desk.type("paper advance 1h")

    assert (said.code, said.out) == (0, "")
    assert said.err == "clock 2026-01-01T13:00:00Z; no funding fell due on a position\n"


def test_status_is_a_list_of_names_and_values(desk: Desk) -> None:
    desk.control.details = (("feed", "synthetic"),)

    assert desk.type("paper status --csv").lines == [
        "name,value",
        "clock,2026-01-01T12:00:00Z",
        "feed,synthetic",
    ]


def test_a_deposit_goes_to_the_wallet_named(stocked: Desk) -> None:
    said = stocked.type("paper deposit 1000usdt --wallet futures --csv --columns wallet,asset,total")

    assert stocked.control.deposits == [(Wallet.FUTURES, "USDT", D(1000))]
    assert said.lines[1] == "futures,USDT,1000"


def test_reset_begins_again(desk: Desk) -> None:
    desk.type("paper advance 3d")

    assert desk.type("paper reset").code == 0
    assert desk.control.now == NOON


def test_serve_prints_where_one_name_and_value_a_line(desk: Desk) -> None:
    said = desk.type("paper serve --port 8100")

    assert said.lines == ["spot: http://127.0.0.1:8100"]
    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("paper", "paper needs VERB", "paper status"),
        ("paper advance", "paper advance needs SPAN", "paper advance 8h"),
        ("paper deposit", "paper deposit needs AMOUNT", "paper deposit 1000usdt"),
        ("paper advance 8", "SPAN '8' is not a span", "500ms, 30s, 8h, 30d or 2w"),
        ("paper deposit 1000", "amount '1000' has no unit", "1000usdt (quote), 0.01btc (base), 25% or all"),
        ("paper deposit all", "a deposit needs an asset", "paper deposit 1000usdt"),
        ("paper status 8h", "'8h' is one argument too many for paper status", "help paper"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_cure(desk: Desk, line: str, error: str, hint: str) -> None:
    said = desk.type(line)

    assert (said.code, said.out, said.err) == (2, "", f"error: {error}\n  hint: {hint}\n")


def test_a_real_venue_has_no_paper_to_move(desk: Desk) -> None:
    desk.network = "testnet"

    said = desk.type("paper advance 8h")

    assert said.code == 1
    assert (
        said.err == "error: testnet is a real venue: nothing there is ours to move\n  hint: network paper\n"
    )


def test_paper_is_never_watched(desk: Desk) -> None:
    assert desk.type("watch paper advance 8h").code == 2
    assert desk.control.now == NOON
