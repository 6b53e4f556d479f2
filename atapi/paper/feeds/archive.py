"""What a directory of recordings holds, told from file names alone; no file is opened here.

Names are those of Binance's public archive: `SYMBOL-interval[-…]` and `SYMBOL-fundingRate[-…]`, as `.csv`, `.csv.gz`
or `.zip`. The market is told by the path, in a folder's name or before the symbol: `spot`, `um`; the series by
`markPriceKlines`, `indexPriceKlines`, `premiumIndexKlines`. A file that says no market is not used, nor are dated
futures and COIN-M.
Source: https://github.com/binance/binance-public-data
"""

from __future__ import annotations

import os
import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from atapi.paper.feeds.bars import DAY, INTERVALS


class Kind(StrEnum):
    """What the rows of a file are; the first five are also the names of a `Series`."""

    SPOT = "spot"
    UM = "um"
    CM = "cm"  # never of a file: COIN-M follows USD-M, see `CoinMarginedFeed`
    MARK = "mark"
    INDEX = "index"
    PREMIUM = "premium"
    FUNDING = "funding"


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of bars or funding."""

    path: Path
    kind: Kind
    symbol: str
    interval_ms: int  # 0 for funding
    first_ms: int | None  # earliest and latest that its name allows; None where the name does not say
    end_ms: int | None

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether it may hold a row with start_ms <= time < end_ms."""
        return (self.first_ms is None or self.first_ms < end_ms) and (
            self.end_ms is None or start_ms < self.end_ms
        )


@dataclass(frozen=True, slots=True)
class Archive:
    """The files of one directory, by use."""

    recordings: list[Recording] = field(default_factory=list)
    supplies: list[Path] = field(default_factory=list)
    unused: list[tuple[Path, str]] = field(default_factory=list)  # file, why


_NAME = re.compile(
    r"(?P<words>(?:[a-z][A-Za-z]*-)*)(?P<symbol>[A-Z0-9]+)-(?P<what>[0-9]+[a-zA-Z]+|fundingRate)(?:-(?P<span>.+))?"
)
_SUFFIXES = (".csv", ".csv.gz", ".zip")
_DATE = r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?"
_SPAN = re.compile(rf"(?:{_DATE}_)?{_DATE}")
_UNTIL = re.compile(rf"to-{_DATE}")
_SERIES = {
    "markpriceklines": Kind.MARK,
    "indexpriceklines": Kind.INDEX,
    "premiumindexklines": Kind.PREMIUM,
}
_MARKETS = {"spot", "um", "cm"}


def scan(directory: Path) -> Archive:
    """Sort every data file under a directory by its name."""
    archive = Archive()
    for path in _files(directory):
        relative = path.relative_to(directory)
        if relative.parent.name == "supply" and not path.name.endswith(".zip"):
            archive.supplies.append(path)
            continue
        found = _identify(path, (directory.name, *relative.parent.parts))
        if isinstance(found, Recording):
            archive.recordings.append(found)
        else:
            archive.unused.append((path, found))
    return archive


def _files(directory: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(directory):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(_SUFFIXES))


def _identify(path: Path, folders: tuple[str, ...]) -> Recording | str:
    """Tell what a file holds, or why it is not used."""
    stem = path.name[: path.name.index(".")]
    name = _NAME.fullmatch(stem)
    if name is None:
        return "its name is not SYMBOL-interval or SYMBOL-fundingRate"
    words = [word for part in (*folders, name["words"]) for word in part.lower().split("-")]
    market = next((word for word in reversed(words) if word in _MARKETS), None)
    series = next((_SERIES[word] for word in reversed(words) if word in _SERIES), None)
    first_ms, end_ms = _span(name["span"] or "")
    if market == "cm":
        return "COIN-M is not replayed"
    if name["what"] == "fundingRate":
        return Recording(path, Kind.FUNDING, name["symbol"], 0, first_ms, end_ms)
    if name["what"] not in INTERVALS:
        return f"no bars of {name['what']} are replayed"
    if market is None and series is None:
        return "its path names no market, spot or um"
    kind = series or Kind(market or "")
    return Recording(path, kind, name["symbol"], INTERVALS[name["what"]], first_ms, end_ms)


def _span(text: str) -> tuple[int | None, int | None]:
    """Read `2021`, `2021-03`, `2021-03-05`, `2021-03_2021-06` or `to-2021`; (None, None) for anything else."""
    if match := _UNTIL.fullmatch(text):
        return None, _bounds(match.groups())[1]
    if match := _SPAN.fullmatch(text):
        last = match.groups()[3:]
        first = match.groups()[:3] if match[1] else last
        return _bounds(first)[0], _bounds(last)[1]
    return None, None


def _bounds(parts: tuple[str | None, ...]) -> tuple[int | None, int | None]:
    """Tell the first millisecond of a year, month or day and the first one after it."""
    year, month, day = (int(part) if part else None for part in parts)
    try:
        first = date(year or 0, month or 1, day or 1)
        last = date(first.year, month or 12, day or monthrange(first.year, month or 12)[1])
    except ValueError:
        return None, None  # digits, but no date
    return _midnight(first), _midnight(last + timedelta(days=1))


def _midnight(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY
