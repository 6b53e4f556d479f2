"""One writer per account: a file lock held for life, which the kernel releases however we end."""

from __future__ import annotations

import os
from pathlib import Path

from atapi.errors import StorageError


class WriterLock:
    """Exclusive right to write one journal on this machine.

    Args:
        path: The lock file, beside the journal.

    Raises:
        StorageError: Somebody else holds it; the message names the process.
    """

    def __init__(self, path: Path) -> None:
        import fcntl

        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as e:
            holder = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip() or "?"
            os.close(self._fd)
            raise StorageError(
                f"process {holder} is trading on this journal", hint="one at a time: wait for it or end it"
            ) from e
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)
