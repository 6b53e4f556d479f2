"""paper record and paper play, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.commands.desk import Desk

HERE = Path.cwd()


def test_a_recording_is_begun_and_ended(desk: Desk) -> None:
    begun = desk.type("paper record run.log btcusdt,ETH/USDT")
    assert desk.backroom.recorded == [(str(HERE / "run.log"), ["BTCUSDT", "ETHUSDT"])]
    ended = desk.type("paper record stop")

    assert begun.lines == [f"recording BTCUSDT, ETHUSDT into {HERE / 'run.log'}; paper record stop ends it"]
    assert ended.lines == [f"7 lines in {HERE / 'run.log'}"]


def test_a_log_is_played_as_fast_as_told(desk: Desk) -> None:
    plain = desk.type("paper play run.log")
    fast = desk.type("paper play run.log --speed 2.5 --port 8100")

    assert plain.lines == [f"feed: log:{HERE / 'run.log'}@1", "spot: http://127.0.0.1:0"]
    assert fast.lines == [f"feed: log:{HERE / 'run.log'}@2.5", "spot: http://127.0.0.1:8100"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("paper record", "paper record needs a FILE"),
        ("paper play", "paper play needs one FILE"),
        ("paper play a b", "paper play needs one FILE"),
        ("paper play a --speed 0", "--speed '0' is not a number above 0"),
        ("paper play a --speed fast", "--speed 'fast' is not a number above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, line: str, error: str) -> None:
    said = desk.type(line)

    assert (said.code, said.err.splitlines()[0]) == (2, f"error: {error}")
