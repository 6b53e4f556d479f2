"""The raw logs played: books never cross and are the recorded ones, trades print in order, each once.

    python -m tests.gates.played                      what CI runs: steps of a second, and sixty times as fast
    python -m tests.gates.played --step 100 --speed 5

Step by step, each symbol's best levels are held against a book rebuilt here from the log, and the tape against its
trades. Then the log is played, with clients that follow the book by Binance's rule and hear the trades.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from bisect import bisect_right
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.gates.follower import WHERE, Follower
from tests.gates.line import TIMEOUT_S, Line
from tests.gates.rawlogs import PATHS, OwnBook, Symbol, Trade, parse
from tests.gates.served import Served
from tests.recordings import MISSING, find_recordings

LEVELS = 20
MOST_TRADES = 900
SHORTEST_MS = 4000  # that playing a log takes
FILES = (
    "spot_btcusdt_2024-08-08", "spot_ethusdt_2024-08-08_first2min", "um_btcusdt_2024-08-08",
    "um_ethusdt_2024-08-08_first2min", "cm_btcusd_perp_2024-08-08", "cryptofeed_spot_2021-10-12.ws",
    "cryptofeed_um_2021-07-22.ws",
)  # fmt: skip


class Tape:
    """Prints of one symbol, as they come in."""

    def __init__(self, symbol: Symbol) -> None:
        self._symbol = symbol
        self.prints: dict[int, tuple[int, Trade]] = {}  # id -> time, trade

    def take(self, number: int, time_ms: int, trade: Trade) -> None:
        """Take a print; a new one comes after those before it."""
        if number not in self.prints:
            newest = next(reversed(self.prints), 0)
            assert number > newest, f"{self._symbol.name}: trade {number} after {newest}"
            before = self.prints[newest][0] if newest else 0
            assert time_ms >= before, f"{self._symbol.name}: trade {number} at {time_ms}, after {before}"
            self.prints[number] = (time_ms, trade)
        assert self.prints[number] == (time_ms, trade), f"{self._symbol.name}: trade {number} changed"

    def newest_is_the_logs(self) -> bool:
        """Whether the last trade of the log was printed."""
        return bool(self.prints) and next(reversed(self.prints.values())) == self._symbol.trades[-1]

    def is_the_logs(self, until_ms: int, *, tail: bool = False) -> int:
        """Hold the prints against the log's trades, or against the newest of them; gives how many there are."""
        told = [(ms, trade) for ms, trade in self._symbol.trades if ms <= until_ms]
        seen = list(self.prints.values())
        if tail:
            told = told[len(told) - len(seen) :]
        assert seen == told, f"{self._symbol.name}: {len(seen)} trades printed, {len(told)} recorded"
        return len(seen)


def step_through(path: Path, symbols: list[Symbol], step_ms: int) -> str:
    """Advance a log step by step."""
    with tempfile.TemporaryDirectory(prefix="atapi-played-") as folder, ExitStack() as open_ones:
        served = Served(Path(folder), feed=f"log:{path}")
        served.start()
        open_ones.callback(served.kill)
        lines = {symbol.name: served.line(symbol.market) for symbol in symbols}
        for line in lines.values():
            open_ones.callback(line.close)
        tapes = {symbol.name: Tape(symbol) for symbol in symbols}
        books = {symbol.name: OwnBook(symbol) for symbol in symbols}
        end_ms = max(ms for symbol in symbols for ms, _ in symbol.depth + symbol.trades)
        now_ms, moments, levels = _now(lines[symbols[0].name], symbols[0]), 0, 0
        while True:
            for symbol in symbols:
                levels += _look(lines[symbol.name], symbol, books[symbol.name], tapes[symbol.name], now_ms)
            moments += 1
            if now_ms >= end_ms:
                break
            until = min(now_ms + step_ms, end_ms, *(_crowded(symbol, now_ms) for symbol in symbols))
            now_ms = served.admin("advance", span_ms=max(1, until - now_ms))["now_ms"]
        trades = sum(tape.is_the_logs(now_ms) for tape in tapes.values())
        return f"{moments} moments, {levels} levels as recorded, {trades} trades"


def _crowded(symbol: Symbol, now_ms: int) -> int:
    """When more will have traded than one request shows."""
    first = bisect_right(symbol.trades, now_ms, key=lambda trade: trade[0])
    late = symbol.trades[first : first + MOST_TRADES]
    return late[-1][0] - 1 if len(late) == MOST_TRADES else 1 << 62


def _now(line: Line, symbol: Symbol) -> int:
    return int(line.get(f"{PATHS[symbol.market]}/time")["serverTime"])


