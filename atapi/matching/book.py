"""A price-time priority order book. Inside it prices are whole ticks and quantities whole lots, so nothing rounds.

Matching has two steps, because funds are judged between them: `plan` says what an order would do and changes
nothing, `commit` does it. The book knows owners only as names, to keep an owner from trading with itself.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

# Self-trade prevention, as on Binance. NONE lets an owner trade with itself.
NONE = "NONE"
EXPIRE_MAKER = "EXPIRE_MAKER"
EXPIRE_TAKER = "EXPIRE_TAKER"
EXPIRE_BOTH = "EXPIRE_BOTH"


class Resting:
    """One order resting in a book."""

    __slots__ = ("after", "before", "bid", "id", "level", "lots", "owner", "price")

    level: Level  # where it rests; set by the book, as its neighbors are
    before: Resting | None
    after: Resting | None

    def __init__(self, id: int, owner: str, bid: bool, price: int, lots: int) -> None:
        self.id = id
        self.owner = owner
        self.bid = bid
        self.price = price  # ticks
        self.lots = lots  # left

    def __repr__(self) -> str:
        return (
            f"Resting({self.id}, {self.owner!r}, {'bid' if self.bid else 'ask'} {self.lots} @ {self.price})"
        )


class Plan:
    """What an incoming order would do to a book."""

    __slots__ = ("dry", "expired", "fills", "halted", "lots", "value")

    def __init__(self) -> None:
        self.fills: list[tuple[Resting, int]] = []  # maker, lots; best price first
        self.expired: list[Resting] = []  # the taker's own, taken off instead of matched
        self.lots = 0  # filled in all
        self.value = 0  # sum of price * lots, ticks times lots
        self.halted = False  # self-trade prevention ended the incoming order
        self.dry = False  # it wanted more than the whole side of the book holds


class Level:
    """The orders of one side at one price: a chain from the oldest to the newest, that any may leave at once."""

    __slots__ = ("first", "half", "key", "last", "lots")

    def __init__(self, half: Half, key: int) -> None:
        self.half = half
        self.key = key
        self.lots = 0
        self.first: Resting | None = None
        self.last: Resting | None = None

    def __iter__(self) -> Iterator[Resting]:
        order = self.first
        while order is not None:
            after = order.after  # it may leave meanwhile
            yield order
            order = after

    def append(self, order: Resting) -> None:
        """Put an order behind the others."""
        last = self.last
        order.level = self
        order.before = last
        order.after = None
        if last is None:
            self.first = order
        else:
            last.after = order
        self.last = order
        self.lots += order.lots

    def leave(self, order: Resting) -> None:
        """Take an order out of the chain; the last one takes the level with it."""
        before, after = order.before, order.after
        if before is not None:
            before.after = after
        else:
            self.first = after
        if after is not None:
            after.before = before
        else:
            self.last = before
            if before is None:
                self.half.drop(self.key)


class Half:
    """One side of a book. Keys ascend and the best is last, where a list is cheap to change."""

    __slots__ = ("keys", "levels")

    def __init__(self) -> None:
        self.keys: list[int] = []  # price for bids, -price for asks
        self.levels: dict[int, Level] = {}  # key -> level

    def drop(self, key: int) -> None:
        """Forget an empty level."""
        del self.levels[key]
        keys = self.keys
        if keys[-1] == key:
            keys.pop()
        else:
            del keys[bisect_left(keys, key)]


class Book:
    """The resting orders of one symbol."""

    __slots__ = ("_asks", "_bids", "_orders")

    def __init__(self) -> None:
        self._bids = Half()
        self._asks = Half()
        self._orders: dict[int, Resting] = {}  # id -> order

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def best_bid(self) -> int | None:
        """Highest bid in ticks."""
        return self._bids.keys[-1] if self._bids.keys else None

    @property
    def best_ask(self) -> int | None:
        """Lowest ask in ticks."""
        return -self._asks.keys[-1] if self._asks.keys else None

    def get(self, id: int) -> Resting | None:
        """Find a resting order."""
        return self._orders.get(id)

    def add(self, order: Resting) -> None:
        """Let an order rest behind those already at its price. It must not cross: plan and commit first."""
        assert order.lots > 0, order
        assert order.id not in self._orders, order
        self._orders[order.id] = order
        if order.bid:
            half, key = self._bids, order.price
        else:
            half, key = self._asks, -order.price
        level = half.levels.get(key)
        if level is None:
            level = half.levels[key] = Level(half, key)
            insort(half.keys, key)
        level.append(order)

    def remove(self, id: int) -> Resting | None:
        """Take an order off; None where it does not rest here."""
        order = self._orders.pop(id, None)
        if order is not None:
            level = order.level
            level.lots -= order.lots
            level.leave(order)
        return order

    def fill(self, order: Resting, lots: int) -> None:
        """Take lots from a resting order, which leaves the book when none are left."""
        assert 0 < lots <= order.lots, (order, lots)
        order.lots -= lots
        level = order.level
        level.lots -= lots
        if not order.lots:
            level.leave(order)
            del self._orders[order.id]

    def orders(self, bid: bool) -> Iterator[Resting]:
        """Walk one side in priority: best price first, oldest first."""
        half = self._bids if bid else self._asks
        for key in reversed(half.keys):
            yield from half.levels[key]

    def plan(
        self,
        bid: bool,
        *,
        owner: str,
        lots: int | None = None,
        limit: int | None = None,
        budget: int | None = None,
        prevention: str = EXPIRE_MAKER,
    ) -> Plan:
        """Say what an incoming order would do; nothing changes.

        Args:
            bid: Whether it buys.
            owner: Whose it is.
            lots: The most it takes; None where only the budget bounds it.
            limit: Worst price in ticks; None takes any.
            budget: The most it may come to, in ticks times lots; None where only the lots bound it.
            prevention: What happens when it meets its owner's own order.
        """
        plan = Plan()
        half = self._asks if bid else self._bids
        worst = None if limit is None else -limit if bid else limit  # as keys are written
        for key in reversed(half.keys):
            if worst is not None and key < worst:
                break
            price = -key if bid else key
            order = half.levels[key].first
            while order is not None:
                if order.owner == owner and prevention != NONE:
                    if prevention != EXPIRE_TAKER:
                        plan.expired.append(order)
                    if prevention != EXPIRE_MAKER:
                        plan.halted = True
                        return plan
                    order = order.after
                    continue
                part = order.lots
                if lots is not None and part > lots - plan.lots:
                    part = lots - plan.lots
                if budget is not None:
                    part = min(part, (budget - plan.value) // price)
                if part <= 0:
                    return plan
                plan.fills.append((order, part))
                plan.lots += part
                plan.value += part * price
                if plan.lots == lots:
                    return plan
                order = order.after
        else:
            plan.dry = True
        return plan

    def commit(self, plan: Plan) -> None:
        """Do what a plan says. The book must not have changed since it was made."""
        for order in plan.expired:
            self.remove(order.id)
        for order, lots in plan.fills:
            self.fill(order, lots)

    def depth(self, limit: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks as (ticks, lots) by level, best first."""
        bids = [(key, self._bids.levels[key].lots) for key in self._bids.keys[: -limit - 1 : -1]]
        asks = [(-key, self._asks.levels[key].lots) for key in self._asks.keys[: -limit - 1 : -1]]
        return bids, asks
