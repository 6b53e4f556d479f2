"""A terminal to run the shell in: keys go in, and what a person would see comes out."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pyte

from atapi.clock import Deadline

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20
TAB, ENTER, CTRL_C, CTRL_D = "\t", "\r", "\x03", "\x04"


class _Answering(pyte.Screen):  # type: ignore[misc]  # pyte has no types
    """Answers what a program asks its terminal, such as where the cursor is."""

    def __init__(self, columns: int, rows: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, rows)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class Screen:
    """One process on a terminal of its own, by default the demo shell."""

    def __init__(
        self,
        home: Path,
        *words: str,
        rows: int = 30,
        columns: int = 80,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._pyte = _Answering(columns, rows, self.send)
        self._stream = pyte.ByteStream(self._pyte)
        argv = list(words) or [sys.executable, "-m", "tests.shell.demo"]
        self._process = pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(ROOT),
            dimensions=(rows, columns),
            timeout=PATIENCE_S,
            env={
                **os.environ,
                "ATAPI_HOME": str(home),
                "PYTHONPATH": str(ROOT),
                "TERM": "xterm-256color",
                "NO_COLOR": "",
                **(environment or {}),
            },
        )

    def send(self, keys: str) -> None:
        """Press keys."""
        self._process.send(keys)

    def paste(self, text: str) -> None:
        """Paste a text, as a terminal does where bracketed paste is on."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def until(self, text: str, times: int = 1) -> str:
        """Wait until a text is seen so many times, and return the whole screen."""
        deadline = Deadline(PATIENCE_S)  # the toolbar is drawn every second: silence alone would never come
        while self.text.count(text) < times:
            if deadline.left() < 0:
                raise TimeoutError(f"{text!r} was not seen in {PATIENCE_S} s; seen:\n{self.text}")
            self._read()
        return self.text

    def finish(self) -> int:
        """Wait for the end of the process and return its exit code."""
        while True:
            try:
                self._read()
            except EOFError:
                break
        self._process.close()
        assert self._process.exitstatus is not None
        return int(self._process.exitstatus)

    @property
    def lines(self) -> list[str]:
        """What is seen, line by line, without the blanks at their ends."""
        # A wide character fills two cells; the second one is empty.
        return [line.rstrip() for line in self._pyte.display]

    @property
    def text(self) -> str:
        """What is seen."""
        return "\n".join(self.lines).rstrip()

    def close(self) -> None:
        """Hang up."""
        self._process.close(force=True)

    def _read(self) -> None:
        try:
            self._stream.feed(self._process.read_nonblocking(65_536))
        except pexpect.EOF:
            raise EOFError(f"the process ended; seen:\n{self.text}") from None
        except pexpect.TIMEOUT:
            raise TimeoutError(f"nothing came in {PATIENCE_S} s; seen:\n{self.text}") from None
