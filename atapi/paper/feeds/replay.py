"""The replay feed: recorded markets, with nothing later than the clock ever visible.

Prices, bars and funding are the recording's own. The index price is the spot price where no index was recorded;
a mark price or a funding that was not recorded is left to the exchange's formulas.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, cached_property, lru_cache
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path

from atapi.paper.feeds.archive import Archive, Kind, Recording, scan
from atapi.paper.feeds.bars import HOUR
from atapi.paper.feeds.base import Bar, Book, Catalogue, FundingRecord, PerpetualRules, Series, SpotRules
from atapi.paper.feeds.history import History, Shelf
from atapi.paper.feeds.markets import crowd_book, find
from atapi.paper.feeds.rows import Sheet, glance
from atapi.paper.feeds.rules import coins_per_contract, perpetual_rules, spot_rules, spot_symbol
from atapi.paper.feeds.supply import Supply

_OPEN_FILES = 512  # parsed files kept; a month of minutes takes about 8 MB
_SAMPLES = 4  # files looked into for a symbol's decimals
_PREMIUM_STEP = Decimal("0.00000001")
_ZERO = Decimal(0)


class ReplayFeed:
    """Recorded prices of the files under a directory."""

    synthetic = False
    recorded = None

    def __init__(self, directory: Path) -> None:
        self.name = f"replay:{directory}"
        self._directory = directory
        self._load = lru_cache(maxsize=_OPEN_FILES)(Sheet)
        self._history = cache(self._make_history)  # (kind, symbol) -> its bars
        self._fundings = cache(self._load_fundings)  # symbol -> its funding

    def identity(self) -> str:
        """Name this world in a file name: the same directory is the same world."""
        where = str(self._directory.resolve()).encode()
        return f"replay-{blake2b(where, digest_size=4).hexdigest()}"

    @property
    def recordings(self) -> Sequence[Recording]:
        """Files that are replayed."""
        return self._archive.recordings

    @property
    def unused(self) -> Sequence[tuple[Path, str]]:
        """Data files that are not replayed, each with the reason."""
        return self._archive.unused

    def catalogue(self) -> Catalogue:
        """List what can be traded: spot and perpetual symbols with bars."""
        return self._catalogue

    def span(self) -> tuple[int, int] | None:
        """First and last millisecond of any bar, as file names tell; a file whose name does not is opened."""
        return self._span

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price known at that moment; None before the first bar and in a gap of more than a day."""
        if history := self._history(Kind(series), symbol):
            return history.price(now_ms)
        if series is Series.INDEX:
            price = self.price(Series.SPOT, spot_symbol(symbol), now_ms)
            return None if price is None else price * coins_per_contract(symbol)
        return None

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        """List bars as recorded, else made of smaller ones; the running one of what has finished within it."""
        if history := self._history(Kind(series), symbol):
            return history.bars(interval_ms, start_ms, end_ms, now_ms)
        if series is Series.INDEX:
            coins = coins_per_contract(symbol)
            spot = self.bars(Series.SPOT, spot_symbol(symbol), interval_ms, start_ms, end_ms, now_ms)
            return [_index(bar, coins) for bar in spot]
        return []

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        """Tell the premium: as recorded, else of the perpetual over its index, else of its mark price."""
        if history := self._history(Kind.PREMIUM, symbol):
            return history.price(at_ms)
        index = self.price(Series.INDEX, symbol, at_ms)
        price = self.price(Series.UM, symbol, at_ms) or self.price(Series.MARK, symbol, at_ms)
        return (price / index - 1).quantize(_PREMIUM_STEP) if price and index else None

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        """List recorded funding with after_ms < time <= until_ms; None for a symbol without any."""
        fundings = self._fundings(symbol)
        if not fundings:
            return None
        time = attrgetter("time_ms")
        return fundings[
            bisect_right(fundings, after_ms, key=time) : bisect_right(fundings, until_ms, key=time)
        ]

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        """Tell the next recorded funding time, rounded down to the hour; None past the last one."""
        fundings = self._fundings(symbol)
        coming = bisect_right(fundings, now_ms, key=attrgetter("time_ms"))
        return fundings[coming].time_ms // HOUR * HOUR if coming < len(fundings) else None

    def book(self, series: Series, symbol: str) -> Book:
        """Tell how the crowd quotes this symbol; recordings hold no books."""
        market = find(series, symbol)
        return crowd_book(market.crowd if market else "small", series)

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        """Coins in circulation by base asset, from the `supply` folder, as known at that moment."""
        return self._supply.at(now_ms)

    @cached_property
    def _archive(self) -> Archive:
        return scan(self._directory)

    @cached_property
    def _supply(self) -> Supply:
        return Supply(self._archive.supplies)

    @cached_property
    def _recordings(self) -> Mapping[tuple[Kind, str], Sequence[Recording]]:
        """By kind and symbol."""
        found: dict[tuple[Kind, str], list[Recording]] = defaultdict(list)
        for recording in self.recordings:
            found[recording.kind, recording.symbol].append(recording)
        return found

    @cached_property
    def _catalogue(self) -> Catalogue:
        spot: dict[str, SpotRules] = {}
        um: dict[str, PerpetualRules] = {}
        for (kind, symbol), recordings in sorted(self._recordings.items()):
            if kind is Kind.SPOT:
                spot[symbol] = spot_rules(symbol, *self._sample(recordings))
            elif kind is Kind.UM:
                um[symbol] = perpetual_rules(symbol, *self._sample(recordings))
        return Catalogue(spot=spot, um=um)

    @cached_property
    def _span(self) -> tuple[int, int] | None:
        spans = [self._extent(recording) for recording in self.recordings if recording.interval_ms]
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        return (min(starts), max(ends) - 1) if spans else None

    def _extent(self, recording: Recording) -> tuple[int, int]:
        """Tell from where to where a file of bars reaches, the end excluded."""
        if recording.first_ms is not None and recording.end_ms is not None:
            return recording.first_ms, recording.end_ms
        times = self._load(recording.path).times or [0]
        return times[0], times[-1] + recording.interval_ms

    def _sample(self, recordings: Sequence[Recording]) -> tuple[int, Decimal]:
        """Look into a few files, from the first to the last: the decimals prices need, and a price."""
        step = max(1, -(-len(recordings) // _SAMPLES))
        sampled = [*recordings[::step], recordings[-1]]
        heads = [glance(recording.path) for recording in sampled]
        return max(head[0] for head in heads), heads[0][1]

    def _make_history(self, kind: Kind, symbol: str) -> History | None:
        by_interval: dict[int, list[Recording]] = defaultdict(list)
        for recording in self._recordings.get((kind, symbol), ()):
            by_interval[recording.interval_ms].append(recording)
        shelves = [Shelf(interval_ms, files, self._load) for interval_ms, files in by_interval.items()]
        return History(shelves) if shelves else None

    def _load_fundings(self, symbol: str) -> Sequence[FundingRecord]:
        found: dict[int, FundingRecord] = {}
        for recording in self._recordings.get((Kind.FUNDING, symbol), ()):
            sheet = self._load(recording.path)
            found.update((time, sheet.funding(row)) for row, time in enumerate(sheet.times))
        return [found[time] for time in sorted(found)]


def _index(bar: Bar, coins: int) -> Bar:
    """Make an index bar of a spot bar: without volume."""
    return Bar(
        bar.open_ms,
        bar.open * coins,
        bar.high * coins,
        bar.low * coins,
        bar.close * coins,
        _ZERO,
        _ZERO,
        0,
        _ZERO,
        _ZERO,
    )
