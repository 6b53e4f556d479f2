"""Orders: the open ones in memory, all of them in the store."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from atapi.paper.records import OrderRecord, Refusal
from atapi.paper.store import Store


class Orders:
    """Finds orders. Only open ones are kept here, so that memory does not grow with history."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[tuple[str, int], OrderRecord] = {}  # (market, id) -> order
        self._by_client: dict[
            tuple[str, str, str, str], OrderRecord
        ] = {}  # (market, account, symbol, client id)
        self._by_symbol: dict[tuple[str, str], dict[str, dict[int, OrderRecord]]] = {}
        # (market, symbol) -> account -> id -> order
        self._counts: dict[tuple[str, str], int] = {}  # (market, account) -> open orders

    def add(self, order: OrderRecord) -> None:
        """Keep a new open order."""
        self._open[order.market, order.order_id] = order
        self._by_client[order.market, order.account, order.symbol, order.client_order_id] = order
        accounts = self._by_symbol.setdefault((order.market, order.symbol), {})
        accounts.setdefault(order.account, {})[order.order_id] = order
        key = (order.market, order.account)
        self._counts[key] = self._counts.get(key, 0) + 1

    def close(self, order: OrderRecord) -> None:
        """Let go of an order that is open no more."""
        del self._open[order.market, order.order_id]
        del self._by_client[order.market, order.account, order.symbol, order.client_order_id]
        accounts = self._by_symbol[order.market, order.symbol]
        del accounts[order.account][order.order_id]
        if not accounts[order.account]:
            del accounts[order.account]
        if not accounts:
            del self._by_symbol[order.market, order.symbol]
        self._counts[order.market, order.account] -= 1

    def rename(self, order: OrderRecord, client_order_id: str) -> None:
        """Give an open order another client id."""
        del self._by_client[order.market, order.account, order.symbol, order.client_order_id]
        order.client_order_id = client_order_id
        self._by_client[order.market, order.account, order.symbol, client_order_id] = order

    def of_id(self, market: str, order_id: int) -> OrderRecord:
        """Get an open order by its id."""
        return self._open[market, order_id]

    def is_open(self, market: str, order_id: int) -> bool:
        """Whether an order is open."""
        return (market, order_id) in self._open

    def has_client_id(self, market: str, account: str, symbol: str, client_order_id: str) -> bool:
        """Whether an open order uses this client id."""
        return (market, account, symbol, client_order_id) in self._by_client

    def open(self, account: str, market: str, symbol: str | None = None) -> list[OrderRecord]:
        """List an account's open orders, oldest first. They are live: copy what is to be kept."""
        if symbol is not None:
            mine = self._by_symbol.get((market, symbol), {}).get(account)
            return list(mine.values()) if mine else []
        found = [o for o in self._open.values() if o.account == account and o.market == market]
        return sorted(found, key=lambda o: o.order_id)

    def count(self, account: str, market: str, symbol: str) -> int:
        """Count an account's open orders in a symbol."""
        return len(self._by_symbol.get((market, symbol), {}).get(account, ()))

    def count_all(self, account: str, market: str) -> int:
        """Count an account's open orders in all symbols."""
        return self._counts.get((market, account), 0)

    def symbols(self, market: str) -> list[str]:
        """List symbols with open orders, in alphabetical order."""
        return sorted(symbol for of, symbol in self._by_symbol if of == market)

    def find_open(
        self, account: str, market: str, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Find an open order by either id.

        Raises:
            Refusal: -2011 where none is open.
        """
        found = self._lookup(account, market, symbol, order_id, client_order_id)
        if found is None:
            raise Refusal(-2011, "Unknown order sent.")
        _check_ids(found, order_id, client_order_id)
        return found

    def find(
        self, account: str, market: str, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Find any order by either id; of several that used a client id, the newest.

        Raises:
            Refusal: -2013 where there is none.
        """
        found = self._lookup(account, market, symbol, order_id, client_order_id)
        if found is not None:
            _check_ids(found, order_id, client_order_id)
            return copy(found)
        if order_id is not None:
            kept = self._store.order(market, order_id)
            candidates = [] if kept is None else [kept]
        else:
            candidates = self._store.orders_by_client_id(account, market, client_order_id or "")
        for order in reversed(candidates):
            if order.account == account and order.symbol == symbol:
                _check_ids(order, order_id, client_order_id)
                return order
        raise Refusal(-2013, "Order does not exist.")

    def all(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List an account's orders, open and closed, oldest first."""
        return self._store.orders(account, market, symbol)

    def _lookup(
        self, account: str, market: str, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord | None:
        if order_id is not None:
            order = self._open.get((market, order_id))
            return order if order and (order.account, order.symbol) == (account, symbol) else None
        return self._by_client.get((market, account, symbol, client_order_id or ""))


def _check_ids(order: OrderRecord, order_id: int | None, client_order_id: str | None) -> None:
    # Where both are sent spot wants them to agree; USD-M goes by the order id.
    both = order.market == "spot" and order_id is not None and client_order_id is not None
    if both and order.client_order_id != client_order_id:
        raise Refusal(-2039, "Client order ID is not correct for this order ID.")
