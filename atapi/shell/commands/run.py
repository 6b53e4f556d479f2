"""run: the lines of a file."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence

from atapi.errors import AtapiError, UsageError
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.shell.report import INTERRUPTED, Stopped

DEEPEST = 20  # files that run files; more is a file that runs itself
_ARGUMENT = re.compile(r"\$([1-9])", re.ASCII)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="one command a line, # comments")
    parser.add_argument("values", nargs="*", metavar="ARG", help="what $1, $2 … in the file stand for")


@command(
    "run",
    group="Shell",
    arguments=_arguments,
    sends_orders=True,  # its lines may
    examples=("run examples/first-carry.atapi", "run open.atapi BTCUSDT 1000usdt"),
)
def run(context: Context, args: argparse.Namespace) -> None:
    """Run a command file: one command a line, `#` comments, `$1` to `$9` for its arguments.

    It stops at the first line that fails, unless `keep-going` is set. On a terminal each line is shown before it runs.
    """
    if context.depth >= DEEPEST:
        raise UsageError(f"{args.file} is run from {DEEPEST} files within each other", hint="it runs itself")
    lines = _read(args.file)
    context.depth += 1
    try:
        failed = _run_lines(context, lines, _filling(args.values))
    finally:
        context.depth -= 1
    if failed:
        raise Stopped(failed)


def _run_lines(context: Context, lines: Sequence[str], fill: Callable[[str], str]) -> int:
    shell, outside = context.shell, context.where
    first = 0
    for number, line in enumerate(lines, 1):
        _echo(context, line)
        context.where = f"run: line {number}: "
        code = shell.attempt(shell.execute, line, fill)
        first = first or code
        if context.leaving or code == INTERRUPTED or (code and not shell.keep_going):
            break
    context.where = outside
    return first


def _read(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as f:
            return f.read().split("\n")
    except OSError as e:
        raise AtapiError(f"cannot read {path}: {e.strerror or e}") from e


def _filling(values: Sequence[str]) -> Callable[[str], str]:
    def value(match: re.Match[str]) -> str:
        if int(match[1]) > len(values):
            given = f"{len(values)} arguments were" if len(values) != 1 else "1 argument was"
            raise UsageError(f"{match[0]} has no value: {given} given", hint="run FILE ARG …")
        return values[int(match[1]) - 1]

    return lambda word: _ARGUMENT.sub(value, word)


def _echo(context: Context, line: str) -> None:
    if context.stderr is None or not context.stderr.isatty() or not line.strip():
        return
    bare = line.strip().startswith("#")
    context.say(line if bare else f"{context.shell.prompt}{line}")
