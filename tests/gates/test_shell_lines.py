"""The gate of random lines on a few of them: it passes, and it sees what it is there for."""

from __future__ import annotations

from atapi.errors import UsageError
from atapi.shell.arguments import Kind as Reader
from atapi.shell.registry import Command
from tests.gates.line_fuzz import CANARY, Kind, Line
from tests.gates.shell_lines import desk, fuzz, shortest


def test_random_lines_do_no_harm() -> None:
    found = fuzz(first=11, lines=400)

    assert found.wrong == []
    assert found.codes[2] > 200


def test_what_is_wrong_is_seen_and_shortened() -> None:
    with desk() as shell:
        shell._own["fees"] = _careless(shell._own["fees"])

        assert (
            shell.type(Line("fees BTCUSDT boom", Kind.ANYTHING), 1)
            == "ZeroDivisionError: integer division or modulo by zero"
        )
        line = Line("fees BTCUSDT boom --csv", Kind.ANYTHING)
        assert (
            shortest(shell, line, 1, "ZeroDivisionError: integer division or modulo by zero") == "fees boom"
        )
        assert shell.type(Line("version", Kind.NONSENSE), 1) == "nonsense was taken"
        assert shell.type(Line(f"balance {CANARY}", Kind.KEY), 1) is None


def _careless(command: Command) -> Command:
    def arguments(parser: object) -> None:
        parser.add_argument("symbols", nargs="*", type=Reader(_read, "SYMBOL"))  # type: ignore[attr-defined]

    command.arguments = arguments
    return command


def _read(text: str, name: str) -> str:
    if text == "boom":
        return str(1 // 0)
    if not text.isascii():
        raise UsageError(f"{name} '{text}' is no symbol")
    return text
