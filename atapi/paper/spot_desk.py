"""What the exchange does for spot alone: order lists, changed and replaced orders, prevented trades."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from atapi.paper.price_range import NO_REFERENCE
from atapi.paper.records import AmendRecord, ListRecord, OrderRecord, PreventedRecord, Refusal, TradeRecord
from atapi.paper.spot_amends import SpotAmends
from atapi.paper.spot_features import check_feature
from atapi.paper.spot_lists import Placed
from atapi.paper.spot_market import SpotMarket
from atapi.paper.spot_orders import draw_up
from atapi.paper.views import ListSubmit, Submit

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Which order is to be canceled."""

    order_id: int | None = None
    client_id: str | None = None
    restriction: str | None = None  # ONLY_NEW, ONLY_PARTIALLY_FILLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled:
    """What a cancel ended: one order, or with it the list it was part of."""

    orders: Sequence[OrderRecord]
    order_list: ListRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What became of a cancel and of the order in its place; None where it was not tried."""

    canceled: Canceled | Refusal
    placed: tuple[OrderRecord, Sequence[TradeRecord]] | Refusal | None


class SpotDesk:
    """Calls that only spot has.

    Args:
        market: The spot market.
        call: Opens a call to the exchange: brings it up to now, and makes durable what is done inside.
    """

    def __init__(self, market: SpotMarket, call: Callable[[], AbstractContextManager[int]]) -> None:
        self._market = market
        self._call = call
        self._store = market.office.store
        self._amends = SpotAmends(market)

    # --- order lists, of the margin account too (see `list_owner`) --------------------------------------------------------------------------------------------
    def place_list(self, account: str, submit: ListSubmit, market: str = "spot") -> Placed:
        """Judge and place an order list; orders are given back as they are before pending ones follow."""
        with self._call() as now:
            placed = self._market.lists.place(account, submit, now, market)
            self._market.lists.finish(now)
            return placed

    def cancel_list(
        self, account: str, symbol: str, *, list_id: int | None, client_id: str | None
    ) -> tuple[ListRecord, list[OrderRecord]]:
        """Cancel an order list; Refusal -2011 where none is open."""
        with self._call() as now:
            self._market.listing(symbol)
            record = self._market.lists.find_open(account, symbol, list_id, client_id)
            orders = self._market.lists.cancel(record, now)
            return copy(record), orders

    def list_of(self, account: str, *, list_id: int | None, client_id: str | None = None) -> ListRecord:
        """Find an order list; Refusal -2018 where there is none."""
        with self._call():
            record = self._market.lists.find(account, list_id, client_id)
            if record is None:
                raise Refusal(-2018, "Order list does not exist.")
            return copy(record)

    def lists(self, account: str) -> Sequence[ListRecord]:
        """List all order lists, oldest first."""
        with self._call():
            return self._store.lists(account)

    def open_lists(self, account: str) -> Sequence[ListRecord]:
        """List open order lists, oldest first."""
        with self._call():
            return [copy(record) for record in self._market.lists.open(account)]

    # --- changing orders ----------------------------------------------------------------------------------------
    def cancel(self, account: str, symbol: str, which: Cancel) -> Canceled:
        """Cancel one order, if its state is one that the restriction allows."""
        with self._call() as now:
            return self._cancel(account, symbol, which, now)

    def replace(
        self, account: str, submit: Submit, which: Cancel, *, go_on: bool, only_cancel: Refusal | None = None
    ) -> Replaced:
        """Cancel one order and place another.

        Args:
            go_on: Whether the new order is placed even where the old one could not be canceled.
            only_cancel: Why no order can be placed, where the old one is to be canceled nevertheless.
        Raises:
            Refusal: A filter that the new order breaks, before anything is canceled.
        """
        market = self._market
        with self._call() as now:
            check_feature(market.listing(submit.symbol).rules, "CANCEL_REPLACE")
            order = draw_up(account, submit, now)
            market.screen(order, now, by_quote=submit.quantity is None, replacing=True)
            canceled = _tried(lambda: self._cancel(account, submit.symbol, which, now))
            if isinstance(canceled, Refusal) and not go_on:
                return Replaced(canceled=canceled, placed=None)
            if only_cancel is not None:
                return Replaced(canceled=canceled, placed=only_cancel)
            return Replaced(canceled=canceled, placed=_tried(lambda: market.place(account, submit, now)))

    def amend(
        self,
        account: str,
        symbol: str,
        *,
        order_id: int | None,
        client_id: str | None,
        new_client_id: str | None,
        quantity: Decimal,
    ) -> tuple[AmendRecord, OrderRecord, ListRecord | None]:
        """Reduce an order's quantity, keeping its place in the queue."""
        with self._call() as now:
            self._market.listing(symbol)
            try:
                order = self._market.office.orders.find_open(account, "spot", symbol, order_id, client_id)
            except Refusal as refusal:
                raise Refusal(-2038, refusal.message) if refusal.code == -2011 else refusal from refusal
            record, order_list = self._amends.amend(order, quantity, new_client_id, now)
            return record, copy(order), copy(order_list)

    def amendments(self, account: str, order_id: int) -> Sequence[AmendRecord]:
        """List the amendments of an order, oldest first."""
        with self._call():
            return self._store.amends(account, order_id)

    def average_price(self, symbol: str) -> Decimal:
        """Tell the average of five minutes, which filters and price ranges go by; Refusal -2043 before any price."""
        with self._call() as now:
            price = self._market.office.prices.average(symbol, now)
            if price is None:
                raise Refusal(*NO_REFERENCE)
            return price

    # --- self-trade prevention ----------------------------------------------------------------------------------
    @property
    def last_prevented(self) -> int:
        """Id of the last trade that was prevented."""
        return self._market.office.ids.last("prevented")

    def prevented(self, account: str, symbol: str, *, after: int = 0) -> Sequence[PreventedRecord]:
        """List trades with oneself that were prevented, oldest first, with ids above `after`."""
        self._market.listing(symbol)
        return self._store.prevented(account, symbol, after)

    def _cancel(self, account: str, symbol: str, which: Cancel, now_ms: int) -> Canceled:
        market = self._market
        market.listing(symbol)
        order = market.office.orders.find_open(account, "spot", symbol, which.order_id, which.client_id)
        if which.restriction is not None and order.status != which.restriction.removeprefix("ONLY_"):
            raise Refusal(-2011, "Order was not canceled due to cancel restrictions.")
        record = market.lists.of(order)
        if record is None:
            return Canceled(orders=[market.cancel(account, symbol, order.order_id, None, now_ms)])
        return Canceled(orders=market.lists.cancel(record, now_ms), order_list=copy(record))


def _tried(attempt: Callable[[], T]) -> T | Refusal:
    try:
        return attempt()
    except Refusal as refusal:
        return refusal
