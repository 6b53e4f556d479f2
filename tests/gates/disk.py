"""A disk that may lose its power: what was synced is there afterwards, of the rest anything may be.

Until its file is synced, each write may be kept, lost, or torn at a sector, a truncation kept or lost; until its folder
is synced, a file's coming and going may be kept or lost. Where a lost write left a hole before a kept one, the hole reads
as zeros or as noise. What a program writes around the bytes it writes is not touched, as SQLite assumes of every disk.

The shared-memory index beside a journal is never synced and never trusted after a cut: an image has none, or noise.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.gates.recorded_io import Deed, Step

SECTORS = (512, 4096)
KEPT, LOST, TORN = "kept", "lost", "torn"


@dataclass(slots=True)
class Inode:
    """One file: what is durable, and what was done since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Step] = field(default_factory=list)


class Disk:
    """The files of one folder, as their steps left them."""

    def __init__(self) -> None:
        self._files: dict[str, Inode] = {}  # as programs see them
        self._durable: dict[str, Inode] = {}  # as the folder was last synced
        self._pending: list[tuple[str, Inode | None]] = []  # names come (with their file) and gone since

    def take(self, step: Step) -> None:
        """Do one step."""
        match step.deed:
            case Deed.CREATE:
                self._files[step.name] = inode = Inode()
                self._pending.append((step.name, inode))
            case Deed.UNLINK:
                del self._files[step.name]
                self._pending.append((step.name, None))
            case Deed.WRITE | Deed.TRUNCATE:
                self._files[step.name].pending.append(step)
            case Deed.SYNC:
                inode = self._files[step.name]
                for pending in inode.pending:
                    _apply(inode.durable, pending, pending.data, bytes)
                inode.pending.clear()
            case Deed.SYNC_FOLDER:
                self._durable = dict(_names(self._durable, self._pending))
                self._pending.clear()
            case Deed.ACKNOWLEDGE:
                pass

    def image(self, dice: random.Random, folder: Path) -> None:
        """Write what may be left if the power goes now."""
        kept = _taste(dice)
        names = dict(_names(self._durable, [p for p in self._pending if kept() == KEPT]))
        for name, inode in names.items():
            (folder / name).write_bytes(_after_the_cut(inode, dice, kept))
        if names and dice.random() < 0.3:
            (folder / "journal.db-shm").write_bytes(dice.randbytes(32_768))


def _names(durable: dict[str, Inode], pending: list[tuple[str, Inode | None]]) -> Iterator[tuple[str, Inode]]:
    names: dict[str, Inode | None] = {**durable, **dict(pending)}
    return ((name, inode) for name, inode in names.items() if inode is not None)


def _taste(dice: random.Random) -> Callable[[], str]:
    """Choose how this cut is: everything lost, everything kept, or each as it comes."""
    lost, torn = dice.choice(((0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (0.1, 0.1), (0.3, 0.4), (0.0, 1.0)))
    return lambda: LOST if dice.random() < lost else TORN if dice.random() < torn else KEPT


def _after_the_cut(inode: Inode, dice: random.Random, fate: Callable[[], str]) -> bytes:
    content = bytearray(inode.durable)
    hole: Callable[[int], bytes] = dice.choice((bytes, dice.randbytes))
    for step in inode.pending:
        match fate():
            case "kept":
                _apply(content, step, step.data, hole)
            case "torn" if step.deed is Deed.WRITE:
                for offset, part in _sectors(step, dice.choice(SECTORS)):
                    if dice.random() < 0.5:
                        _apply(content, Step(Deed.WRITE, step.name, offset), part, hole)
    return bytes(content)


def _sectors(step: Step, size: int) -> Iterator[tuple[int, bytes]]:
    """Cut a write where the disk's sectors end."""
    start, end = step.offset, step.offset + len(step.data)
    while start < end:
        stop = min(end, (start // size + 1) * size)
        yield start, step.data[start - step.offset : stop - step.offset]
        start = stop


def _apply(content: bytearray, step: Step, data: bytes, hole: Callable[[int], bytes]) -> None:
    size = step.offset if step.deed is Deed.TRUNCATE else step.offset + len(data)
    if len(content) < size:
        content += hole(size - len(content))
    if step.deed is Deed.TRUNCATE:
        del content[size:]
    else:
        content[step.offset : size] = data
