"""A price-time priority order book. Inside it prices are whole ticks and quantities whole lots, so nothing rounds.

Matching has two steps, because funds are judged between them: `plan` says what an order would do and changes
nothing, `commit` does it. The book knows owners only as names, to keep an owner from trading with itself.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Sequence

# Self-trade prevention, as on Binance. NONE lets an owner trade with itself.
NONE = "NONE"
EXPIRE_MAKER = "EXPIRE_MAKER"
EXPIRE_TAKER = "EXPIRE_TAKER"
EXPIRE_BOTH = "EXPIRE_BOTH"
DECREMENT = "DECREMENT"
TRANSFER = "TRANSFER"  # between accounts of one trade group; an owner's own orders are decremented

MOST_GONE = 1000  # orders that may be taken from a level before its gaps are closed

_new = object.__new__  # an order made without its constructor, which is half the time of one that rests


class Resting:
    """One order resting in a book."""

    __slots__ = ("bid", "id", "level", "lots", "owner", "price")

    level: Level  # where it rests; set by the book
    hidden: int = 0  # what only an iceberg has
    peak: int = 0

    def __init__(self, id: int, owner: str, bid: bool, price: int, lots: int) -> None:
        self.id = id
        self.owner = owner
        self.bid = bid
        self.price = price  # ticks
        self.lots = lots  # left, where anybody sees it

    def __repr__(self) -> str:
        return (
            f"Resting({self.id}, {self.owner!r}, {'bid' if self.bid else 'ask'} {self.lots} @ {self.price})"
        )


class Iceberg(Resting):
    """An order that shows its peak only; taken, the next slice queues up behind.

    Args:
        lots: All that is left of it.
        peak: What it shows at most.
        shown: What it shows just now, where that is less than its peak.
    """

    __slots__ = ("hidden", "peak")

    def __init__(
        self, id: int, owner: str, bid: bool, price: int, lots: int, peak: int, shown: int = 0
    ) -> None:
        super().__init__(id, owner, bid, price, min(lots, shown or peak))
        self.hidden = lots - self.lots
        self.peak = peak


Part = tuple[Resting, int]  # an order, and lots of it


class Plan:
    """What an incoming order would do to a book."""

    __slots__ = ("decrements", "dry", "expired", "fills", "halted", "lots", "met", "value")

    def __init__(
        self, fills: Sequence[Part] = (), lots: int = 0, value: int = 0, *, dry: bool = False
    ) -> None:
        self.fills = fills  # maker, lots; best price first
        self.lots = lots  # filled in all
        self.value = value  # sum of price * lots, ticks times lots
        self.dry = dry  # it wanted more than the whole side of the book holds
        self.expired: Sequence[Resting] = ()  # the taker's own, taken off instead of matched
        self.decrements: Sequence[Part] = ()  # own orders, lots both sides lose
        self.met: Resting | None = None  # the own order that ended the incoming one
        self.halted = False  # self-trade prevention ended the incoming order

    @property
    def quiet(self) -> bool:
        """Whether the incoming order would meet nobody."""
        return not (self.lots or self.expired or self.decrements or self.halted)

    @property
    def prevented(self) -> int:
        """Lots that both sides lose instead of trading."""
        return sum(lots for _, lots in self.decrements)


QUIET = Plan()  # what meets nobody; nobody changes a plan that was made
DRY = Plan(dry=True)


class Level(dict[int, Resting]):
    """The orders of one side at one price, the oldest first: id -> order."""

    __slots__ = ("gone", "half", "icebergs", "key", "lots")

    def __init__(self, half: Half, key: int) -> None:
        self.half = half
        self.key = key
        self.lots = 0  # shown
        self.gone = 0  # orders that were taken, from the front, since it was last renewed
        self.icebergs = False  # whether any has been among them

    def renew(self) -> None:
        """Close the gaps of those that were taken, once they are many: a dictionary walks over them each time."""
        if self.gone * 8 < len(self):
            return
        orders = dict(self)
        self.clear()
        self.update(orders)
        self.gone = 0

    def parts(self) -> Iterator[Part]:
        """Walk what may be taken in the order it would be: all that is shown, then the icebergs' slices in turn."""
        below: deque[Part] = deque()
        for order in self.values():
            yield order, order.lots
            if order.hidden:
                below.append((order, order.hidden))
        while below:
            order, hidden = below.popleft()
            part = min(hidden, order.peak)
            yield order, part
            if hidden > part:
                below.append((order, hidden - part))


