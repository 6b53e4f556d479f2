"""Pegged spot orders: limit orders that take their price from the book as they enter it.

`price` stays what was asked, as a bound; what the order works at is its `peggedPrice`.
Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/pegged_orders
"""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.feeds.base import SpotRules
from atapi.paper.listing import Listing
from atapi.paper.records import OrderRecord, Refusal

PRIMARY, MARKET = "PRIMARY_PEG", "MARKET_PEG"  # the best price of its own side, of the other side
PEGS = (PRIMARY, MARKET)
MOST_LEVELS = 100
PEGGED_TYPES = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


def check_peg(kind: str, time_in_force: str | None, peg: str) -> None:
    """Refuse a peg that does not go with a type of order."""
    if kind not in PEGGED_TYPES:
        raise Refusal(-2010, "This order type may not use pegged price.")
    if (kind == "LIMIT_MAKER" and peg != PRIMARY) or (
        kind == "LIMIT" and peg == PRIMARY and time_in_force != "GTC"
    ):
        raise Refusal(-2010, "This price peg cannot be used with this order type.")


def pegged_price(listing: Listing[SpotRules], order: OrderRecord) -> Decimal:
    """Tell at which price a pegged order enters the book now.

    Raises:
        Refusal: -2010 where the book has not so many levels.
    """
    level = order.terms.peg_level or 0
    bids, asks = listing.book.depth(level + 1)
    buys = order.side == "BUY"
    side = bids if buys == (order.terms.peg == PRIMARY) else asks
    if len(side) <= level:
        raise Refusal(-2010, "Order book liquidity is too low for this pegged order.")
    best, asked = listing.price(side[level][0]), order.terms.asked
    if not asked:
        return best
    return min(best, asked) if buys else max(best, asked)
