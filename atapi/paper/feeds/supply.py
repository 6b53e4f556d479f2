"""Coins in circulation from the `supply` folder of a recording, each from the day it was known.

Two layouts: `symbol,circulating_supply`, known from the date in the file's name, or always where there is none; and
one row a day, `date,symbol,…,implied_supply`. The newest row that is not later than the clock counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from atapi.errors import StorageError
from atapi.paper.feeds.bars import DAY
from atapi.paper.feeds.rows import table
from atapi.paper.feeds.rules import split_symbol

_DOLLARS = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ALWAYS = -(2**62)


class Supply:
    """Circulating supplies over time."""

    def __init__(self, paths: Iterable[Path]) -> None:
        rows = sorted(row for path in paths for row in _rows(path))
        self._rows = rows  # (known from, base asset, coins), oldest first

    def at(self, now_ms: int) -> Mapping[str, Decimal]:
        """Tell the newest supply of each base asset known by then."""
        return {asset: coins for known_ms, asset, coins in self._rows if known_ms <= now_ms}


def _rows(path: Path) -> Iterator[tuple[int, str, Decimal]]:
    named = _DATE.search(path.name)
    for row in table(path):
        coins = row.get("circulating_supply") or row.get("implied_supply")
        symbol, day = row.get("symbol"), row.get("date") or (named and named[0])
        if not coins or not symbol:
            continue  # another table, or a day without a figure
        try:
            yield _midnight(day) if day else _ALWAYS, split_symbol(symbol, _DOLLARS)[0], Decimal(coins)
        except (ValueError, InvalidOperation) as error:
            raise StorageError(f"{path}: this row cannot be read: {','.join(row.values())}") from error


def _midnight(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * DAY
