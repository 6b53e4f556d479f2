"""Records what SQLite does to its files, below Python's own `sqlite3`, and can make one of those deeds fail.

A VFS of ours is put in front of the system's, so the code under test is untouched and nothing is mocked: the default
VFS is copied, and of the methods of every file it opens four are replaced. Python has no hook for this; the library
that `_sqlite3` is linked to has, and `ctypes` reaches it.

Source: https://www.sqlite.org/vfs.html, https://www.sqlite.org/c3ref/vfs.html, https://www.sqlite.org/c3ref/io_methods.html
"""

from __future__ import annotations

import _sqlite3
import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

OK, IOERR_WRITE, IOERR_FSYNC = 0, 10 | 3 << 8, 10 | 4 << 8

# Paths are passed on as the pointers they came as: SQLite keeps them, with more behind them.
_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, POINTER(c_int))
_Delete = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_Close = CFUNCTYPE(c_int, c_void_p)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)
_OpenDirectory = CFUNCTYPE(c_int, c_char_p, POINTER(c_int))
_GetSystemCall = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_SetSystemCall = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p), ("zName", c_char_p),
        ("pAppData", c_void_p), ("xOpen", _Open), ("xDelete", _Delete), ("xAccess", c_void_p),
        ("xFullPathname", c_void_p), ("xDlOpen", c_void_p), ("xDlError", c_void_p), ("xDlSym", c_void_p),
        ("xDlClose", c_void_p), ("xRandomness", c_void_p), ("xSleep", c_void_p), ("xCurrentTime", c_void_p),
        ("xGetLastError", c_void_p), ("xCurrentTimeInt64", c_void_p), ("xSetSystemCall", _SetSystemCall),
        ("xGetSystemCall", _GetSystemCall), ("xNextSystemCall", c_void_p),
    ]  # fmt: skip


class _Methods(ctypes.Structure):
    _fields_ = [
        ("iVersion", c_int), ("xClose", _Close), ("xRead", c_void_p), ("xWrite", _Write), ("xTruncate", _Truncate),
        ("xSync", _Sync), *((name, c_void_p) for name in (
            "xFileSize", "xLock", "xUnlock", "xCheckReservedLock", "xFileControl", "xSectorSize",
            "xDeviceCharacteristics", "xShmMap", "xShmLock", "xShmBarrier", "xShmUnmap", "xFetch", "xUnfetch")),
    ]  # fmt: skip


class _File(ctypes.Structure):
    _fields_ = [("pMethods", POINTER(_Methods))]


class Deed(Enum):
    """What was done to a file."""

    CREATE = "create"
    WRITE = "write"
    TRUNCATE = "truncate"
    SYNC = "sync"
    UNLINK = "unlink"
    SYNC_FOLDER = "sync folder"
    ACKNOWLEDGE = "acknowledge"  # ours: the program was told that what it wrote is durable


@dataclass(frozen=True, slots=True)
class Step:
    """One deed; what does not belong to it is empty."""

    deed: Deed
    name: str = ""
    offset: int = 0  # of a write; the new size of a truncation; what was acknowledged, by number
    data: bytes = b""


