"""Rows of a recorded file, read once and turned into bars only where asked for."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

from atapi.errors import StorageError
from atapi.paper.feeds.base import Bar, FundingRecord

_MICROSECONDS = 10**15  # a time from here up is in microseconds, as in spot files since 2025
_ZERO = Decimal(0)
_EMPTY = [""] * 12


class Sheet:
    """One file's rows, by time, oldest first."""

    __slots__ = ("_lines", "_path", "times")

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = [
            line for line in _read(path).splitlines() if line[:1].isdigit()
        ]  # drops a header, and empty lines
        try:
            times = [milliseconds(line[: line.index(",")]) for line in lines]
        except ValueError as error:
            raise StorageError(f"{path}: a row does not start with a time: {error}") from error
        if any(later <= sooner for sooner, later in pairwise(times)):
            by_time = dict(zip(times, lines, strict=True))
            times = sorted(by_time)
            lines = [by_time[time] for time in times]
        self.times = times
        self._lines = lines

    def between(self, start_ms: int, end_ms: int) -> range:
        """List the numbers of the rows with start_ms <= time < end_ms."""
        return range(bisect_left(self.times, start_ms), bisect_left(self.times, end_ms))

    def bar(self, row: int) -> Bar:
        """Read one row as a bar; what was not recorded is 0.

        Raises:
            StorageError: The row is no bar.
        """
        fields = self._lines[row].split(",")
        fields += _EMPTY[len(fields) :]
        try:
            first, high, low, last = map(Decimal, fields[1:5])
            if not low <= high:
                raise ValueError(f"low {low} is above high {high}")
            return Bar(
                self.times[row],
                first,
                high,
                low,
                last,
                _number(fields[5]),
                _number(fields[7]),
                int(fields[8] or 0),
                _number(fields[9]),
                _number(fields[10]),
            )
        except (InvalidOperation, ValueError) as error:
            raise self._torn(row) from error

    def funding(self, row: int) -> FundingRecord:
        """Read one row as `calc_time,funding_interval_hours,last_funding_rate`.

        Raises:
            StorageError: The row is no funding.
        """
        try:
            _, hours, rate = self._lines[row].split(",")[:3]
            return FundingRecord(self.times[row], Decimal(rate), int(hours or 8))
        except (InvalidOperation, ValueError) as error:
            raise self._torn(row) from error

    def _torn(self, row: int) -> StorageError:
        return StorageError(f"{self._path}: this row cannot be read: {self._lines[row]}")


def milliseconds(text: str) -> int:
    """Read a time in milliseconds or, by its magnitude, in microseconds."""
    time = int(text)
    return time // 1000 if time >= _MICROSECONDS else time


def glance(path: Path, rows: int = 64) -> tuple[int, Decimal]:
    """Look at the start of a file of bars: how many decimals its prices need, and the first price.

    Cheap: a few kilobytes are read. (0, 1) for a file without bars.
    """
    lines = [line for line in _read(path, limit=16_384).splitlines()[:rows] if line[:1].isdigit()]
    prices = [text for line in lines for text in line.split(",")[1:5]]
    digits = max((len(text.partition(".")[2].rstrip("0")) for text in prices), default=0)
    try:
        return digits, (Decimal(prices[0]) if prices else _ZERO) or Decimal(1)
    except InvalidOperation as error:
        raise StorageError(f"{path}: '{prices[0]}' is no price") from error


def table(path: Path) -> Sequence[dict[str, str]]:
    """Read a small file whose first row names its columns."""
    header, *lines = _read(path).splitlines() or [""]
    names = header.strip().split(",")
    return [dict(zip(names, line.split(","), strict=False)) for line in lines if line]


def _number(text: str) -> Decimal:
    return Decimal(text) if text else _ZERO


def _read(path: Path, limit: int = -1) -> str:
    """Read a text file, `.gz`, or the one file in a `.zip`; the last line may be cut where a limit is given."""
    try:
        return _bytes(path, limit).decode("ascii")
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, IndexError, UnicodeDecodeError) as error:
        raise StorageError(f"{path} cannot be read: {error}") from error


def _bytes(path: Path, limit: int) -> bytes:
    if path.suffix == ".gz":
        with gzip.open(path) as packed:
            return packed.read(limit)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as bundle, bundle.open(bundle.namelist()[0]) as member:
            return member.read(limit)
    with path.open("rb") as file:
        return file.read(limit)
