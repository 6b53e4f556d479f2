"""A small venue that the service tests share, and a way to read a table by column."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from atapi.exchanges.base import MarketData
from atapi.services.network import NetworkInfo
from atapi.services.order_finder import OrderFinder
from atapi.services.orders import OrderService
from atapi.services.symbols import SymbolBook
from atapi.table import Table, Value
from tests.fakes import by_symbol, perpetual, spot_instrument

SPOT = by_symbol(
    [
        *(
            spot_instrument(s)
            for s in ("BTCUSDT", "ETHUSDT", "BNBUSDT", "XRPUSDT", "PEPEUSDT", "1000SATSUSDT")
        ),
        spot_instrument("ETHBTC", quote="BTC"),
        spot_instrument("LUNAUSDT", status="BREAK"),
        spot_instrument("PAXGUSDT"),
    ]
)
FUTURES = by_symbol(
    [
        *(
            perpetual(s)
            for s in ("BTCUSDT", "ETHUSDT", "BNBUSDT", "1000PEPEUSDT", "1000SATSUSDT", "DEFIUSDT")
        ),
        perpetual("BTCUSDT_260327", dated=True),
        perpetual("OLDUSDT", status="SETTLING"),
    ]
)


def column(table: Table, name: str) -> list[Value]:
    """Read one column."""
    at = table.names.index(name)
    return [row[at] for row in table.rows]


def record(table: Table) -> dict[str, Value]:
    """Read the only row by column."""
    [row] = table.rows
    return dict(zip(table.names, row, strict=True))


def book_of(spot: MarketData, futures: MarketData) -> SymbolBook:
    """Make a symbol book over two fakes."""
    return SymbolBook(spot=spot, futures=futures)


def unwritten(spot: Any, futures: Any, book: SymbolBook, info: NetworkInfo) -> OrderService:
    """Make an order service of an account on which atapi has never traded: there is no journal."""
    executor: Any = SimpleNamespace(begun=False)
    recovery: Any = SimpleNamespace(before_reading=list)

    def follow(attempt: Any) -> Any:
        raise AssertionError("there is no journal, so there is nothing to follow")

    return OrderService(
        spot=spot,
        futures=futures,
        book=book,
        info=info,
        finder=OrderFinder(spot=spot, futures=futures, book=book, executor=executor),
        recovery=recovery,
        follow=follow,
    )
