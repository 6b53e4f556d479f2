"""Spot orders made smaller where they rest, keeping their place in the queue."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.matching.spot_filters import MAX_AMENDS, Standing, breach_of_spot
from atapi.paper.ids import client_order_id
from atapi.paper.records import AmendRecord, ListRecord, OrderRecord, Refusal
from atapi.paper.spot_features import check_feature
from atapi.paper.spot_orders import candidate_of

if TYPE_CHECKING:
    from atapi.paper.spot_market import SpotMarket

REJECTED = -2038  # order amend rejected


class SpotAmends:
    """Changes of orders that are open."""

    def __init__(self, market: SpotMarket) -> None:
        self._market = market
        self._office = market.office

    def amend(
        self, order: OrderRecord, quantity: Decimal, new_client_id: str | None, now_ms: int
    ) -> tuple[AmendRecord, ListRecord | None]:
        """Reduce an open order's quantity, and that of the other order of its OCO.

        Raises:
            Refusal: -2038 where it would grow, stay as it is or has been changed too often, -1013 for a filter.
        """
        self._judge(order, quantity, new_client_id, now_ms)
        office, market = self._office, self._market
        number = office.ids.next("execution")
        record = AmendRecord(
            execution_id=number,
            account=order.account,
            symbol=order.symbol,
            order_id=order.order_id,
            old_client_id=order.client_order_id,
            new_client_id=new_client_id or client_order_id("amend", number),
            old_quantity=order.quantity,
            new_quantity=quantity,
            time_ms=now_ms,
        )
        order_list = market.lists.rename(order, record.new_client_id)
        office.orders.rename(order, record.new_client_id)
        order.terms = order.terms.but(amends=order.terms.amends + 1)
        office.effects.amended(record)
        for one in (order, *market.lists.mates(order)):
            self._shrink(one, quantity, now_ms)
        if order_list is not None and record.new_client_id != record.old_client_id:
            office.effects.order_list(order_list, "UPDATED")
        return record, order_list

    def _judge(self, order: OrderRecord, quantity: Decimal, new_client_id: str | None, now_ms: int) -> None:
        market, office = self._market, self._office
        check_feature(market.rules[order.symbol], "AMEND")
        if order.terms.opo and order.status == "PENDING_NEW":
            raise Refusal(REJECTED, "Order amend (pending OPO order) is not supported.")
        if quantity > order.quantity:
            raise Refusal(REJECTED, "Order amend (quantity increase) is not supported.")
        if quantity == order.quantity or quantity <= order.quantity - order.remaining:
            raise Refusal(REJECTED, "The requested action would change no state; rejecting")
        reference = office.prices.average(order.symbol, now_ms) or order.price
        candidate = replace(candidate_of(order, reference, Standing()), quantity=quantity)
        breach = breach_of_spot(market.rules[order.symbol], candidate)
        if breach is not None:
            raise Refusal(*breach)
        if order.terms.amends >= MAX_AMENDS:
            raise Refusal(REJECTED, "Filter failure: MAX_NUM_ORDER_AMENDS")
        taken = office.orders.has_client_id
        if new_client_id not in (None, order.client_order_id) and taken(
            "spot", order.account, order.symbol, new_client_id or ""
        ):
            raise Refusal(REJECTED, "Duplicate order sent.")

    def _shrink(self, order: OrderRecord, quantity: Decimal, now_ms: int) -> None:
        market, less = self._market, order.quantity - quantity
        listing = market.listing(order.symbol)
        market.release(order, less, order.price)
        order.quantity = quantity
        order.updated_ms = now_ms
        if order.terms.iceberg > quantity:
            order.terms = order.terms.but(iceberg=quantity)
        resting = listing.book.get(order.order_id)
        if resting is not None:
            listing.book.shrink(resting, listing.lots(less))
            market.note_book(listing, now_ms)
        self._office.effects.order(order)
