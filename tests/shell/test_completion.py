"""What TAB offers."""

from __future__ import annotations

import pytest

from atapi.shell.completion import COMMON_SYMBOLS, Completer
from tests.shell.demo import Session


def texts(session: Session, line: str) -> list[str]:
    return [found.text for found in Completer(session.shell).complete(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("op", ["open-spread"]),
        ("open_", ["open-spread"]),
        ("OPEN-S", ["open-spread"]),
        ("version; op", ["open-spread"]),
        ("help op", ["open-spread"]),
        ("watch rat", ["rates"]),
        ("watch --every 5s rates --wal", ["--wallet"]),
        ("rates --wal", ["--wallet"]),
        ("rates --wallet ", ["spot", "futures"]),
        ("rates --wallet f", ["futures"]),
        ("rates --format r", ["rst", "rounded_outline"]),
        ("open-spread x", ["XRPUSDT"]),
        ("rates btcusdt,et", ["ETHUSDT"]),
        ("rates BTCUSDT e", ["ETHUSDT"]),
        ("rates --last 5 e", ["ETHUSDT"]),
        ("open-spread BTCUSDT 1", []),
        ("network t", ["testnet"]),
        ("set keep", ["keep-going"]),
        ("zzz ", []),
        ("rates | gr", []),
        ("rates 'b", []),
        ("rates # b", []),
    ],
)
def test_what_may_come_next_is_offered(session: Session, line: str, expected: list[str]) -> None:
    assert texts(session, line) == expected


def test_every_command_is_offered_at_the_start(session: Session) -> None:
    assert texts(session, "") == session.shell.command_names()


def test_an_option_comes_with_its_help(session: Session) -> None:
    [found] = Completer(session.shell).complete("rates --so")

    assert (found.text, found.replaces, found.about) == ("--sort", 4, "sort by a column")


def test_symbols_come_from_the_venue_once_connected(session: Session) -> None:
    completer = Completer(session.shell)
    assert [c.text for c in completer.complete("rates ")] == list(COMMON_SYMBOLS)

    session.out("rates")
    completer.complete("rates ")  # begins to ask; completion itself never waits
    completer.symbols.wait()

    assert [c.text for c in completer.complete("rates 1000")] == ["1000PEPEUSDT"]


def test_symbols_of_the_session_are_offered_before_a_venue_is_asked(session: Session) -> None:
    session.out("set symbols sol,ADA")

    assert texts(session, "rates ") == ["SOLUSDT", "ADAUSDT"]
