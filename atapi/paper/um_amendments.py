"""What futures orders were before their owners changed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atapi.domain.numbers import plain
from atapi.paper.effects import Effects
from atapi.paper.ids import Ids
from atapi.paper.store import Store

TABLE = "um_amendments"
OF_ORDER = f"SELECT * FROM {TABLE} WHERE account = ? AND market = ? AND order_id = ? ORDER BY amendment_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentRecord:
    """One change of one order."""

    amendment_id: int
    account: str
    market: str
    order_id: int
    price_before: Decimal
    price_after: Decimal
    quantity_before: Decimal
    quantity_after: Decimal
    count: int  # which change of the order it was
    time_ms: int


class UmAmendments:
    """Changes of all orders of a futures market."""

    def __init__(self, store: Store, effects: Effects, ids: Ids, market: str) -> None:
        self._store = store
        self._effects = effects
        self._ids = ids
        self._market = market

    def add(
        self,
        account: str,
        order_id: int,
        before: tuple[Decimal, Decimal],
        after: tuple[Decimal, Decimal],
        count: int,
        now_ms: int,
    ) -> None:
        """Keep one: price and quantity before and after."""
        number = self._ids.next("amendment")
        prices, quantities = zip(before, after, strict=True)
        row: tuple[Any, ...] = (
            number, account, self._market, order_id, *map(plain, prices), *map(plain, quantities), count, now_ms,
        )  # fmt: skip
        self._effects.row(TABLE, row)

    def of(self, account: str, order_id: int) -> Sequence[AmendmentRecord]:
        """List those of an order, oldest first."""
        return [_record(row) for row in self._store.rows(OF_ORDER, account, self._market, order_id)]


def _record(row: tuple[Any, ...]) -> AmendmentRecord:
    return AmendmentRecord(
        amendment_id=row[0],
        account=row[1],
        market=row[2],
        order_id=row[3],
        price_before=Decimal(row[4]),
        price_after=Decimal(row[5]),
        quantity_before=Decimal(row[6]),
        quantity_after=Decimal(row[7]),
        count=row[8],
        time_ms=row[9],
    )
