"""run: files of commands."""

from __future__ import annotations

from pathlib import Path

from tests.shell.demo import Session


def file_of(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "file.atapi"
    file.write_text(text)
    return file


def test_its_lines_run_in_order(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "\ufeff# first\r\nversion\r\n\r\nset rows\r\n")

    assert session.out(f"run {file}").splitlines() == [session.out("version").strip(), "auto"]


def test_an_error_names_its_line_and_ends_the_run(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "version\n\n\n\n\n\nset nope\nversion\n")

    code, out, err = session.run(f"run {file}; version")

    assert (code, out) == (2, session.out("version"))
    assert err.splitlines() == ["error: run: line 7: no setting 'nope'", "  hint: set lists them"]


def test_every_error_names_its_line_when_it_goes_on(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "boom\nset nope\nversion\n")
    session.out("set keep-going on")

    code, out, err = session.run(f"run {file}")

    assert (code, out) == (1, session.out("version"))
    assert [line for line in err.splitlines() if line.startswith("error")] == [
        "error: run: line 1: KeyError: 'cs'",
        "error: run: line 2: no setting 'nope'",
    ]


def test_its_arguments_stand_for_dollar_signs(session: Session, tmp_path: Path) -> None:
    out = tmp_path / "eth.txt"
    file = file_of(tmp_path, "rates $1 --last $2 > $3\nrates --last 1 | awk '{print $NF}'\n")

    assert session.out(f"run {file} ETHUSDT 2 {out}") == "rate_bp\n-0.50\n"
    assert out.read_text().count("ETHUSDT") == 2


def test_an_argument_is_a_word_whatever_is_in_it(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "set quote $1\nset quote\n")

    assert session.out(f"run {file} 'a; boom > x'") == "A; BOOM > X\n"


def test_a_missing_argument_is_named(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "rates $1 --last $2\n")

    assert (
        session.err(f"run {file} BTCUSDT")[0] == "error: run: line 1: $2 has no value: 1 argument was given"
    )


def test_leaving_in_a_file_leaves_the_shell(session: Session, tmp_path: Path) -> None:
    file = file_of(tmp_path, "bye\nboom\n")

    assert session.shell.onecmd(f"run {file}; boom") is True
    assert session.shell.code == 0


def test_a_file_that_runs_itself_is_stopped(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "loop.atapi"
    file.write_text(f"run {file}\n")

    said = session.err(f"run {file}")

    assert said == [
        f"error: run: line 1: {file} is run from 20 files within each other",
        "  hint: it runs itself",
    ]


def test_a_missing_file_is_a_failure(session: Session) -> None:
    assert session.err("run /nowhere") == ["error: cannot read /nowhere: No such file or directory"]
    assert session.shell.code == 1
