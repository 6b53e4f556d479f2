"""Tells whether the write-ahead log of a journal lost commits that had been durable.

SQLite ends a log at its first frame that does not fit and says nothing, as it must after a power cut. But every commit
is synced before the next begins, so a cut leaves at most one that did not end. More of them beyond the end were synced,
and something damaged the log since.

Source: https://www.sqlite.org/fileformat2.html#the_write_ahead_log, https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import struct
from pathlib import Path

HEADER, FRAME = 32, 24  # bytes before the frames, and before the page of each
_SALTS = slice(16, 24)  # of the header
_ORDERS = {0x377F0682: "<", 0x377F0683: ">"}  # magic -> byte order of the checksums

Sum = tuple[int, int]


def lost_commits(database: Path, page_size: int) -> bool:
    """Whether a log holds whole commits beyond its last frame that fits.

    The log alone is read, never the index beside it nor the database: closing a file drops whatever locks this
    process has on it, SQLite's own among them (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    log, again = _read(database), _read(database, HEADER)
    if len(log) <= HEADER or log[:HEADER] != again:
        return False  # nothing in it, or it is being written anew from its beginning
    order = _ORDERS.get(int.from_bytes(log[:4], "big"))
    begun = None if order is None else _sum(log[: HEADER - 8], order, (0, 0))
    step = FRAME + page_size
    if order is None or begun is None or struct.pack(">II", *begun) != log[HEADER - 8 : HEADER]:
        salts, end = log[HEADER + 8 : HEADER + 16], HEADER  # the frames' own: the header is what was damaged
    else:
        salts = log[_SALTS]
        end = _end(log, step, order, begun)
    beyond = [log[at : at + FRAME] for at in range(end, len(log) - step + 1, step)]
    ends = [number for number, frame in enumerate(beyond) if frame[8:16] == salts and frame[4:8] != bytes(4)]
    return len(ends) > 1


def _end(log: bytes, step: int, order: str, begun: Sum) -> int:
    """Where the last commit ends whose frames all fit: where SQLite stops reading."""
    running, end = begun, HEADER
    for at in range(HEADER, len(log) - step + 1, step):
        frame = log[at : at + step]
        running = _sum(frame[:8] + frame[FRAME:], order, running)
        if frame[8:16] != log[_SALTS] or struct.pack(">II", *running) != frame[16:FRAME]:
            break
        if frame[4:8] != bytes(4):
            end = at + step
    return end


def _sum(data: bytes, order: str, before: Sum) -> Sum:
    one, two = before
    for a, b in struct.iter_unpack(f"{order}II", data):
        one = (one + a + two) & 0xFFFFFFFF
        two = (two + b + one) & 0xFFFFFFFF
    return one, two


def _read(database: Path, most: int = -1) -> bytes:
    try:
        with open(database.with_name(f"{database.name}-wal"), "rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return b""
