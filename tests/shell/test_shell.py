"""The shell itself: still a `cmd.Cmd`, what it says and returns, where output goes, how scripts end."""

from __future__ import annotations

import argparse
import cmd
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from atapi.errors import (
    AtapiError,
    AuthenticationError,
    ConfigError,
    OutcomeUnknown,
    SpreadBroken,
    VenueError,
    VenueUnreachable,
)
from atapi.settings import NETWORKS, Settings
from atapi.shell import main as command_line
from atapi.shell import registry
from atapi.shell.context import Context
from atapi.shell.registry import Command, command
from atapi.shell.shell import Shell
from atapi.table import Table
from tests.shell.demo import COMMANDS, Session, connect

ONE_RATE = "time              symbol   rate_bp\n2026-01-01 00:00  BTCUSDT    -0.50\n"


def test_it_is_a_cmd(tmp_path: Path) -> None:
    out = io.StringIO()
    context = Context(lambda: Settings(home=tmp_path), connect, stderr=io.StringIO())
    shell = Shell(context, commands=COMMANDS, stdin=io.StringIO("rates --last 1\nbye\nboom\n"), stdout=out)

    shell.cmdloop()

    assert isinstance(shell, cmd.Cmd)
    assert out.getvalue() == ONE_RATE
    assert shell.exit_code == 0
    assert shell.onecmd("") is True  # it has left already


def test_stock_completion_and_help_know_the_hyphens(session: Session) -> None:
    shell = session.shell

    assert shell.completenames("open-") == ["open-spread"]
    assert shell.parseline("open-spread BTCUSDT")[0] == "open-spread"
    assert getattr(shell, "do_open-spread").__doc__ == "Pretend to open a spread."
    assert shell.do_rates("--last 1") is False
    assert not hasattr(shell, "do_EOF")


def test_an_empty_line_repeats_nothing(session: Session) -> None:
    session.out("rates")

    assert session.run("") == (0, "", "")
    assert session.shell.emptyline() is False


def test_underscores_and_aliases_are_accepted(session: Session) -> None:
    assert session.err("open_spread BTCUSDT")[0] == "error: open-spread needs AMOUNT"
    assert session.out("? version") == session.out("?version") == session.out("version -h")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "open-sprea X",
            [
                "error: unknown command 'open-sprea'; did you mean open-spread?",
                "  hint: help lists the commands",
            ],
        ),
        ("RATE", ["error: unknown command 'RATE'; did you mean rates?", "  hint: help lists the commands"]),
        ("zzz", ["error: unknown command 'zzz'", "  hint: help lists the commands"]),
        (
            "open-spread",
            ["error: open-spread needs SYMBOL and AMOUNT", "  hint: open-spread BTCUSDT 1000usdt"],
        ),
        (
            "rates --walet spot",
            ["error: rates has no option --walet; did you mean --wallet?", "  hint: help rates"],
        ),
        ("rates --last 0", ["error: --last 0 is outside 1..1000"]),
        ("rates 'x", ["error: the quote opened at column 7 is not closed"]),
        ("rates --json --csv", ["error: --json and --csv exclude each other"]),
        ("rates --json --format md", ["error: --json and --format exclude each other"]),
        ("rates --csv --out x.json", ["error: --csv and --out exclude each other"]),
        (
            "rates --out report.doc",
            ["error: --out report.doc: unknown format .doc", "  hint: csv, json, parquet, md or html"],
        ),
        (
            "rates --sort rate_bp:up",
            ["error: --sort 'rate_bp:up' has no order 'up'", "  hint: --sort rate_bp:desc"],
        ),
        ("help zzzz", ["error: no help for 'zzzz'", "  hint: help lists the commands"]),
        ("help rate", ["error: no help for 'rate'; did you mean rates?", "  hint: help lists the commands"]),
        ("set colour on", ["error: no setting 'colour'; did you mean color?", "  hint: set lists them"]),
        ("set width wide", ["error: width 'wide' is not one of fit, full"]),
        ("watch open-spread BTCUSDT 1usdt", ["error: watch refuses open-spread: it sends orders"]),
        ("watch run x", ["error: watch refuses run: it sends orders"]),
        ("watch", ["error: watch needs COMMAND", "  hint: watch funding"]),
        ("network moon", ["error: network 'moon' is not one of paper, demo, testnet, mainnet"]),
    ],
)
def test_what_makes_no_sense_is_said_in_these_words(session: Session, line: str, said: list[str]) -> None:
    assert session.err(line) == said
    assert session.shell.code == 2


