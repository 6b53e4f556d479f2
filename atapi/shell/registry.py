"""The one command table: a command is declared once, in the file that bears its name.

The REPL, `python -m atapi COMMAND`, scripts, `help`, completion and `docs/commands.md` are made from it.
A command's module is imported only when the command is used, so that starting costs nothing.
"""

from __future__ import annotations

import importlib
import os

TYPE_CHECKING = False  # `typing` itself costs milliseconds that a script's start would pay
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

GROUPS = (
    "Market data",
    "Analytics",
    "Account",
    "Carry trading",
    "Orders",
    "Paper exchange",
    "Network",
    "Shell",
)
ALIASES = {"bye": "quit", "exit": "quit", "?": "help"}


class Command:
    """One declared command.

    Attributes:
        name: As typed, with hyphens.
        group: One of `GROUPS`.
        run: `run(context, args)`; returns a `Table`, a str for stdout, or None.
        arguments: Adds the command's own arguments to its parser, or None.
        table: Whether it takes the table options (`--rows --sort --columns --json --csv --format --out`).
        sends_orders: Whether it changes anything at the venue; such a command is never watched.
        examples: At least one line a reader can paste.
        columns: What the table's columns are, for the help: one line, units included; empty where it says itself.
    """

    __slots__ = ("arguments", "columns", "examples", "group", "name", "run", "sends_orders", "table")

    def __init__(
        self,
        name: str,
        *,
        group: str,
        run: Callable[[Any, argparse.Namespace], Any],
        arguments: Callable[[Any], None] | None,
        table: bool,
        sends_orders: bool,
        examples: tuple[str, ...],
        columns: str = "",
    ) -> None:
        assert group in GROUPS, group
        self.name = name
        self.group = group
        self.run = run
        self.arguments = arguments
        self.table = table
        self.sends_orders = sends_orders
        self.examples = examples
        self.columns = columns

    @property
    def help(self) -> str:
        """The docstring of the function: first line, blank line, details."""
        return cleaned(self.run.__doc__ or "")


def command(
    name: str,
    *,
    group: str,
    arguments: Callable[[Any], None] | None = None,
    table: bool = False,
    sends_orders: bool = False,
    examples: tuple[str, ...] = (),
    columns: str = "",
) -> Callable[[Callable[[Any, argparse.Namespace], Any]], Command]:
    """Declare the command of a module; the decorated function becomes the module's `Command`."""

    def declare(run: Callable[[Any, argparse.Namespace], Any]) -> Command:
        return Command(
            name,
            group=group,
            run=run,
            arguments=arguments,
            table=table,
            sends_orders=sends_orders,
            examples=examples,
            columns=columns,
        )

    return declare


def cleaned(docstring: str) -> str:
    """Take the indentation off a docstring; `inspect`, which does the same, costs milliseconds to import."""
    first, _, rest = docstring.strip().partition("\n")
    lines = rest.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join([first, *(line[indent:].rstrip() for line in lines)]).rstrip()


def names() -> list[str]:
    """List every command's name, in alphabetical order, without importing any."""
    here = os.path.join(os.path.dirname(__file__), "commands")
    found = (
        f[:-3].replace("_", "-") for f in os.listdir(here) if f.endswith(".py") and not f.startswith("_")
    )
    return sorted(found)


def load(name: str) -> Command | None:
    """Import and return one command; underscores and aliases are accepted; None where there is none."""
    canonical = ALIASES.get(name, name).replace("_", "-")
    if canonical not in names():
        return None
    module = importlib.import_module("atapi.shell.commands." + canonical.replace("-", "_"))
    for value in vars(module).values():
        if isinstance(value, Command) and value.name == canonical:
            return value
    raise AssertionError(f"{module.__name__} declares no command {canonical!r}")
