"""From a command's result to its bytes: the table options applied, notes said, files written."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Any

from atapi.errors import AtapiError
from atapi.shell import table_options
from atapi.shell.output import check_writable
from atapi.shell.table_options import View
from atapi.table import Table

if TYPE_CHECKING:
    import argparse

    from atapi.shell.context import Context
    from atapi.shell.registry import Command
    from atapi.shell.shell import Shell


def run(shell: Shell, command: Command, args: argparse.Namespace, stream: IO[str]) -> str | None:
    """Run a table command, show what it returns as its table options say, and tell what is wrong in it."""
    view = table_options.view(args)
    if view.out is not None:
        check_writable(view.out)
    every = getattr(args, "watch", None)
    if every is not None:
        from atapi.shell.watching import watch

        watch(shell, command, args, every=every, count=None, stream=stream)
        return None
    result = command.run(shell.context, args)
    try:
        return put(shell, result, stream, view)
    except AtapiError as e:
        if not command.sends_orders:
            raise
        shell.context.warn(e.message)  # the order stands: an exit code must not say that nothing was done
        return put(shell, result, stream)


def put(shell: Shell, result: Any, stream: IO[str], view: View | None = None) -> str | None:
    """Write a result: a table as the view says, a text as it is, nothing for None; tell what is wrong in a table."""
    view = view or View()
    if result is None:
        return None
    if not isinstance(result, Table):
        shell.write(stream, str(result))
        return None
    say_notes(shell.context, result)
    text = text_of(shell.context, result, stream, view)
    if text is not None:
        shell.write(stream, text)
    return result.fault


def say_notes(context: Context, table: Table) -> None:
    """Say on standard error what is to be said beside a table."""
    for note in table.notes:
        context.say(note)
    if not table.rows:
        context.say(table.empty)


def text_of(
    context: Context, table: Table, stream: IO[str], view: View, *, one_line: bool = False
) -> str | None:
    """Turn a table into what is to be written; None where that is nothing, or a file that is now written."""
    from atapi.shell import tables

    table = tables.arrange(table, sort=view.sort, descending=view.descending, columns=view.columns)
    if view.out is not None:
        _write_file(context, table, view)
        return None
    if view.kind == "json":
        from atapi.shell.formats import to_json

        return to_json(table, one_line=one_line)
    if not table.rows:
        return None
    if view.kind == "plain":
        rows = context.preferences.rows if view.rows is None else view.rows
        width = terminal_width(stream) if context.preferences.width == "fit" else None
        return tables.render(table, rows=rows, width=width, color=colored(context, stream))
    from atapi.shell.formats import to_text

    return to_text(table, view.kind)


def terminal_width(stream: IO[str]) -> int | None:
    """Tell how many columns a terminal has; None for anything else."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError):  # a terminal that does not say
        return None


def colored(context: Context, stream: IO[str]) -> bool:
    """Tell whether to color: as `set color` says, by default on a terminal that can and wants it."""
    wish = context.preferences.color
    if wish != "auto":
        return wish == "on"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write_file(context: Context, table: Table, view: View) -> None:
    from atapi.shell.formats import to_file

    assert view.out is not None  # asked by the caller
    try:
        to_file(table, view.kind, view.out)
    except OSError as e:
        raise AtapiError(f"cannot write {view.out}: {e.strerror or e}") from e
    rows = "1 row" if len(table.rows) == 1 else f"{len(table.rows)} rows"
    context.say(f"wrote {rows} to {view.out}")
