"""Conditional orders: the open ones in memory, all of them in the store, and how each ends."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from copy import copy
from decimal import Decimal

from atapi.paper.algos import OPEN, AlgoRecord
from atapi.paper.effects import Effects
from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.store import Store

GTE = "GTE_GTC"  # in force as long as the position is
GONE = "The position is closed."


class AlgoBook:
    """Finds conditional orders and ends them.

    Args:
        symbols: Those of this market.
        is_flat: Whether an account has no position of a symbol and side.
        mean_of: Tells the mean price of an order that filled.
        settled_ms: Up to when prices have been looked at.
    """

    def __init__(
        self,
        store: Store,
        effects: Effects,
        symbols: Container[str],
        is_flat: Callable[[str, str, str], bool],
        mean_of: Callable[[OrderRecord], Decimal],
        settled_ms: int,
    ) -> None:
        self._store = store
        self._effects = effects
        self._symbols = symbols
        self._is_flat = is_flat
        self._mean_of = mean_of
        self._waiting: dict[int, AlgoRecord] = {}  # algo id -> one that has not triggered
        self._working: dict[int, AlgoRecord] = {}  # order id -> one that became this order
        for algo in store.algos("status IN ('NEW', 'TRIGGERED')"):
            if algo.symbol not in symbols:
                continue
            if algo.status == OPEN:
                algo.seen_ms = max(algo.seen_ms, settled_ms)
                self._waiting[algo.algo_id] = algo
            else:
                self._working[algo.order_id] = algo

    # --- finding ------------------------------------------------------------------------------------------------
    def waiting(self) -> list[AlgoRecord]:
        """List all that have not triggered, oldest first. They are live."""
        return list(self._waiting.values())

    def symbols(self) -> set[str]:
        """List symbols in which any waits."""
        return {algo.symbol for algo in self._waiting.values()}

    def dated(self) -> Iterator[int]:
        """Walk the times at which one expires."""
        return (algo.good_till_ms for algo in self._waiting.values() if algo.good_till_ms)

    def open(self, account: str, symbol: str | None = None) -> list[AlgoRecord]:
        """List an account's that have not triggered, oldest first."""
        return [a for a in self._waiting.values() if a.account == account and symbol in (None, a.symbol)]

    def find(self, account: str, algo_id: int | None, client_algo_id: str | None) -> AlgoRecord:
        """Find one by either id; of several that used a client id, the newest.

        Raises:
            Refusal: -2013 where there is none.
        """
        live = [*self._waiting.values(), *self._working.values()]
        kept = (
            self._store.algos("account = ? AND algo_id = ?", account, algo_id)
            if algo_id is not None
            else self._store.algos("account = ? AND client_algo_id = ?", account, client_algo_id)
        )
        if not kept or kept[-1].symbol not in self._symbols:
            raise Refusal(-2013, "Order does not exist.")
        return copy(next((algo for algo in live if algo.algo_id == kept[-1].algo_id), kept[-1]))

    def all(self, account: str, symbol: str | None) -> Sequence[AlgoRecord]:
        """List an account's, open and closed, oldest first."""
        if symbol is None:
            return [a for a in self._store.algos("account = ?", account) if a.symbol in self._symbols]
        return self._store.algos("account = ? AND symbol = ?", account, symbol)

    # --- life ---------------------------------------------------------------------------------------------------
    def add(self, algo: AlgoRecord) -> AlgoRecord:
        """Keep a new one."""
        self._waiting[algo.algo_id] = algo
        self._effects.algo(algo)
        return copy(algo)

    def cancel(
        self, account: str, algo_id: int | None, client_algo_id: str | None, now_ms: int
    ) -> AlgoRecord:
        """Cancel one that has not triggered.

        Raises:
            Refusal: -2011 where none waits.
        """
        for algo in self.open(account):
            if algo.algo_id == algo_id or (algo_id is None and algo.client_algo_id == client_algo_id):
                return self.end(algo, "CANCELED", "", now_ms)
        raise Refusal(-2011, "Unknown order sent.")

    def end(self, algo: AlgoRecord, status: str, failure: str, now_ms: int) -> AlgoRecord:
        """End one."""
        algo.status, algo.failure, algo.updated_ms = status, failure, now_ms
        self._waiting.pop(algo.algo_id, None)
        self._working.pop(algo.order_id, None)
        self._effects.algo(algo)
        return copy(algo)

    def begin_trigger(self, algo: AlgoRecord, now_ms: int) -> None:
        """Note that its price is reached."""
        del self._waiting[algo.algo_id]
        algo.status = "TRIGGERING"
        algo.triggered_ms = algo.updated_ms = now_ms
        self._effects.algo(algo)

    def triggered(self, algo: AlgoRecord, order: OrderRecord, now_ms: int) -> None:
        """Note the order it becomes; it is finished when that one has ended."""
        algo.order_id, algo.order_type = order.order_id, order.type
        algo.status, algo.updated_ms = "TRIGGERED", now_ms
        self._effects.algo(algo)
        self._working[order.order_id] = algo

    def remember(self, algo: AlgoRecord) -> None:
        """Keep what a trailing one has seen."""
        self._effects.algo(algo, quiet=True)

    def activated(self, algo: AlgoRecord) -> None:
        """Tell that a trailing one has become active."""
        self._effects.algo(algo)

    # --- what follows from elsewhere ------------------------------------------------------------------------------
    def order_ended(self, order: OrderRecord, now_ms: int) -> None:
        """Finish the one that an order came of."""
        algo = self._working.get(order.order_id)
        if algo is not None:
            if order.executed:
                algo.executed, algo.mean_price = order.executed, self._mean_of(order)
            self.end(algo, "FINISHED", "", now_ms)

    def traded(self, account: str, symbol: str, now_ms: int) -> None:
        """Expire those that live only as long as a position that is closed now."""
        if not self._waiting:
            return
        for algo in self.open(account, symbol):
            if algo.time_in_force == GTE and self._is_flat(account, symbol, algo.position_side):
                self.end(algo, "EXPIRED", GONE, now_ms)

    def expire_dated(self, now_ms: int) -> None:
        """Expire those whose time is over."""
        for algo in self.waiting():
            if algo.good_till_ms and algo.good_till_ms <= now_ms:
                self.end(algo, "EXPIRED", "", now_ms)
