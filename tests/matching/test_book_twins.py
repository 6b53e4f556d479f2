"""The fast book does, step by step, what the plain one does: plans, fills, what rests, and in which order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atapi.matching import book
from atapi.matching.book import (
    DECREMENT,
    EXPIRE_BOTH,
    EXPIRE_MAKER,
    EXPIRE_TAKER,
    NONE,
    Book,
    Iceberg,
    Resting,
)
from tests.matching import plain_book

OWNERS = st.sampled_from(["ann", "bob", "cy"])
SIDES = st.booleans()
PRICES = st.integers(95, 105)
LOTS = st.integers(0, 30)
PREVENTIONS = st.sampled_from([NONE, EXPIRE_MAKER, EXPIRE_TAKER, EXPIRE_BOTH, DECREMENT])
NUMBERS = st.integers(0, 60)
STEPS = st.one_of(
    st.tuples(st.just("order"), SIDES, OWNERS, LOTS, PRICES, PREVENTIONS, st.sampled_from([0, 0, 0, 2, 5])),
    st.tuples(st.just("look"), SIDES, OWNERS, st.none() | LOTS, st.none() | PRICES, st.integers(0, 4000)),
    st.tuples(st.just("market"), SIDES, OWNERS, LOTS, PREVENTIONS),
    st.tuples(st.just("remove"), NUMBERS),
    st.tuples(st.just("shrink"), NUMBERS, st.integers(1, 9)),
    st.tuples(st.just("fill"), NUMBERS, st.integers(1, 9)),
)


def told(plan: Any) -> Any:
    """Everything a plan says, by ids."""
    return (
        [(order.id, lots) for order, lots in plan.fills],
        [(order.id, lots) for order, lots in plan.decrements],
        [order.id for order in plan.expired],
        plan.met and plan.met.id,
        (plan.lots, plan.value, plan.dry, plan.halted, plan.quiet, plan.prevented),
    )


def held(kept: Any) -> Any:
    """Everything a book holds."""
    return (
        [[(o.id, o.owner, o.price, o.lots, o.hidden) for o in kept.orders(bid)] for bid in (True, False)],
        (kept.depth(3), kept.depth(99), kept.best_bid, kept.best_ask, len(kept)),
    )


class Twins:
    """Both books, told the same."""

    def __init__(self) -> None:
        self.fast, self.plain = Book(), plain_book.Book()
        self.number = 0

    def take(self, bid: bool, owner: str, lots: int, limit: int | None, prevention: str) -> int:
        """Match an order; gives what is left of it."""
        order: dict[str, Any] = {"owner": owner, "lots": lots, "limit": limit, "prevention": prevention}
        plan, same = self.fast.plan(bid, **order), self.plain.plan(bid, **order)
        assert told(plan) == told(same)
        self.fast.commit(plan)
        self.plain.commit(same)
        return 0 if plan.halted else lots - plan.lots - plan.prevented

    def order(self, bid: bool, owner: str, lots: int, limit: int, prevention: str, peak: int) -> None:
        """Match, and let rest what is left."""
        left, id = self.take(bid, owner, lots, limit, prevention), self.number
        best = self.plain.best_ask if bid else self.plain.best_bid
        if not left or (best is not None and (best <= limit if bid else best >= limit)):
            return
        self.plain.add(plain_book.Resting(id, owner, bid, limit, left, peak))
        if peak:
            self.fast.add(Iceberg(id, owner, bid, limit, left, peak))
        elif id % 2:
            self.fast.add(Resting(id, owner, bid, limit, left))
        else:
            self.fast.rest(id, owner, bid, limit, left)

    def market(self, bid: bool, owner: str, lots: int, prevention: str) -> None:
        """Take at any price."""
        self.take(bid, owner, lots, None, prevention)

    def look(self, bid: bool, owner: str, lots: int | None, limit: int | None, budget: int) -> None:
        """Plan by a budget and do nothing."""
        order: dict[str, Any] = {"owner": owner, "lots": lots, "limit": limit, "budget": budget}
        assert told(self.fast.plan(bid, **order)) == told(self.plain.plan(bid, **order))

    def remove(self, id: int) -> None:
        """Take an order off."""
        gone, same = self.fast.remove(id), self.plain.remove(id)
        assert (gone and (gone.id, gone.lots)) == (same and (same.id, same.lots))

    def shrink(self, id: int, lots: int) -> None:
        """Take lots from an order that has more."""
        order, same = self.fast.get(id), self.plain.get(id)
        if order is not None and same is not None and lots < same.lots + same.hidden:
            self.fast.shrink(order, lots)
            self.plain.shrink(same, lots)

    def fill(self, id: int, lots: int) -> None:
        """Fill an order, whoever's turn it is."""
        order, same = self.fast.get(id), self.plain.get(id)
        if order is not None and same is not None:
            self.fast.fill(order, min(lots, same.lots))
            self.plain.fill(same, min(lots, same.lots))


@pytest.fixture(params=[book.MOST_GONE, 0], ids=["gaps stay", "gaps are closed"])
def gaps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "MOST_GONE", request.param)


@pytest.mark.usefixtures("gaps")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=60))
def test_both_books_do_the_same(steps: list[tuple[Any, ...]]) -> None:
    twins = Twins()

    for number, (kind, *values) in enumerate(steps):
        twins.number = number
        getattr(twins, kind)(*values)

        assert held(twins.fast) == held(twins.plain)
        for bid in (True, False):
            assert twins.fast.first(bid) is next(twins.fast.orders(bid), None)
