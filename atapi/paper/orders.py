"""Orders: the open ones in memory, all of them in the store."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from atapi.paper.records import OrderRecord, Refusal, books_of
from atapi.paper.store import Store


class Orders:
    """Finds orders. Only open ones are kept here, so that memory does not grow with history."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[tuple[str, int], OrderRecord] = {}  # (books, id) -> order
        self._by_client: dict[
            tuple[str, str, str, str], OrderRecord
        ] = {}  # (market, account, symbol, client id)
        self._by_symbol: dict[tuple[str, str], dict[str, dict[int, OrderRecord]]] = {}
        # (market, symbol) -> account -> id -> order

    def add(self, order: OrderRecord) -> None:
        """Keep a new open order."""
        self._open[books_of(order.market), order.order_id] = order
        self._by_client[order.market, order.account, order.symbol, order.client_order_id] = order
        accounts = self._by_symbol.setdefault((order.market, order.symbol), {})
        accounts.setdefault(order.account, {})[order.order_id] = order

    def close(self, order: OrderRecord) -> None:
        """Let go of an order that is open no more."""
        del self._open[books_of(order.market), order.order_id]
        del self._by_client[order.market, order.account, order.symbol, order.client_order_id]
        accounts = self._by_symbol[order.market, order.symbol]
        del accounts[order.account][order.order_id]
        if not accounts[order.account]:
            del accounts[order.account]
        if not accounts:
            del self._by_symbol[order.market, order.symbol]

    def of_id(self, books: str, order_id: int) -> OrderRecord:
        """Get an open order by its id."""
        return self._open[books, order_id]

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

    def symbols(self, books: str) -> list[str]:
        """List symbols with open orders, in alphabetical order."""
        return sorted({symbol for market, symbol in self._by_symbol if books_of(market) == books})

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
            return copy(found)
        if order_id is not None:
            kept = self._store.order(market, order_id)
            candidates = [] if kept is None else [kept]
        else:
            candidates = self._store.orders_by_client_id(account, market, client_order_id or "")
        for order in reversed(candidates):
            if order.account == account and order.symbol == symbol:
                return order
        raise Refusal(-2013, "Order does not exist.")

    def all(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List an account's orders, open and closed, oldest first."""
        return self._store.orders(account, market, symbol)

    def _lookup(
        self, account: str, market: str, symbol: str, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord | None:
        if order_id is not None:
            order = self._open.get((books_of(market), order_id))
            asked = (account, market, symbol)
            return order if order and (order.account, order.market, order.symbol) == asked else None
        return self._by_client.get((market, account, symbol, client_order_id or ""))
