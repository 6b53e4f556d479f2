"""Spot order lists. Of an OCO one order's work ends the other; an OTO's first, once filled, brings in the rest.

A list is done when no order of it depends on another any more: an OCO as soon as one of its orders trades, is
triggered or ends; an OTO when its pending order is placed; an OTOCO when the OCO it brought in is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from atapi.paper.ids import client_order_id
from atapi.paper.order_terms import WAITING
from atapi.paper.records import ZERO, ListRecord, OrderRecord, Refusal, TradeRecord, list_owner
from atapi.paper.spot_features import check_feature
from atapi.paper.spot_opo import hold_received, sell_received
from atapi.paper.views import ListSubmit
from atapi.paper.waiting import CONTINGENT

if TYPE_CHECKING:
    from atapi.paper.spot_market import SpotMarket

PENDING = "PENDING_NEW"  # of an order whose turn has not come
OTHER_WORKS = "OCO_TRIGGER"
FIRST_EXPIRED = "OTO_PHASE_ONE_EXPIRED"
REJECTED = "REJECTED"

Placed = tuple[ListRecord, list[OrderRecord], list[TradeRecord]]


class SpotLists:
    """Open order lists and what their orders do to each other."""

    def __init__(self, market: SpotMarket) -> None:
        self._market = market
        self.markets = {market.name: market}  # whose lists these are: spot's, and once it is open margin's
        self._office = market.office
        self._open = {record.list_id: record for record in self._office.store.open_lists()}
        self._due: list[ListRecord] = []  # whose working order is filled

    # --- what there is ------------------------------------------------------------------------------------------
    def open(self, account: str, symbol: str | None = None) -> list[ListRecord]:
        """List an account's open lists, oldest first."""
        return [
            record
            for record in self._open.values()
            if record.account == account and symbol in (None, record.symbol)
        ]

    def find(self, account: str, list_id: int | None, client_id: str | None) -> ListRecord | None:
        """Find a list by either id, or by both where they agree; of several that used a client id the newest."""
        for record in [*reversed(self.open(account)), *reversed(self._office.store.lists(account))]:
            if list_id in (None, record.list_id) and client_id in (None, record.client_id):
                return record
        return None

    def find_open(self, account: str, symbol: str, list_id: int | None, client_id: str | None) -> ListRecord:
        """Find an open list.

        Raises:
            Refusal: -2011 where none is open.
        """
        record = self.find(account, list_id, client_id)
        if record is None or record.list_id not in self._open or record.symbol != symbol:
            raise Refusal(-2011, "Unknown order sent.")
        return record

    def of(self, order: OrderRecord) -> ListRecord | None:
        """Find the open list an order is part of."""
        return self._open.get(order.terms.list_id)

    def orders(self, record: ListRecord) -> list[OrderRecord]:
        """List its orders that are still open."""
        book = self._office.orders
        return [
            book.of_id("spot", order_id) for order_id, _ in record.orders if book.is_open("spot", order_id)
        ]

    def mates(self, order: OrderRecord) -> list[OrderRecord]:
        """List the open orders that end when this one works: the other one of its OCO."""
        record = self.of(order)
        if record is None or _works_first(record, order):
            return []
        return self._mates(record, order)

    def rename(self, order: OrderRecord, client_id: str) -> ListRecord | None:
        """Note an order's other client id in its list."""
        record = self.of(order)
        if record is not None:
            record.orders = tuple(
                (order_id, client_id if order_id == order.order_id else name)
                for order_id, name in record.orders
            )
        return record

    # --- placing and canceling ----------------------------------------------------------------------------------
    def place(self, account: str, submit: ListSubmit, now_ms: int, name: str = "spot") -> Placed:
        """Judge a list as a whole and place it; its orders are given back as they are before pending ones follow."""
        market, office, owner = self.markets[name], self._office, list_owner(name, account)
        if submit.client_id and any(
            record.client_id == submit.client_id for record in self.open(owner, submit.symbol)
        ):
            raise Refusal(-2010, "Duplicate order sent.")
        rules = market.listing(submit.symbol).rules
        for feature in _features(submit):
            check_feature(rules, feature)
        orders = [market.draw_up(account, leg, now_ms) for leg in submit.legs]
        _check_client_ids(orders)
        for place, order in enumerate(orders):
            market.screen(order, now_ms, ahead=orders[:place], listed=True)
        working = orders if submit.kind == "OCO" else orders[:1]
        if submit.kind == "OCO":
            check_prices(orders, market.last(submit.symbol, now_ms))
        elif len(orders) == 3:
            check_prices(orders[1:], None)
        drafts = [market.consider(order, now_ms) for order in working]
        list_id = office.ids.next("list")
        for order in orders:
            market.register(order)
            order.terms = order.terms.but(list_id=list_id)
        record = ListRecord(
            account=owner,
            list_id=list_id,
            client_id=submit.client_id or client_order_id("list", list_id),
            symbol=submit.symbol,
            kind=submit.kind,
            orders=tuple((order.order_id, order.client_order_id) for order in orders),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self._open[list_id] = record
        office.effects.order_list(record, "EXEC_STARTED")
        for order in orders[len(working) :]:
            order.status = PENDING
            order.terms = order.terms.but(working_ms=WAITING, opo=submit.opo)
            if submit.opo:
                order.quantity = ZERO  # judged with the working order's; its own is what that brings
            office.effects.order(order)
        trades = [trade for draft in drafts for trade in market.begin(draft, now_ms)]
        return copy(record), [copy(order) for order in orders], trades

    def cancel(self, record: ListRecord, now_ms: int) -> list[OrderRecord]:
        """Cancel every order of a list that is still open."""
        orders = self.orders(record)
        del self._open[record.list_id]
        for order in orders:
            self._market.end(self._market.listing(order.symbol), order, "CANCELED", None, now_ms)
        for order in orders:  # what one borrowed, the other may have held until now
            self._market.side_effects.ended(order, now_ms)
        self._done(record, now_ms)
        return [copy(order) for order in orders]

    # --- what its orders do -------------------------------------------------------------------------------------
    def started(self, order: OrderRecord, now_ms: int) -> None:
        """Expire the other order of an OCO, because this one trades or was triggered."""
        record = self.of(order)
        if record is None or _works_first(record, order):
            return
        self._dissolve(record, self._mates(record, order), OTHER_WORKS, now_ms)

    def filled(self, order: OrderRecord, fills: Sequence[TradeRecord]) -> None:
        """Hold what the working order of an OPO brought for the order that is to sell it."""
        record = self.of(order)
        pending = [] if record is None or not _works_first(record, order) else self._mates(record, order)
        if pending and pending[0].terms.opo:
            base = self._market.rules[order.symbol].base_asset
            hold_received(pending[0], fills, base, self._market.hold_more)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Go on after an order ended: bring in what waited for it, or expire what depended on it."""
        record = self.of(order)
        if record is None:
            return
        mates = self._mates(record, order)
        if not _works_first(record, order):
            self._dissolve(record, mates, OTHER_WORKS, now_ms)
        elif order.status == "FILLED":
            self._due.append(record)
        else:
            self._dissolve(record, mates, FIRST_EXPIRED, now_ms)

    def restored(self) -> None:
        """Find lists whose pending orders were still to be placed when the exchange stopped."""
        for record in self._open.values():
            self._hold_again(record)
            worked = record.kind == "OTO" and not self._office.orders.is_open("spot", record.orders[0][0])
            if worked and any(order.status == PENDING for order in self.orders(record)):
                self._due.append(record)

    def finish(self, now_ms: int) -> None:
        """Place the pending orders whose working order is filled."""
        while self._due:
            record, market = self._due.pop(0), self._market
            # Of those that were placed before a restart nothing is to be brought in.
            pending = [order for order in self.orders(record) if order.status == PENDING]
            if pending and pending[0].terms.opo:
                sell_received(pending, market.rules[record.symbol], market.hold_more, market.room)
            for order in pending:
                if order.open:
                    self._bring_in(order, now_ms)
            if record.list_id in self._open and len(record.orders) == 2:
                self._dissolve(record, (), OTHER_WORKS, now_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _hold_again(self, record: ListRecord) -> None:
        pending = [order for order in self.orders(record) if order.terms.opo and not order.quantity]
        if not pending:
            return
        pending[0].terms = pending[0].terms.but(received=ZERO, gross=ZERO)
        trades = self._office.store.trades(record.account, "spot", record.symbol)
        fills = [trade for trade in trades if trade.order_id == record.orders[0][0]]
        base = self._market.rules[record.symbol].base_asset
        hold_received(pending[0], fills, base, self._market.hold_more)

    def _bring_in(self, order: OrderRecord, now_ms: int) -> None:
        market, pending = self.markets[order.market], order.terms
        order.status, order.updated_ms = "NEW", now_ms
        if order.type not in CONTINGENT:
            order.terms = pending.but(working_ms=now_ms)
        try:
            market.screen(order, now_ms, again=True)
            draft = market.consider(order, now_ms)
        except Refusal:
            order.status, order.terms = PENDING, pending
            market.end(market.listing(order.symbol), order, "EXPIRED", REJECTED, now_ms)
        else:
            market.begin(draft, now_ms)

    def _mates(self, record: ListRecord, order: OrderRecord) -> list[OrderRecord]:
        return [
            other for other in self.orders(record) if other is not order and not _works_first(record, other)
        ]

    def _dissolve(self, record: ListRecord, orders: Sequence[OrderRecord], reason: str, now_ms: int) -> None:
        """End a list, and with it the orders that can do nothing any more."""
        del self._open[record.list_id]
        for order in orders:
            self._market.end(self._market.listing(order.symbol), order, "EXPIRED", reason, now_ms)
        self._done(record, now_ms)

    def _done(self, record: ListRecord, now_ms: int) -> None:
        record.status = "ALL_DONE"
        record.updated_ms = now_ms
        self._office.effects.order_list(record, "ALL_DONE")


def check_prices(orders: Sequence[OrderRecord], last: Decimal | None) -> None:
    """Refuse an OCO whose prices do not lie on either side of the last one; None where only their order counts."""
    marks = [_reference(order) for order in sorted(orders, key=lambda order: order.type.startswith("STOP"))]
    descending = [mark for mark in (marks[0], last, marks[1]) if mark is not None]
    if orders[0].side == "BUY":
        descending.reverse()
    if any(upper <= lower for upper, lower in pairwise(descending)):
        raise Refusal(-2010, "The relationship of the prices for the orders is not correct.")


def _reference(order: OrderRecord) -> Decimal | None:
    # The price by which an order of an OCO is placed above or below the market; None where it only trails.
    if order.type in ("LIMIT_MAKER", "TAKE_PROFIT_LIMIT"):
        return order.price or order.terms.stop_price or None
    return order.terms.stop_price or None


def _works_first(record: ListRecord, order: OrderRecord) -> bool:
    # Whether this is the working order of an OTO, which ends nothing but brings in the others.
    return record.kind == "OTO" and record.orders[0][0] == order.order_id


def _features(submit: ListSubmit) -> list[str]:
    features = [submit.kind] + ["OCO"] * (len(submit.legs) == 3)
    return features + ["OPO"] * submit.opo


def _check_client_ids(orders: Sequence[OrderRecord]) -> None:
    given = [order.client_order_id for order in orders if order.client_order_id]
    if len(set(given)) < len(given):
        raise Refusal(-2010, "Duplicate order sent.")
