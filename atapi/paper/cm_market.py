"""The COIN-M market: perpetuals of a fixed sum of USD a contract, margined, settled and charged in the coin.

It is the USD-M market with another contract: quantities are contracts, values coins, and each coin carries its own
positions. Fees are never paid in BNB.
"""

from __future__ import annotations

from decimal import Decimal

from atapi.matching.book import Plan
from atapi.paper.feeds.base import PerpetualRules, Series
from atapi.paper.listing import Listing
from atapi.paper.records import ZERO
from atapi.paper.um_market import UmMarket


class CmMarket(UmMarket):
    """Orders for coin-margined perpetuals."""

    name = "cm"
    series = Series.CM

    def matched(self, listing: Listing[PerpetualRules], plan: Plan) -> Decimal:
        """Sum up the coins of each level: the fewer, the higher its price."""
        value = listing.rules.contract.value
        fills = ((listing.quantity(lots), listing.price(resting.price)) for resting, lots in plan.fills)
        return sum((value(quantity, price) for quantity, price in fills), ZERO)

    def free_bnb(self, account: str) -> Decimal:
        """None: the margin asset alone pays fees here."""
        return ZERO
