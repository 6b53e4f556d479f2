"""What a command is given besides its arguments: services on demand, settings, and a way to speak and to ask."""

from __future__ import annotations

import sys
from threading import RLock

from atapi.errors import Refused
from atapi.shell.preferences import Preferences
from atapi.shell.report import speak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import IO

    from atapi.services.container import Services
    from atapi.settings import Settings
    from atapi.shell.shell import Shell
    from atapi.table import Table

    Connect = Callable[[Settings], AbstractContextManager[Services]]


class Context:
    """The session a command runs in.

    Args:
        read_settings: Reads the settings, on first use.
        connect: Opens the services of some settings, on first use; closed when the session ends.
        preload: Imports what `connect` will need; called in the background while the user reads the prompt.
        stdin: Where answers are read; standard input where None.
        stderr: Where everything is said; standard error where None.

    Attributes:
        preferences: What `set` changes.
        command: The name of the command that runs.
        preload: As given.
        depth: How many files that run files this one is in.
        leaving: Whether the shell is to end after this command.
        turn: Held by whoever uses the services: a command, or completion in its thread.
        where: Put before an error: `run: line 7: `.
        stdout: Where the result of the command that runs goes; a command returns it rather than writing there.
        shell: The shell, for the shell's own commands.
    """

    def __init__(
        self,
        read_settings: Callable[[], Settings],
        connect: Connect,
        *,
        preload: Callable[[], None] = lambda: None,
        stdin: IO[str] | None = None,
        stderr: IO[str] | None = None,
    ) -> None:
        self.preferences = Preferences()
        self.command = ""
        self.leaving = False
        self.where = ""
        self.turn = RLock()
        self.depth = 0
        self.shell: Shell
        self.stdout: IO[str]
        self._confirmed: set[str] = set()
        self._read_settings = read_settings
        self._connect = connect
        self.preload = preload
        self._stdin = stdin
        self._stderr = stderr
        self._settings: Settings | None = None
        self._opened: AbstractContextManager[Services] | None = None
        self._services: Services | None = None

    @property
    def settings(self) -> Settings:
        """What this run was told from outside, and what `network` and `set` changed since."""
        with self.turn:
            if self._settings is None:
                self._settings = self._read_settings()
            return self._settings

    @property
    def services(self) -> Services:
        """The verbs of the desk; the first use connects."""
        with self.turn:
            if self._services is None:
                opened = self._connect(self.settings)
                self._services = opened.__enter__()
                self._opened = opened
            return self._services

    @property
    def connected(self) -> bool:
        """Whether the services have been opened; asking does not open them."""
        return self._services is not None

    @property
    def interactive(self) -> bool:
        """Whether somebody is at the terminal to answer."""
        stdin = self._stdin or sys.stdin
        return stdin is not None and stdin.isatty() and self.stderr is not None and self.stderr.isatty()

    @property
    def stderr(self) -> IO[str] | None:
        """Where everything is said; looked up on each use, None where the process has none."""
        return self._stderr or sys.stderr

    def change(self, **changes: object) -> None:
        """Replace some settings; the services are closed, and opened anew on their next use."""
        import dataclasses

        with self.turn:
            changed = dataclasses.replace(self.settings, **changes)  # type: ignore[arg-type]  # names are checked
            self.close()
            self._settings = changed

    def close(self) -> None:
        """Close the services, if they were opened."""
        with self.turn:
            opened, self._opened, self._services = self._opened, None, None
            if opened is not None:
                opened.__exit__(None, None, None)

    def say(self, text: str) -> None:
        """Print a line on standard error."""
        speak(self.stderr, text)

    def warn(self, text: str) -> None:
        """Print a warning on standard error."""
        self.say(f"warning: {text}")

    def show(self, table: Table) -> None:
        """Print a table on standard error: what is to be read before a question, not the command's result."""
        from atapi.shell.tables import render

        self.say(render(table) if table.rows else table.empty)
        for note in table.notes:
            self.say(note)

    def confirm_trade(self, symbol: str, *, yes: bool) -> None:
        """Ask before an order costs real money; on every other network go on.

        Raises:
            Refused: Another answer, or nobody at the terminal.
        """
        if self.services.network.info.live and not yes:
            self.confirm("send to mainnet? type the symbol to confirm: ", symbol)

    def confirm(self, question: str, expect: str, *, once: bool = False) -> bool:
        """Ask, and go on only where exactly what is expected is typed.

        Args:
            question: Printed as it is, on standard error: `send to mainnet? type the symbol to confirm: `.
            expect: The answer that means yes; case does not matter.
            once: Whether an answer given before in this run is enough.

        Returns:
            True; it raises where the answer is another.

        Raises:
            Refused: Another answer, or nobody at the terminal.
        """
        if once and expect in self._confirmed:
            return True
        if not self.interactive:
            network = self.settings.network
            raise Refused(f"{self.command} on {network} needs --yes: nobody is at the terminal")
        stderr, stdin = self.stderr, self._stdin or sys.stdin
        assert stderr is not None  # an interactive session has one
        stderr.write(question)
        stderr.flush()
        if stdin.readline().strip().lower() != expect.lower():
            raise Refused("not sent")
        self._confirmed.add(expect)
        return True
