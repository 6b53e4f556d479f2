"""The prompt on a real pseudo-terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shell.screen import CTRL_C, CTRL_D, ENTER, TAB, Screen

PROMPT = "atf🖖"
pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty:DeprecationWarning")

Open = Callable[..., Screen]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Open]:
    opened: list[Screen] = []

    def open_one(*words: str, **options: object) -> Screen:
        opened.append(Screen(tmp_path / "home", *words, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


def test_the_prompt_stands_with_the_network_beside_it(screen: Open) -> None:
    shell = screen()

    seen = shell.until("connects on first use").splitlines()

    assert seen[0] == "atapi 0.1.0: help lists the commands, ^D leaves"
    assert seen[1].split() == [PROMPT, "paper"]
    assert seen[-1] == "paper · synthetic · connects on first use"


def test_end_of_input_leaves_with_zero_whatever_failed_before(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("boom" + ENTER)
    shell.until("last line failed (1)")
    shell.send(CTRL_D)

    assert shell.finish() == 0
    assert shell.text.splitlines()[1:4] == [
        f"{PROMPT} boom",
        "error: KeyError: 'cs'",
        "  hint: set debug on; log",
    ]


def test_tab_completes_commands_options_and_symbols(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("op" + TAB)
    shell.until(f"{PROMPT} open-spread")
    shell.send("x" + TAB)
    shell.until("open-spread XRPUSDT")
    shell.send("--max" + TAB)
    shell.until("XRPUSDT --max-slippage")
    shell.send("5bp" + ENTER)

    shell.until("error: open-spread needs AMOUNT")


def test_a_pasted_block_waits_for_enter_and_stops_at_the_first_failure(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.paste("rates --last 1\n atf🖖 version\nset nope\nversion\nversion\n")
    shell.until("… set nope")
    assert "made up" not in shell.text
    shell.send(ENTER)

    seen = shell.until("not run").splitlines()
    assert seen[seen.index("made up") :][:7] == [
        "made up",
        "time              symbol   rate_bp",
        "2026-01-01 00:00  BTCUSDT    -0.50",
        "atapi 0.1.0",
        "error: no setting 'nope'",
        "  hint: set lists them",
        "stopped at line 3 of 5; the 2 lines after it were not run",
    ]


def test_an_interrupt_at_the_prompt_gives_a_new_one(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("rates --la" + CTRL_C)
    shell.until(PROMPT, times=2)
    shell.send("version" + ENTER)

    shell.until("\natapi 0.1.0")


def test_an_interrupt_in_a_command_comes_back_to_the_prompt(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("wait" + ENTER)
    shell.until("\nwaiting")
    shell.send(CTRL_C)

    seen = shell.until("last line failed (130)").splitlines()
    assert seen[seen.index("waiting") + 1] == "^C"


def test_an_interrupted_watch_leaves_its_last_frame(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("watch --every 50ms rates --last 1" + ENTER)
    shell.until("made up")
    shell.send(CTRL_C)

    seen = shell.until("last line failed (130)").splitlines()
    assert seen[2:6] == [
        "time              symbol   rate_bp",
        "2026-01-01 00:00  BTCUSDT    -0.50",
        "made up",
        "^C",
    ]
    assert seen[6].split() == [PROMPT, "paper"]


def test_a_table_fits_a_narrow_terminal(screen: Open) -> None:
    shell = screen(columns=30)
    shell.until(PROMPT)

    shell.send("rates --last 1" + ENTER)
    seen = shell.until("-0.50").splitlines()
    assert seen[seen.index("made up") + 1 :][:5] == [
        "time              symbol",
        "2026-01-01 00:00  BTCUSDT",
        "",
        "rate_bp",
        "  -0.50",
    ]


def test_a_question_is_answered_at_the_terminal(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("open-spread btc/usdt 1000usdt" + ENTER)
    shell.until("type the symbol to confirm:")
    shell.send("no" + ENTER)
    shell.until("error: not sent")
    shell.send("open-spread btc/usdt 1000usdt" + ENTER)
    shell.until("type the symbol to confirm:", times=2)
    shell.send("btcusdt" + ENTER)

    shell.until("BTCUSDT    1000")


def test_mainnet_asks_for_its_name_once(screen: Open) -> None:
    shell = screen()
    shell.until(PROMPT)

    shell.send("network mainnet" + ENTER)
    shell.until("type mainnet to go there:")
    shell.send("mainnet" + ENTER)
    shell.until("network is now mainnet")
    shell.send("network paper; network mainnet" + ENTER)

    assert shell.until("network is now mainnet", times=2).count("type mainnet") == 1


def test_lines_typed_are_remembered_by_their_owner_only(screen: Open, tmp_path: Path) -> None:
    shell = screen()
    shell.until(PROMPT)
    shell.send("version" + ENTER)
    shell.until("\natapi 0.1.0")
    shell.send(CTRL_D)
    shell.finish()

    history = tmp_path / "home" / "history"
    assert history.stat().st_mode & 0o777 == 0o600
    assert [line for line in history.read_text().splitlines() if line.startswith("+")] == ["+version"]
    again = screen()
    again.until(PROMPT)
    again.send("\x1b[A" + ENTER)  # the arrow up
    again.until("\natapi 0.1.0")


def test_a_terminal_without_the_sign_gets_a_plain_prompt(screen: Open) -> None:
    shell = screen(environment={"PYTHONIOENCODING": "latin-1"})

    shell.until("atf> ")


def test_a_dumb_terminal_works(screen: Open) -> None:
    shell = screen(environment={"TERM": "dumb"})
    shell.until(PROMPT)

    shell.send("version" + ENTER)

    shell.until("\natapi 0.1.0")


def test_only_data_goes_into_a_pipe(screen: Open, tmp_path: Path) -> None:
    shell = screen("sh", "-c", f"'{sys.executable}' -m tests.shell.demo | cat > '{tmp_path}/out'")

    shell.send("rates --last 1\nbye\n")

    assert shell.finish() == 0
    assert (tmp_path / "out").read_text().splitlines() == [
        "time              symbol   rate_bp",
        "2026-01-01 00:00  BTCUSDT    -0.50",
    ]


def test_a_file_that_runs_on_a_terminal_shows_its_lines(screen: Open, tmp_path: Path) -> None:
    (tmp_path / "tour.atapi").write_text("# what perpetuals pay\n\nrates --last 1\n")
    shell = screen(sys.executable, "-m", "tests.shell.demo", "run", str(tmp_path / "tour.atapi"))

    assert shell.finish() == 0
    assert shell.text.splitlines()[:3] == ["# what perpetuals pay", f"{PROMPT} rates --last 1", "made up"]
