"""What goes on while nobody types: unfinished transactions are ended and the account is compared with the journal.

Runs in a thread of its own at the prompt, one beat every 30 s, and never while a command runs.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from atapi.errors import AtapiError

if TYPE_CHECKING:
    from atapi.shell.context import Context

EVERY_S = 30.0


class Heartbeat:
    """Reconciles a session in the background and says what it had not said before.

    Args:
        context: The session; its `turn` is taken for each beat.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ended = threading.Event()
        self._said: set[str] = set()

    def run(self) -> None:
        """Beat until told to end; at once if an earlier session left a journal, else once connected."""
        if self._journal_left():
            self.beat()
        while not self._ended.wait(EVERY_S):
            if self._context.connected:
                self.beat()

    def end(self) -> None:
        """End after the beat that runs."""
        self._ended.set()

    def beat(self) -> None:
        """End what was cut short, compare, and say what is new; a command that runs is waited for."""
        with self._context.turn:
            if self._ended.is_set():
                return
            try:
                self._look()
            except AtapiError as e:
                self._once(e.message, e.hint)

    def _look(self) -> None:
        services = self._context.services
        if not services.spreads.executor.begun:
            return
        with services.spreads.executor.returning():  # a guard beside this shell may have to act
            for line in [*services.recovery.before_reading(), *services.trading.news()]:
                self._once(line, None)
            for finding in services.reconcile.findings():
                self._once(finding.message, finding.hint)

    def _once(self, message: str, hint: str | None) -> None:
        if message not in self._said:
            self._said.add(message)
            self._context.say(message if hint is None else f"warning: {message} ({hint})")

    def _journal_left(self) -> bool:
        settings = self._context.settings
        return any((settings.home / settings.network).glob("*/journal.db"))
