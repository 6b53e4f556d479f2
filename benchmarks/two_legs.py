"""How long two legs take, from the command's intent to both answers: the stock connectors against the order path.

    python -m benchmarks.two_legs [--spreads 300]

A server in a process of its own fills every order. In shuffled turns of one run, over kept-alive loopback connections:

- `stock`: `UMFutures.new_order`, then `Spot.new_order`, as installed: two calls, nothing written down
- `raw`: the same bytes over two bare sockets, nothing signed and nothing read: the floor
- `spread`: `Executor.open`, with journal, gate, engine and both adapters, on this machine's disk

What the order path must wait for is the journal: a row is durable before its order's first byte leaves. So its time is
told in terms: the journal's commits, with the rows in them and the waiting for the disk, and the rest, which is ours. It
should be at most a third of what the two stock calls take. One leg alone is the time between the two answers; journal
and send is from the command to the first answer.

Times are microseconds; compare the ratios, the times are this machine's. Both processes share one core where the system
allows it, so that waking an idle core is not what is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

KEY, SECRET = "k" * 64, "s" * 64
WARM = 20
G19 = 25_000  # microseconds: journal and send, 99th percentile
_PARAMETER = re.compile(rb"(\w+)=([^& ]*)")


def serve() -> None:
    """Answer until stdin closes; every order fills whole, at its own price."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            threading.Thread(target=_talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


