"""Adds up a world's file: nothing of the exchange is asked but what was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from atapi.matching.ledger import Holder
from atapi.paper.store import Store

ZERO = Decimal(0)
MARKETS = ("spot", "margin", "um", "cm")
Sums = dict[tuple[Holder, str], Decimal]  # (holder, asset) -> sum of entries


def audit(path: Path) -> int:
    """Check that a file is whole, as `add_up` does."""
    store = Store(path)
    try:
        return add_up(store)
    finally:
        store.close()


def add_up(store: Store) -> int:
    """Check that what was written is whole; gives the number of postings.

    Every posting sums to zero in each asset, balances are the sums of their entries, orders are the sums of their
    fills, and what the spot wallet lost and gained by trading is what its fills say.
    """
    postings, traded = _entries(store)
    for record in store.accounts():
        for market in MARKETS:
            _orders(store, record.account, market)
        _spot(store, record.account, traded)
    return postings


def _entries(store: Store) -> tuple[int, Sums]:
    open_posting, postings = 0, 0
    sums: dict[str, Decimal] = defaultdict(Decimal)  # asset -> sum of the posting
    balances: Sums = defaultdict(Decimal)
    traded: Sums = defaultdict(Decimal)
    for posting, _, kind, holder, asset, amount in store.entries():
        if posting != open_posting:
            assert not any(sums.values()), f"posting {open_posting} comes to {dict(sums)}"
            open_posting, postings = posting, postings + 1
            sums.clear()
        sums[asset] += amount
        balances[holder, asset] += amount
        if holder.wallet == "spot" and kind not in ("DEPOSIT", "TRANSFER"):
            traded[holder, asset] += amount
    assert not any(sums.values()), f"posting {open_posting} comes to {dict(sums)}"
    written = {(holder, asset): balance for holder, asset, balance in store.balances()}
    assert written == balances, set(written.items()) ^ set(balances.items())
    return postings, traded


def _orders(store: Store, account: str, market: str) -> None:
    filled: dict[int, Decimal] = defaultdict(Decimal)
    for trade in store.trades(account, market, None):
        filled[trade.order_id] += trade.quantity
    for order in store.orders(account, market, None):
        assert order.executed == filled.pop(order.order_id, ZERO), order
        if order.status == "FILLED":  # what met an own order is gone too
            assert order.executed + order.terms.prevented == order.quantity, order
        else:
            assert order.executed < order.quantity or not order.quantity or order.quote_quantity, order
    assert not filled, f"fills of no order: {filled}"


def _spot(store: Store, account: str, traded: Mapping[tuple[Holder, str], Decimal]) -> None:
    """Fills and fees against the ledger; everything else that moved the wallet stands in the ledger by name."""
    told: dict[str, Decimal] = defaultdict(Decimal)
    for trade in store.trades(account, "spot", None):
        base, quote = trade.symbol[:-4], trade.symbol[-4:]
        sign = 1 if trade.side == "BUY" else -1
        told[base] += sign * trade.quantity
        told[quote] -= sign * trade.quantity * trade.price
        told[trade.fee_asset] -= trade.fee
    wrote = {asset: amount for (holder, asset), amount in traded.items() if holder == Holder(account, "spot")}
    assert {a: v for a, v in told.items() if v} == {a: v for a, v in wrote.items() if v}, account
