"""What may come next on a line: commands, options, their values, symbols. Knows nothing of any terminal."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from atapi.errors import AtapiError
from atapi.shell import arguments, explain
from atapi.shell.arguments import Kind, Parser
from atapi.shell.commands.set import KNOWN
from atapi.shell.grammar import unfinished

if TYPE_CHECKING:
    from atapi.shell.context import Context
    from atapi.shell.registry import Command
    from atapi.shell.shell import Shell

TAKES_COMMAND = ("help", "watch")  # what follows is a command's name
COMMON_SYMBOLS = ("BNBUSDT", "BTCUSDT", "ETHUSDT", "LTCUSDT", "TRXUSDT", "XRPUSDT")


class Candidate(NamedTuple):
    """One possible word."""

    text: str
    replaces: int  # characters before the cursor that it stands for
    about: str = ""


class Symbols:
    """The symbols a venue lists, fetched once, in the background, and only once a session is connected."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: tuple[str, ...] = ()
        self._asked_on: object = None  # the services they came from: another network has others
        self._asking: threading.Thread | None = None

    def known(self) -> tuple[str, ...]:
        """Tell the symbols known so far, at once."""
        self.refresh()
        return self._known or tuple(self._context.preferences.symbols) or COMMON_SYMBOLS

    def refresh(self) -> None:
        """Begin to ask the venue, where a session is connected and has not been asked."""
        if self._context.connected and self._asked_on is not self._context.services:
            self._asked_on = self._context.services
            self._asking = threading.Thread(target=self._fetch, name="symbols", daemon=True)
            self._asking.start()

    def wait(self) -> None:
        """Wait for the venue's answer, if it has been asked."""
        if self._asking is not None:
            self._asking.join()

    def _fetch(self) -> None:
        try:
            with self._context.turn:
                market = self._context.services.market
                self._known = tuple(sorted({*market.spot.instruments(), *market.futures.instruments()}))
        except AtapiError:
            self._known = ()  # the next command says what is wrong; completion only has fewer words


class Completer:
    """Completes the word under the cursor from the shell's own commands and their parsers.

    Attributes:
        symbols: What it knows of the venue's symbols.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self.symbols = Symbols(shell.context)

    def complete(self, text: str) -> list[Candidate]:
        """List what the text before the cursor may become."""
        found = unfinished(text)
        if found is None:
            return []
        words, word = found
        prefix = word.rpartition(",")[2]  # the last name of a list: btcusdt,et
        return [
            Candidate(candidate, len(prefix), about)
            for candidate, about in self._candidates(words, prefix)
            if _fold(candidate).startswith(_fold(prefix))
        ]

    def _candidates(self, words: list[str], prefix: str) -> Iterable[tuple[str, str]]:
        if not words or (len(words) == 1 and words[0] in TAKES_COMMAND and not prefix.startswith("-")):
            return self._commands()
        try:
            command = self._shell.command(words[0])
        except AtapiError:
            return []
        parser = self._shell.parser(command)
        if command.name == "watch" and (at := 1 + parser.leading_options(words[1:])) < len(words):
            return self._candidates(words[at:], prefix)
        if prefix.startswith("-"):
            return _options(parser)
        return self._values(command, parser, words)

    def _commands(self) -> list[tuple[str, str]]:
        # Only the names: a line of help each would import every command at the first TAB.
        return [(name, "") for name in self._shell.command_names()]

    def _values(self, command: Command, parser: Parser, words: list[str]) -> list[tuple[str, str]]:
        option = parser.option(words[-1])
        if option is not None and option.nargs != 0:
            return self._of(option)
        if command.name == "set":
            return [(p.name, p.about) for p in KNOWN] if len(words) == 1 else []
        return self._of(_next_positional(parser, words[1:]))

    def _of(self, action: argparse.Action | None) -> list[tuple[str, str]]:
        if action is None:
            return []
        if action.choices is not None:
            return [(str(c), "") for c in action.choices]
        kind = action.type
        if kind in (arguments.symbol, arguments.symbols) or action.dest in ("symbol", "symbols"):
            return [(s, "") for s in self.symbols.known()]
        if isinstance(kind, Kind) and "|" in kind.metavar:
            return [(word, "") for word in kind.metavar.split("|") if word.islower()]
        return []


def _options(parser: Parser) -> list[tuple[str, str]]:
    return [(a.option_strings[-1], explain.about(a)) for a in parser.options()]


def _next_positional(parser: Parser, words: list[str]) -> argparse.Action | None:
    given = 0
    at = 0
    while at < len(words):
        step = parser.leading_options(words[at:])
        at += step or 1
        given += 0 if step else 1
    for action in parser.positionals():
        if action.nargs in ("*", "+", argparse.REMAINDER) or given == 0:
            return action
        given -= 1
    return None


def _fold(word: str) -> str:
    # Symbols in any case, commands with underscores: `open_` may become `open-spread`.
    return word.lower().replace("_", "-")