def _look(line: Line, symbol: Symbol, own: OwnBook, tape: Tape, now_ms: int) -> int:
    prefix = PATHS[symbol.market]
    own.until(now_ms)
    shown = line.get(f"{prefix}/depth", symbol=symbol.name, limit=LEVELS)
    bids, asks = ([(Decimal(p), Decimal(q)) for p, q in shown[side]] for side in ("bids", "asks"))
    assert bids[0][0] < asks[0][0], f"{symbol.name} crossed at {now_ms}"
    if own.ready:
        assert (bids, asks) == own.best(LEVELS), f"{symbol.name} at {now_ms} is not the recorded book"
    for row in line.get(f"{prefix}/trades", symbol=symbol.name, limit=1000):
        tape.take(row["id"], row["time"], (Decimal(row["price"]), Decimal(row["qty"]), row["isBuyerMaker"]))
    return len(bids) + len(asks)


class Listener:
    """Hears a symbol's trade stream."""

    def __init__(self, symbol: Symbol, url: str) -> None:
        self.tape = Tape(symbol)
        self.wrong: str | None = None
        self._opened = ExitStack()
        where = "/market/ws/" if symbol.market == "um" else WHERE[symbol.market]
        address = f"{url.replace('http', 'ws')}{where}{symbol.name.lower()}@trade"
        self._socket = self._opened.enter_context(connect(address, proxy=None, open_timeout=TIMEOUT_S))
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._opened.close()
        self._thread.join()

    def _hear(self) -> None:
        try:
            for message in self._socket:
                told: dict[str, Any] = json.loads(message)
                self.tape.take(told["t"], told["T"], (Decimal(told["p"]), Decimal(told["q"]), told["m"]))
        except ConnectionClosed:
            return
        except AssertionError as e:
            self.wrong = str(e)


class TooLate(Exception):
    """A log was over before everybody followed it."""


def play(path: Path, symbols: list[Symbol], speed: int) -> str:
    """Let a log run, followed by clients until its end; slower where it was over before they were there."""
    told = [ms for symbol in symbols for ms, _ in symbol.depth]
    speed = max(1, min(speed, (max(told) - min(told)) // SHORTEST_MS))
    while True:
        try:
            return _play(path, symbols, speed)
        except TooLate:
            assert speed > 1, "nobody could follow it"
            speed = max(1, speed // 3)


def _play(path: Path, symbols: list[Symbol], speed: int) -> str:
    busy = [symbol for symbol in symbols if len(symbol.depth) > 100]
    with tempfile.TemporaryDirectory(prefix="atapi-played-") as folder, ExitStack() as open_ones:
        served = Served(Path(folder), feed=f"log:{path}@{speed}")
        served.start()
        open_ones.callback(served.kill)
        followers, listeners = [], []
        for symbol in busy:
            url = served.told[symbol.market]
            stream = f"{symbol.name.lower()}@depth@100ms"
            listeners.append(Listener(symbol, url))
            open_ones.callback(listeners[-1].close)
            followers.append(Follower(symbol.market, url, symbol.name, stream))
            open_ones.callback(followers[-1].close)
        end_ms = max(ms for symbol in symbols for ms, _ in symbol.depth + symbol.trades)
        line = served.line(busy[0].market)
        open_ones.callback(line.close)
        while _now(line, busy[0]) < end_ms:
            assert not followers[0].reaches(1 << 62, 0.1), followers[0].wrong
        heard = 0
        for symbol, follower, listener in zip(busy, followers, listeners, strict=True):
            own = OwnBook(symbol)
            own.until(end_ms)
            shown = line.get(f"{PATHS[symbol.market]}/depth", symbol=symbol.name, limit=LEVELS)
            if not follower.events and not follower.reaches(1, 1.0):
                raise TooLate
            assert follower.reaches(shown["lastUpdateId"], TIMEOUT_S), f"{follower.name} stays behind"
            assert follower.wrong is None, f"{follower.name}: {follower.wrong}"
            bids, asks = (sorted(side.items()) for side in (follower.bids, follower.asks))
            assert (bids[::-1][:LEVELS], asks[:LEVELS]) == own.best(LEVELS), f"{follower.name} differs"
            for _ in range(50):
                if listener.tape.newest_is_the_logs() or follower.reaches(1 << 62, 0.1):
                    break
            assert listener.wrong is None, listener.wrong
            heard += listener.tape.is_the_logs(end_ms, tail=True)
        changes = sum(each.events for each in followers)
        return f"{speed} times as fast: {changes} changes followed, {heard} trades heard"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--step", type=int, default=1000, help="milliseconds")
    parser.add_argument("--speed", type=int, default=60)
    options = parser.parse_args()
    data = find_recordings()
    if data is None:
        print(f"raw logs: skipped, {MISSING}")
        return
    for name in FILES:
        began, path = time.monotonic(), data / "raw" / f"{name}.log.gz"
        symbols = parse(path)
        said = step_through(path, symbols, options.step)
        said += f"; played, {play(path, symbols, options.speed)}"
        print(f"raw log {name}: {said}; {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