def test_a_missing_column_is_named_with_those_there_are(session: Session) -> None:
    code, out, err = session.run("rates --sort rate")

    assert (code, out) == (2, "")
    assert err.splitlines()[-1] == "error: --sort has no column 'rate'; columns: time, symbol, rate_bp"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (AtapiError("not now", hint="later"), 1, ["error: not now", "  hint: later"]),
        (ConfigError("the key file is torn"), 4, ["error: the key file is torn"]),
        (
            VenueError("Margin is insufficient.", code=-2019),
            1,
            ["error: refused by the venue (-2019): Margin is insufficient."],
        ),
        (
            VenueError("Binance refused the order (-2019): no.", code=-2019),
            1,
            ["error: Binance refused the order (-2019): no."],
        ),
        (AuthenticationError("bad key"), 5, ["error: bad key"]),
        (VenueUnreachable("spot API did not answer"), 6, ["error: spot API did not answer"]),
        (
            OutcomeUnknown("no answer for order a1f; it may be live"),
            3,
            ["error: no answer for order a1f; it may be live"],
        ),
        (SpreadBroken("one leg stands"), 3, ["error: one leg stands"]),
        (AtapiError("two\nlines \x1b[2J"), 1, ["error: two lines  [2J"]),
        (KeyError("cs"), 1, ["error: KeyError: 'cs'", "  hint: set debug on; log"]),
    ],
)
def test_failures_have_one_line_and_their_exit_code(
    tmp_path: Path, error: Exception, code: int, said: list[str]
) -> None:
    session = Session(tmp_path, commands=(failing(error),))

    assert session.err("fail") == said
    assert session.shell.code == code


def test_a_traceback_goes_to_the_log_and_is_shown_on_wish(session: Session) -> None:
    assert session.err("boom") == ["error: KeyError: 'cs'", "  hint: set debug on; log"]

    log = session.context.settings.home / "atapi.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert "Traceback (most recent call last)" in log.read_text()
    assert session.out("log 2") == "KeyError: 'cs'\n"
    session.out("set debug on")
    assert session.err("boom")[2] == "Traceback (most recent call last):"


def test_a_typo_is_not_logged(session: Session) -> None:
    session.err("zzz")

    assert session.run("log") == (0, "", "nothing has been logged\n")


def test_commands_of_one_line_end_at_the_first_that_fails(session: Session) -> None:
    code, out, err = session.run("rates --last 1; boom; rates --last 1")

    assert (code, out) == (1, ONE_RATE)
    assert err.count("made up") == 1


def test_a_line_that_cannot_be_read_runs_none_of_its_commands(session: Session) -> None:
    assert session.err("rates; rates 'x") == ["error: the quote opened at column 14 is not closed"]


def test_a_script_stops_at_its_first_failing_line(tmp_path: Path) -> None:
    session = Session(tmp_path, "# two lines\r\nset nope\nrates --last 1\n")

    code, out, err = session.script()

    assert (code, out) == (2, "")
    assert err.splitlines()[0] == "error: no setting 'nope'"


def test_a_script_may_keep_going_and_returns_the_first_failure(tmp_path: Path) -> None:
    session = Session(tmp_path, "set keep-going on\nboom; rates --last 1\nset nope\nrates --last 1")

    code, out, _ = session.script()

    assert (code, out) == (1, ONE_RATE * 2)


