"""Adds up a world's file: nothing of the exchange is asked but what was written."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from atapi.matching.ledger import Holder
from atapi.paper.store import Store

ZERO = Decimal(0)
MARKETS = ("spot", "margin", "um", "cm")


def audit(path: Path) -> int:
    """Check that a file is whole; gives the number of its postings.

    Every posting sums to zero in each asset, balances are the sums of their entries, orders are the sums of their
    fills, and what the spot wallet lost and gained by trading is what its fills say.
    """
    store = Store(path)
    try:
        postings = _entries(store)
        for record in store.accounts():
            for market in MARKETS:
                _orders(store, record.account, market)
            _spot(store, record.account)
        return postings
    finally:
        store.close()


def _entries(store: Store) -> int:
    sums: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    balances: dict[tuple[Holder, str], Decimal] = defaultdict(Decimal)
    for posting, _, _, holder, asset, amount in store.entries():
        sums[posting, asset] += amount
        balances[holder, asset] += amount
    assert not any(sums.values()), {key: value for key, value in sums.items() if value}
    written = {(holder, asset): balance for holder, asset, balance in store.balances()}
    assert written == balances, set(written.items()) ^ set(balances.items())
    return len({posting for posting, _ in sums})


def _orders(store: Store, account: str, market: str) -> None:
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for trade in store.trades(account, market, None):
        filled[trade.order_id] += trade.quantity
    for order in store.orders(account, market, None):
        assert order.executed == filled.pop(order.order_id, ZERO), order
        assert (order.status == "FILLED") == (order.executed == order.quantity != 0), order
    assert not filled, f"fills of no order: {filled}"


def _spot(store: Store, account: str) -> None:
    """Fills and fees against the ledger; everything else that moved the wallet stands in the ledger by name."""
    traded: dict[str, Decimal] = defaultdict(Decimal)
    for trade in store.trades(account, "spot", None):
        base, quote = trade.symbol[:-4], trade.symbol[-4:]
        sign = 1 if trade.side == "BUY" else -1
        traded[base] += sign * trade.quantity
        traded[quote] -= sign * trade.quantity * trade.price
        traded[trade.fee_asset] -= trade.fee
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for _, _, kind, holder, asset, amount in store.entries():
        if holder == Holder(account, "spot") and kind not in ("DEPOSIT", "TRANSFER"):
            moved[asset] += amount
    assert {a: v for a, v in traded.items() if v} == {a: v for a, v in moved.items() if v}
