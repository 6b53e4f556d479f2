"""Recorded files for tests: written by them, or the real ones beside the repository."""

from __future__ import annotations

import gzip
import os
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atapi.clock import to_ms
from atapi.paper.feeds.base import Bar

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
    "taker_buy_volume,taker_buy_quote_volume,ignore"
)
FUNDING_HEADER = "calc_time,funding_interval_hours,last_funding_rate"


def at(text: str) -> int:
    """Read `2021-02-01` or `2021-02-01T08:00` as milliseconds."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def row(open_ms: int, prices: str, volume: str = "") -> str:
    """Write one row of `open high low close` and perhaps a volume; everything else is not recorded."""
    return ",".join([str(open_ms), *prices.split(), volume, str(open_ms), "", "", "", "", "0"])


def full_row(bar: Bar, interval_ms: int) -> str:
    """Write one row with every column."""
    values = (
        bar.open_ms, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.open_ms + interval_ms - 1,
        bar.turnover, bar.trades, bar.taker_volume, bar.taker_turnover, 0,
    )  # fmt: skip
    return ",".join(map(str, values))


def write(path: Path, rows: Iterable[str], header: str | None = HEADER) -> Path:
    """Write rows as the file's suffix asks: `.csv`, `.csv.gz` or `.zip`."""
    text = "".join(f"{line}\n" for line in ([header] if header else []) + list(rows))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr(path.with_suffix(".csv").name, text)
    else:
        path.write_text(text)
    return path


def write_bars(path: Path, bars: Sequence[Bar], interval_ms: int) -> Path:
    """Write bars with every column."""
    return write(path, (full_row(bar, interval_ms) for bar in bars))


def real_recordings() -> Path:
    """Find `shared/data` beside the repository, or skip."""
    if given := os.environ.get("ATAPI_RECORDINGS"):
        return Path(given)
    for parent in Path(__file__).resolve().parents:
        if (found := parent / "shared" / "data").is_dir():
            return found
    pytest.skip("no recordings: ../shared/data is absent and ATAPI_RECORDINGS is not set")
