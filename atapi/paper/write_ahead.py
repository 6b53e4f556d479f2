"""A log ahead of the exchange's file: one append makes calls durable, the file takes them up later, many at once.

A record is a header (length, checksum, number) and its payload. Numbers rise by one; the file knows the number of the
last record it has taken up. A record that was cut off by a crash, or that does not follow on from the file, ends what is
read: everything after it was never acknowledged.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

_HEADER = struct.Struct("<IIQ")  # payload's length, CRC-32 of number and payload, number
KEPT_BYTES = 16 * 1024 * 1024  # how long the log grows before it is begun anew

_encode = msgspec.msgpack.Encoder().encode
T = TypeVar("T")


class WriteAheadLog(Generic[T]):
    """One append-only file.

    Args:
        path: Where it is kept; made for its owner only.
        payload: What its records hold.
    Raises:
        OSError: It cannot be opened.
    """

    def __init__(self, path: str, payload: type[T]) -> None:
        self.path = path
        self._decode = msgspec.msgpack.Decoder(payload).decode
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size

    def append(self, number: int, payload: T) -> None:
        """Append a record; once this returns, a killed process has not lost it.

        Raises:
            OSError: It could not be written whole.
        """
        body = _encode(payload)
        header = _HEADER.pack(len(body), _checksum(number, body), number)
        written = os.writev(self._file, (header, body))
        if written != len(header) + len(body):
            raise OSError(f"{written} of {len(header) + len(body)} bytes were written")
        self._size += written

    def after(self, number: int) -> Iterator[tuple[int, T]]:
        """Walk the records that follow on from a number, as far as they are whole."""
        data, at = os.pread(self._file, self._size, 0), 0
        while at + _HEADER.size <= len(data):
            length, checksum, found = _HEADER.unpack_from(data, at)
            body = data[at + _HEADER.size : at + _HEADER.size + length]
            at += _HEADER.size + length
            if len(body) < length or _checksum(found, body) != checksum or found > number + 1:
                return
            if found == number + 1:
                number = found
                yield found, self._decode(body)

    @property
    def long(self) -> bool:
        """Whether it has grown so much that it should begin anew once the file has everything."""
        return self._size >= KEPT_BYTES

    def begin_anew(self) -> None:
        """Forget every record; the file must have taken them up."""
        if self._size:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _checksum(number: int, body: bytes) -> int:
    return zlib.crc32(body, number & 0xFFFFFFFF)
