"""The command line: global options, then one command, a script on standard input, or the prompt."""

from __future__ import annotations

import os
import sys

from atapi.errors import UsageError
from atapi.shell.arguments import HelpAsked, Kind, Parser, count
from atapi.shell.context import Context
from atapi.shell.report import INTERRUPTED, describe, exit_code_of, speak
from atapi.shell.shell import Shell
from atapi.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import Any

    from atapi.services.container import Services
    from atapi.settings import Settings
    from atapi.shell.context import Connect
    from atapi.shell.registry import Command

NETWORKS = ("paper", "demo", "testnet", "mainnet")  # settings.NETWORKS, which would cost a script's start
ABOUT = """A trading shell for the funding carry.

After the options comes one command. Without one: the prompt, or the lines on standard input."""


def main(
    argv: Sequence[str] | None = None, *, commands: Sequence[Command] = (), connect: Connect | None = None
) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: The words after the program's name; the process's own where None.
        commands: Commands besides those of the registry.
        connect: Opens the services of some settings; the composition root where None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words, commands, connect or _connect)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as e:  # noqa: BLE001  # the outermost frame: a traceback never reaches the user
        speak(sys.stderr, "\n".join(describe(e)))
        return exit_code_of(e)


def open_context(options: argparse.Namespace | None = None, connect: Connect | None = None) -> Context:
    """Make a session that reads the environment and connects when a command first needs it.

    Args:
        options: The global options; none where None.
        connect: Opens the services of some settings; the composition root where None.
    """
    given = (
        {name: getattr(options, name) for name in ("network", "home", "seed", "feed", "at")}
        if options
        else {}
    )
    return Context(lambda: _read_settings(given), connect or _connect, preload=_preload)


def _run(argv: list[str], commands: Sequence[Command], connect: Connect) -> int:
    parser = global_options()
    at = parser.leading_options(argv)
    words = argv[at:]
    try:
        options = parser.read(argv[:at])
    except HelpAsked:
        print(f"{parser.format_help()}\n")
        words, options = ["help"], parser.read([])
    if options.version:
        words = ["version"]
    _speak_utf8()
    context = open_context(options, connect)
    context.preferences.keep_going = "on" if options.keep_going else "off"
    context.preferences.color = "off" if options.no_color else "auto"
    shell = Shell(context, commands=commands)
    code = _dispatch(shell, words, options.commands)
    return code or shell.attempt(context.close)


def _dispatch(shell: Shell, words: list[str], lines: str | None) -> int:
    if lines is not None:
        if words:
            raise UsageError(
                f"-c and the command {words[0]} exclude each other", hint="-c 'balance; funding'"
            )
        shell.run_lines(lines.split("\n"))
        return shell.exit_code
    if words:
        return shell.run_words(words)
    shell.intro = f"atapi {VERSION}: help lists the commands, ^D leaves"
    failed = shell.attempt(shell.cmdloop)
    return failed or shell.exit_code


def global_options() -> Parser:
    """Build the parser of what stands before the command."""
    parser = Parser("atapi", about=ABOUT)
    parser.hint = "atapi --help"
    parser.add_argument("--network", choices=NETWORKS, help="default paper: the exchange inside")
    parser.add_argument("--home", metavar="DIR", help="where state lives; also ATAPI_HOME")
    parser.add_argument("--seed", type=count(0), help="paper: of the synthetic feed")
    parser.add_argument(
        "--feed", type=Kind(_read_feed, "FEED"), help="paper: synthetic, replay:DIR or log:FILE[@SPEED]"
    )
    parser.add_argument(
        "--at", type=Kind(_read_at, "TIME"), help="paper: the clock starts here and stands still"
    )
    parser.add_argument("--keep-going", action="store_true", help="a script goes on after a failing line")
    parser.add_argument("--no-color", action="store_true", help="no colors on a terminal")
    parser.add_argument(
        "-c", dest="commands", metavar="LINES", help="run these lines, such as 'balance; funding'"
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    return parser


def _read_feed(text: str, name: str) -> str:
    kind, _, place = text.partition(":")
    if text == "synthetic" or (kind in ("replay", "log") and place):
        return text
    raise UsageError(f"{name} '{text}' is not one of synthetic, replay:DIR, log:FILE")


def _read_at(text: str, name: str) -> datetime:
    from atapi.clock import SystemClock
    from atapi.domain.amounts import parse_time

    return parse_time(text, name, SystemClock().now())


def _read_settings(given: dict[str, Any]) -> Settings:
    from pathlib import Path

    from atapi.settings import Settings

    if given.get("home") is not None:
        given = given | {"home": Path(given["home"]).expanduser()}
    return Settings.from_env(os.environ, **given)


def _connect(settings: Settings) -> AbstractContextManager[Services]:
    from atapi import app

    return app.open_services(settings, _tell)


def _preload() -> None:
    from atapi import app

    app.preload()


def _tell(line: str) -> None:
    speak(sys.stderr, line)


def _speak_utf8() -> None:
    """Read scripts as UTF-8, so that a wrong byte is refused with its column; never fail on what is printed."""
    if hasattr(sys.stdin, "reconfigure") and not sys.stdin.isatty():
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
