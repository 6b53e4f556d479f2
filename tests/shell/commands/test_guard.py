"""guard as it is typed: once, with policies, and headless until it is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atapi.shell.main import main

ROOT = Path(__file__).parents[3]
AT = ("--seed", "7", "--at", "2026-01-01T00:00:00Z")
OPEN = "open-spread BTCUSDT 10000usdt > /dev/null"
ADL = "paper fault add adl BTCUSDT quantity=0.1 > /dev/null"

Type = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type lines into a fresh shell on one home."""

    def run(*lines: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--home", str(tmp_path), *AT, "-c", "\n".join(lines)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_with_nothing_held_it_says_so_and_all_is_well(typed: Type) -> None:
    code, out, err = typed("guard --once")

    assert (code, out) == (0, "")
    assert "no spread to guard" in err


def test_once_shows_every_check_in_eighty_columns(typed: Type) -> None:
    code, out, _ = typed(OPEN, "guard --once")

    lines = out.splitlines()
    assert code == 0
    assert lines[0].split() == ["id", "symbol", "check", "value", "limit", "state"]
    assert [line.split()[2] for line in lines[1:]] == [
        "delta", "listing", "funding", "liquidation", "margin", "collateral",
    ]  # fmt: skip
    assert {line.split()[-1] for line in lines[1:]} == {"ok"}
    assert max(map(len, lines)) <= 80


def test_an_alarm_is_shown_said_and_ends_with_3_and_the_command_that_mends_it(typed: Type) -> None:
    code, out, err = typed(OPEN, ADL, "guard --once --json")

    rows = json.loads(out)
    assert code == 3
    assert (rows[0]["check"], rows[0]["state"]) == ("adl", "alarm")
    assert err.splitlines()[-2].startswith("error: an alarm stands: BTCUSDT is long 0.10000478 BTC")
    assert err.splitlines()[-1] == "  hint: hedge BTCUSDT"


def test_a_venue_that_does_not_answer_is_no_all_clear(typed: Type) -> None:
    code, out, err = typed(
        OPEN, "paper fault add code -1000 path=/fapi/v3/account > /dev/null", "guard --once"
    )

    assert (code, out) == (6, "")
    assert "error: the venue could not be asked for 0 s: GET /fapi/v3/account" in err


def test_a_policy_given_to_a_spread_acts_for_it(typed: Type) -> None:
    code, out, err = typed(OPEN, "guard policy btc/usdt rehedge", ADL, "guard --once --columns check,state")

    assert code == 0
    assert "1  BTCUSDT  rehedge" in out
    assert "done: evened BTCUSDT by 0.1 of spot: #1 is HEDGED" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("guard polcy", "guard does not know 'polcy'"),
        ("guard policy BTCUSDT", "guard does not know 'policy BTCUSDT'"),
        ("guard policy BTCUSDT sell", "POLICY 'sell' is not one of alarm, rehedge, unwind"),
        ("guard --every 10ms", "--every is outside 1s..10m"),
        ("guard --top-up 5btc", "--top-up is an amount of USDT"),
        ("guard --top-up 25%", "--top-up is an amount of USDT"),
        ("guard --keep-bnb 1usdt", "--keep-bnb '1usdt' is no quantity of BNB"),
        ("guard --buy-bnb 5usdt", "--buy-bnb needs --keep-bnb"),
        ("guard --csv", "--csv needs --once"),
        ("guard --sort check", "--sort needs --once"),
        ("watch guard --once", "watch refuses guard: it sends orders"),
    ],
)
def test_what_makes_no_sense_is_refused(typed: Type, line: str, said: str) -> None:
    code, out, err = typed(line)

    assert (code, out) == (2, "")
    assert f"error: {said}" in err


def test_a_policy_for_nothing_is_refused(typed: Type) -> None:
    code, _, err = typed("guard policy ETHUSDT unwind")

    assert code == 1
    assert "error: no open spread ETHUSDT" in err


# --- headless -------------------------------------------------------------------------------------------------------
@pytest.fixture
def headless(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start guards as a server would; those that a failed test leaves are ended."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        guard = subprocess.Popen(
            [sys.executable, "-m", "atapi", "--home", str(tmp_path), *AT, "guard", "--json", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        running.append(guard)
        return guard

    yield start
    for guard in running:
        guard.kill()
        guard.wait()
        for stream in (guard.stdout, guard.stderr):
            assert stream is not None
            stream.close()


def event(guard: subprocess.Popen[str]) -> dict[str, Any]:
    assert guard.stdout is not None
    found: dict[str, Any] = json.loads(guard.stdout.readline())
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    typed: Type, headless: Callable[..., subprocess.Popen[str]], number: signal.Signals
) -> None:
    typed(OPEN)
    guard = headless("--every", "10m")
    assert event(guard)["event"] == "guarding"

    guard.send_signal(number)

    assert guard.wait(timeout=60) == 0


def test_it_hears_of_a_deleveraging_mends_it_and_says_both(
    typed: Type, headless: Callable[..., subprocess.Popen[str]]
) -> None:
    typed(OPEN)
    guard = headless("--every", "10m", "--policy", "rehedge")
    assert event(guard)["event"] == "guarding"

    typed(ADL)  # in another process's shell; the stream wakes the guard

    told = [event(guard) for _ in range(3)]
    assert [(e["event"], e.get("check")) for e in told] == [
        ("alarm", "adl"), ("done", None), ("cleared", "adl"),
    ]  # fmt: skip
    assert told[1]["what"] == "evened BTCUSDT by 0.1 of spot: #1 is HEDGED"
    guard.terminate()
    assert guard.wait(timeout=60) == 0


def test_that_nobody_reads_its_events_any_more_does_not_end_it(
    typed: Type, headless: Callable[..., subprocess.Popen[str]]
) -> None:
    typed(OPEN)
    guard = headless("--every", "10m", "--policy", "rehedge")
    assert event(guard)["event"] == "guarding"
    assert guard.stdout is not None
    guard.stdout.close()

    typed(ADL)

    assert guard.stderr is not None
    said = next(line for line in guard.stderr if " done " in line)
    assert said.endswith("done #1: evened BTCUSDT by 0.1 of spot: #1 is HEDGED\n")
    assert guard.poll() is None
    guard.terminate()
    assert guard.wait(timeout=60) == 0


def test_ended_with_an_alarm_it_ends_with_3(
    typed: Type, headless: Callable[..., subprocess.Popen[str]]
) -> None:
    typed(OPEN, ADL)
    guard = headless("--every", "10m")
    assert (event(guard)["event"], guard.poll()) == ("alarm", None)

    guard.terminate()

    assert guard.wait(timeout=60) == 3
