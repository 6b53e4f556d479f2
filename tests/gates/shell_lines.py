"""Random lines at the real shell: no traceback, no exit code of its own, and no order from a line that makes no sense.

    python -m tests.gates.shell_lines                        what CI runs: 200 000 lines
    python -m tests.gates.shell_lines --lines 2000000 --seed 1

Lines are real command lines, changed (`line_fuzz`), and noise. Each goes through the shell as a script's would, on an
embedded exchange: grammar, command table, arguments, and then the command itself where the line is known to make no
sense, and now and then where it reads only. What would trade, wait or change the session on a line that may make sense
is kept from running, and a system command after `|` is.

At the end the account is what it was to the last digit, the journal holds no order, and a key that stood in many of the
lines stands in nothing that was said, logged or written.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from atapi import app
from atapi.clock import EPOCH
from atapi.domain.amounts import parse_time
from atapi.errors import AtapiError
from atapi.settings import Settings
from atapi.shell import registry
from atapi.shell.context import Context
from atapi.shell.grammar import Statement
from atapi.shell.registry import Command
from atapi.shell.report import Stopped
from atapi.shell.shell import Shell
from tests.gates.line_fuzz import CANARY, Kind, Line, Maker

CODES = frozenset({0, 1, 2, 3, 4, 5, 6, 130})
READS_ONE_IN = 300  # how often a line that reads the exchange is let through to it
REOPENED = 20_000  # lines after which the exchange is opened anew; it counts requests by the minute
READING = frozenset(
    [
        "assets-close",
        "balance",
        "basis",
        "circulating-supply",
        "depth",
        "fees",
        "fills",
        "funding",
        "help",
        "income",
        "klines",
        "marketcap",
        "marketcap-summary",
        "order",
        "orders",
        "pnl",
        "positions",
        "servertime",
        "spread",
        "spreads",
        "symbols",
        "ticker",
        "version",
    ]
)
START = "2026-01-01T00:00:00Z"
PARTS = 2  # processes, each with an exchange of its own


@dataclass(slots=True)
class Found:
    """What one process found."""

    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[tuple[int, str, str]] = field(
        default_factory=list
    )  # seed, what is wrong, the shortest such line
    slowest: tuple[float, int, str] = (0.0, 0, "")  # seconds, seed, line


class Desk(Shell):
    """The real shell, but for what may not run here."""

    def __init__(self, context: Context) -> None:
        self.said, self.written = StringIO(), StringIO()
        commands = [self._guarded(c) for c in map(registry.load, registry.names()) if c is not None]
        super().__init__(context, commands=commands, stdin=StringIO(), stdout=self.written)
        self.context._stderr = self.said
        self.kind = Kind.ANYTHING
        self.seed = 0
        self.unexpected: Exception | None = None
        self.reached = False

    def type(self, line: Line, seed: int) -> str | None:
        """Type one line; tell what is wrong, if anything is."""
        for stream in (self.said, self.written):
            stream.seek(0)
            stream.truncate()
        self.kind, self.seed, self.unexpected, self.reached = line.kind, seed, None, False
        self.context.leaving = False
        self.onecmd(line.text)
        said = self.said.getvalue() + self.written.getvalue()
        if self.unexpected is not None:
            return f"{type(self.unexpected).__name__}: {self.unexpected}"
        if self.code not in CODES:
            return f"exit code {self.code}"
        if "Traceback" in said and "Traceback" not in line.text:
            return "a traceback was shown"
        if CANARY in said:
            return "a key was repeated"
        if line.kind is not Kind.ANYTHING and self.code == 0:
            return "nonsense was taken"
        if line.kind is Kind.KEY and self.reached:
            return "a line with a key was run"
        return None

    def read(self, words: Sequence[str]) -> tuple[Command, argparse.Namespace]:
        """Read a command's words; nothing is watched."""
        command, args = super().read(words)
        if hasattr(args, "watch"):
            args.watch = None
        return command, args

    def perform(self, statement: Statement) -> None:
        """Run a command, but no system command after it, and write no file but our own."""
        statement.pipe = None
        statement.target = statement.target and "out.txt"
        super().perform(statement)

    def _report(self, error: Exception) -> None:
        if not isinstance(error, AtapiError | Stopped):
            self.unexpected = error
        super()._report(error)

    def _guarded(self, command: Command) -> Command:
        def run(context: Context, args: argparse.Namespace) -> Any:
            self.reached = True
            reads = command.name in READING and self.seed % READS_ONE_IN == 0
            nonsense = self.kind is Kind.NONSENSE
            if getattr(args, "out", None) is None and (reads or nonsense):
                return command.run(context, args)
            return None

        run.__doc__ = command.run.__doc__
        return Command(
            command.name, group=command.group, run=run, arguments=command.arguments, table=command.table,
            sends_orders=command.sends_orders, examples=command.examples, columns=command.columns,
        )  # fmt: skip


