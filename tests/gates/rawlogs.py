"""Reads the raw logs of public recorders, for the gate that plays them; it shares no parser with the exchange."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

PATHS = {"spot": "/api/v3", "um": "/fapi/v1", "cm": "/dapi/v1"}
Trade = tuple[Decimal, Decimal, bool]  # price, quantity, whether the buyer was the maker


@dataclass
class Symbol:
    """What a log tells of one symbol, by milliseconds."""

    market: str
    name: str
    depth: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    trades: list[tuple[int, Trade]] = field(default_factory=list)


def parse(path: Path) -> list[Symbol]:
    """Read a log; with `.ws.` in its name, the `.http.` file beside it too."""
    if ".ws." in path.name:
        lines = _captured(path) + _captured(path.with_name(path.name.replace(".ws.", ".http.")))
        lines.sort(key=lambda line: line[0])
    else:
        market = path.name.partition("_")[0]
        lines = []
        for text in _texts(path):
            time, _, message = text.partition(" ")
            lines.append((int(time), market, "", json.loads(message)))
    symbols: dict[tuple[str, str], Symbol] = {}
    single = next((line[3]["data"]["s"] for line in lines if "data" in line[3]), "")
    kinds: dict[str, int] = defaultdict(int)
    for ns, market, named, message in lines:
        data = message.get("data", message)
        name = named or data.get("s") or single
        symbol = symbols.setdefault((market, name), Symbol(market, name))
        kinds[data.get("e", "")] += 1
        if "lastUpdateId" in data or data.get("e") == "depthUpdate":
            symbol.depth.append((ns // 1_000_000, data))
        elif data.get("e") in ("trade", "aggTrade"):
            symbol.trades.append((ns // 1_000_000, (Decimal(data["p"]), Decimal(data["q"]), data["m"])))
    assert not (kinds["trade"] and kinds["aggTrade"]), "trades would be told twice"
    return list(symbols.values())


def _texts(path: Path) -> list[str]:
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def _captured(path: Path) -> list[tuple[int, str, str, Any]]:
    market = "um" if "_um_" in path.name else "spot"
    lines = []
    for text in _texts(path):
        if text.startswith("https://"):
            address, _, rest = text.partition(" -> ")
            time, _, body = rest.partition(": ")
            name = address.partition("symbol=")[2].partition("&")[0]
            lines.append((int(Decimal(time) * 10**9), market, name, json.loads(body)))
        elif text[:1].isdigit():
            time, _, body = text.partition(": ")
            lines.append((int(Decimal(time) * 10**9), market, "", json.loads(body)))
    return lines


class OwnBook:
    """The book of a log at one moment after the other, by the published rule."""

    def __init__(self, symbol: Symbol) -> None:
        self._symbol = symbol
        self._next = 0
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.ready = False
        self._last = 0
        self._held: list[dict[str, Any]] = []

    def until(self, now_ms: int) -> None:
        """Apply what was received by a moment."""
        depth = self._symbol.depth
        while self._next < len(depth) and depth[self._next][0] <= now_ms:
            data = depth[self._next][1]
            self._next += 1
            if "lastUpdateId" in data:
                self.ready, self._last = True, data["lastUpdateId"]
                self.bids = {Decimal(p): Decimal(q) for p, q in data["bids"]}
                self.asks = {Decimal(p): Decimal(q) for p, q in data["asks"]}
                for held in self._held:
                    self._apply(held)
            elif self.ready:
                self._apply(data)
            else:
                self._held.append(data)

    def best(self, count: int) -> tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]:
        """Best levels of both sides."""
        bids = [(price, self.bids[price]) for price in sorted(self.bids, reverse=True)[:count]]
        return bids, [(price, self.asks[price]) for price in sorted(self.asks)[:count]]

    def _apply(self, data: dict[str, Any]) -> None:
        if data["u"] < self._last:
            return
        for side, rows in ((self.bids, data["b"]), (self.asks, data["a"])):
            for price, quantity in rows:
                if Decimal(quantity):
                    side[Decimal(price)] = Decimal(quantity)
                else:
                    side.pop(Decimal(price), None)
