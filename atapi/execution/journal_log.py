"""Tells whether the write-ahead log of a journal lost commits that had been durable.

SQLite ends a log at its first frame that does not fit and says nothing, as it must after a power cut. But every commit
is synced before the next begins, so a cut leaves at most one that did not end. More of them beyond the end were synced,
and something damaged the log since.

Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log, https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

HEADER, FRAME = 32, 24  # bytes before the frames, and before the page of each
_SALTS = slice(16, 24)  # of the header
_LOG_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}  # by the byte order of the checksums
_LAST_FRAME, _INDEX_SALTS = slice(16, 20), slice(32, 40)  # of the index beside the log

_indexes: dict[tuple[int, int], int] = {}  # (device, inode) -> the open file, as long as the process lives


def lost_commits(database: Path, page_size: int) -> bool:
    """Whether a log that SQLite has just read holds whole commits beyond the end SQLite gave it."""
    log = _read(database, "-wal")
    index = _index(database)  # after the log: whoever writes meanwhile moves the end on first
    if len(log) <= HEADER or len(index) < HEADER + HEADER:
        return False
    [last] = struct.unpack("=I", index[_LAST_FRAME])
    salts = log[_SALTS]
    if not _sound(log):
        salts = log[HEADER + 8 : HEADER + 16]  # the frames' own: the header is what was damaged
    elif index[_INDEX_SALTS] != salts:
        return False  # the log is about to be written anew from its beginning
    step = FRAME + page_size
    beyond = [log[at : at + FRAME] for at in range(HEADER + last * step, len(log) - step + 1, step)]
    ends = [number for number, frame in enumerate(beyond) if frame[8:16] == salts and frame[4:8] != bytes(4)]
    return len(ends) > 1


def _sound(log: bytes) -> bool:
    """Whether the header is as it was written."""
    order = _LOG_MAGICS.get(int.from_bytes(log[:4], "big"))
    if order is None:
        return False
    one = two = 0
    for a, b in struct.iter_unpack(f"{order}II", log[:24]):
        one = (one + a + two) & 0xFFFFFFFF
        two = (two + b + one) & 0xFFFFFFFF
    return log[24:HEADER] == struct.pack(">II", one, two)


def _index(database: Path) -> bytes:
    """Read the index's header.

    SQLite's locks are on this file, and the kernel drops all locks of a process on a file once the process closes any
    descriptor of it: another process would take the index for nobody's and truncate it under our feet. So it is opened
    once, and never closed.
    """
    path = database.with_name(database.name + "-shm")
    try:
        found = os.stat(path)
        file = _indexes.get((found.st_dev, found.st_ino))
        if file is None:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            _indexes[found.st_dev, found.st_ino] = file
    except FileNotFoundError:
        return b""
    return os.pread(file, HEADER + HEADER, 0)


def _read(database: Path, suffix: str) -> bytes:
    try:
        return database.with_name(database.name + suffix).read_bytes()
    except FileNotFoundError:
        return b""
