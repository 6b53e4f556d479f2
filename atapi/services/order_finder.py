"""Finds an order by what people type of it, and holds the journal and the exchange side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from atapi.clock import EPOCH
from atapi.domain.instruments import Instrument, Market
from atapi.domain.numbers import plain
from atapi.domain.orders import Order
from atapi.errors import OrderNotFound, Refused, UsageError
from atapi.exchanges.base import FuturesVenue, Orders, SpotVenue
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.executor import Executor
from atapi.execution.ids import ours
from atapi.services.symbols import SymbolBook

VENUE_WORDS = {Market.SPOT: "spot", Market.UM: "futures", Market.MARGIN: "margin"}  # the word of `--venue`


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """One order as the journal and the exchange have it; at least one of them does."""

    attempt: Attempt | None  # the journal's row; None of an order that is not ours, or of another machine
    order: Order | None  # None where the exchange does not show it

    @property
    def market(self) -> Market:
        """Where it was sent."""
        return self.order.market if self.order else self._row.request.market

    @property
    def symbol(self) -> str:
        """What it trades."""
        return self.order.symbol if self.order else self._row.request.symbol

    @property
    def client_order_id(self) -> str:
        """Its client order id."""
        return self.order.client_order_id if self.order else self._row.request.client_order_id

    @property
    def order_id(self) -> str | None:
        """The exchange's id of it; None while nobody knows it."""
        return self.order.order_id if self.order else self._row.order_id

    @property
    def id(self) -> str:
        """What to call it: the exchange's id, else ours."""
        return self.order_id or self.client_order_id

    @property
    def ours(self) -> bool:
        """Whether atapi made it."""
        return ours(self.client_order_id)

    @property
    def differences(self) -> list[str]:
        """Say in which fields the two disagree: `state`, `filled`, `qty`, `price`; nothing where only one has it."""
        if self.attempt is None:
            return []
        if self.order is None:
            return [] if self.attempt.state.settled else ["state"]
        request, order = self.attempt.request, self.order
        told = {
            "state": _agree(self.attempt.state, order),
            "filled": self.attempt.executed == order.filled,
            "qty": request.quantity == order.quantity,
            "price": request.price is None or request.price == order.price,
        }
        return [name for name, same in told.items() if not same]

    @property
    def _row(self) -> Attempt:
        assert self.attempt is not None
        return self.attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFinder:
    """Reads orders from both sides."""

    spot: SpotVenue
    futures: FuturesVenue
    book: SymbolBook
    executor: Executor
    margin: Orders | None = None  # None on networks without it

    @property
    def markets(self) -> tuple[Market, ...]:
        """The markets that are looked at where none is named: margin once something was borrowed."""
        borrowed = self.margin is not None and any(s.reverse for s in self.executor.spreads())
        return (Market.SPOT, Market.MARGIN, Market.UM) if borrowed else (Market.SPOT, Market.UM)

    def live(self, *, market: Market | None = None, symbols: Sequence[str] = ()) -> list[KnownOrder]:
        """List what the exchange shows open, and what the journal believes live or unclear, oldest first."""
        rows = {_key(row): row for row in self.unsettled() if _asked(row, market, symbols)}
        known = [
            KnownOrder(attempt=self.attempt_of(order), order=order)
            for order in self.open_orders(market=market, symbols=symbols)
        ]
        shown = {(k.market, k.client_order_id) for k in known}
        missing = [row for key, row in rows.items() if key not in shown]
        return [*known, *(KnownOrder(attempt=row, order=self.ask(row)) for row in missing)]

    def open_orders(self, *, market: Market | None = None, symbols: Sequence[str] = ()) -> list[Order]:
        """List what the exchange shows open, oldest first."""
        markets = self.markets if market is None else (market,)
        found: list[Order] = []
        for m in markets:
            listed = self._listed(m)
            asked = [s for s in dict.fromkeys(symbols) if s in listed] if symbols else [None]
            found += [order for symbol in asked for order in self.venue(m).open_orders(symbol)]
        return sorted(found, key=lambda o: (o.created_at, o.order_id))

    def find(self, typed: str, *, market: Market | None = None) -> KnownOrder:
        """Find one order by its id, its client order id, or a prefix of that which no other order has.

        Raises:
            Refused: There is none.
            UsageError: There are several.
        """
        found = self.matching(typed, market=market)
        if not found:
            raise Refused(f"no order '{typed}'", hint="orders lists them; order ID SYMBOL finds older ones")
        if len(found) > 1:
            listed = ", ".join(f"{k.client_order_id} on {VENUE_WORDS[k.market]}" for k in found[:4])
            raise UsageError(f"'{typed}' is several orders: {listed}", hint="the whole id, or --venue")
        return found[0]

    def matching(self, typed: str, *, market: Market | None = None) -> list[KnownOrder]:
        """List every order that some typed text can mean; an exact id before any prefix."""
        rows = {_key(row): row for row in self._rows() if market in (None, row.request.market)}
        orders = {(o.market, o.client_order_id): o for o in self.open_orders(market=market)}
        keys = list(dict.fromkeys([*rows, *orders]))

        def order_id(key: tuple[Market, str]) -> str | None:
            return orders[key].order_id if key in orders else rows[key].order_id

        exact = [key for key in keys if typed in (key[1], order_id(key))]
        near = exact or [key for key in keys if key[1].startswith(typed)]
        return [
            KnownOrder(attempt=rows.get(key), order=orders.get(key) or self._ask(rows.get(key)))
            for key in near
        ]

    def among_history(self, typed: str, symbol: str, *, market: Market | None = None) -> KnownOrder:
        """Find one order, open or done, in a symbol's history at the exchange.

        Raises:
            Refused: There is none.
        """
        for m in self.markets if market is None else (market,):
            for order in self.venue(m).orders(symbol) if symbol in self._listed(m) else ():
                if typed in (order.order_id, order.client_order_id):
                    return KnownOrder(attempt=self.attempt_of(order), order=order)
        raise Refused(f"no order '{typed}' in {symbol}", hint=f"orders {symbol} --all")

    def unsettled(self) -> list[Attempt]:
        """List what the journal believes live or unclear."""
        return self.executor.journal.live_attempts() if self.executor.begun else []

    def attempt_of(self, order: Order) -> Attempt | None:
        """Find the journal's row of an order."""
        if not self.executor.begun:
            return None
        row = self.executor.journal.attempt(order.client_order_id)
        return row if row is not None and row.request.market is order.market else None

    def ask(self, row: Attempt) -> Order | None:
        """Ask the exchange for one order; None where it shows none, which proves nothing."""
        request = row.request
        try:
            return self.venue(request.market).order(request.symbol, request.client_order_id)
        except OrderNotFound:
            return None

    def venue(self, market: Market) -> Orders:
        """Tell which market of the exchange to ask."""
        if market is Market.MARGIN and self.margin is not None:
            return self.margin
        return self.futures if market is Market.UM else self.spot

    def base_asset(self, market: Market, symbol: str) -> str:
        """Tell what a symbol trades."""
        return self._listed(market)[symbol].base_asset

    def _listed(self, market: Market) -> Mapping[str, Instrument]:
        return (self.futures if market is Market.UM else self.spot).instruments()

    def _ask(self, row: Attempt | None) -> Order | None:
        return None if row is None else self.ask(row)

    def _rows(self) -> Iterable[Attempt]:
        if not self.executor.begun:
            return []
        return (row for row, _ in self.executor.journal.attempts_since(EPOCH))


