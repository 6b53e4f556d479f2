"""The reference of all commands, made from the registry.

python -m atapi.shell.reference    writes docs/commands.md
"""

from __future__ import annotations

import argparse
from pathlib import Path

from atapi.shell import explain, table_options
from atapi.shell.arguments import Parser
from atapi.shell.commands.set import KNOWN
from atapi.shell.main import global_options, open_context
from atapi.shell.registry import ALIASES, GROUPS, Command
from atapi.shell.shell import Shell

FILE = Path("docs", "commands.md")
HEAD = """# Commands

Made from the commands themselves by `python -m atapi.shell.reference`; a test holds it to them. In the shell,
`help COMMAND` says the same.

```
line     := command { ";" command } [ "#" comment ]
command  := NAME { SYMBOL | AMOUNT | WORD } { --option [VALUE] } [ ">" FILE | ">>" FILE | "|" SYSTEM-COMMAND ]
```

A name may be typed with underscores for its hyphens. A symbol is typed in any case: `BTCUSDT`, `btc/usdt`. An amount
carries its unit: `1000usdt`, `0.01btc`, `25%`, `all`; a rate too: `5bp`, `0.05%`. A time is UTC: `2026-11-01`,
`2026-11-01T08:00`, or a span back from now: `30d`, `8h`. Data goes to standard output, everything said about it to
standard error.
"""


def reference(shell: Shell) -> str:
    """Write the whole page."""
    commands = [shell.command(name) for name in shell.command_names()]
    groups = [(group, [c for c in commands if c.group == group]) for group in GROUPS]
    pages = [_group(shell, group, members) for group, members in groups if members]
    aliases = ", ".join(f"`{alias}` is `{name}`" for alias, name in ALIASES.items())
    return "\n".join(
        [HEAD, *_options(), f"## Other names\n\n{aliases}.\n", *_table_options(), *pages, *_settings()]
    )


def _options() -> list[str]:
    return ["## Before the command\n", _arguments(global_options().options()[1:])]


def _table_options() -> list[str]:
    parser = Parser("table")
    table_options.add_to(parser, watchable=True)
    return [
        "## Table options\n",
        "Every command marked [table options] takes these.\n",
        _arguments(parser.options()[1:]),
    ]


def _settings() -> list[str]:
    lines = "\n".join(f"- `set {known.name} {known.kind.metavar}`: {known.about}" for known in KNOWN)
    return ["## Settings\n", lines + "\n"]


def _group(shell: Shell, name: str, commands: list[Command]) -> str:
    return "\n".join([f"## {name}\n", *(_command(shell, found) for found in commands)])


def _command(shell: Shell, found: Command) -> str:
    parser = shell.parser(found)
    own, _ = explain.arguments(parser)
    columns = f"Columns: {parser.columns}.\n" if parser.columns else ""
    examples = "\n".join(["```", *found.examples, "```\n"]) if found.examples else ""
    parts = [
        f"### {found.name}\n",
        f"    {explain.synopsis(parser)}\n",
        f"{parser.about}\n",
        _arguments([action for action in own if action.help]),
        columns,
        examples,
    ]
    return "\n".join(part for part in parts if part)


def _arguments(actions: list[argparse.Action]) -> str:
    lines = [f"- `{explain.term(action)}`: {explain.about(action)}" for action in actions]
    return "\n".join(lines) + "\n" if lines else ""


def main() -> None:
    """Write the page into the repository's docs."""
    FILE.write_text(reference(Shell(open_context())), encoding="utf-8")


if __name__ == "__main__":
    main()
