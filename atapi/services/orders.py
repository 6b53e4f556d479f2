"""Own orders and fills on both markets, as the venue shows them, and where the journal says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.instruments import Market
from atapi.domain.numbers import plain
from atapi.domain.orders import Fill
from atapi.exchanges.base import FuturesVenue, Orders, SpotVenue
from atapi.execution.effects import Attempt
from atapi.services.network import NetworkInfo
from atapi.services.order_finder import VENUE_WORDS as VENUES
from atapi.services.order_finder import KnownOrder, OrderFinder
from atapi.services.order_rows import OrderRow, order_fields, order_row
from atapi.services.recovery import Recovery
from atapi.services.symbols import SymbolBook, spellings
from atapi.table import Table, column


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
    finder: OrderFinder
    recovery: Recovery
    follow: Callable[[Attempt], Attempt]  # brings the journal's row of a live order to date

    def orders(
        self, typed: Sequence[str] = (), *, market: Market | None = None, every: bool = False
    ) -> Table:
        """List open orders, oldest first, and those that only the journal believes live or unclear.

        Args:
            typed: Only these symbols; all of them where none is named.
            market: `SPOT` or `UM`; both where None.
            every: Done ones too; then of the default symbols where none is named, for the venue answers
                that question one symbol at a time.
        """
        self.info.need_key("orders")
        notes: Sequence[str] = ()
        if every:
            asked, notes = self._asked(typed, market)
            found = [order for venue, symbol in asked for order in venue.orders(symbol)]
            found.sort(key=lambda o: (o.created_at, o.order_id))
            known = [KnownOrder(attempt=self.finder.attempt_of(order), order=order) for order in found]
        else:
            notes = self.recovery.before_reading()
            symbols = [symbol for _, symbol in self._asked(typed, market)[0]] if spellings(typed) else []
            known = self.finder.live(market=market, symbols=symbols)
        rows = [order_row(one) for one in known]
        if any(row.differs for row in rows):
            notes = [*notes, "order ID asks how it stands and brings the journal to date"]
        return Table.of(rows, OrderRow, empty="no orders" if every else "no open orders", notes=notes)

    def order(self, typed: str, *, symbol: str | None = None, market: Market | None = None) -> Table:
        """Show one order, field by field, the journal and the exchange side by side; bring the journal to date.

        Raises:
            Refused: Neither has it.
            OutcomeUnknown: The exchange cannot be asked how it stands.
        """
        self.info.need_key("order")
        notes = self.recovery.before_reading()
        if symbol is None or self.finder.matching(typed, market=market):
            known = self.finder.find(typed, market=market)
        else:
            known = self.finder.among_history(typed, symbol, market=market)
        row = known.attempt
        if row is not None and not row.state.settled and self.finder.executor.holder() is None:
            now = self.follow(row)
            if now != row:
                notes = [*notes, f"the journal is brought to date: {now.state}, {plain(now.executed)} filled"]
        return Table.from_mapping(
            ("field", "journal", "exchange", "differs"), order_fields(known), notes=notes
        )

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
        markets = self.finder.markets
        asked = [(i.market, i.symbol) for i in chosen.instruments]
        asked += [(Market.MARGIN, s) for m, s in asked if m is Market.SPOT and Market.MARGIN in markets]
        return [(self._venue(m), s) for m, s in asked], chosen.notes

    def _venue(self, market: Market) -> Orders:
        return self.finder.venue(market)


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
