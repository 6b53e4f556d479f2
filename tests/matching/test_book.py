"""The order book against cases by hand and against a book that sorts a list anew each time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atapi.matching.book import Book, Iceberg, Plan, Resting


def book_of(*orders: tuple[int, str, str, int, int]) -> Book:
    """Make a book of (id, owner, side, price, lots)."""
    book = Book()
    for id, owner, side, price, lots in orders:
        book.add(Resting(id, owner, side == "bid", price, lots))
    return book


def fills(plan: Plan) -> list[tuple[int, int]]:
    return [(order.id, lots) for order, lots in plan.fills]


THREE_ASKS = (
    (1, "a", "ask", 101, 5),
    (2, "b", "ask", 100, 3),
    (3, "c", "ask", 101, 4),
    (4, "d", "bid", 99, 7),
)


@pytest.mark.parametrize(
    ("lots", "limit", "expected"),
    [
        (2, None, [(2, 2)]),  # best price, in part
        (3, None, [(2, 3)]),
        (9, None, [(2, 3), (1, 5), (3, 1)]),  # then the older order at 101
        (50, None, [(2, 3), (1, 5), (3, 4)]),  # all there is
        (50, 100, [(2, 3)]),  # not beyond the limit
        (50, 99, []),
    ],
)
def test_a_buyer_takes_the_best_price_first_then_the_oldest(
    lots: int, limit: int | None, expected: list[tuple[int, int]]
) -> None:
    plan = book_of(*THREE_ASKS).plan(True, owner="x", lots=lots, limit=limit)

    assert fills(plan) == expected


def test_a_seller_takes_the_highest_bid_first() -> None:
    book = book_of((1, "a", "bid", 99, 5), (2, "b", "bid", 100, 3))

    assert fills(book.plan(False, owner="x", lots=6)) == [(2, 3), (1, 3)]
    assert book.best_bid == 100
    assert book.best_ask is None


def test_a_plan_changes_nothing_and_a_commit_does_it() -> None:
    book = book_of(*THREE_ASKS)

    plan = book.plan(True, owner="x", lots=4)
    assert book.depth(9) == ([(99, 7)], [(100, 3), (101, 9)])

    book.commit(plan)
    assert book.depth(9) == ([(99, 7)], [(101, 8)])
    assert book.get(2) is None
    assert plan.value == 3 * 100 + 1 * 101


def test_a_budget_buys_whole_lots_only() -> None:
    plan = book_of(*THREE_ASKS).plan(True, owner="x", budget=3 * 100 + 2 * 101 + 100)

    assert fills(plan) == [(2, 3), (1, 2)]
    assert not plan.dry


def test_a_plan_is_dry_when_the_side_holds_too_little() -> None:
    book = book_of(*THREE_ASKS)

    assert book.plan(True, owner="x", lots=13).dry
    assert not book.plan(True, owner="x", lots=12).dry
    assert not book.plan(True, owner="x", lots=13, limit=100).dry  # the limit ended it, not the book


@pytest.mark.parametrize(
    ("prevention", "filled", "expired", "halted"),
    [
        ("EXPIRE_MAKER", [(2, 3), (3, 2)], [1], False),
        ("EXPIRE_TAKER", [(2, 3)], [], True),
        ("EXPIRE_BOTH", [(2, 3)], [1], True),
        ("NONE", [(2, 3), (1, 2)], [], False),
    ],
)
def test_self_trade_prevention(
    prevention: str, filled: list[tuple[int, int]], expired: list[int], halted: bool
) -> None:
    plan = book_of(*THREE_ASKS).plan(True, owner="a", lots=5, prevention=prevention)

    assert fills(plan) == filled
    assert [order.id for order in plan.expired] == expired
    assert plan.halted is halted


def test_a_removed_order_is_gone_and_its_level_with_it() -> None:
    book = book_of(*THREE_ASKS)

    assert book.remove(2) is not None
    assert book.remove(2) is None
    assert book.best_ask == 101
    assert len(book) == 3


@pytest.mark.parametrize("gone", [[1], [2], [3], [1, 2], [3, 2], [2, 1], [1, 3]])
def test_those_that_stay_keep_their_turn_whoever_leaves(gone: list[int]) -> None:
    book = book_of(*((id, "a", "ask", 100, 5) for id in (1, 2, 3)))

    for id in gone:
        book.remove(id)
    book.add(Resting(4, "a", False, 100, 5))

    staying = [id for id in (1, 2, 3, 4) if id not in gone]
    assert [order.id for order in book.orders(False)] == staying
    assert fills(book.plan(True, owner="x", lots=50)) == [(id, 5) for id in staying]
    assert book.depth(9) == ([], [(100, 5 * len(staying))])


class NaiveBook:
    """The same rules over one list."""

    def __init__(self) -> None:
        self.orders: list[tuple[int, str, bool, int, int]] = []  # id, owner, bid, price, lots; oldest first

    def take(self, bid: bool, limit: int, lots: int) -> list[tuple[int, int]]:
        sign = 1 if bid else -1
        makers = sorted((o for o in self.orders if o[2] != bid), key=lambda o: sign * o[3])
        taken = []
        for id, owner, side, price, left in makers:
            if not lots or sign * price > sign * limit:
                break
            part = min(left, lots)
            lots -= part
            taken.append((id, part))
            place = self.orders.index((id, owner, side, price, left))
            if part == left:
                del self.orders[place]
            else:
                self.orders[place] = (id, owner, side, price, left - part)
        return taken

    def depth(self, bid: bool) -> list[tuple[int, int]]:
        levels: dict[int, int] = {}
        for _, _, side, price, lots in self.orders:
            if side == bid:
                levels[price] = levels.get(price, 0) + lots
        return sorted(levels.items(), reverse=bid)


STEPS = st.lists(
    st.tuples(st.sampled_from(["limit", "cancel"]), st.booleans(), st.integers(90, 110), st.integers(1, 9)),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_the_book_agrees_with_a_naive_one(steps: list[tuple[str, bool, int, int]]) -> None:
    book, naive = Book(), NaiveBook()

    for number, (kind, bid, price, lots) in enumerate(steps):
        if kind == "cancel":
            victim = number * 7 // 11
            book.remove(victim)
            naive.orders = [order for order in naive.orders if order[0] != victim]
            continue
        plan = book.plan(bid, owner="taker", lots=lots, limit=price)
        book.commit(plan)
        assert fills(plan) == naive.take(bid, price, lots)
        if plan.lots < lots:
            book.add(Resting(number, f"owner {number}", bid, price, lots - plan.lots))
            naive.orders.append((number, f"owner {number}", bid, price, lots - plan.lots))

        assert book.depth(99) == (naive.depth(True), naive.depth(False))
        assert len(book) == len(naive.orders)
        best_bid, best_ask = book.best_bid, book.best_ask
        assert best_bid is None or best_ask is None or best_bid < best_ask


def test_an_iceberg_shows_its_peak_and_queues_up_again_behind_the_others() -> None:
    book = Book()
    book.add(Iceberg(1, "a", False, 100, 10, peak=4))
    book.add(Resting(2, "b", False, 100, 3))
    assert book.depth(1)[1] == [(100, 7)]

    plan = book.plan(True, owner="x", lots=12)
    assert fills(plan) == [(1, 4), (2, 3), (1, 4), (1, 1)]  # 4, then the other, then the slices of 4 and 2
    book.commit(plan)

    left = book.get(1)
    assert left is not None
    assert (left.lots, left.hidden) == (1, 0)
    assert book.depth(1)[1] == [(100, 1)]


def test_an_iceberg_is_taken_whole_by_who_asks_for_all_of_it() -> None:
    book = Book()
    book.add(Iceberg(1, "a", True, 100, 10, peak=4))

    plan = book.plan(False, owner="x", lots=11)
    book.commit(plan)

    assert (plan.lots, plan.dry, len(book), book.best_bid) == (10, True, 0, None)


def test_what_is_hidden_shrinks_first_and_the_place_is_kept() -> None:
    book = Book()
    book.add(Iceberg(1, "a", False, 100, 10, peak=4))
    book.add(Resting(2, "b", False, 100, 3))
    iceberg = book.get(1)
    assert iceberg is not None

    book.shrink(iceberg, 5)
    assert (iceberg.lots, iceberg.hidden) == (4, 1)
    book.shrink(iceberg, 3)
    assert (iceberg.lots, iceberg.hidden) == (2, 0)

    assert fills(book.plan(True, owner="x", lots=3)) == [(1, 2), (2, 1)]


@pytest.mark.parametrize("prevention", ["DECREMENT", "TRANSFER"])
def test_both_sides_of_a_self_trade_lose_what_would_have_matched(prevention: str) -> None:
    book = book_of(*THREE_ASKS)  # ids 2 (3 lots at 100, b), 1 (5 at 101, a), 3 (4 at 101, c)

    plan = book.plan(True, owner="a", lots=9, prevention=prevention)
    book.commit(plan)

    assert plan.lots == 9 - plan.prevented
    assert [order.id for order, _ in plan.decrements] == [1]
    assert plan.prevented == 5
    assert book.get(1) is None
    assert not plan.halted
