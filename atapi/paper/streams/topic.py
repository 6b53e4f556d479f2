"""What a stream is: how things stand now, and what is new since it was last asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.records import TradeRecord

Json = dict[str, Any]
FUTURES_KIND = {"um": 1, "cm": 2}  # `st` on the wire


class Topic(ABC):
    """One stream."""

    follows_book = False
    hears_trades = False

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        self.exchange = exchange
        self.market = market
        self.symbol = symbol  # "" where it is about all of them

    def current(self) -> list[Any]:
        """Tell a new listener how things stand; nothing where only changes are told."""
        return []

    @abstractmethod
    def news(self) -> list[Any]:
        """Tell what is new."""

    def hear(self, trade: TradeRecord) -> None:
        """Take note of an account's fill in the symbol; asked of what hears trades."""
        raise NotImplementedError

    def event(self, name: str) -> Json:
        """Begin an event of this symbol."""
        return {"e": name, "E": self.exchange.now_ms(), "s": self.symbol}

    def futures_tail(self) -> Json:
        """What futures add since 2026-06-30: the pair, and which of them it is."""
        if self.market == "spot":
            return {}
        pair = pair_of(self.symbol) if self.market == "cm" else self.symbol
        return {"ps": pair, "st": FUTURES_KIND[self.market]}


class State(Topic):
    """A stream that shows how things stand, whenever that has changed."""

    def __init__(self, exchange: Exchange, market: str, symbol: str) -> None:
        super().__init__(exchange, market, symbol)
        self._last: Any = None

    @abstractmethod
    def facts(self) -> Any:
        """Tell how things stand, without the time of telling."""

    @abstractmethod
    def show(self, facts: Any) -> Any:
        """Make the payload."""

    def current(self) -> list[Any]:
        self._last = self.facts()
        return [self.show(self._last)]

    def news(self) -> list[Any]:
        before, self._last = self._last, self.facts()
        return [] if before == self._last else [self.show(self._last)]
