"""A book rebuilt from a snapshot and the changes after it, by Binance's published rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from atapi.errors import AtapiError

Levels = list[tuple[Decimal, Decimal]]  # price, quantity; best first


class BookGap(AtapiError):
    """A change is missing between two others."""


class RebuiltBook:
    """Bids and asks of one symbol; changes that come before the first snapshot wait for it."""

    def __init__(self) -> None:
        self._bids: dict[Decimal, Decimal] = {}
        self._asks: dict[Decimal, Decimal] = {}
        self._waiting: list[dict[str, Any]] = []
        self._last: int | None = None  # id of the last change applied
        self._bridged = False

    @property
    def ready(self) -> bool:
        """Whether there was a snapshot."""
        return self._last is not None

    def snapshot(self, data: dict[str, Any]) -> None:
        """Begin with a snapshot; changes that have waited are applied as far as it does not hold them."""
        self._bids, self._asks = _side(data["bids"]), _side(data["asks"])
        self._last, self._bridged = int(data["lastUpdateId"]), False
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            self.change(change)

    def change(self, data: dict[str, Any]) -> None:
        """Apply a `depthUpdate`.

        Raises:
            BookGap: It does not follow the one before it.
        """
        if self._last is None:
            self._waiting.append(data)
            return
        first, last, before = data["U"], data["u"], data.get("pu")
        if last < self._last or (last == self._last and before is None):
            return
        follows = first <= self._last + 1 if before is None or not self._bridged else before == self._last
        if not follows and not (before is not None and not self._bridged and before <= self._last):
            raise BookGap(f"the change {first}-{last} does not follow {self._last}")
        self._bridged, self._last = True, last
        _apply(self._bids, data["b"])
        _apply(self._asks, data["a"])

    def best(self) -> tuple[Decimal | None, Decimal | None]:
        """Tell best bid and ask."""
        return max(self._bids, default=None), min(self._asks, default=None)

    def levels(self, count: int) -> tuple[Levels, Levels]:
        """List the best bids and asks."""
        return _best(self._bids, count, reverse=True), _best(self._asks, count, reverse=False)


def _best(side: dict[Decimal, Decimal], count: int, *, reverse: bool) -> Levels:
    return [(price, side[price]) for price in sorted(side, reverse=reverse)[:count]]


def _side(rows: Iterable[Sequence[str]]) -> dict[Decimal, Decimal]:
    return {Decimal(row[0]): Decimal(row[1]) for row in rows}


def _apply(side: dict[Decimal, Decimal], rows: Iterable[Sequence[str]]) -> None:
    for row in rows:
        price, quantity = Decimal(row[0]), Decimal(row[1])
        if quantity:
            side[price] = quantity
        else:
            side.pop(price, None)
