"""Logs of whole connections, as one public recorder writes them: two files beside each other, sockets and requests.

    NAME.ws.log.gz      wss://stream.binance.com:9443/stream?streams=… <-> 1633998511.159679
                        1633998512.0633569: {"stream": "nknusdt@depth@100ms", "data": {…}}
    NAME.http.log.gz    https://api.binance.com/api/v3/depth?symbol=NKNUSDT&limit=1000 -> 1633998512.320639: {…}

Times are seconds. The market is told by the host, the symbol of a snapshot by its address.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from heapq import merge
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from atapi.errors import ConfigError
from atapi.paper.recording.lines import Line, opened, read

PARTS = (".ws.", ".http.")
SCHEMES = (b"wss://", b"ws://", b"https://", b"http://")
HOSTS = (("fstream.", "um"), ("fapi.", "um"), ("dstream.", "cm"), ("dapi.", "cm"))  # else spot
NS_PER_S = 1_000_000_000


def messages(path: Path) -> Iterator[Line]:
    """Walk a log of either kind, oldest first; of two files beside each other both, whichever is named.

    Raises:
        ConfigError: It cannot be read, or a line of it is none.
    """
    if not _is_capture(path):
        return read(path)
    files = [path]
    for mine, others in (PARTS, PARTS[::-1]):
        if mine in path.name and (beside := path.with_name(path.name.replace(mine, others))).is_file():
            files.append(beside)
    return merge(*map(_captured, files), key=lambda line: line.ns)


def _is_capture(path: Path) -> bool:
    try:
        with opened(path, "rb") as file:
            return file.readline(16).startswith(SCHEMES)
    except (OSError, EOFError):
        return False  # `read` says what is wrong with it


def _captured(path: Path) -> Iterator[Line]:
    market, number = "spot", 0
    try:
        with opened(path, "rb") as file:
            for text in file:
                number += 1
                if not text.strip():
                    continue
                if text.startswith(SCHEMES):
                    address, _, rest = text.partition(b" ")
                    market = _market_of(address.decode())
                    if rest.startswith(b"-> "):
                        yield _line(rest[3:], market, _symbol_of(address.decode()))
                    continue
                yield _line(text, market, None)
    except (OSError, EOFError, ValueError, ArithmeticError) as error:
        raise ConfigError(f"line {number} of the log {path} cannot be read: {error}") from error


def _line(text: bytes, market: str, snapshot: str | None) -> Line:
    time, _, body = text.partition(b": ")
    message: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    if snapshot is not None:
        message = {"snapshot": snapshot, "data": message}
    return Line(int(Decimal(time.decode()) * NS_PER_S), message | {"market": market})


def _market_of(address: str) -> str:
    host = urlsplit(address).hostname or ""
    return next((market for start, market in HOSTS if host.startswith(start)), "spot")


def _symbol_of(address: str) -> str | None:
    symbols = parse_qs(urlsplit(address).query).get("symbol")
    return symbols[0] if symbols else None
