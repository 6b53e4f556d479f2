"""Prices that the exchange chooses for a USD-M order: from the other side of the book, or from its own queue."""

from __future__ import annotations

from decimal import Decimal

from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.listing import Listing
from atapi.paper.records import Refusal

LEVELS = {  # mode -> (of the other side, which level counted from 1)
    "OPPONENT": (True, 1),
    "OPPONENT_5": (True, 5),
    "QUEUE": (False, 1),
    "QUEUE_5": (False, 5),
    "QUEUE_10": (False, 10),
    "QUEUE_20": (False, 20),
}


def matched_price(listing: Listing[PerpetualRules], side: str, mode: str) -> Decimal:
    """Tell the price a mode stands for in the book of now.

    Raises:
        Refusal: -5037 for an unknown mode, -5041 where the book is not that deep.
    """
    if mode not in LEVELS:
        raise Refusal(-5037, "Invalid price match")
    opponent, level = LEVELS[mode]
    bids, asks = listing.book.depth(level)
    levels = bids if (side == "BUY") != opponent else asks
    if len(levels) < level:
        raise Refusal(-5041, "No depth matches this BBO order")
    return listing.price(levels[level - 1][0])
