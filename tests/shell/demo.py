"""A shell with a few commands of its own, run as a program: what the tests of terminals and pipes talk to."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from atapi.clock import ManualClock
from atapi.settings import Settings
from atapi.shell import arguments
from atapi.shell.context import Context
from atapi.shell.main import main
from atapi.shell.registry import Command, command
from atapi.shell.shell import Shell
from atapi.table import Column, Table

START = datetime(2026, 1, 1, tzinfo=UTC)


class DemoMarket:
    """A market that lists some symbols."""

    def __init__(self, *symbols: str) -> None:
        self._symbols = symbols

    def instruments(self) -> dict[str, str]:
        """List them."""
        return dict.fromkeys(self._symbols, "")


class DemoServices:
    """As much of the services as the demo's commands ask for."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.market = argparse.Namespace(
            spot=DemoMarket("BTCUSDT"), futures=DemoMarket("1000PEPEUSDT", "BTCUSDT")
        )
        self.network = argparse.Namespace(info=argparse.Namespace(label=None, live=False))


@contextmanager
def connect(settings: Settings) -> Iterator[Any]:
    """Open the demo's services."""
    yield DemoServices()


def _rates_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbols", nargs="*", type=arguments.symbols)
    parser.add_argument("--last", type=arguments.count(1, 1000), default=3)
    parser.add_argument("--wallet", choices=("spot", "futures"))


@command("rates", group="Market data", arguments=_rates_arguments, table=True, examples=("rates BTCUSDT",))
def rates(context: Context, args: argparse.Namespace) -> Table:
    """Made-up funding rates, one a day."""
    start = context.services.clock.now()
    names = ("time", "symbol", "rate_bp")
    rows = [
        (start + timedelta(days=i), symbol, Decimal(i) - Decimal("0.50"))
        for i in range(args.last)
        for symbol in args.symbols or ["BTCUSDT"]
    ]
    known = {"rate_bp": Column(name="rate_bp", digits=2, signed=True)}
    return Table.from_mapping(names, rows, columns=known, notes=("made up",), empty="no rates")


def _trade_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("symbol", type=arguments.symbol)
    parser.add_argument("amount", type=arguments.amount)
    parser.add_argument("--max-slippage", type=arguments.rate, default="5bp")


@command(
    "open-spread",
    group="Carry trading",
    arguments=_trade_arguments,
    table=True,
    sends_orders=True,
    examples=("open-spread BTCUSDT 1000usdt",),
)
def open_spread(context: Context, args: argparse.Namespace) -> Table:
    """Pretend to open a spread."""
    context.confirm("send? type the symbol to confirm: ", args.symbol)
    return Table.from_mapping(("symbol", "amount"), [(args.symbol, args.amount.value)])


@command("boom", group="Shell", examples=("boom",))
def boom(context: Context, args: argparse.Namespace) -> str:
    """Fail in a way nobody foresaw."""
    return str({}["cs"])


@command("wait", group="Shell", examples=("wait",))
def wait(context: Context, args: argparse.Namespace) -> None:
    """Wait until interrupted."""
    import threading

    context.say("waiting")
    threading.Event().wait()


COMMANDS: tuple[Command, ...] = (rates, open_spread, boom, wait)


class Session:
    """A shell in this process: lines in, what it printed and its exit codes out."""

    def __init__(self, home: Path, stdin: str = "", commands: tuple[Command, ...] = COMMANDS) -> None:
        self._out, self._err = io.StringIO(), io.StringIO()
        self.context = Context(lambda: Settings(home=home), connect, stdin=io.StringIO(), stderr=self._err)
        self.shell = Shell(self.context, commands=commands, stdin=io.StringIO(stdin), stdout=self._out)

    def run(self, line: str) -> tuple[int, str, str]:
        """Run a line: its exit code, and what it printed on standard output and standard error."""
        for stream in (self._out, self._err):
            stream.seek(0)
            stream.truncate()
        self.shell.onecmd(line)
        return self.shell.code, self._out.getvalue(), self._err.getvalue()

    def out(self, line: str) -> str:
        """Run a line that succeeds, and return what it printed."""
        code, out, err = self.run(line)
        assert code == 0, err
        return out

    def err(self, line: str) -> list[str]:
        """Run a line that fails, and return what it said."""
        code, out, err = self.run(line)
        assert code != 0
        assert out == ""
        return err.splitlines()

    def script(self) -> tuple[int, str, str]:
        """Run the lines of standard input."""
        self.shell.cmdloop()
        return self.shell.exit_code, self._out.getvalue(), self._err.getvalue()


if __name__ == "__main__":
    sys.exit(main(commands=COMMANDS, connect=connect))
