"""Logs of the embedded exchange: written, and played back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Protocol


class RecordingControl(Protocol):
    """The control path of an embedded exchange, as far as it is about recordings."""

    def record(self, path: str, symbols: Sequence[str]) -> None:
        """Begin to write a log."""
        ...

    def stop_recording(self) -> tuple[str, int]:
        """Finish the log; tells which file it is, and how many lines it got."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRecording:
    """Writes logs of the embedded exchange, and plays them."""

    control: RecordingControl
    player: Callable[[str, int, IO[str]], None]  # feed, port, where to say it; serves until interrupted

    def record(self, file: str, symbols: Sequence[str]) -> str:
        """Begin to record markets of these symbols, all users and all decisions into a file, and say so."""
        path = Path(file).expanduser().absolute()
        self.control.record(str(path), symbols)
        return f"recording {', '.join(symbols) or 'users'} into {path}; paper record stop ends it"

    def stop(self) -> str:
        """Finish the recording, and say what it came to."""
        path, lines = self.control.stop_recording()
        return f"{lines} lines in {path}"

    def play(self, file: str, out: IO[str], *, speed: Decimal = Decimal(1), port: int | None = None) -> None:
        """Serve a log to other programs, from its beginning and so many times as fast, until interrupted."""
        path = Path(file).expanduser().absolute()
        self.player(f"log:{path}@{speed:f}", port or 0, out)