def said_to_differ(known: KnownOrder) -> str:
    """Say how journal and exchange differ, in the journal's words first; empty where they do not."""
    row, order = known.attempt, known.order
    if row is None or not known.differences:
        return ""
    if order is None:
        return f"journal {row.state}, not shown by the exchange"
    both = {
        "state": (row.state.value, order.status.value),
        "filled": (f"filled {plain(row.executed)}", f"filled {plain(order.filled)}"),
        "qty": (f"qty {plain(row.request.quantity)}", f"qty {plain(order.quantity)}"),
        "price": (f"price {_price(row.request.price)}", f"price {_price(order.price)}"),
    }
    journal, exchange = zip(*(both[name] for name in known.differences), strict=True)
    return f"journal {', '.join(journal)}; exchange {', '.join(exchange)}"


def _price(price: Decimal | None) -> str:
    return plain(price) if price else ""


def _agree(state: AttemptState, order: Order) -> bool:
    if not order.status.final:
        return state is AttemptState.RESTING
    if not order.filled:
        return state in (AttemptState.REJECTED,)
    whole = order.filled == order.quantity
    return state is (AttemptState.FILLED if whole else AttemptState.PARTIAL)


def _key(row: Attempt) -> tuple[Market, str]:
    return row.request.market, row.request.client_order_id


def _asked(row: Attempt, market: Market | None, symbols: Sequence[str]) -> bool:
    return market in (None, row.request.market) and (not symbols or row.request.symbol in symbols)
