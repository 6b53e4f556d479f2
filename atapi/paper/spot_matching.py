"""What a spot order would do to the book just now."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from atapi.matching.book import Plan
from atapi.paper.feeds.base import SpotRules
from atapi.paper.listing import Listing
from atapi.paper.market import Draft
from atapi.paper.price_range import within_range
from atapi.paper.records import OrderRecord, Refusal


def draft_of(
    listing: Listing[SpotRules], order: OrderRecord, reference: Callable[[], Decimal | None]
) -> Draft:
    """Plan an order that goes on the book.

    Args:
        reference: What a price range goes by; asked only where the symbol has one.
    Raises:
        Refusal: -2010 for a LIMIT_MAKER that would take, -1013 for an amount that buys nothing.
    """
    buys = order.side == "BUY"
    limit = listing.ticks(order.price) if order.price else None
    by_quote = order.type == "MARKET" and not order.quantity
    lots = None if by_quote else listing.lots(order.remaining)
    budget = int(order.quote_quantity / listing.unit) if by_quote else None

    def plan_to(worst: int | None) -> Plan:
        return listing.book.plan(
            buys,
            owner=order.account,
            lots=lots,
            limit=worst,
            budget=budget,
            prevention=order.self_trade_prevention,
        )

    plan, exceeds = plan_to(limit), False
    if order.type == "LIMIT_MAKER" and not plan.quiet:
        raise Refusal(-2010, "Order would immediately match and take.")
    allowed = listing.rules.price_range
    middle = None if allowed is None else reference()
    if allowed is not None and middle is not None:
        plan, limit, exceeds = within_range(
            plan_to, limit, allowed, reference=middle, tick=listing.tick, buys=buys
        )
    if by_quote:
        if plan.dry and plan.quiet:
            raise Refusal(-2010, "Order book liquidity is less than symbol minimum quantity.")
        if plan.quiet and not (plan.dry or exceeds):
            raise Refusal(-1013, "Filter failure: LOT_SIZE")  # not worth one lot
        order.quantity = listing.quantity(plan.lots + plan.prevented)
        if plan.dry or plan.halted or exceeds:
            order.quantity += listing.lot  # more was wanted than there is: it ends expired, not filled
    if order.time_in_force == "FOK" and plan.lots != lots:
        plan = Plan()
    return Draft(order, plan, limit, lots, budget, exceeds=exceeds)
