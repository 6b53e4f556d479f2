"""One symbol of one market: its rules, its book in whole ticks and lots, and the crowd's quotes in it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from atapi.matching.book import Book, Resting
from atapi.matching.ledger import CROWD
from atapi.paper.crowd import Ladder, Levels
from atapi.paper.feeds.base import Book as CrowdModel


class Grid(Protocol):
    """The part of a symbol's rules that a book is laid out on."""

    @property
    def symbol(self) -> str:
        """Name of the symbol."""
        ...

    @property
    def tick_size(self) -> Decimal:
        """Price step."""
        ...

    @property
    def lot_size(self) -> Decimal:
        """Quantity step."""
        ...


RulesT = TypeVar("RulesT", bound=Grid)


class Listing(Generic[RulesT]):
    """A symbol that trades."""

    __slots__ = (
        "_crowd",
        "_ladder",
        "_model",
        "_steps",
        "book",
        "looked",
        "lot",
        "market",
        "quoted",
        "rules",
        "symbol",
        "taken",
        "tick",
        "unit",
        "version",
    )  # fmt: skip

    def __init__(self, market: str, rules: RulesT, model: CrowdModel) -> None:
        self.market = market
        self.rules = rules
        self.symbol = rules.symbol
        self.tick = rules.tick_size
        self.lot = rules.lot_size
        self.unit = self.tick * self.lot  # quote value of one tick times one lot
        self.book = Book()
        self.version = 0  # update id, rising with each change
        self.looked = -1  # when the crowd last looked at the price
        self.quoted: tuple[int, Decimal | None] | None = None  # second and price it quoted at
        self.taken: dict[tuple[bool, int], int] = {}  # (bid, ticks) -> lots taken from the crowd's quotes
        self._model = model
        self._ladder = Ladder.of(market, self.symbol, self.tick, self.lot, model)
        self._steps = (1, 1)  # of the book's ticks and lots in one of the rules'
        self._crowd: list[Resting] = []

    def ticks(self, price: Decimal) -> int:
        """Whole ticks of a price that is on the grid."""
        return int(price / self.tick)

    def lots(self, quantity: Decimal) -> int:
        """Whole lots of a quantity, rounded down."""
        return int(quantity / self.lot)

    def price(self, ticks: int) -> Decimal:
        """Price of so many ticks."""
        return self.tick * ticks

    def quantity(self, lots: int) -> Decimal:
        """Quantity of so many lots."""
        return self.lot * lots

    def adopt(self, rules: RulesT) -> None:
        """Trade by other rules; their steps are multiples of the book's own."""
        self.rules = rules
        self._steps = (int(rules.tick_size / self.tick), int(rules.lot_size / self.lot))
        self._ladder = Ladder.of(self.market, self.symbol, rules.tick_size, rules.lot_size, self._model)
        self.withdraw_crowd()
        self.looked = -1

    def changed(self, now_ms: int) -> None:
        """Note that the book is another."""
        self.version = max(self.version + 1, now_ms)

    def withdraw_crowd(self) -> None:
        """Take the crowd's quotes off; what is left are the accounts' orders."""
        for order in self._crowd:
            if order.lots:
                self.book.remove(order.id)
        self._crowd.clear()
        self.taken.clear()
        self.quoted = None

    def crowd_levels(self, price: Decimal, second: int) -> tuple[Levels, Levels]:
        """Say what the crowd quotes at a price."""
        bids, asks = self._ladder.quotes(price, second)
        if self._steps == (1, 1):
            return bids, asks
        ticks, lots = self._steps
        return [(t * ticks, n * lots) for t, n in bids], [(t * ticks, n * lots) for t, n in asks]

    def rest_crowd(self, bid: bool, ticks: int, lots: int, new_id: Callable[[], int]) -> None:
        """Let one of the crowd's quotes rest."""
        self._crowd.append(self.book.rest(new_id(), CROWD, bid, ticks, lots))

    def take(self, bid: bool, ticks: int, lots: int) -> None:
        """Remember that the crowd's quote at a price is so much less."""
        key = (bid, ticks)
        self.taken[key] = self.taken.get(key, 0) + lots

    def memory(self) -> str:
        """Write what was taken from which quotes, as `recall` reads it: the quotes, then B or S, ticks and lots of each."""
        if self.quoted is None:
            return "none"
        second, price = self.quoted
        taken = " ".join(f"{'B' if bid else 'S'}:{ticks}:{lots}" for (bid, ticks), lots in self.taken.items())
        return f"{second}@{price} {taken}"

    def recall(self, memory: str) -> None:
        """Take up again what was taken, where it was from the quotes of now."""
        assert self.quoted is not None
        second, price = self.quoted
        quotes, *taken = memory.split()
        if quotes == f"{second}@{price}":
            for part in taken:
                side, ticks, lots = part.split(":")
                self.taken[side == "B", int(ticks)] = int(lots)
