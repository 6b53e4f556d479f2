"""help: what there is to type."""

from __future__ import annotations

import argparse

from atapi.errors import UsageError
from atapi.shell.arguments import nearest
from atapi.shell.context import Context
from atapi.shell.registry import GROUPS, Command, command
from atapi.shell.shell import Shell


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("topic", nargs="*", metavar="COMMAND|GROUP", help="everything where it is not given")


@command("help", group="Shell", arguments=_arguments, examples=("help", "help funding", "help carry trading"))
def help_(context: Context, args: argparse.Namespace) -> str:
    """List the commands by group, or explain one."""
    shell = context.shell
    if not args.topic:
        return _listing(shell, GROUPS)
    topic = " ".join(args.topic)
    groups = [group for group in GROUPS if group.lower() == topic.lower()]
    if groups and topic not in shell.command_names():
        return _listing(shell, groups)
    return explain(shell, _find(shell, topic))


def explain(shell: Shell, found: Command) -> str:
    """Explain one command: usage, what it does, options, columns, examples."""
    return shell.parser(found).format_help()


def _find(shell: Shell, topic: str) -> Command:
    try:
        return shell.command(topic)
    except UsageError:
        near = nearest(topic, [*shell.command_names(), *(group.lower() for group in GROUPS)])
        guess = f"; did you mean {near}?" if near else ""
        raise UsageError(f"no help for '{topic}'{guess}", hint="help lists the commands") from None


def _listing(shell: Shell, groups: list[str] | tuple[str, ...]) -> str:
    commands = [shell.command(name) for name in shell.command_names()]
    widest = max(len(found.name) for found in commands)
    blocks = []
    for group in groups:
        lines = [f"  {c.name:<{widest}}  {c.help.splitlines()[0]}" for c in commands if c.group == group]
        if lines:
            blocks.append("\n".join([group, *lines]))
    return "\n\n".join(blocks)
