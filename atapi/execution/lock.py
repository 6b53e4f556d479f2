"""One writer per account: a file lock held for life, which the kernel releases however we end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atapi.errors import StorageError

PROBES = 1000  # tries against one that only asks


class WriterLock:
    """Exclusive right to write one journal on this machine.

    Args:
        path: The lock file, beside the journal.

    Raises:
        StorageError: Somebody else holds it; the message names the process.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        tries = 0
        while not _taken(self._fd, fcntl.LOCK_EX):
            who = _name(self._fd)
            tries += 1
            if _alive(who) or tries == PROBES:
                os.close(self._fd)
                raise StorageError(
                    f"process {who} is trading on this journal; here everything can be read, nothing sent",
                    hint=f"one at a time: use that one, or end it (kill {who})",
                )
            os.sched_yield()  # somebody only asks who holds it, and lets go at once
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one process after the other through a block that takes a moment, such as opening a database."""
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def holder(path: Path) -> str | None:
    """Tell which process holds a lock; None where none does. Taking it for a moment is the only sure way to ask."""
    if not path.exists():
        return None
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return None if _taken(fd, fcntl.LOCK_SH) else _name(fd)
    finally:
        os.close(fd)


def _taken(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(fd: int) -> str:
    return os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "?"


def _alive(who: str) -> bool:
    if not who.isdecimal():
        return False
    try:
        os.kill(int(who), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
