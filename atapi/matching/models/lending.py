"""What lenders ask: rates, collateral ratios and limits of each asset.

Assumes: rates never change, one tier for every user, one collateral ratio for borrowing, transferring out and
liquidation (Binance keeps three tables since 2026-01-21), limits by the worth of an asset. The rates of BTC and USDT
are those of Binance's own examples; the others are made up.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from atapi.domain.numbers import ONE

DAILY_RATES = {"USDT": Decimal("0.00013233"), "BTC": Decimal("0.00026125")}
OTHER_DAILY_RATE = Decimal("0.00048")
FULL_COLLATERAL = frozenset({"USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB"})
OTHER_RATIO = Decimal("0.8")
USER_LIMIT = Decimal(2_000_000)  # USDT worth of one asset that a user may owe
POOL = 25  # user limits that all users together may owe
BNB_DISCOUNT = Decimal("0.95")  # what is left of interest paid in BNB


def daily_rate(asset: str) -> Decimal:
    """Interest of a day, as a fraction of what is borrowed."""
    return DAILY_RATES.get(asset, OTHER_DAILY_RATE)


def collateral_ratio(asset: str) -> Decimal:
    """Fraction of an asset's value that counts as collateral."""
    return ONE if asset in FULL_COLLATERAL else OTHER_RATIO


def borrow_limit(price: Decimal) -> Decimal:
    """Most that a user may owe of an asset at a price in USDT: one digit, then zeros."""
    most = USER_LIMIT / price
    return most.quantize(ONE.scaleb(most.adjusted()), ROUND_DOWN) + 0


def pool_size(price: Decimal) -> Decimal:
    """Most that lenders have of an asset at a price in USDT."""
    return borrow_limit(price) * POOL
