"""What a futures order would do to the book just now."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from atapi.domain.numbers import ceil_to
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.listing import Listing
from atapi.paper.market import Draft
from atapi.paper.new_orders import new_order
from atapi.paper.price_match import matched_price
from atapi.paper.records import Refusal
from atapi.paper.um_modes import BOTH
from atapi.paper.views import Submit

if TYPE_CHECKING:
    from atapi.paper.um_market import UmMarket

POST_ONLY = ("GTX", "RPI")
RESTING = ("GTC", "GTD", *POST_ONLY)
ONE = Decimal(1)


def asked_price(listing: Listing[PerpetualRules], submit: Submit) -> Decimal | None:
    """Tell the price of an order, chosen from the book where it asks for that; None for one at market."""
    if submit.type == "MARKET":
        return None
    if submit.terms.price_match != "NONE":
        return matched_price(listing, submit.side, submit.terms.price_match)
    return submit.price


def draft_of(
    market: UmMarket,
    listing: Listing[PerpetualRules],
    account: str,
    submit: Submit,
    price: Decimal | None,
    mark: Decimal,
    now_ms: int,
) -> Draft:
    """Plan an order that passed the filters.

    Raises:
        Refusal: -2022 where it cannot reduce, -4131 too far from the mark, -5021 and -5022 for FOK and post-only
            orders that the book does not allow.
    """
    bid, band = submit.side == "BUY", listing.rules.price_band
    assert submit.quantity is not None
    quantity = submit.quantity
    if submit.reduce_only:
        held = market.positions.quantity(account, submit.symbol, submit.position_side)
        hedged = submit.position_side != BOTH
        if not held or (held > 0) == bid or (hedged and quantity > abs(held)):
            raise Refusal(-2022, "ReduceOnly Order is rejected.")
        quantity = min(quantity, abs(held))
    if price is None:  # no market order trades further from the mark than its bound
        worst = mark * (ONE + band if bid else ONE - band)
        limit = listing.ticks(worst if bid else ceil_to(worst, listing.tick))
        best = listing.book.best_ask if bid else listing.book.best_bid
        if best is not None and (best > limit if bid else best < limit):
            raise Refusal(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit")
    else:
        limit = listing.ticks(price)
    lots = listing.lots(quantity)
    plan = listing.book.plan(
        bid, owner=account, lots=lots, limit=limit, prevention=submit.self_trade_prevention
    )
    if submit.time_in_force in POST_ONLY and not plan.quiet:
        raise Refusal(
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be rejected.",
        )
    if submit.time_in_force == "FOK" and plan.lots != listing.lots(submit.quantity):
        raise Refusal(
            -5021, "Due to the order could not be filled immediately, the FOK order has been rejected."
        )
    # One that may rest is cut to the position; one that may not keeps what was asked and expires with the rest.
    asked = quantity if submit.time_in_force in RESTING else submit.quantity
    order = new_order(market.name, account, submit, price=price, quantity=asked, now_ms=now_ms)
    return Draft(order, plan, limit, lots)
