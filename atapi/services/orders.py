"""Own orders and fills on both markets, as the venue shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, Order
from atapi.exchanges.base import FuturesVenue, Orders, SpotVenue
from atapi.services.network import NetworkInfo
from atapi.services.symbols import SymbolBook, spellings
from atapi.table import Table, column

VENUES = {Market.SPOT: "spot", Market.UM: "futures"}  # the word of `--venue`


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One order."""

    id: str
    time: datetime
    venue: str
    symbol: str
    side: str
    type: str
    qty: Decimal  # asked, base asset
    filled: Decimal  # base asset
    price: Decimal | None  # limit; None for a market order
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRow:
    """One execution."""

    time: datetime
    venue: str
    symbol: str
    side: str
    price: Decimal
    qty: Decimal  # base asset
    fee: Decimal
    fee_asset: str
    realized: Decimal | None = column(digits=2, signed=True, name="realised_usdt")  # None on spot
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderService:
    """Reads orders and fills; sending them is the order path's alone."""

    spot: SpotVenue
    futures: FuturesVenue
    book: SymbolBook
    info: NetworkInfo

    def orders(
        self, typed: Sequence[str] = (), *, market: Market | None = None, every: bool = False
    ) -> Table:
        """List open orders, oldest first.

        Args:
            typed: Only these symbols; all of them where none is named.
            market: `SPOT` or `UM`; both where None.
            every: Done ones too; then of the default symbols where none is named, for the venue answers
                that question one symbol at a time.
        """
        self.info.need_key("orders")
        if every:
            asked, notes = self._asked(typed, market)
            found = [order for venue, symbol in asked for order in venue.orders(symbol)]
        elif spellings(typed):
            asked, notes = self._asked(typed, market)
            found = [order for venue, symbol in asked for order in venue.open_orders(symbol)]
        else:
            notes = ()
            found = [order for m in _markets(market) for order in self._venue(m).open_orders()]
        rows = [_order_row(order) for order in sorted(found, key=lambda o: (o.created_at, o.order_id))]
        return Table.of(rows, OrderRow, empty="no orders" if every else "no open orders", notes=notes)

    def fills(self, typed: Sequence[str] = (), *, since: datetime | None = None) -> Table:
        """List own fills on both markets, oldest first; of the default symbols where none is named."""
        self.info.need_key("fills")
        asked, notes = self._asked(typed, None)
        found = [fill for venue, symbol in asked for fill in venue.fills(symbol, start=since)]
        rows = [_fill_row(fill) for fill in sorted(found, key=lambda f: (f.at, f.market, f.trade_id))]
        return Table.of(rows, FillRow, index="time", empty="no fills", notes=notes)

    def _asked(
        self, typed: Sequence[str], market: Market | None
    ) -> tuple[list[tuple[Orders, str]], tuple[str, ...]]:
        if market is not None:
            chosen = self.book.choose(typed, market=market)
            return [(self._venue(market), s) for s in chosen.symbols], chosen.notes
        chosen = self.book.choose_anywhere(typed)
        return [(self._venue(i.market), i.symbol) for i in chosen.instruments], chosen.notes

    def _venue(self, market: Market) -> Orders:
        return self.futures if market is Market.UM else self.spot


def _markets(market: Market | None) -> Sequence[Market]:
    return (Market.SPOT, Market.UM) if market is None else (market,)


def _order_row(order: Order) -> OrderRow:
    return OrderRow(
        id=order.order_id,
        time=order.created_at,
        venue=VENUES[order.market],
        symbol=order.symbol,
        side=order.side.value,
        type=order.type,
        qty=order.quantity,
        filled=order.filled,
        price=order.price or None,
        status=order.status.value,
    )


def _fill_row(fill: Fill) -> FillRow:
    return FillRow(
        time=fill.at,
        venue=VENUES[fill.market],
        symbol=fill.symbol,
        side=fill.side.value,
        price=fill.price,
        qty=fill.quantity,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        realized=fill.realized,
        order=fill.order_id,
    )
