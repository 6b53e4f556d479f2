"""One writer: whoever comes second is told who holds the lock, and a name left by the dead counts for nothing."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from atapi.errors import StorageError
from atapi.execution.lock import WriterLock, holder


def taken(path: Path, name: str) -> int:
    """Take a lock file as another process would, under a name; held until the descriptor is closed."""
    fd = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.ftruncate(fd, 0)
    os.pwrite(fd, name.encode(), 0)
    return fd


def test_the_second_is_told_the_first_s_process(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "journal.lock")

    with pytest.raises(StorageError, match=f"process {os.getpid()} is trading on this journal") as told:
        WriterLock(tmp_path / "journal.lock")
    assert told.value.hint == f"one at a time: use that one, or end it (kill {os.getpid()})"
    assert holder(tmp_path / "journal.lock") == str(os.getpid())

    lock.release()
    assert holder(tmp_path / "journal.lock") is None
    WriterLock(tmp_path / "journal.lock").release()


def test_nobody_holds_a_lock_that_is_not_there(tmp_path: Path) -> None:
    assert holder(tmp_path / "journal.lock") is None


def ended() -> str:
    """A process id that was somebody's a moment ago."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


@pytest.mark.parametrize("name", ["", "nobody", ended()], ids=["none", "no number", "of the dead"])
def test_whoever_only_asks_is_waited_for_a_little(tmp_path: Path, name: str) -> None:
    fd = taken(tmp_path / "journal.lock", name)

    with pytest.raises(StorageError, match=f"process {name or '.'}"):
        WriterLock(tmp_path / "journal.lock")

    os.close(fd)


def test_somebody_else_s_process_is_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError  # as the system answers who is not root

    monkeypatch.setattr(os, "kill", refuse)
    fd = taken(tmp_path / "journal.lock", "1")

    with pytest.raises(StorageError, match="process 1 is trading"):
        WriterLock(tmp_path / "journal.lock")

    os.close(fd)
