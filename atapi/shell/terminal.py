"""The prompt on a terminal: history, completion, suggestions, and a pasted block that waits for Enter.

Imported only where standard input and output are both terminals.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prompt_toolkit.application.current import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.shortcuts import PromptSession
from prompt_toolkit.styles import Style

from atapi.shell import completion
from atapi.shell.heartbeat import Heartbeat
from atapi.shell.keylike import keylike

if TYPE_CHECKING:
    from atapi.shell.shell import Shell

PLAIN_PROMPT = "atf> "  # where the terminal's encoding cannot show the other
HISTORY_NAME = "history"
STYLE = Style.from_dict(
    {"bottom-toolbar": "noreverse fg:ansibrightblack", "network": "fg:ansicyan", "live": "fg:ansired bold"}
)


def loop(shell: Shell, intro: str | None) -> None:
    """Read and run lines at the prompt until the user leaves; the exit code is then 0."""
    if intro:
        shell.context.say(intro)
    completer = completion.Completer(shell)
    heartbeat = Heartbeat(shell.context)
    session = _session(shell, completer, heartbeat)
    prompt = _prompt_for(shell)
    while not shell.context.leaving:
        completer.symbols.refresh()
        try:
            with patch_stdout(raw=True):  # only here: commands write to the real stream, unbatched
                text = session.prompt(prompt)
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        _run_block(shell, text)
    heartbeat.end()
    shell.exit_code = 0


def _run_block(shell: Shell, text: str) -> None:
    """Run what was typed or pasted, line by line, and stop at the first failure."""
    lines = [line for line in map(_without_prompt, text.split("\n")) if line.strip()]
    for number, line in enumerate(lines, 1):
        if shell.postcmd(shell.onecmd(shell.precmd(line)), line):
            return
        left = len(lines) - number
        if shell.code and left:
            lines_left = "the line after it was" if left == 1 else f"the {left} lines after it were"
            shell.context.say(f"stopped at line {number} of {len(lines)}; {lines_left} not run")
            return


def _without_prompt(line: str) -> str:
    """Drop a prompt that was copied along with the command."""
    return line.lstrip().removeprefix(PLAIN_PROMPT).removeprefix("atf🖖").lstrip()


def _session(shell: Shell, completer: completion.Completer, heartbeat: Heartbeat) -> PromptSession[str]:
    status = _Status(shell)
    session: PromptSession[str] = PromptSession(
        history=_history(shell),
        completer=_Completer(completer),
        complete_while_typing=False,
        complete_in_thread=True,
        auto_suggest=AutoSuggestFromHistory(),
        enable_suspend=True,
        enable_history_search=True,
        rprompt=status.network,
        bottom_toolbar=status.line,
        refresh_interval=1,
        style=STYLE,
        color_depth=ColorDepth.DEPTH_1_BIT if shell.context.preferences.color == "off" else None,
        prompt_continuation="   … ",
    )
    session.app.after_render += _Background(shell, heartbeat).begin
    return session


def _history(shell: Shell) -> History:
    home = shell.context.settings.home
    path = home / HISTORY_NAME
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as e:
        shell.context.warn(f"no history: cannot write {path}: {e.strerror}")
        return InMemoryHistory()
    return _History(str(path))


def _prompt_for(shell: Shell) -> str:
    encoding = getattr(shell.stdout, "encoding", None) or "ascii"
    try:
        shell.prompt.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN_PROMPT
    return shell.prompt


class _History(FileHistory):
    """Remembers lines, but no keys that were pasted among them."""

    def append_string(self, string: str) -> None:
        if not keylike(string):
            super().append_string(string)


class _Status:
    """What stands beside the prompt: the network, and how the session stands."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def network(self) -> StyleAndTextTuples:
        if get_app().is_done:  # an accepted line goes into the scrollback without it
            return []
        name = self._shell.context.settings.network
        return [("class:live" if name == "mainnet" else "class:network", name)]

    def line(self) -> StyleAndTextTuples:
        context = self._shell.context
        settings = context.settings
        parts = [settings.network, "connected" if context.connected else "connects on first use"]
        if settings.network == "paper":
            parts.insert(1, settings.feed)
        if self._shell.code:
            parts.append(f"last line failed ({self._shell.code})")
        return [("", " · ".join(parts))]


class _Completer(Completer):
    def __init__(self, completer: completion.Completer) -> None:
        self._completer = completer

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        line = document.current_line_before_cursor
        found = self._completer.complete(_without_prompt(line))
        done = " " if len(found) == 1 else ""  # the only one is the word: on to the next
        for word in found:
            yield Completion(
                word.text + done, start_position=-word.replaces, display=word.text, display_meta=word.about
            )


class _Background:
    """Imports what the first command will need, once the first prompt stands, then looks after the session."""

    def __init__(self, shell: Shell, heartbeat: Heartbeat) -> None:
        self._shell = shell
        self._heartbeat = heartbeat
        self._begun = False

    def begin(self, _app: object) -> None:
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._run, name="background", daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(ImportError):  # the command that needs it will say so
            self._shell.context.preload()
        self._heartbeat.run()
