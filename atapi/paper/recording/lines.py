"""Logs of messages: one a line, the time in nanoseconds, a space, the message as JSON; gzip where the name ends in .gz.

The raw logs of public recorders are written so, and so are ours. Ours are appended to; a file whose end was cut off is
read as far as it is whole.

    {"stream": "btcusdt@depth", "data": {…}, "market": "um"}     what a stream told
    {"snapshot": "BTCUSDT", "data": {…}, "market": "um"}         a book, as REST shows it
    {"account": "bob", "event": {…}, "market": "um"}             what a user was told
    {"account": "bob", "asked": "POST /fapi/v1/order", "params": {…}, "status": 200, "answer": {…}, "market": "um"}
                                                                 what a user decided, and the answer
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec

from atapi.errors import ConfigError

NS_PER_MS = 1_000_000
FLUSH_EVERY = 256  # lines

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Line(NamedTuple):
    """One message of a log."""

    ns: int
    message: dict[str, Any]

    @property
    def ms(self) -> int:
        """When it was received, in whole milliseconds."""
        return self.ns // NS_PER_MS


def read(path: Path) -> Iterator[Line]:
    """Walk a log, oldest first.

    Raises:
        ConfigError: The file cannot be read, or a line of it is none.
    """
    number = 0
    try:
        with opened(path, "rb") as file:
            for text in _whole_lines(file):
                yield _line(text)
                number += 1
    except (OSError, ValueError) as error:
        raise ConfigError(f"line {number + 1} of the log {path} cannot be read: {error}") from error


class Writer:
    """Appends to a log. What a killed process had not flushed is lost, and nothing before it."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = opened(path, "ab")
        except OSError as error:
            raise ConfigError(f"cannot write the log {path}: {error.strerror or error}") from error
        self.lines = 0

    def write(self, ms: int, message: dict[str, Any]) -> None:
        """Append one message."""
        self._file.write(b"%d %s\n" % (ms * NS_PER_MS, _encode(message)))
        self.lines += 1
        if self.lines % FLUSH_EVERY == 0:
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def opened(path: Path, mode: str) -> BinaryIO:
    """Open a log, compressed where its name ends so."""
    return cast(BinaryIO, gzip.open(path, mode) if path.suffix == ".gz" else path.open(mode))


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    while True:
        try:
            text = file.readline()
        except EOFError:  # a compressed file whose end was cut off
            return
        if not text.endswith(b"\n"):
            return
        yield text


def _line(text: bytes) -> Line:
    time, _, message = text.partition(b" ")
    decoded = _decode(message)
    if not isinstance(decoded, dict):
        raise ValueError("it is no JSON object")
    return Line(int(time), decoded)
