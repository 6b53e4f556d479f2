"""help: groups, commands, and every command's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from atapi.shell import registry
from tests.shell.demo import Session


def test_commands_are_listed_by_group(session: Session) -> None:
    lines = session.out("help").splitlines()

    assert lines[0] == "Market data"
    assert lines.index("Market data") < lines.index("Carry trading") < lines.index("Shell")
    assert ["open-spread", "Pretend to open a spread."] in [line.split(maxsplit=1) for line in lines]


def test_a_group_can_be_asked_for(session: Session) -> None:
    lines = session.out("help carry trading").splitlines()

    assert lines[0] == "Carry trading"
    assert ["open-spread", "Pretend to open a spread."] in [line.split(maxsplit=1) for line in lines]


def test_a_command_is_explained(session: Session) -> None:
    text = session.out("help open_spread")

    assert text == session.out("open-spread --help")
    assert text.splitlines()[0] == "open-spread SYMBOL AMOUNT [--max-slippage RATE] [table options]"
    assert "Pretend to open a spread." in text
    assert text.endswith("examples:\n  open-spread BTCUSDT 1000usdt\n")
    assert "--watch" not in text  # it sends orders


@pytest.mark.parametrize("name", registry.names())
def test_every_command_is_declared_whole(tmp_path: Path, name: str) -> None:
    session = Session(tmp_path, commands=())
    found = session.shell.command(name)

    assert found.name == name
    assert found.help.splitlines()[0].endswith(".")
    assert found.examples
    assert not found.table or found.columns
    for example in found.examples:
        words = example.split()
        assert session.shell.read(words)[0].name in (name, "watch")
        assert name in words
    assert session.out(f"help {name}").startswith(name)
