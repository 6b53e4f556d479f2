"""A command again and again: in place on a terminal, one frame after the other elsewhere."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from atapi.clock import Clock, Deadline, SystemClock
from atapi.errors import AtapiError, UsageError, VenueError, VenueUnreachable
from atapi.shell import present, table_options
from atapi.shell.cells import exact
from atapi.shell.report import describe
from atapi.shell.table_options import View
from atapi.table import Column, Table

if TYPE_CHECKING:
    from atapi.shell.context import Context
    from atapi.shell.registry import Command
    from atapi.shell.shell import Shell

STATES = ("quit", "set", "watch")  # nothing to look at twice


def watch(
    shell: Shell,
    command: Command,
    args: argparse.Namespace,
    *,
    every: timedelta,
    count: int | None,
    stream: IO[str],
) -> None:
    """Run a read-only command every so often, until the count is reached or Ctrl-C.

    A venue that does not answer for a while ends nothing: it is said, and asked again at the next tick.

    Raises:
        UsageError: The command may send orders, or there is nothing to watch.
        AtapiError: What the command raises, but for a venue that is away; that too on the last tick.
    """
    if command.sends_orders:
        raise UsageError(f"watch refuses {command.name}: it sends orders")
    if command.name in STATES:
        raise UsageError(f"watch refuses {command.name}: it shows nothing that changes")
    view = table_options.view(args) if command.table else View()
    if view.out is not None:
        raise UsageError("--watch and --out exclude each other")
    ticks = 0
    with _screen(shell, stream, view) as show:
        while True:
            deadline = Deadline(every.total_seconds())
            ticks += 1
            try:
                show(command.run(shell.context, args))
            except AtapiError as e:
                if not _is_away(e) or ticks == count:
                    raise
                shell.context.say("\n".join(describe(e)))
            if ticks == count:
                return
            SystemClock().sleep(max(deadline.left(), 0))


def _is_away(error: AtapiError) -> bool:
    return isinstance(error, VenueUnreachable) or (isinstance(error, VenueError) and error.exit_code == 6)


@contextmanager
def _screen(shell: Shell, stream: IO[str], view: View) -> Iterator[Callable[[Any], None]]:
    if not stream.isatty():
        yield _Pages(shell, stream, view).show
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(file=stream, highlight=False, soft_wrap=True)
    with Live(console=console, auto_refresh=False, transient=False) as live:
        yield lambda result: live.update(Text.from_ansi(_frame(shell, stream, view, result)), refresh=True)


class _Pages:
    """Frames one below the other, each under the time it was taken; JSON frames one a line."""

    def __init__(self, shell: Shell, stream: IO[str], view: View) -> None:
        self._shell = shell
        self._stream = stream
        self._view = view
        self._said: tuple[str, ...] = ()

    def show(self, result: Any) -> None:
        context = self._shell.context
        if isinstance(result, Table):
            if result.notes != self._said or not result.rows:
                present.say_notes(context, result)
            self._said = result.notes
        text = _text(context, result, self._stream, self._view)
        if self._view.kind != "json":
            text = f"# {exact(_now(context), Column(name='time'))}" + (f"\n{text}" if text else "")
        self._shell.write(self._stream, text)


def _frame(shell: Shell, stream: IO[str], view: View, result: Any) -> str:
    notes = list(result.notes) if isinstance(result, Table) else []
    if isinstance(result, Table) and not result.rows:
        notes.append(result.empty)
    text = _text(shell.context, result, stream, view)
    return "\n".join([*([text] if text else []), *notes])


def _text(context: Context, result: Any, stream: IO[str], view: View) -> str:
    if isinstance(result, Table):
        return present.text_of(context, result, stream, view, one_line=True) or ""
    return "" if result is None else str(result)


def _now(context: Context) -> Any:
    # The venue's time where there is one: a run on a standing paper clock prints the same bytes every time.
    clock: Clock = context.services.clock if context.connected else SystemClock()
    return clock.now()
