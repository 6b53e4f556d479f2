"""The book as it was before it was made fast: chains of orders, one way of planning. What `Book` does, this does."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator

# Self-trade prevention, as on Binance. NONE lets an owner trade with itself.
NONE = "NONE"
EXPIRE_MAKER = "EXPIRE_MAKER"
EXPIRE_TAKER = "EXPIRE_TAKER"
EXPIRE_BOTH = "EXPIRE_BOTH"
DECREMENT = "DECREMENT"
TRANSFER = "TRANSFER"  # between accounts of one trade group; an owner's own orders are decremented


class Resting:
    """One order resting in a book. An iceberg shows its peak only; taken, the next slice queues up behind.

    Args:
        lots: All that is left of it.
        peak: What an iceberg shows at most; 0 for an order that is no iceberg.
        shown: What an iceberg shows just now, where that is less than its peak.
    """

    __slots__ = ("after", "before", "bid", "hidden", "id", "level", "lots", "owner", "peak", "price")

    level: Level  # where it rests; set by the book, as its neighbors are
    before: Resting | None
    after: Resting | None

    def __init__(
        self, id: int, owner: str, bid: bool, price: int, lots: int, peak: int = 0, shown: int = 0
    ) -> None:
        self.id = id
        self.owner = owner
        self.bid = bid
        self.price = price  # ticks
        self.peak = peak
        self.lots = min(lots, shown or peak) if peak else lots  # left, where anybody sees it
        self.hidden = lots - self.lots

    def __repr__(self) -> str:
        return (
            f"Resting({self.id}, {self.owner!r}, {'bid' if self.bid else 'ask'} {self.lots} @ {self.price})"
        )


class Plan:
    """What an incoming order would do to a book."""

    __slots__ = ("decrements", "dry", "expired", "fills", "halted", "lots", "met", "value")

    def __init__(self) -> None:
        self.fills: list[tuple[Resting, int]] = []  # maker, lots; best price first
        self.expired: list[Resting] = []  # the taker's own, taken off instead of matched
        self.decrements: list[tuple[Resting, int]] = []  # own orders, lots both sides lose
        self.lots = 0  # filled in all
        self.value = 0  # sum of price * lots, ticks times lots
        self.met: Resting | None = None  # the own order that ended the incoming one
        self.halted = False  # self-trade prevention ended the incoming order
        self.dry = False  # it wanted more than the whole side of the book holds

    @property
    def quiet(self) -> bool:
        """Whether the incoming order would meet nobody."""
        return not (self.lots or self.expired or self.decrements or self.halted)

    @property
    def prevented(self) -> int:
        """Lots that both sides lose instead of trading."""
        return sum(lots for _, lots in self.decrements)


class Level:
    """The orders of one side at one price: a chain from the oldest to the newest, that any may leave at once."""

    __slots__ = ("first", "half", "key", "last", "lots")

    def __init__(self, half: Half, key: int) -> None:
        self.half = half
        self.key = key
        self.lots = 0  # shown
        self.first: Resting | None = None
        self.last: Resting | None = None

    def __iter__(self) -> Iterator[Resting]:
        order = self.first
        while order is not None:
            after = order.after  # it may leave meanwhile
            yield order
            order = after

    def parts(self) -> Iterator[tuple[Resting, int]]:
        """Walk what may be taken in the order it would be: all that is shown, then the icebergs' slices in turn."""
        below: deque[tuple[Resting, int]] | None = None
        order = self.first
        while order is not None:
            yield order, order.lots
            if order.hidden:
                below = below or deque()
                below.append((order, order.hidden))
            order = order.after
        while below:
            order, hidden = below.popleft()
            part = min(hidden, order.peak)
            yield order, part
            if hidden > part:
                below.append((order, hidden - part))

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

    def unlink(self, order: Resting) -> None:
        """Take an order out of the chain."""
        before, after = order.before, order.after
        if before is None:
            self.first = after
        else:
            before.after = after
        if after is None:
            self.last = before
        else:
            after.before = before

    def leave(self, order: Resting) -> None:
        """Let an order go; the last one takes the level with it."""
        self.unlink(order)
        if self.first is None:
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
        level.lots += order.lots
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
        level = order.level
        level.lots -= lots
        order.lots -= lots
        if order.lots:
            return
        if order.hidden:  # the next slice queues up behind
            order.lots = min(order.hidden, order.peak)
            order.hidden -= order.lots
            level.lots += order.lots
            level.unlink(order)
            level.append(order)
        else:
            level.leave(order)
            del self._orders[order.id]

    def shrink(self, order: Resting, lots: int) -> None:
        """Take lots from a resting order that keeps its place, what it hides first; some must be left."""
        assert 0 < lots < order.lots + order.hidden, (order, lots)
        unseen = min(lots, order.hidden)
        order.hidden -= unseen
        order.lots -= lots - unseen
        order.level.lots -= lots - unseen

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
        left, purse = lots, budget
        worst = None if limit is None else -limit if bid else limit  # as keys are written
        for key in reversed(half.keys):
            if worst is not None and key < worst:
                break
            price = -key if bid else key
            for order, part in half.levels[key].parts():
                if left is not None and part > left:
                    part = left
                if purse is not None:
                    part = min(part, purse // price)
                if part <= 0:
                    return plan
                if order.owner == owner and prevention != NONE:
                    if prevention in (EXPIRE_MAKER, EXPIRE_BOTH) and order not in plan.expired:
                        plan.expired.append(order)
                    if prevention in (EXPIRE_TAKER, EXPIRE_BOTH):
                        plan.met, plan.halted = order, True
                        return plan
                    if prevention == EXPIRE_MAKER:
                        continue
                    plan.decrements.append((order, part))
                else:
                    plan.fills.append((order, part))
                    plan.lots += part
                    plan.value += part * price
                if purse is not None:
                    purse -= part * price
                if left is not None:
                    left -= part
                    if not left:
                        return plan
        else:
            plan.dry = True
        return plan

    def commit(self, plan: Plan) -> None:
        """Do what a plan says. The book must not have changed since it was made."""
        for order in plan.expired:
            self.remove(order.id)
        for order, lots in plan.fills + plan.decrements:
            self.fill(order, lots)

    def depth(self, limit: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks as (ticks, lots) by level, best first."""
        bids = [(key, self._bids.levels[key].lots) for key in self._bids.keys[: -limit - 1 : -1]]
        asks = [(-key, self._asks.levels[key].lots) for key in self._asks.keys[: -limit - 1 : -1]]
        return bids, asks
