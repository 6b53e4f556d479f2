"""Recorded bars of one series of one symbol, at every interval there is, seen from a moment in time.

Of a bar that has not closed only its open is known, and of that only the finest bar's: after an outage a larger bar's
open is the price of its first trade, which may come hours after the bar's opening time. So the last price is the open
of the running bar of the finest recording that reaches here, or else the newest close.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from atapi.paper.feeds.archive import Recording
from atapi.paper.feeds.bars import DAY, gather, point, slot, slots
from atapi.paper.feeds.base import Bar
from atapi.paper.feeds.rows import Sheet

STALE_MS = DAY  # a last price is held through a gap for so long; exchange outages lasted hours

Load = Callable[[Path], Sheet]


class Known(NamedTuple):
    """The last thing known of a price."""

    at_ms: int
    running: bool  # the open of a running bar, not the close of a finished one
    price: Decimal


class Shelf:
    """Bars of one interval, in however many files."""

    def __init__(self, interval_ms: int, recordings: Sequence[Recording], load: Load) -> None:
        self.interval_ms = interval_ms
        self._recordings = recordings
        self._load = load

    def bars(self, start_ms: int, end_ms: int) -> list[Bar]:
        """List bars that open in [start_ms, end_ms), oldest first; where files overlap the first one is taken."""
        found: dict[int, Bar] = {}  # open time -> bar
        for sheet in self._sheets(start_ms, end_ms):
            for row in sheet.between(start_ms, end_ms):
                if sheet.times[row] not in found:
                    found[sheet.times[row]] = sheet.bar(row)
        return [found[open_ms] for open_ms in sorted(found)]

    def newest(self, now_ms: int) -> Bar | None:
        """Find the last bar that opened by now, if it is not stale."""
        for reach in (self.interval_ms, self.interval_ms + STALE_MS):
            newest: Bar | None = None
            for sheet in self._sheets(now_ms - reach + 1, now_ms + 1):
                rows = sheet.between(now_ms - reach + 1, now_ms + 1)
                if rows and (newest is None or sheet.times[rows[-1]] > newest.open_ms):
                    newest = sheet.bar(rows[-1])
            if newest:
                return newest
        return None

    def _sheets(self, start_ms: int, end_ms: int) -> Iterator[Sheet]:
        for recording in self._recordings:
            if recording.overlaps(start_ms, end_ms):
                yield self._load(recording.path)


class History:
    """All recorded intervals of one series of one symbol."""

    def __init__(self, shelves: Sequence[Shelf]) -> None:
        self._finest_first = sorted(shelves, key=lambda shelf: shelf.interval_ms)

    def price(self, now_ms: int) -> Decimal | None:
        """Tell the last price; None before the first bar, and in a gap of more than a day."""
        known = self._known(now_ms)
        return known.price if known else None

    def bars(self, interval_ms: int, start_ms: int, end_ms: int, now_ms: int) -> list[Bar]:
        """List bars that open in [start_ms, end_ms]: as recorded where they have finished, else made of smaller ones."""
        opened, closed = slots(start_ms, min(end_ms, now_ms), interval_ms)
        shelves = [shelf for shelf in reversed(self._finest_first) if interval_ms % shelf.interval_ms == 0]
        pieces = list(_cover(shelves, opened, min(closed, now_ms)))
        if opened <= now_ms < closed:
            known = self._known(now_ms)
            if known and known.running and known.at_ms >= slot(now_ms, interval_ms):
                pieces.append(point(known.at_ms, known.price))
        return gather(pieces, interval_ms)

    def _known(self, now_ms: int) -> Known | None:
        latest: Known | None = None
        for shelf in self._finest_first:
            bar = shelf.newest(now_ms)
            if bar and latest and bar.open_ms + shelf.interval_ms > now_ms:
                bar = shelf.newest(now_ms - shelf.interval_ms)  # its running bar is not believed
            if bar is None:
                continue
            end_ms = bar.open_ms + shelf.interval_ms
            known = Known(bar.open_ms, True, bar.open) if end_ms > now_ms else Known(end_ms, False, bar.close)
            if latest is None or known[:2] > latest[:2]:  # of two alike the finer one's
                latest = known
        return latest


def _cover(shelves: Sequence[Shelf], start_ms: int, end_ms: int) -> Iterator[Bar]:
    """Cover a span with finished bars, the largest first and smaller ones where those are missing."""
    if not shelves or start_ms >= end_ms:
        return
    largest, *smaller = shelves
    at = start_ms
    for bar in largest.bars(start_ms, end_ms - largest.interval_ms + 1):
        yield from _cover(smaller, at, bar.open_ms)
        yield bar
        at = bar.open_ms + largest.interval_ms
    yield from _cover(smaller, at, end_ms)
