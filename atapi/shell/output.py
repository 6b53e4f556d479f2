"""Where a command's output goes when it is not the shell's own: a file, or a system command that reads it.

Either is opened before the command runs, so that a trade is never made and its result then lost.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from atapi.errors import AtapiError
from atapi.shell.grammar import Statement
from atapi.shell.report import ReaderGone

NOT_RUN = (126, 127)  # the system shell's words for: no such command


@contextmanager
def opened(statement: Statement, stdout: IO[str]) -> Iterator[IO[str]]:
    """Open what a statement names after `>`, `>>` or `|`; without any of them, hand back `stdout`.

    Raises:
        AtapiError: The file cannot be written, or the system command cannot be run.
    """
    if statement.target is not None and statement.append:
        with _open(statement.target, "a") as f, suppress(ReaderGone):
            yield f
    elif statement.target is not None:
        with _replacing(statement.target) as f:
            yield f
    elif statement.pipe is not None:
        with _piped(statement.pipe, stdout) as f:
            yield f
    else:
        yield stdout


def check_writable(path: str) -> None:
    """Refuse a file that cannot be written, before anything is done for it.

    Raises:
        AtapiError: Its directory is missing or closed to us, or it is a directory.
    """
    with _writing(path):
        if os.path.isdir(path):
            raise IsADirectoryError(21, "Is a directory")
        with tempfile.TemporaryFile(dir=os.path.dirname(os.path.realpath(path))):
            return


@contextmanager
def _writing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise AtapiError(f"cannot write {path}: {e.strerror or e}") from e


def _open(path: str, mode: str, *, called: str | None = None) -> IO[str]:
    with _writing(called or path):
        return open(path, mode, encoding="utf-8")


@contextmanager
def _replacing(path: str) -> Iterator[IO[str]]:
    """Write beside the file and put it in place at the end, so that a failing command leaves the old one."""
    real = os.path.realpath(path)
    if os.path.exists(real) and not os.path.isfile(real):  # /dev/null, a named pipe, a directory
        with _open(path, "w") as f, suppress(ReaderGone):  # a named pipe may be closed early
            yield f
        return
    part = f"{real}.{os.getpid()}.part"
    try:
        with _open(part, "w", called=path) as f:
            yield f
        with _writing(path):
            if os.path.exists(real):
                os.chmod(part, os.stat(real).st_mode & 0o7777)
            os.replace(part, real)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


@contextmanager
def _piped(command: str, stdout: IO[str]) -> Iterator[IO[str]]:
    stdout.flush()
    own = _descriptor(stdout)
    with tempfile.TemporaryFile() if own is None else open(os.dup(own), "wb") as sink:
        process = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=sink, encoding="utf-8")
        stdin = process.stdin
        assert stdin is not None  # a pipe was asked for
        try:
            with suppress(ReaderGone):  # `head` leaves early; that is its right
                yield stdin
        finally:
            with suppress(BrokenPipeError):
                stdin.close()
            process.wait()
            if own is None:
                sink.seek(0)
                stdout.write(sink.read().decode(errors="replace"))
    if process.returncode in NOT_RUN:
        raise AtapiError(f"the system could not run '{command}'")


def _descriptor(stream: IO[str]) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError):  # a StringIO has none
        return None
