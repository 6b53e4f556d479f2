"""How a fill changes a futures position.

Same direction: the entry price becomes the mean. Less: it stays, and the closed part is realized. Through zero:
the old position is closed whole and the rest opens at the fill's price.

A position keeps its cost (quantity times entry price), so no mean is ever rounded. Profit is posted in whole ledger
digits; what is left over is carried, so that a position closed in any number of parts has paid exactly the sum of
its fills, to the last digit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import ZERO, to_ledger

COST_STEP = Decimal("1E-16")  # far below the ledger's digit; sums of costs under 1E12 stay exact


class Holding(NamedTuple):
    """A position: how much, what it cost, and profit too small to have been posted."""

    quantity: Decimal = ZERO  # signed
    cost: Decimal = ZERO  # signed, quote asset: quantity * mean entry price
    carry: Decimal = ZERO  # quote asset, within half a ledger digit


class Change(NamedTuple):
    """A position after a fill, and the profit to post."""

    holding: Holding
    realized: Decimal  # quote asset, whole in the ledger's last digit


def after_fill(before: Holding, quantity: Decimal, price: Decimal) -> Change:
    """Apply a fill of a signed quantity at a price."""
    held = before.quantity
    total = held + quantity
    if held * quantity >= 0:
        return Change(Holding(total, before.cost + quantity * price, before.carry), ZERO)
    if total == 0:
        cost = ZERO
    elif (total > 0) == (held > 0):  # reduced
        cost = (before.cost * total / held).quantize(COST_STEP)
    else:  # through zero
        cost = total * price
    exact = cost - before.cost - quantity * price + before.carry
    realized = to_ledger(exact)
    return Change(Holding(total, cost, exact - realized), realized)


def unrealized(holding: Holding, mark_price: Decimal) -> Decimal:
    """Profit of closing at the mark, in the ledger's digits."""
    return to_ledger(holding.quantity * mark_price - holding.cost)
