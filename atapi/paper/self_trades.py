"""What becomes of orders that would trade with their own owner: one or both expire, or both shrink."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atapi.matching.book import Resting
from atapi.paper.listing import Listing, RulesT
from atapi.paper.records import OrderRecord

if TYPE_CHECKING:
    from atapi.paper.market import Draft, Market

SELF_TRADE = "SELF_TRADE_PREVENTION"


def expire_own(
    market: Market[RulesT],
    listing: Listing[RulesT],
    taker: OrderRecord,
    own: Resting,
    now_ms: int,
    taker_lots: int | None = None,
) -> int | None:
    """Take an owner's resting order off that its own incoming one met; the id of the prevented trade comes back."""
    mine = market.office.orders.of_id(market.books, own.id)
    lots = own.lots + own.hidden
    match = market.prevented(taker, own, taker_lots=taker_lots, maker_lots=lots, now_ms=now_ms)
    market.end(listing, mine, "EXPIRED_IN_MATCH", SELF_TRADE, now_ms, match=match)
    return match


def decrement(
    market: Market[RulesT], listing: Listing[RulesT], taker: OrderRecord, own: Resting, lots: int, now_ms: int
) -> None:
    """Make an owner's two orders smaller by what they would have traded."""
    mine = market.office.orders.of_id(market.books, own.id)
    match = market.prevented(taker, own, taker_lots=lots, maker_lots=lots, now_ms=now_ms)
    quantity = listing.quantity(lots)
    listing.book.fill(own, lots)
    market.note_book(listing, now_ms)
    for order in (mine, taker):
        market.release(order, quantity, order.price)
        order.terms = order.terms.but(prevented=order.terms.prevented + quantity, prevented_match_id=match)
        order.updated_ms = now_ms
        if order.remaining:
            market.office.effects.order(order)
        else:
            market.end(listing, order, "EXPIRED_IN_MATCH", SELF_TRADE, now_ms)


def halt(market: Market[RulesT], listing: Listing[RulesT], draft: Draft, now_ms: int) -> None:
    """End an incoming order that met its owner's own."""
    order, own = draft.order, draft.plan.met
    assert own is not None
    lots = listing.lots(order.remaining)
    if own in draft.plan.expired:
        match = expire_own(market, listing, order, own, now_ms, lots)
    else:
        match = market.prevented(order, own, taker_lots=lots, maker_lots=None, now_ms=now_ms)
    market.end(listing, order, "EXPIRED_IN_MATCH", SELF_TRADE, now_ms, match=match)
