"""log: what was written down about failures."""

from __future__ import annotations

import argparse

from atapi.errors import AtapiError
from atapi.shell.arguments import count
from atapi.shell.context import Context
from atapi.shell.registry import command
from atapi.shell.report import LOG_NAME, one_line


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "lines", nargs="?", type=count(1), default=40, metavar="N", help="lines to show, 40 if not given"
    )


@command("log", group="Shell", arguments=_arguments, examples=("log", "log 200"))
def log(context: Context, args: argparse.Namespace) -> str | None:
    """Show the end of the log: every failure with its traceback, newest last."""
    path = context.settings.home / LOG_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        context.say("nothing has been logged")
        return None
    except OSError as e:
        raise AtapiError(f"cannot read {path}: {e.strerror}") from e
    return "\n".join(map(one_line, lines[-args.lines :]))
