"""Futures streams of what befalls markets: liquidations, changed contracts, what margin assets are worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atapi.paper.collateral import AssetIndex
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.forced import Forced
from atapi.paper.records import ZERO
from atapi.paper.streams.topic import FUTURES_KIND, State, Topic
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.shapes.rules import NEVER_MS

FUTURES = ("um", "cm")


class ForceOrders(Topic):
    """Liquidations: of a symbol, or of all symbols of both futures markets; the largest of each second."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._markets = (market,) if symbol else FUTURES
        self._told = {of: exchange.desk(of).forced.last for of in self._markets}

    def news(self) -> list[Any]:
        events = []
        for market in self._markets:
            forced = self.exchange.desk(market).forced
            events += [self._show(market, row) for row in forced.since(self._told[market], self.symbol)]
            self._told[market] = forced.last
        return events

    def _show(self, market: str, row: Forced) -> Any:
        order = row.order
        rules = self.exchange.catalogue.perpetuals(market)[order.symbol]
        mean = rules.contract.price(order.executed, order.quote_executed) if order.executed else ZERO
        shown = {
            "s": order.symbol,
            "S": order.side,
            "o": order.type,
            "f": order.time_in_force,
            "q": bare(order.quantity),
            "p": bare(order.price),
            "ap": bare(round(mean, rules.price_precision)),
            "X": order.status,
            "l": bare(row.last),
            "z": bare(order.executed),
            "T": order.updated_ms,
            "ps": pair_of(order.symbol),
            "st": FUTURES_KIND[market],
        }
        return {"e": "forceOrder", "E": self.exchange.now_ms(), "o": shown}


class ContractInfo(Topic):
    """What contracts are and how they are margined, told when it changes."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._last = self._facts()

    def news(self) -> list[Any]:
        before, self._last = self._last, self._facts()
        return [self._show(*key, facts[0]) for key, facts in self._last.items() if before.get(key) != facts]

    def _facts(self) -> dict[tuple[str, str], tuple[PerpetualRules, Any]]:
        return {
            (market, symbol): (rules, (rules.status, rules.delivery_ms, rules.brackets))
            for market in FUTURES
            for symbol, rules in self.exchange.catalogue.perpetuals(market).items()
        }

    def _show(self, market: str, symbol: str, rules: PerpetualRules) -> Any:
        return {
            "e": "contractInfo",
            "E": self.exchange.now_ms(),
            "s": symbol,
            "ps": pair_of(symbol),
            "ct": "PERPETUAL",
            "dt": rules.delivery_ms or NEVER_MS,
            "ot": rules.onboard_ms,
            "cs": rules.status,
            "bks": [
                {
                    "bs": number,
                    "bnf": int(bracket.floor),
                    "bnc": int(bracket.cap),
                    "mmr": float(bracket.maintenance_rate),
                    "cf": float(bracket.offset),
                    "mi": rules.brackets[number].leverage + 1 if number < len(rules.brackets) else 1,
                    "ma": bracket.leverage,
                }
                for number, bracket in enumerate(rules.brackets, 1)
            ],
            "st": FUTURES_KIND[market],
        }


class AssetIndices(State):
    """What margin assets are worth in multi-assets mode: one, or all in an array."""

    def facts(self) -> Any:
        return [index for index in self._indices() if self.symbol in ("", f"{index.asset}USD")]

    def show(self, facts: Sequence[AssetIndex]) -> Any:
        rows = [self._row(index) for index in facts]
        return rows[0] if self.symbol else rows

    def current(self) -> list[Any]:
        return super().current() if self.facts() else []

    def _indices(self) -> Sequence[AssetIndex]:
        return self.exchange.futures.asset_indices()

    def _row(self, index: AssetIndex) -> Any:
        buffer, bid, ask = eight(index.buffer), eight(index.bid), eight(index.ask)
        return {
            "e": "assetIndexUpdate",
            "E": self.exchange.now_ms(),
            "s": f"{index.asset}USD",
            "i": eight(index.index),
            "b": buffer,
            "a": buffer,
            "B": bid,
            "A": ask,
            "q": buffer,
            "g": buffer,
            "Q": bid,
            "G": ask,
        }
