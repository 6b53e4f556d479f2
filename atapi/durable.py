"""Small files that are either there or not, however the machine stops: written aside, synced, then renamed."""

from __future__ import annotations

import os
from pathlib import Path

from atapi.errors import StorageError


def write_file(path: Path, text: str) -> None:
    """Replace a file, for its owner only; whoever reads meanwhile sees the old one or the new one, whole.

    Raises:
        StorageError: It cannot be written; the old one stands.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            os.write(file, text.encode())
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(aside, path)
        _sync_folder(path.parent)
    except OSError as e:
        raise StorageError(
            f"cannot write {path}: {e.strerror}", hint="check the disk and its rights; nothing changed"
        ) from e


def remove_file(path: Path) -> None:
    """Remove a file, if it is there, so that it stays removed.

    Raises:
        StorageError: It cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as e:
        raise StorageError(f"cannot remove {path}: {e.strerror}", hint="check its rights") from e


def _sync_folder(folder: Path) -> None:
    if os.name != "posix" or not folder.exists():
        return  # elsewhere a folder cannot be opened
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
