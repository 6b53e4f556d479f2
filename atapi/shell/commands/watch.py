"""watch: a read-only command, again and again."""

from __future__ import annotations

import argparse

from atapi.shell import watching
from atapi.shell.arguments import count, span
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.shell.table_options import DEFAULT_EVERY


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--every", type=span, default=DEFAULT_EVERY, help="from one frame to the next, default 1s"
    )
    parser.add_argument("--count", type=count(1), help="stop after so many frames")
    parser.add_argument(
        "words", nargs=argparse.PARSER, metavar="COMMAND", help="the command and its arguments"
    )


@command(
    "watch",
    group="Shell",
    arguments=_arguments,
    examples=("watch funding", "watch --every 5s --count 3 balance --json"),
)
def watch(context: Context, args: argparse.Namespace) -> None:
    """Refresh a read-only command in place until Ctrl-C.

    In a pipe each frame follows the one before, under the time it was taken; with --json each is one line.
    Commands that send orders are refused.
    """
    watched, arguments = context.shell.read(args.words)
    watching.watch(
        context.shell, watched, arguments, every=args.every, count=args.count, stream=context.stdout
    )
