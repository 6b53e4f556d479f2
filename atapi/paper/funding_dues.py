"""Fundings that fall due where anybody has a position or an order that may open one."""

from __future__ import annotations

from atapi.paper.algo_book import AlgoBook
from atapi.paper.funding import Funding
from atapi.paper.orders import Orders
from atapi.paper.um_market import UmMarket


class FundingDues:
    """A source of the timeline: pays fundings."""

    def __init__(self, funding: Funding, market: UmMarket, orders: Orders, algos: AlgoBook) -> None:
        self._funding = funding
        self._market = market
        self._orders = orders
        self._algos = algos

    def next_ms(self, after_ms: int, until_ms: int) -> int | None:
        """Tell when the next funding falls due."""
        times = (self._funding.next_due_ms(symbol, after_ms, until_ms) for symbol in self._symbols())
        return min((time_ms for time_ms in times if time_ms is not None), default=None)

    def happen(self, at_ms: int) -> None:
        """Pay the fundings of this moment."""
        for symbol in self._symbols():
            for funding in self._funding.due(symbol, at_ms - 1, at_ms):
                self._market.settle_funding(funding)

    def _symbols(self) -> list[str]:
        held = self._market.positions.symbols()
        return sorted(held.union(self._orders.symbols(self._market.name), self._algos.symbols()))