def _talk(client: socket.socket) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := client.recv(65_536):
        # the stock connector sends an order's parameters in the query, ours in the body
        given = {name.decode(): value.decode() for name, value in _PARAMETER.findall(data)}
        if data.startswith(b"POST /fapi"):
            client.sendall(_answer(_um_order(given)))
        elif data.startswith(b"POST"):
            client.sendall(_answer(_spot_order(given)))
        elif data.startswith(b"GET /fapi/v1/userTrades"):
            client.sendall(_answer([_um_trade(given)]))
        elif data.startswith(b"GET /api/v3/myTrades"):
            client.sendall(_answer([_spot_trade(given)]))
        else:
            client.sendall(_answer({"serverTime": time.time_ns() // 1_000_000}))


_filled: dict[str, dict[str, str]] = {}  # order id -> its parameters


def _order(given: dict[str, str]) -> dict[str, Any]:
    order_id = len(_filled) + 1
    _filled[str(order_id)] = given
    return {
        "orderId": order_id, "symbol": given["symbol"], "status": "FILLED", "clientOrderId": given["newClientOrderId"],
        "price": given["price"], "origQty": given["quantity"], "executedQty": given["quantity"], "timeInForce": "IOC",
        "type": "LIMIT", "side": given["side"], "selfTradePreventionMode": "EXPIRE_MAKER",
    }  # fmt: skip


def _um_order(given: dict[str, str]) -> dict[str, Any]:
    return _order(given) | {
        "cumQty": given["quantity"], "reduceOnly": False, "closePosition": False, "positionSide": "BOTH",
        "stopPrice": "0", "workingType": "CONTRACT_PRICE", "priceProtect": False, "origType": "LIMIT",
        "priceMatch": "NONE", "goodTillDate": 0, "updateTime": time.time_ns() // 1_000_000,
    }  # fmt: skip


def _spot_order(given: dict[str, str]) -> dict[str, Any]:
    order = _order(given)
    now = time.time_ns() // 1_000_000
    fill = {
        "price": given["price"], "qty": given["quantity"], "commission": "0.00000000", "commissionAsset": "BNB",
        "tradeId": order["orderId"],
    }  # fmt: skip
    quote = str(Decimal(given["price"]) * Decimal(given["quantity"]))
    return order | {
        "orderListId": -1, "transactTime": now, "workingTime": now, "origQuoteOrderQty": "0.00000000",
        "cummulativeQuoteQty": quote, "fills": [fill],
    }  # fmt: skip


def _trade(given: dict[str, str]) -> dict[str, Any]:
    order = _filled[given["orderId"]]
    return {
        "id": int(given["orderId"]), "symbol": order["symbol"], "orderId": int(given["orderId"]),
        "price": order["price"], "qty": order["quantity"], "commission": "0", "commissionAsset": "BNB",
        "time": time.time_ns() // 1_000_000,
        "quoteQty": str(Decimal(order["price"]) * Decimal(order["quantity"])),
    }  # fmt: skip


def _um_trade(given: dict[str, str]) -> dict[str, Any]:
    side = _filled[given["orderId"]]["side"]
    return _trade(given) | {
        "side": side, "buyer": side == "BUY", "maker": False, "positionSide": "BOTH", "realizedPnl": "0",
        "marginAsset": "USDT",
    }  # fmt: skip


def _spot_trade(given: dict[str, str]) -> dict[str, Any]:
    return _trade(given) | {
        "isBuyer": _filled[given["orderId"]]["side"] == "BUY", "isMaker": False, "isBestMatch": True, "orderListId": -1,
    }  # fmt: skip


def _answer(payload: object) -> bytes:
    body = json.dumps(payload, separators=(",", ":")).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "x-mbx-used-weight-1m: 12\r\nx-mbx-order-count-10s: 3\r\nx-mbx-order-count-1m: 7\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def server() -> Iterator[str]:
    """Run the server in a process of its own; gives its base URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.two_legs", "--serve"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait()


# --- the three ways -------------------------------------------------------------------------------------------------


def words(side: str) -> dict[str, object]:
    """The order as the stock connectors take it."""
    return {
        "symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "IOC", "quantity": "0.014",
        "price": "42000.10", "newClientOrderId": "at-bench-000000001", "recvWindow": 3000,
    }  # fmt: skip


def stock(url: str) -> Callable[[], object]:
    """Both orders by the connectors as installed."""
    from binance.spot import Spot
    from binance.um_futures import UMFutures

    futures, spot = UMFutures(KEY, SECRET, base_url=url), Spot(KEY, SECRET, base_url=url)

    def send() -> object:
        first = futures.new_order(**words("SELL"), newOrderRespType="RESULT")
        return first, spot.new_order(**words("BUY"), newOrderRespType="FULL")

    return send


def raw(url: str) -> Callable[[], object]:
    """Two orders' worth of bytes over bare sockets."""
    host, port = url.removeprefix("http://").split(":")

    def way(path: str, side: str) -> Callable[[], bytes]:
        bare = socket.create_connection((host, int(port)))
        bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        query = "&".join(f"{name}={value}" for name, value in words(side).items())
        request = (
            f"POST {path}?{query}&newOrderRespType=RESULT&timestamp=1795228389652&signature={'0' * 64} HTTP/1.1\r\n"
            f"Host: {host}:{port}\r\nX-MBX-APIKEY: {KEY}\r\nContent-Length: 0\r\n\r\n"
        ).encode()

        def send() -> bytes:
            bare.sendall(request)
            return bare.recv(65_536)

        return send

    first, second = way("/fapi/v1/order", "SELL"), way("/api/v3/order", "BUY")
    return lambda: (first(), second())


@dataclass(slots=True)
class Watched:
    """A market's adapter, with the times its orders left and were answered."""

    venue: Any
    calls: list[tuple[int, int]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)

    def instruments(self) -> dict[str, Any]:
        """The rules, which a plan has read before."""
        return self.rules

    def place(self, request: Any) -> Any:
        """Send one order, and note when."""
        left = time.perf_counter_ns()
        order = self.venue.place(request)
        self.calls.append((left, time.perf_counter_ns()))
        return order

    def __getattr__(self, name: str) -> Any:
        return getattr(self.venue, name)


@dataclass(frozen=True, slots=True)
class Legs:
    """One spread, in microseconds."""

    total: float  # from the intent to both answers
    journal: float  # of it, in the journal: rows written and committed
    disk: float  # of that, waiting for the disk
    commits: int
    naked: float  # from the first answer to the second
    first: float  # from the command to the first answer: journal and send


class Opening:
    """The order path as the program wires it, on a folder."""

    def __init__(self, url: str, folder: Path) -> None:
        from atapi.clock import RunningClock, SystemClock
        from atapi.domain.instruments import Instrument, Market
        from atapi.domain.spreads import Pair
        from atapi.exchanges.binance.networks import Endpoints
        from atapi.exchanges.binance.venue import connect
        from atapi.execution.executor import Executor
        from atapi.execution.gate import LastGate
        from atapi.execution.halt import KillSwitch
        from atapi.execution.quotes import Quotes
        from atapi.execution.spread import OpenTerms
        from atapi.settings_file import SettingsFile

        venue = connect(Endpoints(url, url, url), KEY, SECRET)
        self._futures, self._spot = Watched(venue.futures), Watched(venue.spot)
        venues = {Market.UM: self._futures, Market.SPOT: self._spot}
        file = SettingsFile(folder)
        for cap in ("max-order", "max-minute", "max-day", "max-symbol", "max-account"):
            file.set_cap("mainnet", cap, "1000000000usdt")
        file.set_cap("mainnet", "max-orders-minute", "5000")
        self._quotes = Quotes(venues, time.monotonic)
        gate = LastGate(
            caps=lambda: file.caps("mainnet"), halted=KillSwitch(folder, folder).standing,
            quotes=self._quotes, now=SystemClock().now, elapsed_s=time.monotonic,
        )  # fmt: skip
        self._executor = Executor(
            folder, binding={"network": "bench", "account": "1"}, seed=b"bench",
            venues=venues, switch=venue.futures, gate=gate,
            clock=RunningClock(venue.clock.now), tell=print,
        )  # fmt: skip

        def instrument(market: Market, lot: str) -> Instrument:
            return Instrument(
                market=market, symbol="BTCUSDT", base_asset="BTC", quote_asset="USDT", status="TRADING",
                perpetual=market is Market.UM, tick_size=Decimal("0.1"), lot_size=Decimal(lot),
                min_quantity=Decimal(lot), max_quantity=Decimal(1000), min_notional=Decimal(5),
            )  # fmt: skip

        self._pair = Pair(spot=instrument(Market.SPOT, "0.00001"), perp=instrument(Market.UM, "0.001"))
        self._spot.rules = {"BTCUSDT": self._pair.spot}
        self._touch = [(market, "BTCUSDT", Decimal(42_000)) for market in venues]
        self._terms = OpenTerms(
            quantity=Decimal("0.014"), perp_limit=Decimal("42000.10"), spot_limit=Decimal("42000.10"),
            base_fee=Decimal(0),
        )  # fmt: skip
        self._commits: list[tuple[int, int]] = []  # when each began and ended
        self._deeds: list[tuple[int, int]] = []  # likewise
        self._watch()

    def close(self) -> None:
        """Let the journal go."""
        self._executor.close()

    def open(self) -> Legs:
        """Open one spread."""
        self._commits.clear()
        self._deeds.clear()
        for touch in self._touch:
            self._quotes.saw(*touch)  # as the plan does that was shown before
        began = time.perf_counter_ns()
        result = self._executor.open(self._pair, self._terms, at=datetime.now(UTC))
        assert result.outcome.state == "HEDGED", result.outcome
        first, second = self._futures.calls[-1][1], self._spot.calls[-1][1]
        waited = [b - a for a, b in self._commits if b <= second]
        return Legs(
            total=(second - began) / 1000,
            journal=sum(b - a for a, b in self._deeds if b <= second) / 1000,
            disk=sum(waited) / 1000,
            commits=len(waited),
            naked=(second - first) / 1000,
            first=(first - began) / 1000,
        )

    def _watch(self) -> None:
        """Put a clock beside what the journal does."""
        journal = self._executor.journal
        for name in (
            "create_spread",
            "create_intent",
            "write_attempt",
            "write_fills",
            "write_state",
            "flush",
        ):
            setattr(journal, name, _timed(getattr(journal, name), self._deeds))
        commits = journal._commits
        execute, commit = commits._execute, _timed(commits._execute, self._commits)

        def by_kind(statement: str) -> None:
            (commit if statement == "COMMIT" else execute)(statement)

        commits._execute = by_kind  # type: ignore[method-assign]  # the same, with a clock beside it


def _timed(deed: Callable[..., Any], times: list[tuple[int, int]]) -> Callable[..., Any]:
    def timed(*given: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return deed(*given)
        finally:
            times.append((began, time.perf_counter_ns()))

    return timed


def measure(spreads: int) -> tuple[dict[str, list[float]], list[Legs]]:
    """Take turns; gives the times of the ways, and the spreads."""
    with server() as url, tempfile.TemporaryDirectory(prefix="atapi-legs-", dir=Path.home()) as folder:
        opening = Opening(url, Path(folder))
        legs: list[Legs] = []
        ways: dict[str, Callable[[], object]] = {
            "stock": stock(url),
            "raw": raw(url),
            "spread": lambda: legs.append(opening.open()),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for send in ways.values():
            for _ in range(WARM):
                send()
        legs.clear()
        turns = random.Random(7)
        for _ in range(spreads):
            for name in turns.sample(list(ways), len(ways)):
                began = time.perf_counter_ns()
                ways[name]()
                times[name].append((time.perf_counter_ns() - began) / 1000)
        opening.close()
    return times, legs


def report(times: dict[str, list[float]], legs: list[Legs]) -> None:
    """Print the terms, and how they stand to what was asked for."""
    stock_time, floor = statistics.median(times["stock"]), statistics.median(times["raw"])
    total, journal, disk, ours = (
        statistics.median(column)
        for column in zip(*((o.total, o.journal, o.disk, o.total - o.journal) for o in legs), strict=True)
    )
    each = statistics.median(one.disk / one.commits for one in legs)
    bound = journal + stock_time / 3
    rows = [
        ("two stock calls, one after the other", stock_time, ""),
        ("two raw round trips", floor, ""),
        ("spread: intent to both answers", total, ""),
        ("  of it the journal's commits, rows included", journal, ""),
        ("    of it waiting for the disk", disk, f"{legs[0].commits} x {each:.0f}"),
        ("  of it ours", ours, f"{ours / stock_time:.2f} of the stock calls; asked: 0.33"),
        ("asked: commits and a third of the stock calls", bound, f"{total / bound:.2f} of it reached"),
        ("one leg alone, p99", _p99([one.naked for one in legs]), ""),
        ("journal and send, p99", _p99([one.first for one in legs]), f"asked: {G19}"),
    ]
    for what, time_, beside in rows:
        print(f"{what:<48}{time_:>9.0f}   {beside}")


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spreads", type=int, default=300)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    report(*measure(options.spreads))


if __name__ == "__main__":
    main()
