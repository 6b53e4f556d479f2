"""The shell: a `cmd.Cmd` that reads lines by our grammar and runs commands from the registry."""

from __future__ import annotations

import cmd
import sys

from atapi.errors import AtapiError, UsageError
from atapi.shell import registry
from atapi.shell.arguments import HelpAsked, Parser, nearest
from atapi.shell.grammar import Statement, split
from atapi.shell.keylike import refuse_keys
from atapi.shell.report import (
    INTERRUPTED,
    ReaderGone,
    Stopped,
    describe,
    exit_code_of,
    log,
    silence,
    traceback_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence
    from typing import IO, Any

    from atapi.shell.context import Context
    from atapi.shell.registry import Command

PROMPT = "atf🖖 "


class Shell(cmd.Cmd):
    """The interactive shell, and the runner of scripts.

    Args:
        context: The session; where None, one that reads the environment and connects on first use.
        commands: Commands besides those of the registry.
        stdin: Lines to run; standard input where None.
        stdout: Where results go; standard output where None.

    Attributes:
        code: The exit code of the last line.
        exit_code: The exit code of the first line that failed, or 0.
    """

    identchars = cmd.Cmd.identchars + "-"
    prompt = PROMPT

    def __init__(
        self,
        context: Context | None = None,
        *,
        commands: Sequence[Command] = (),
        stdin: IO[str] | None = None,
        stdout: IO[str] | None = None,
    ) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        if context is None:
            from atapi.shell.main import open_context

            context = open_context()
        self.context = context
        self.code = 0
        self.exit_code = 0
        self._own = {command.name: command for command in commands}
        context.shell = self

    def command_names(self) -> list[str]:
        """List every command's name, in alphabetical order."""
        return sorted({*registry.names(), *self._own})

    def command(self, name: str) -> Command:
        """Find a command; underscores and aliases are accepted.

        Raises:
            UsageError: There is none; the nearest is named.
        """
        canonical = registry.ALIASES.get(name, name).replace("_", "-")
        found = self._own.get(canonical) or registry.load(canonical)
        if found is None:
            near = nearest(canonical, self.command_names())
            guess = f"; did you mean {near}?" if near else ""
            raise UsageError(f"unknown command '{name}'{guess}", hint="help lists the commands")
        return found

    def parser(self, command: Command) -> Parser:
        """Build the parser of a command's arguments."""
        parser = Parser(command.name, about=command.help, columns=command.columns, examples=command.examples)
        if command.arguments is not None:
            command.arguments(parser)
        if command.table:
            from atapi.shell import table_options

            table_options.add_to(parser, watchable=not command.sends_orders)
        return parser

    def read(self, words: Sequence[str]) -> tuple[Command, argparse.Namespace]:
        """Find the command of some words and read its arguments.

        Raises:
            UsageError: They make no sense.
            HelpAsked: `-h` is among them.
        """
        command = self.command(words[0])
        rest = list(words[1:])
        if command.table and not command.sends_orders:
            from atapi.shell.table_options import give_watch_its_value

            rest = give_watch_its_value(rest)
        return command, self.parser(command).read(rest)

    def execute(self, line: str, fill: Callable[[str], str] | None = None) -> None:
        """Run one line; the first command of it that fails ends it, unless `keep-going` is set.

        Args:
            line: As typed.
            fill: Puts a script's arguments into a word.
        """
        refuse_keys(line)
        failed = 0
        for statement in split(line):
            if fill is not None:
                statement.words = [fill(word) for word in statement.words]
                statement.target = statement.target and fill(statement.target)
            if not self.keep_going:
                self.perform(statement)
            else:
                code = self.attempt(self.perform, statement)
                failed = failed or code
            if self.context.leaving:
                break
        if failed:
            raise Stopped(failed)

    def perform(self, statement: Statement) -> None:
        """Run one command and put its result where the statement says.

        Raises:
            AtapiError: It failed, or its result says what is wrong, which is written out all the same.
        """
        fault = None
        if statement.target is None and statement.pipe is None:
            try:
                fault = self._perform(statement.words, self.stdout)
            except ReaderGone:
                self._silence()
        else:
            from atapi.shell.output import opened

            with opened(statement, self.stdout) as stream:
                fault = self._perform(statement.words, stream)
        if fault is not None:
            raise AtapiError(fault)

    def attempt(self, action: Callable[..., None], *given: Any) -> int:
        """Do something; report what goes wrong and return its exit code.

        Args:
            action: What to do.
            given: Its arguments.
        """
        try:
            action(*given)
        except Stopped as e:
            return e.exit_code
        except KeyboardInterrupt:
            # A terminal has echoed a ^C of its own where the cursor was: write over it.
            self.context.say("\r^C" if self.context.interactive else "^C")
            return INTERRUPTED
        except Exception as e:  # noqa: BLE001  # the outermost frame: a traceback never reaches the user
            self._report(e)
            return exit_code_of(e)
        return 0

    @property
    def keep_going(self) -> bool:
        """Whether a failing line is followed by the next one."""
        return self.context.preferences.keep_going == "on"

    def write(self, stream: IO[str], text: str) -> None:
        """Write a result and see it off.

        Raises:
            ReaderGone: Nobody reads it any more.
            AtapiError: The disk is full, or the like.
        """
        try:
            stream.write(text + "\n" if text and not text.endswith("\n") else text)
            stream.flush()
        except BrokenPipeError:
            raise ReaderGone from None
        except OSError as e:
            raise AtapiError(f"cannot write the result: {e.strerror or e}") from e

    def onecmd(self, line: str) -> bool:
        """Run one line, report what goes wrong, and tell whether to leave."""
        self.code = self.attempt(self.execute, line)
        self.exit_code = self.exit_code or self.code
        return self.context.leaving

    def run_words(self, words: Sequence[str]) -> int:
        """Run one command whose words the system's shell has split already, and return its exit code."""
        self.code = self.attempt(self._perform_words, list(words))
        self.exit_code = self.exit_code or self.code
        return self.code

    def run_lines(self, lines: Iterable[str]) -> None:
        """Run the lines of a script up to the first that fails, or all of them where `keep-going` is set."""
        for line in lines:
            stop = self.postcmd(self.onecmd(self.precmd(line)), line)
            if stop or self.code == INTERRUPTED or (self.code and not self.keep_going):
                return

    def cmdloop(self, intro: str | None = None) -> None:
        """Run lines until they end or the user leaves: with a prompt on a terminal, without one elsewhere."""
        self.preloop()
        if _is_terminal(self.stdin) and _is_terminal(self.stdout):
            from atapi.shell import terminal

            terminal.loop(self, self.intro if intro is None else intro)
        else:
            self.run_lines(self.stdin or ())  # a process may have been started without one
        self.postloop()

    def emptyline(self) -> bool:
        """Do nothing; `cmd.Cmd` itself would repeat the last command, an order perhaps."""
        return False

    def do_help(self, arg: str) -> bool | None:
        """List commands, or explain one."""
        return self.onecmd(f"help {arg}")

    def get_names(self) -> list[str]:
        """List what `cmd.Cmd` completes and lists: one `do_` per command, with its hyphens."""
        return [f"do_{name}" for name in self.command_names()]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("do_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        typed = name.removeprefix("do_")
        try:
            command = self.command(typed)
        except UsageError as e:
            raise AttributeError(e.message) from e

        def do(arg: str = "") -> bool:
            return self.onecmd(f"{command.name} {arg}")

        do.__doc__ = command.help
        return do

    def _perform_words(self, words: list[str]) -> None:
        refuse_keys(" ".join(words))
        self.perform(Statement(words))

    def _perform(self, words: list[str], stream: IO[str]) -> str | None:
        if words[0].startswith("?") and len(words[0]) > 1:  # ?funding, as cmd.Cmd has it
            words = ["help", words[0][1:], *words[1:]]
        try:
            command, args = self.read(words)
        except HelpAsked:
            self.write(stream, self.parser(self.command(words[0])).format_help())
            return None
        self.context.command, self.context.stdout = command.name, stream
        with self.context.turn:
            if command.table:
                from atapi.shell import present

                return present.run(self, command, args, stream)
            result = command.run(self.context, args)
        if result is None:
            return None
        from atapi.shell import present

        return present.put(self, result, stream)

    def _report(self, error: Exception) -> None:
        for line in describe(error, self.context.where):
            self.context.say(line)
        if isinstance(error, UsageError):
            return
        if self.context.preferences.debug == "on":
            self.context.say(traceback_of(error).rstrip())
        try:
            log(error, self.context.settings.home)
        except (OSError, AtapiError) as e:
            self.context.say(f"  the log could not be written either: {e}")

    def _silence(self) -> None:
        """Let the rest of the run write to nowhere: a closed pipe ends the output, not the orders."""
        if self.stdout is sys.stdout:
            silence(self.stdout)


def _is_terminal(stream: IO[str]) -> bool:
    return stream is not None and stream.isatty()