@contextmanager
def desk() -> Iterator[Desk]:
    """Open a shell on an embedded exchange of its own, whose clock stands still, in an empty folder."""
    there = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="atapi-lines-") as folder:
        os.chdir(folder)
        settings = Settings.from_env(
            {}, network="paper", home=Path(folder) / "home", seed=7, at=parse_time(START, "at", EPOCH)
        )
        context = Context(lambda: settings, lambda s: app.open_services(s, lambda _: None))
        try:
            yield Desk(context)
        finally:
            context.close()
            os.chdir(there)


def account_of(shell: Desk) -> list[object]:
    """Tell all that an order or a transfer would have changed."""
    services = shell.context.services
    executor = services.spreads.executor
    attempts = executor.journal.attempts_since(EPOCH) if executor.begun else []
    return [sorted(map(str, services.account.holdings())), attempts]


def fuzz(first: int, lines: int) -> Found:
    """Type so many lines; gives what came of them."""
    found = Found()
    with desk() as shell:
        maker = Maker(sorted({symbol for listed in _listed(shell) for symbol in listed}))
        before = account_of(shell)
        for seed in range(first, first + lines):
            if seed % REOPENED == 0:
                shell.context.close()
            line = maker.make(seed)
            began = time.perf_counter()
            wrong = shell.type(line, seed)
            took = time.perf_counter() - began
            found.codes[shell.code] += 1
            found.slowest = max(found.slowest, (took, seed, line.text))
            if wrong is not None and len(found.wrong) < 20:
                found.wrong.append((seed, wrong, shortest(shell, line, seed, wrong)))
        shell.context.close()
        if account_of(shell) != before:
            found.wrong.append((first, "the account or the journal changed", ""))
        found.wrong += [(first, f"a key stands in {file}", "") for file in _files_with_a_key()]
    return found


def shortest(shell: Desk, line: Line, seed: int, wrong: str) -> str:
    """Shorten a line as long as the same is wrong with it; one that is known to be nonsense stays as it is."""
    if line.kind is not Kind.ANYTHING:
        return line.text
    text, size = line.text, max(1, len(line.text) // 2)
    while size:
        for at in range(0, len(text), size):
            shorter = text[:at] + text[at + size :]
            if shell.type(Line(shorter, line.kind), seed) == wrong:
                text = shorter
                break
        else:
            size //= 2
    return text


def _listed(shell: Desk) -> Iterator[Any]:
    book = shell.context.services.spreads.symbols
    yield book.spot.instruments()
    yield book.futures.instruments()


def _files_with_a_key() -> list[str]:
    return [
        str(file) for file in Path().rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()
    ]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=None, help="the first line's; random where not said")
    options = parser.parse_args()
    first = random.SystemRandom().getrandbits(40) if options.seed is None else options.seed
    each = -(-options.lines // PARTS)
    began = time.monotonic()
    with ProcessPoolExecutor(PARTS) as pool:
        parts = list(pool.map(fuzz, range(first, first + each * PARTS, each), [each] * PARTS))
    codes: Counter[int] = sum((part.codes for part in parts), Counter())
    slowest, seed, line = max(part.slowest for part in parts)
    told = ", ".join(f"{code}: {number}" for code, number in sorted(codes.items()))
    print(
        f"shell lines: {codes.total()} from seed {first}; by exit code {told}; {time.monotonic() - began:.0f} s"
    )
    print(f"the slowest took {1000 * slowest:.0f} ms (seed {seed}): {line[:60]!r}")
    wrong = [each for part in parts for each in part.wrong]
    for seed, what, line in wrong:
        print(f"WRONG {what}\n  seed {seed}, shortest: {line!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
