"""The log feed: the messages of one recorded stretch of time, its own books and trades.

Prices are those that traded; the books are rebuilt from the snapshot and the changes after it, as they were received.
There is no index, mark or funding in such a log: the exchange's formulas stand in for them.

Assumes: what was received by a moment is known at that moment. Trades are dated by their receipt.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from atapi.errors import ConfigError
from atapi.matching.contracts import LINEAR, Contract
from atapi.paper.feeds.bars import gather, slots
from atapi.paper.feeds.base import Bar, Book, Catalogue, FundingRecord, Levels, Print, Recorded, Series
from atapi.paper.feeds.coin_margined import coin_rules, followed
from atapi.paper.feeds.markets import crowd_book, find
from atapi.paper.feeds.rules import perpetual_rules, spot_rules
from atapi.paper.recording.books import RebuiltBook
from atapi.paper.recording.captures import messages
from atapi.paper.recording.lines import Line

LEVELS = 500  # of a side that the book shows at most
ZERO = Decimal(0)
KINDS = ("depthUpdate", "snapshot", "trade", "aggTrade")
SERIES = {"spot": Series.SPOT, "um": Series.UM, "cm": Series.CM}


class Told(NamedTuple):
    """One message about one symbol."""

    ms: int
    series: Series
    symbol: str
    kind: str  # depthUpdate, snapshot, trade, aggTrade
    data: dict[str, Any]


class Track:
    """What a log holds of one symbol."""

    def __init__(self) -> None:
        self.depth: list[tuple[int, str, dict[str, Any]]] = []  # time, kind, data
        self.trades: list[tuple[int, Print]] = []
        self.aggregated: list[tuple[int, Print]] = []  # stand in where single trades were not recorded
        self._book = RebuiltBook()
        self._applied = 0
        self._at_ms = 0

    def traded(self, told: Told) -> None:
        """Take a trade."""
        trades = self.trades if told.kind == "trade" else self.aggregated
        number = trades[-1][1].number + 1 if trades and trades[-1][0] == told.ms else 0
        trades.append((told.ms, _print(told.data, number)))

    def book_at(self, now_ms: int) -> RebuiltBook:
        """Rebuild the book up to a moment."""
        if now_ms < self._at_ms:
            self._book, self._applied = RebuiltBook(), 0
        self._at_ms = now_ms
        while self._applied < len(self.depth) and self.depth[self._applied][0] <= now_ms:
            _, kind, data = self.depth[self._applied]
            self._applied += 1
            if kind == "snapshot":
                self._book.snapshot(data)
            else:
                self._book.change(data)
        return self._book

    def first_book_ms(self) -> int | None:
        """Tell from when on there is a book."""
        return next((ms for ms, kind, _ in self.depth if kind == "snapshot"), None)

    def decimals(self) -> tuple[int, Decimal]:
        """Tell how many decimals prices need, and a price."""
        prices = [each.price for _, each in self.trades[:500]]
        for _, _, data in self.depth[:50]:
            prices += [Decimal(row[0]) for row in (*data.get("b", ()), *data.get("bids", ()))]
        shown = [_decimals(price) for price in prices]
        return max(shown), prices[0]


class LogFeed:
    """Books and trades of a log file."""

    synthetic = False

    def __init__(self, path: Path, speed: Decimal | None = None) -> None:
        self.name = f"log:{path}" if speed is None else f"log:{path}@{speed:f}"
        self._path = path
        self._tracks: dict[tuple[Series, str], Track] = {}
        first = last = 0
        for told in _told(messages(path)):
            track = self._tracks.setdefault((told.series, told.symbol), Track())
            first, last = first or told.ms, told.ms
            if told.kind in ("trade", "aggTrade"):
                track.traded(told)
            else:
                track.depth.append((told.ms, told.kind, told.data))
        tracks = self._tracks.values()
        for track in tracks:
            track.trades = track.trades or track.aggregated
        if not any(track.trades or track.first_book_ms() for track in tracks):
            raise ConfigError(
                f"'{path}' holds neither books nor trades",
                hint="see docs/paper.md, Recording",
            )
        begins = [ms for track in tracks if (ms := track.first_book_ms()) is not None]
        self._span = (max(begins, default=first), last)
        self._catalogue = self._list()
        self.recorded = Recorded(levels=self._levels, prints=self._prints, speed=speed)

    def identity(self) -> str:
        """Name this world in a file name: the same file, played as fast, is the same world."""
        return f"log-{blake2b(self.name.encode(), digest_size=4).hexdigest()}"

    def catalogue(self) -> Catalogue:
        """List what can be traded."""
        return self._catalogue

    def span(self) -> tuple[int, int] | None:
        """First moment with a book, and the last message."""
        return self._span

    def price(self, series: Series, symbol: str, now_ms: int) -> Decimal | None:
        """Tell the last price traded, before the first one the middle of the book."""
        track = self._tracks.get((series, symbol))
        if track is None:
            return None
        count = bisect_right(track.trades, now_ms, key=_when)
        if count:
            return track.trades[count - 1][1].price
        bid, ask = track.book_at(now_ms).best()
        return None if bid is None or ask is None else bid

    def bars(
        self, series: Series, symbol: str, interval_ms: int, start_ms: int, end_ms: int, now_ms: int
    ) -> Sequence[Bar]:
        """Put trades together into bars; there is none where nothing traded."""
        track = self._tracks.get((series, symbol))
        if track is None:
            return []
        opened, closed = slots(start_ms, end_ms, interval_ms)
        low = bisect_left(track.trades, opened, key=_when)
        high = bisect_right(track.trades, min(closed - 1, now_ms), key=_when)
        contract = self._catalogue.cm[symbol].contract if series is Series.CM else LINEAR
        return gather((_bar(ms, each, contract) for ms, each in track.trades[low:high]), interval_ms)

    def premium(self, symbol: str, at_ms: int) -> Decimal | None:
        """Tell nothing: a log has no index."""
        return None

    def funding(self, symbol: str, after_ms: int, until_ms: int) -> Sequence[FundingRecord] | None:
        """Tell nothing: the formula decides."""
        return None

    def next_funding_ms(self, symbol: str, now_ms: int) -> int | None:
        """Tell nothing: the formula decides."""
        return None

    def book(self, series: Series, symbol: str) -> Book:
        """Tell how the crowd quotes where the log has no book."""
        market = find(series, symbol)
        return crowd_book(market.crowd if market else "small", series)

    def supply(self, now_ms: int) -> Mapping[str, Decimal]:
        """Tell nothing of coins in circulation."""
        return {}

    # --- books and trades -------------------------------------------------------------------------------------
    def _levels(self, series: Series, symbol: str, now_ms: int) -> tuple[Levels, Levels] | None:
        track = self._tracks.get((series, symbol))
        if track is None or not (book := track.book_at(now_ms)).ready:
            return None
        return book.levels(LEVELS)

    def _prints(self, series: Series, symbol: str, limit: int, now_ms: int) -> Sequence[tuple[int, Print]]:
        track = self._tracks.get((series, symbol))
        if track is None:
            return []
        count = bisect_right(track.trades, now_ms, key=_when)
        return track.trades[max(0, count - limit) : count]

    def _list(self) -> Catalogue:
        spot = {
            s: spot_rules(s, *t.decimals())
            for (series, s), t in self._tracks.items()
            if series is Series.SPOT
        }
        um = {
            s: perpetual_rules(s, *t.decimals())
            for (series, s), t in self._tracks.items()
            if series is Series.UM
        }
        cm = {
            s: coin_rules(s, perpetual_rules(followed(s), *t.decimals()))
            for (series, s), t in self._tracks.items()
            if series is Series.CM
        }
        return Catalogue(spot=spot, um=um, cm=cm)


def _told(lines: Iterator[Line]) -> Iterator[Told]:
    """Walk what a log tells of books and trades; what comes before its market is known waits for that."""
    market: str | None = None
    symbol = ""
    waiting: list[tuple[Line, dict[str, Any]]] = []
    for line in lines:
        message = line.message
        data = message.get("data", message)
        kind = "snapshot" if "lastUpdateId" in data else data.get("e")
        if kind not in KINDS:
            continue
        if "market" in message:
            at = SERIES.get(message["market"])
            if at is not None:
                yield Told(line.ms, at, message.get("snapshot") or data["s"], kind, data)
            continue
        if market is None and kind == "depthUpdate":
            market, symbol = _market_of(data), data["s"]
        waiting.append((line, data))
        if market is not None:
            for each, held in waiting if market in SERIES else ():
                what = "snapshot" if "lastUpdateId" in held else held["e"]
                yield Told(each.ms, SERIES[market], held.get("s", symbol), what, held)
            waiting.clear()


def _market_of(change: dict[str, Any]) -> str:
    """Tell spot from futures by what their changes of books hold."""
    if "pu" not in change:
        return "spot"
    return "cm" if "_" in change["s"] else "um"


def _print(data: dict[str, Any], number: int) -> Print:
    side = "SELL" if data["m"] else "BUY"
    return Print(price=Decimal(data["p"]), quantity=Decimal(data["q"]), side=side, number=number)


def _bar(ms: int, each: Print, contract: Contract) -> Bar:
    price, quantity = each.price, each.quantity
    taken = quantity if each.side == "BUY" else ZERO
    turnover, bought = contract.value(quantity, price), contract.value(taken, price)
    return Bar(ms, price, price, price, price, quantity, turnover, 1, taken, bought)


def _decimals(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _when(trade: tuple[int, Print]) -> int:
    return trade[0]
