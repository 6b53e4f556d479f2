"""The command line as a process: exit codes, streams, pipes, interrupts, and what a start imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ATAPI = (sys.executable, "-m", "atapi")
DEMO = (sys.executable, "-m", "tests.shell.demo")
NEVER_AT_START = (
    "pandas",
    "numpy",
    "requests",
    "prompt_toolkit",
    "asyncio",
    "binance",
    "rich",
    "dataclasses",
    "decimal",
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"ATAPI_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}


def run(environment: dict[str, str], *words: str, stdin: str | bytes = "") -> tuple[int, str, str]:
    given = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(words, input=given, capture_output=True, env=environment, cwd=ROOT, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_one_command_and_then_the_end(environment: dict[str, str]) -> None:
    assert run(environment, *ATAPI, "version") == (0, "atapi 0.1.0\n", "")
    assert run(environment, *ATAPI, "--version") == (0, "atapi 0.1.0\n", "")
    assert run(environment, *ATAPI, "quit") == (0, "", "")


def test_a_script_prints_data_only(environment: dict[str, str]) -> None:
    code, out, err = run(environment, *DEMO, stdin="# rates\nrates --last 1\n\nrates --last 2 --json\n")

    assert code == 0
    table, bracket, objects = out.partition("[")
    assert table == "time              symbol   rate_bp\n2026-01-01 00:00  BTCUSDT    -0.50\n"
    assert [row["symbol"] for row in json.loads(bracket + objects)] == ["BTCUSDT", "BTCUSDT"]
    assert err == "made up\nmade up\n"


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (("open-spread", "BTCUSDT", "1000"), "", 2, "error: amount '1000' has no unit"),
        (("nosuch",), "", 2, "error: unknown command 'nosuch'"),
        (("--netwrk", "demo"), "", 2, "error: atapi has no option --netwrk; did you mean --network?"),
        (
            ("--network", "moon", "quit"),
            "",
            2,
            "error: --network 'moon' is not one of paper, demo, testnet, mainnet",
        ),
        (
            ("--feed", "replay:", "quit"),
            "",
            2,
            "error: --feed 'replay:' is not one of synthetic, replay:DIR",
        ),
        (("--at", "yesterday", "quit"), "", 2, "error: --at 'yesterday' is not a time"),
        (("--seed", "-1", "quit"), "", 2, "error: --seed -1 is below 0"),
        (("-c", "quit", "balance"), "", 2, "error: -c and the command balance exclude each other"),
        (("-c", "version; boom; version"), "", 1, "error: KeyError: 'cs'"),
        (("run", "/nowhere"), "", 1, "error: cannot read /nowhere: No such file or directory"),
        ((), "boom\nset nope\n", 1, "error: KeyError: 'cs'"),
        (("--keep-going",), "set nope\nboom\n", 2, "error: no setting 'nope'"),
        ((), b"\xff\n", 2, "error: byte 0xff at column 1 is not UTF-8"),
        ((), b"\xef\xbb\xbfset nope", 2, "error: no setting 'nope'"),
    ],
)
def test_a_failure_has_its_exit_code_and_one_line(
    environment: dict[str, str], words: tuple[str, ...], stdin: str | bytes, code: int, said: str
) -> None:
    found, _, err = run(environment, *DEMO, *words, stdin=stdin)

    assert found == code
    assert err.splitlines()[0] == said
    assert "Traceback" not in err


def test_options_before_the_command_reach_the_settings(environment: dict[str, str], tmp_path: Path) -> None:
    run(environment, *DEMO, "--home", str(tmp_path / "other"), "boom")

    assert (tmp_path / "other" / "atapi.log").exists()
    assert not (tmp_path / "home").exists()


def test_nothing_to_do_is_done(environment: dict[str, str]) -> None:
    assert run(environment, *ATAPI) == (0, "", "")
    assert run(environment, *ATAPI, stdin="\n# nothing\n") == (0, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_failure(environment: dict[str, str], closed: str) -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m atapi set rows 5 {closed}", shell=True, env=environment, cwd=ROOT, timeout=60
    )

    assert done.returncode == 0


def test_a_reader_that_leaves_early_ends_the_output_and_not_the_script(
    environment: dict[str, str], tmp_path: Path
) -> None:
    lines = f"help\nrates --last 1000 --rows all; rates --last 2\nrates > {tmp_path / 'done.txt'}\n"
    (tmp_path / "script").write_text(lines)
    line = f"set -o pipefail; '{sys.executable}' -m tests.shell.demo < '{tmp_path / 'script'}' | head -1"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, env=environment, cwd=ROOT, text=True, timeout=60
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "Market data\n", "made up\n" * 3)
    assert (tmp_path / "done.txt").exists()


def test_an_interrupt_ends_a_script(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        DEMO,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
        text=True,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write("wait\nversion\n")
    process.stdin.flush()
    assert process.stderr.readline() == "waiting\n"

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (130, "", "^C\n")


def test_a_start_imports_nothing_heavy(environment: dict[str, str]) -> None:
    code = (
        "import sys, atapi.__main__, atapi.shell.main as m; m.main(['quit']); "
        f"print([name for name in {NEVER_AT_START!r} if name in sys.modules])"
    )

    assert run(environment, sys.executable, "-c", code) == (0, "[]\n", "")


def test_a_script_imports_no_line_editor(environment: dict[str, str]) -> None:
    code = "import sys, atapi.shell.main as m; m.main([]); print('prompt_toolkit' in sys.modules, 'pandas' in sys.modules)"

    assert run(environment, sys.executable, "-c", code, stdin="set\n")[1].endswith("False False\n")
