"""transfer as typed."""

from __future__ import annotations

import pytest

from atapi.domain.account import Wallet
from tests.fakes import D
from tests.shell.commands.desk import Desk


def test_a_transfer_on_paper_needs_no_question(stocked: Desk) -> None:
    said = stocked.type("transfer 50% spot futures --csv")

    assert said.lines == [
        "id,amount,asset,from,to,time",
        "101,406.200,USDT,spot,futures,2026-01-01T12:00:00Z",
    ]
    assert stocked.wallets.moved == [("USDT", D("406.2"), Wallet.SPOT, Wallet.FUTURES)]


def test_too_large_a_transfer_moves_nothing(stocked: Desk) -> None:
    said = stocked.type("transfer 1000.75usdt spot futures")

    assert said.code == 1
    assert said.err == (
        "error: spot has 812.40 USDT free; 1000.75 USDT is needed\n  hint: transfer 812.4usdt spot futures\n"
    )
    assert stocked.wallets.moved == []


def test_a_transfer_on_mainnet_needs_somebody_or_yes(stocked: Desk) -> None:
    stocked.network = "mainnet"

    refused = stocked.type("transfer 1usdt spot futures")
    sent = stocked.type("transfer 1usdt spot futures -y")

    assert (refused.code, sent.code) == (1, 0)
    assert refused.err.splitlines()[:2] == [
        "transfer 1.00 USDT from spot to futures",
        "error: transfer on mainnet needs --yes: nobody is at the terminal",
    ]
    assert len(stocked.wallets.moved) == 1


def test_a_command_that_moves_funds_is_never_watched(stocked: Desk) -> None:
    assert stocked.type("watch transfer 1usdt spot futures").code == 2
    assert stocked.wallets.moved == []


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("transfer 1usdt spot earn", "target 'earn' is not one of spot, margin, futures, funding"),
        ("transfer 1usdt spot", "transfer needs TO"),
        ("transfer 1000 spot futures", "amount '1000' has no unit"),
        ("transfer -5usdt spot futures", "amount '-5usdt' is not a number and a unit"),
        ("transfer 1,000usdt spot futures", "amount '1,000usdt' is not a number and a unit"),
        ("transfer 1e9usdt spot futures", "amount '1e9usdt' is not a number and a unit"),
        ("transfer nanusdt spot futures", "amount 'nanusdt' is not a number and a unit"),
    ],
)
def test_what_makes_no_sense_is_refused_and_moves_nothing(stocked: Desk, line: str, error: str) -> None:
    said = stocked.type(line)

    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {error}\n")
    assert stocked.wallets.moved == []
