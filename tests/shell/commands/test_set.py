"""set: what a session's preferences change."""

from __future__ import annotations

import pytest

from atapi.shell.commands.set import KNOWN
from atapi.shell.preferences import Preferences
from tests.shell.demo import Session


def test_it_lists_every_preference(session: Session) -> None:
    listed = [line.split()[0] for line in session.out("set").splitlines()]

    assert listed == ["name", *(known.name for known in KNOWN)]
    assert {known.field for known in KNOWN} == set(vars(Preferences()))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("rows 5", "5"),
        ("rows all", "all"),
        ("rows auto", "auto"),
        ("keep_going ON", "on"),
        ("timeout 1500ms", "1.5s"),
        ("symbols btc ETH,1000PEPEUSDT", "BTCUSDT,ETHUSDT,1000PEPEUSDT"),
        ("quote usdc", "USDC"),
    ],
)
def test_a_value_is_changed_and_shown(session: Session, line: str, shown: str) -> None:
    session.out(f"set {line}")

    assert session.out(f"set {line.split()[0]}") == f"{shown}\n"


def test_rows_of_tables_follow_it(session: Session) -> None:
    assert len(session.out("rates --last 100").splitlines()) == 1 + 11 + 2
    session.out("set rows all")
    assert len(session.out("rates --last 100").splitlines()) == 1 + 100
    assert len(session.out("rates --last 100 --rows 4").splitlines()) == 1 + 5 + 2


def test_what_the_services_depend_on_opens_them_anew(session: Session) -> None:
    before = session.context.services

    session.out("set timeout 30s; set symbols BTC; set rows 5")

    assert session.context.services is not before
    assert session.context.settings.timeout_s == 30
    assert session.context.settings.symbols == ("BTCUSDT",)


def test_color_can_be_forced(session: Session) -> None:
    session.out("set color on")
    assert "\x1b[31m" in session.out("rates")
    session.out("set color off")
    assert "\x1b" not in session.out("rates")
