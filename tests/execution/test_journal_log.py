"""A damaged log is told from one that a power cut left."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from atapi.errors import StorageError
from atapi.execution.journal import Journal
from atapi.execution.journal_log import FRAME, HEADER, lost_commits
from tests.execution.test_journal import AT, BINDING, SENDING, opened

PAGE = 4096


def left_behind(folder: Path, damage: Callable[[bytearray], None] = lambda log: None) -> Path:
    """A journal that nobody closed, with its log damaged."""
    journal = opened(folder / "journal.db")
    journal.write_attempt(SENDING, AT)
    copy = folder / "left"
    copy.mkdir()
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(folder / name, copy / name)
    journal.close()
    log = bytearray((copy / "journal.db-wal").read_bytes())
    damage(log)
    (copy / "journal.db-wal").write_bytes(log)
    return copy / "journal.db"


def flip(at: int) -> Callable[[bytearray], None]:
    def damage(log: bytearray) -> None:
        log[at] ^= 0xFF

    return damage


def test_a_log_as_it_was_written_is_taken_whole(tmp_path: Path) -> None:
    assert Journal(left_behind(tmp_path), BINDING, seed=b"a host").attempts(1) == [SENDING]


@pytest.mark.parametrize(
    "at", [0, 17, HEADER + 9, HEADER + FRAME + 100], ids=["magic", "salt", "frame", "page"]
)
def test_commits_beyond_the_damage_forbid_trading(tmp_path: Path, at: int) -> None:
    with pytest.raises(StorageError, match="its log is damaged, and commits are lost"):
        Journal(left_behind(tmp_path, flip(at)), BINDING, seed=b"a host")


def test_one_commit_that_did_not_end_is_what_a_power_cut_leaves(tmp_path: Path) -> None:
    path = left_behind(tmp_path, flip(-100))

    assert Journal(path, BINDING, seed=b"a host").attempts(1) == []


def test_a_journal_without_a_log_lost_nothing(tmp_path: Path) -> None:
    opened(tmp_path / "journal.db").close()

    assert not lost_commits(tmp_path / "journal.db", PAGE)


def test_looking_at_the_index_lets_go_of_none_of_its_locks(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = opened(path)
    try_lock = (
        "import fcntl, sys\n"
        "with open(sys.argv[1], 'r+b') as index:\n"
        "    fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)"  # by which SQLite knows that it is in use
    )

    taken = subprocess.run([sys.executable, "-c", try_lock, f"{path}-shm"], capture_output=True, text=True)

    journal.close()
    assert "BlockingIOError" in taken.stderr
