"""How anything that went wrong is told: one line, one hint, one exit code; the traceback goes to the log."""

from __future__ import annotations

import os

from atapi.errors import AtapiError, VenueError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

LOG_NAME = "atapi.log"
INTERRUPTED = 130


class Stopped(Exception):
    """Something failed and has been reported already; only its exit code is left to hand on."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class ReaderGone(Exception):
    """Whoever read our output has closed it, as `head` does; nothing failed."""


def describe(error: BaseException, where: str = "") -> list[str]:
    """Say what is wrong in one line, and on a second one what to type.

    Args:
        error: What was raised.
        where: Put before it: `run: line 7: `.
    """
    if isinstance(error, AtapiError):
        message, hint = error.message, error.hint
        if isinstance(error, VenueError) and error.code is not None and str(error.code) not in message:
            message = f"refused by the venue ({error.code}): {message}"
    else:
        message, hint = f"{type(error).__name__}: {error}", "set debug on; log"
    lines = [one_line(f"error: {where}{message}")]
    return [*lines, one_line(f"  hint: {hint}")] if hint else lines


def exit_code_of(error: BaseException) -> int:
    """Tell the exit code of an error."""
    return error.exit_code if isinstance(error, AtapiError) else 1


def one_line(text: str) -> str:
    """Keep a text on one line and a terminal's cursor where it is, whatever a venue put into it."""
    return "".join(c if c.isprintable() else " " for c in text).rstrip()


def speak(stream: IO[str] | None, text: str) -> None:
    """Say a line where somebody listens; one who has left ends nothing, least of all between two legs."""
    if stream is None:
        return
    try:
        print(text, file=stream, flush=True)
    except OSError:
        silence(stream)


def silence(stream: IO[str]) -> None:
    """Let the rest of what is written to a stream go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def traceback_of(error: BaseException) -> str:
    """Write the traceback as Python would."""
    import traceback

    return "".join(traceback.format_exception(error))


def log(error: BaseException, home: Path) -> None:
    """Append the traceback to the log in the home directory, readable by its owner only.

    Raises:
        OSError: It cannot be written.
    """
    from atapi.clock import SystemClock

    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = SystemClock().now().isoformat(timespec="milliseconds")
    descriptor = os.open(home / LOG_NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as f:
        f.write(f"{stamp} {one_line(f'{type(error).__name__}: {error}')}\n{traceback_of(error)}\n")
