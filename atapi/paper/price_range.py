"""The price-range execution rule: a spot order trades no further than so many times the reference price.

It limits fills, not orders: what would trade beyond the range expires.
Source: https://developers.binance.com/docs/binance-spot-api-docs/faqs/price_range_execution_rules
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from atapi.matching.book import Plan

if TYPE_CHECKING:
    from atapi.paper.feeds.base import PriceRange

EXCEEDED = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"
NO_REFERENCE = -2043, "This symbol doesn't have a reference price."


def within_range(
    plan_to: Callable[[int | None], Plan],
    limit: int | None,
    allowed: PriceRange,
    *,
    reference: Decimal,
    tick: Decimal,
    buys: bool,
) -> tuple[Plan, int | None, bool]:
    """Say what an order would do within the range, as far as which price, and whether it wanted more.

    Args:
        plan_to: Plans it up to a price in ticks; None for any.
        limit: Its own worst price in ticks.
    """
    plan = plan_to(limit)
    lowest = int((reference * allowed.down / tick).to_integral_value(ROUND_CEILING))
    highest = int((reference * allowed.up / tick).to_integral_value(ROUND_FLOOR))
    if not plan.fills or all(lowest <= resting.price <= highest for resting, _ in plan.fills):
        return plan, limit, False
    if not lowest <= plan.fills[0][0].price <= highest:
        return Plan(), limit, True
    far = highest if buys else lowest
    return plan_to(far), far, True
