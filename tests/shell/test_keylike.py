"""A key pasted into the shell is not run, not repeated and not kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from atapi.shell.keylike import keylike
from tests.shell.commands.desk import Desk

KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"  # of the venue's own documentation


@pytest.mark.parametrize("line", [KEY, f"balance {KEY}", f"ticker BTCUSDT{KEY}", f"run '{KEY}'", f"# {KEY}"])
def test_a_line_with_a_key_is_refused_and_not_repeated(tmp_path: Path, line: str) -> None:
    said = Desk(home=tmp_path).type(line)

    assert said.code == 2
    assert said.err.startswith("error: that line holds what looks like a key; it was not run and is not kept")
    assert KEY not in said.out + said.err


def test_a_private_key_is_one_too() -> None:
    assert keylike("-----BEGIN PRIVATE KEY-----")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "open-spread BTCUSDT 1000usdt --max-slippage 3bp",
        "order at-k3wq-aaaaaaaaaaaamp1",
        "run " + "a" * 80,
        "run /tmp/1f3c9bd9e6a04e1d8b1b0a9a7c1f3c9bd9e6a04e1d8b1b0a9a7c",  # a digest
        "--home /very/long/Path/of/Many/Parts/2026/Where/Nothing/Is/Longer/Than/A/Name",
    ],
)
def test_what_people_type_is_none(line: str) -> None:
    assert not keylike(line)


def test_a_key_is_not_kept_in_the_history(tmp_path: Path) -> None:
    from atapi.shell.terminal import _History

    history = _History(str(tmp_path / "history"))
    history.append_string("balance")
    history.append_string(f"ticker {KEY}")

    assert history.get_strings() == ["balance"]
    assert KEY not in (tmp_path / "history").read_text()
