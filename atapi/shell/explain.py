"""A command explained from its own parser: for `help`, for `-h` and for docs/commands.md."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Sequence

from atapi.shell.arguments import Parser
from atapi.shell.table_options import OPTIONS

WIDTH = 100
LONGEST_TERM = 26  # a longer one pushes its explanation to the next line


def explain(parser: Parser) -> str:
    """Explain a command: how it is typed, what it does, its options, its columns, examples."""
    own, of_tables = arguments(parser)
    blocks = [
        textwrap.fill(synopsis(parser), WIDTH, subsequent_indent="    ", break_on_hyphens=False),
        parser.about,
        _terms(a for a in own if a.help or a.option_strings),
        _block("table options:", _terms(of_tables)),
        _block("columns:", textwrap.indent(textwrap.fill(parser.columns, WIDTH - 2), "  ")),
        _block("examples:", textwrap.indent("\n".join(parser.examples), "  ")),
    ]
    return "\n\n".join(block for block in blocks if block)


def synopsis(parser: Parser) -> str:
    """Write how a command is typed, in one line; the options of all tables are only mentioned."""
    own, of_tables = arguments(parser)
    if any(action.nargs == argparse.PARSER for action in own):  # what follows a command's name belongs to it
        own = [*(a for a in own if a.option_strings), *(a for a in own if not a.option_strings)]
    words = [parser.prog, *map(_place, own)]
    return " ".join([*words, "[table options]"] if of_tables else words)


def arguments(parser: Parser) -> tuple[list[argparse.Action], list[argparse.Action]]:
    """List a command's own arguments, positionals first, and the table options it takes."""
    options = [action for action in parser.options() if "--help" not in action.option_strings]
    of_tables = [action for action in options if action.option_strings[-1] in OPTIONS]
    return [*parser.positionals(), *(a for a in options if a not in of_tables)], of_tables


def term(action: argparse.Action) -> str:
    """Write an argument as it is typed: `SYMBOL`, `-y, --yes`, `--last N`."""
    value = "" if action.nargs == 0 else str(action.metavar)
    if not action.option_strings:
        return value
    return f"{', '.join(action.option_strings)} {value}".rstrip()


def about(action: argparse.Action) -> str:
    """Tell what an argument is for; argparse wants a percent sign doubled."""
    return (action.help or "").replace("%%", "%")


def _place(action: argparse.Action) -> str:
    if action.option_strings:
        value = "" if action.nargs == 0 else f" {action.metavar}"
        text = f"{action.option_strings[-1]}{value}"
        return text if action.required else f"[{text}]"
    name = str(action.metavar)
    if action.nargs in ("*", argparse.REMAINDER):
        return f"[{name} …]"
    if action.nargs in ("+", argparse.PARSER):
        return f"{name} …"
    return f"[{name}]" if action.nargs == "?" else name


def _terms(actions: Iterable[argparse.Action]) -> str:
    rows = [(term(action), about(action)) for action in actions]
    width = max((len(name) for name, _ in rows if len(name) <= LONGEST_TERM), default=0)
    return "\n".join(_term_line(name, text, width) for name, text in rows)


def _term_line(name: str, text: str, width: int) -> str:
    indent = " " * (width + 4)
    lines: Sequence[str] = textwrap.wrap(text, WIDTH - len(indent)) or [""]
    first = f"  {name:<{width}}  {lines[0]}" if len(name) <= width else f"  {name}\n{indent}{lines[0]}"
    return "\n".join([first.rstrip(), *(indent + line for line in lines[1:])])


def _block(title: str, text: str) -> str:
    return f"{title}\n{text}" if text else ""