def test_output_goes_to_a_file(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "rates.txt"

    assert session.out(f"rates --last 1 > {file}") == ""
    assert file.read_text() == ONE_RATE
    session.out(f"rates --last 1 >> {file}")
    assert file.read_text() == ONE_RATE * 2
    session.out(f"version > '{file}'")
    assert file.read_text().startswith("atapi ")


def test_a_command_that_fails_leaves_the_file_as_it_was(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "kept.txt"
    file.write_text("kept")

    session.err(f"boom > {file}")

    assert file.read_text() == "kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "kept.txt"]


def test_what_is_wrong_in_a_table_is_an_error_once_it_is_shown(tmp_path: Path) -> None:
    @command("weigh", group="Shell", table=True, examples=("weigh",))
    def weigh(context: Context, args: argparse.Namespace) -> Table:
        """Find that something does not balance."""
        table = Table.from_mapping(("scale", "grams"), [("left", 1)])
        return replace(table, fault="the scale does not balance")

    session = Session(tmp_path, commands=(*COMMANDS, weigh))
    file = tmp_path / "weighed.txt"

    code, out, err = session.run("weigh")
    written = session.run(f"weigh > {file}")

    assert (code, out) == (1, "scale  grams\nleft       1\n")
    assert err == "error: the scale does not balance\n"
    assert (written, file.read_text()) == ((1, "", err), out)


@pytest.mark.parametrize("sign", [">", ">>", "--out"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(
    session: Session, sign: str
) -> None:
    said = session.err(f"rates {sign} /nowhere/x.csv")

    assert said == ["error: cannot write /nowhere/x.csv: No such file or directory"]
    assert session.shell.code == 1


def test_output_goes_through_a_system_command(session: Session) -> None:
    assert session.out("rates --last 3 | grep 01-02 | tr -d ' '; version").splitlines() == [
        "2026-01-0200:00BTCUSDT0.50",
        session.out("version").strip(),
    ]


def test_a_reader_that_leaves_early_fails_nothing(session: Session) -> None:
    assert session.out("rates --last 1000 --rows all | head -1; version").splitlines()[0].startswith("time ")


def test_a_system_command_that_does_not_exist_is_a_failure(session: Session) -> None:
    code, out, err = session.run("version | nosuchcommand 2>/dev/null")

    assert (code, out) == (1, "")
    assert err == "error: the system could not run 'nosuchcommand 2>/dev/null'\n"


def test_a_table_goes_to_a_file_of_its_kind(session: Session, tmp_path: Path) -> None:
    code, out, err = session.run(f"rates --last 1 --out {tmp_path / 'r.csv'}")

    assert (code, out) == (0, "")
    assert err.splitlines() == ["made up", f"wrote 1 row to {tmp_path / 'r.csv'}"]
    assert (tmp_path / "r.csv").read_text() == "time,symbol,rate_bp\n2026-01-01T00:00:00Z,BTCUSDT,-0.50\n"


def test_data_goes_to_stdout_and_what_is_said_to_stderr(session: Session) -> None:
    assert session.run("rates --last 1") == (0, ONE_RATE, "made up\n")


def test_an_empty_table_says_so_and_prints_nothing(tmp_path: Path) -> None:
    session = Session(tmp_path, commands=(empty,))

    assert session.run("none") == (0, "", "no open orders\n")
    assert session.run("none --csv") == (0, "", "no open orders\n")
    assert session.run("none --json") == (0, "[]\n", "no open orders\n")


def test_a_trade_is_not_lost_with_its_presentation(tmp_path: Path) -> None:
    session = Session(tmp_path, commands=(trade,))

    code, out, err = session.run("buy --sort nope")

    assert (code, out) == (0, "id\n 7\n")
    assert err == "warning: --sort has no column 'nope'; columns: id\n"


def test_nobody_at_the_terminal_confirms_nothing(session: Session) -> None:
    said = session.err("open-spread BTCUSDT 1usdt")

    assert said == ["error: open-spread on paper needs --yes: nobody is at the terminal"]
    assert session.shell.code == 1
    assert session.err("network mainnet")[0] == (
        "error: network mainnet asks for a typed mainnet: nobody is at the terminal"
    )


def test_another_network_has_other_services(session: Session) -> None:
    before = session.context.services

    assert session.run("network demo") == (0, "", "network is now demo\n")

    assert session.context.settings.network == "demo"
    assert session.context.services is not before
    assert session.run("network demo") == (0, "", "network is demo already\n")


def test_the_command_line_knows_the_networks_of_the_settings() -> None:
    assert command_line.NETWORKS == NETWORKS


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.text(alphabet="rates-json --out;#'\"=<\\\x00\u00e9 \n\t") | st.text())
def test_no_line_brings_a_traceback(session: Session, line: str) -> None:
    assume(
        not set(re.findall(r"[a-z_-]+", line.replace("_", "-"))) & set(registry.names())
    )  # no desk stands behind

    code, _, err = session.run(line.replace("|", "").replace(">", ""))

    assert code in (0, 1, 2)
    assert "Traceback" not in err
    assert code != 1 or "hint: set debug on; log" not in err


def failing(error: Exception) -> Command:
    @command("fail", group="Shell", examples=("fail",))
    def fail(context: object, args: object) -> str:
        """Fail."""
        raise error

    return fail


@command("none", group="Shell", table=True, examples=("none",))
def empty(context: object, args: object) -> Table:
    """Nothing."""
    return Table.from_mapping(("id",), [], empty="no open orders")


@command("buy", group="Shell", table=True, sends_orders=True, examples=("buy",))
def trade(context: object, args: object) -> Table:
    """Trade."""
    return Table.from_mapping(("id",), [(7,)])
