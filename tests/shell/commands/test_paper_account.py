"""paper account, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from atapi.domain.account import Wallet
from tests.fakes import D
from tests.shell.commands.desk import Desk


def test_a_new_account_shows_its_secret_once(desk: Desk) -> None:
    said = desk.type("paper account add bob --csv")

    assert said.lines == ["name,value", "name,bob", f"key,{'k' * 64}", f"secret,{'s' * 64}"]
    assert {name for name, *_ in desk.backroom.given} == {"bob"}
    assert "s" * 64 not in desk.type("paper account list --csv").out


def test_an_empty_account_is_given_nothing(desk: Desk) -> None:
    desk.type("paper account add bob --empty")

    assert desk.backroom.given == []


def test_fees_and_permissions_are_set_and_listed(desk: Desk) -> None:
    desk.type("paper account add bob --futures-fees 1.8bp/4bp")
    desk.type("paper account change bob --spot-fees 9bp/0.1% --may read,spot")

    said = desk.type("paper account --csv --columns name,spot_maker_bp,futures_taker_bp,may")

    assert said.lines[1] == 'bob,9.0000,4.0000,"read, spot"'


def test_funds_go_to_every_wallet_or_to_the_one_named(desk: Desk) -> None:
    desk.type("paper account add bob --empty")

    every = desk.type("paper account fund bob --csv")
    one = desk.type("paper account fund bob 1000usdt --wallet futures --csv")

    assert every.lines == ["wallet,asset,amount", "spot,BTC,1", "futures,USDT,5"]
    assert one.lines[1:] == ["futures,USDT,1000"]
    assert desk.backroom.given[-1] == ("bob", Wallet.FUTURES, "USDT", D(1000))


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ("paper account add", "paper account add needs a NAME", "paper account add bob"),
        ("paper account drop bob", "account 'drop' is not one of add, list, fund, change", None),
        ("paper account add bob x", "'x' is one argument too many for paper account", "help paper"),
        ("paper account fund bob half", "amount 'half' is not a number and a unit", None),
        ("paper account fund bob all", "a deposit needs an asset", "paper account fund bob 1000usdt"),
        (
            "paper account add bob --spot-fees 9bp",
            "--spot-fees '9bp' is not two rates",
            "--spot-fees 1.8bp/4bp: maker, then taker",
        ),
        (
            "paper account add bob --may fly",
            "--may 'fly' is not one of read, spot, margin, futures, transfer",
            None,
        ),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, line: str, error: str, hint: str | None) -> None:
    said = desk.type(line)

    assert said.code == 2
    assert said.err.startswith(f"error: {error}")
    assert hint is None or f"hint: {hint}" in said.err


def test_a_public_key_stands_in_for_a_secret(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "eve.pem"
    file.write_text("-----BEGIN PUBLIC KEY-----")

    said = desk.type(f"paper account add eve --public-key {file} --csv")
    missing = desk.type("paper account add ann --public-key nowhere.pem")

    assert said.lines == ["name,value", "name,eve", f"key,{'k' * 64}"]
    assert "--public-key 'nowhere.pem' cannot be read" in missing.err