class Half(dict[int, Level]):
    """One side of a book: key -> level. Keys ascend and the best is last, where a list is cheap to change."""

    __slots__ = ("sorted",)

    def __init__(self) -> None:
        self.sorted: list[int] = []  # price for bids, -price for asks

    def __missing__(self, key: int) -> Level:
        level = self[key] = Level(self, key)
        insort(self.sorted, key)
        return level

    def drop(self, key: int) -> None:
        """Forget an empty level."""
        del self[key]
        keys = self.sorted
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
        return self._bids.sorted[-1] if self._bids.sorted else None

    @property
    def best_ask(self) -> int | None:
        """Lowest ask in ticks."""
        return -self._asks.sorted[-1] if self._asks.sorted else None

    def get(self, id: int) -> Resting | None:
        """Find a resting order."""
        return self._orders.get(id)

    def first(self, bid: bool) -> Resting | None:
        """Find the order of a side whose turn it is."""
        half = self._bids if bid else self._asks
        return next(iter(half[half.sorted[-1]].values())) if half else None

    def add(self, order: Resting) -> None:
        """Let an order rest behind those already at its price. It must not cross: plan and commit first."""
        assert order.lots > 0, order
        assert order.id not in self._orders, order
        id = order.id
        level = order.level = self._bids[order.price] if order.bid else self._asks[-order.price]
        level.lots += order.lots
        level.icebergs |= order.peak > 0
        self._orders[id] = level[id] = order

    def rest(self, id: int, owner: str, bid: bool, price: int, lots: int) -> Resting:
        """Make an order and let it rest: `add` for those that come by the thousand, without a question asked."""
        order = _new(Resting)
        order.id = id
        order.owner = owner
        order.bid = bid
        order.price = price
        order.lots = lots
        level = order.level = self._bids[price] if bid else self._asks[-price]
        level.lots += lots
        self._orders[id] = level[id] = order
        return order

    def remove(self, id: int) -> Resting | None:
        """Take an order off; None where it does not rest here."""
        order = self._orders.pop(id, None)
        if order is None:
            return None
        level = order.level
        del level[id]
        if level:
            level.lots -= order.lots
        else:
            level.half.drop(level.key)
        return order

    def fill(self, order: Resting, lots: int) -> None:
        """Take lots from a resting order, which leaves the book when none are left."""
        assert 0 < lots <= order.lots, (order, lots)
        order.lots -= lots
        order.level.lots -= lots
        if not order.lots:
            self._taken(order)

    def _taken(self, order: Resting) -> None:
        id, level = order.id, order.level
        del level[id]
        if isinstance(order, Iceberg) and order.hidden:  # the next slice queues up behind
            order.lots = min(order.hidden, order.peak)
            order.hidden -= order.lots
            level.lots += order.lots
            level[id] = order
            return
        del self._orders[id]
        level.gone += 1
        if not level:
            level.half.drop(level.key)
        elif level.gone > MOST_GONE:
            level.renew()

    def shrink(self, order: Resting, lots: int) -> None:
        """Take lots from a resting order that keeps its place, what it hides first; some must be left."""
        assert 0 < lots < order.lots + order.hidden, (order, lots)
        if isinstance(order, Iceberg):
            unseen = min(lots, order.hidden)
            order.hidden -= unseen
            lots -= unseen
        order.lots -= lots
        order.level.lots -= lots

    def orders(self, bid: bool) -> Iterator[Resting]:
        """Walk one side in priority: best price first, oldest first."""
        half = self._bids if bid else self._asks
        for key in reversed(half.sorted):
            yield from tuple(half[key].values())  # any may leave meanwhile

    def plan(
        self,
        bid: bool,
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
        half = self._asks if bid else self._bids
        keys = half.sorted
        if not keys:
            return DRY
        worst = None
        if limit is not None:
            worst = -limit if bid else limit  # as keys are written
            if keys[-1] < worst:
                return QUIET
        if lots is not None and budget is None:
            plan = _plain(half, owner, lots, worst, prevention)
            if plan is not None:
                return plan
        return _careful(half, bid, owner, lots, worst, budget, prevention)

    def commit(self, plan: Plan) -> None:
        """Do what a plan says. The book must not have changed since it was made."""
        for order in plan.expired:
            self.remove(order.id)
        orders = self._orders
        for order, lots in plan.fills:
            level = order.level
            if lots < order.lots or level.icebergs:
                self.fill(order, lots)
                continue
            id = order.id
            del orders[id]
            del level[id]
            order.lots = 0
            if level:
                level.lots -= lots
                level.gone += 1
                if level.gone > MOST_GONE:
                    level.renew()
            else:
                level.half.drop(level.key)
        for order, lots in plan.decrements:
            self.fill(order, lots)

    def depth(self, limit: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks as (ticks, lots) by level, best first."""
        bids = [(key, self._bids[key].lots) for key in self._bids.sorted[: -limit - 1 : -1]]
        asks = [(-key, self._asks[key].lots) for key in self._asks.sorted[: -limit - 1 : -1]]
        return bids, asks


def _plain(half: Half, owner: str, lots: int, worst: int | None, prevention: str) -> Plan | None:
    """Plan an order bounded by its lots; None where it meets an iceberg or its owner, which want care."""
    fills: list[Part] = []
    left, value = lots, 0
    for key in reversed(half.sorted):
        if worst is not None and key < worst:
            return Plan(fills, lots - left, value)
        level, before = half[key], left
        if level.icebergs:
            return None
        for order in level.values():
            if order.owner == owner and prevention != NONE:
                return None
            part = order.lots
            if part < left:
                fills.append((order, part))
                left -= part
            elif left > 0:
                fills.append((order, left))
                return Plan(fills, lots, value + abs(key) * before)
            else:
                return Plan()
        value += abs(key) * (before - left)
    return Plan(fills, lots - left, value, dry=True)


def _careful(
    half: Half,
    bid: bool,
    owner: str,
    left: int | None,
    worst: int | None,
    purse: int | None,
    prevention: str,
) -> Plan:
    """Plan any order."""
    plan = Plan()
    plan.fills, plan.expired, plan.decrements = fills, expired, decrements = [], [], []
    for key in reversed(half.sorted):
        if worst is not None and key < worst:
            break
        price = -key if bid else key
        for order, part in half[key].parts():
            if left is not None and part > left:
                part = left
            if purse is not None:
                part = min(part, purse // price)
            if part <= 0:
                return plan
            if order.owner == owner and prevention != NONE:
                if prevention in (EXPIRE_MAKER, EXPIRE_BOTH) and order not in expired:
                    expired.append(order)
                if prevention in (EXPIRE_TAKER, EXPIRE_BOTH):
                    plan.met, plan.halted = order, True
                    return plan
                if prevention == EXPIRE_MAKER:
                    continue
                decrements.append((order, part))
            else:
                fills.append((order, part))
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