class Recorder:
    """The steps taken so far, in order; `fail_at` makes a write or a sync fail, and all after it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.deeds = 0  # writes and syncs
        self.fail_at: int | None = None

    def acknowledge(self, number: int) -> None:
        """Note that the program was told so much is durable."""
        self.steps.append(Step(Deed.ACKNOWLEDGE, offset=number))

    def _fails(self) -> bool:
        self.deeds += 1
        return self.fail_at is not None and self.deeds >= self.fail_at


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """Record what happens to the files of one folder as long as the block lasts."""
    library = ctypes.CDLL(_sqlite3.__file__)  # its own symbols, and those of the library it is linked to
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    stock = library.sqlite3_vfs_find(None)
    shim = _Shim(stock, folder)
    library.sqlite3_vfs_register(ctypes.byref(shim.vfs), 1)
    try:
        with shim.watching_folders():
            yield shim.recorder
    finally:
        library.sqlite3_vfs_register(stock, 1)
        library.sqlite3_vfs_unregister(ctypes.byref(shim.vfs))


class _Shim:
    """The VFS in front of the stock one."""

    def __init__(self, stock: ctypes._Pointer[_Vfs], folder: Path) -> None:
        self.recorder = Recorder()
        self._stock = stock
        self._folder = f"{folder.resolve()}{os.sep}"
        self._names: dict[int, str] = {}  # address of an open file -> its name
        self._methods: dict[int, tuple[_Methods, _Methods]] = {}  # address of stock methods -> a copy, ours
        self._known: set[str] = set()
        self.vfs = _Vfs.from_buffer_copy(stock.contents)
        self.vfs.zName = b"recorded"
        self.vfs.xOpen = _Open(self._open)
        self.vfs.xDelete = _Delete(self._delete)

    @contextmanager
    def watching_folders(self) -> Iterator[None]:
        """Note when a folder is synced: SQLite opens it for that only, and Python says so."""
        stock = self._stock.contents
        call = stock.xGetSystemCall(self._stock, b"openDirectory")
        really = _OpenDirectory(call)

        def open_directory(path: bytes, fd: ctypes._Pointer[c_int]) -> int:
            self.recorder.steps.append(Step(Deed.SYNC_FOLDER))
            return int(really(path, fd))

        ours = _OpenDirectory(open_directory)
        stock.xSetSystemCall(self._stock, b"openDirectory", ctypes.cast(ours, c_void_p))
        try:
            yield
        finally:
            stock.xSetSystemCall(self._stock, b"openDirectory", None)

    def _name(self, path: int | None) -> str | None:
        text = os.fsdecode(ctypes.string_at(path)) if path else ""
        return text.removeprefix(self._folder) if text.startswith(self._folder) else None

    def _open(self, _: int, path: int | None, file: int, flags: int, out: ctypes._Pointer[c_int]) -> int:
        code = int(self._stock.contents.xOpen(ctypes.cast(self._stock, c_void_p), path, file, flags, out))
        name = self._name(path)
        if code == OK and name is not None:
            if name not in self._known:
                self._known.add(name)
                self.recorder.steps.append(Step(Deed.CREATE, name))
            self._names[file] = name
            opened = _File.from_address(file)
            opened.pMethods = ctypes.pointer(self._replaced(opened.pMethods))
        return code

    def _delete(self, _: int, path: int | None, sync_folder: int) -> int:
        name = self._name(path)
        if name is not None and name in self._known:
            self._known.discard(name)
            self.recorder.steps.append(Step(Deed.UNLINK, name))
        return int(self._stock.contents.xDelete(ctypes.cast(self._stock, c_void_p), path, sync_folder))

    def _replaced(self, methods: ctypes._Pointer[_Methods]) -> _Methods:
        address = ctypes.addressof(methods.contents)
        if address not in self._methods:
            stock = _Methods.from_buffer_copy(methods.contents)
            ours = _Methods.from_buffer_copy(methods.contents)
            ours.xWrite = _Write(
                lambda file, data, size, offset: self._write(stock, file, data, size, offset)
            )
            ours.xTruncate = _Truncate(lambda file, size: self._truncate(stock, file, size))
            ours.xSync = _Sync(lambda file, flags: self._sync(stock, file, flags))
            self._methods[address] = stock, ours
        return self._methods[address][1]

    def _write(self, stock: _Methods, file: int, data: int, size: int, offset: int) -> int:
        if self.recorder._fails():
            return IOERR_WRITE
        written = ctypes.string_at(data, size)
        self.recorder.steps.append(Step(Deed.WRITE, self._names[file], offset, written))
        return int(stock.xWrite(file, data, size, offset))

    def _truncate(self, stock: _Methods, file: int, size: int) -> int:
        self.recorder.steps.append(Step(Deed.TRUNCATE, self._names[file], size))
        return int(stock.xTruncate(file, size))

    def _sync(self, stock: _Methods, file: int, flags: int) -> int:
        if self.recorder._fails():
            return IOERR_FSYNC
        self.recorder.steps.append(Step(Deed.SYNC, self._names[file]))
        return int(stock.xSync(file, flags))
