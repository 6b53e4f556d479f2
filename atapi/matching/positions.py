"""How a fill changes a futures position.

Same direction: the entry price becomes the mean. Less: it stays, and the closed part is realized. Through zero:
the old position is closed whole and the rest opens at the fill's price.

A position keeps its cost (the sum of its fills' values), so no mean is ever rounded: that of a linear contract is
arithmetic, that of an inverse one harmonic, and both are cost and quantity. Profit is posted in whole ledger
digits; what is left over is carried, so that a position closed in any number of parts has paid exactly the sum of
its fills, to the last digit.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from atapi.domain.numbers import ZERO, to_ledger
from atapi.matching.contracts import COST_STEP, LINEAR, Contract


class Holding(NamedTuple):
    """A position: how much, what it cost, and profit too small to have been posted."""

    quantity: Decimal = ZERO  # signed
    cost: Decimal = ZERO  # signed, margin asset: value at the mean entry price
    carry: Decimal = ZERO  # margin asset, within half a ledger digit


class Change(NamedTuple):
    """A position after a fill, and the profit to post."""

    holding: Holding
    realized: Decimal  # margin asset, whole in the ledger's last digit


def after_fill(before: Holding, quantity: Decimal, price: Decimal, contract: Contract = LINEAR) -> Change:
    """Apply a fill of a signed quantity at a price."""
    held = before.quantity
    total = held + quantity
    value = contract.value(quantity, price)
    if held * quantity >= 0:
        return Change(Holding(total, before.cost + value, before.carry), ZERO)
    if total == 0:
        cost = ZERO
    elif (total > 0) == (held > 0):  # reduced
        cost = (before.cost * total / held).quantize(COST_STEP)
    else:  # through zero
        cost = contract.value(total, price)
    exact = contract.sign * (cost - before.cost - value) + before.carry
    realized = to_ledger(exact)
    return Change(Holding(total, cost, exact - realized), realized)


def break_even(holding: Holding, fees: Decimal, contract: Contract = LINEAR) -> Decimal:
    """Price at which closing a position, not flat, gains exactly the fees that opening it cost."""
    return contract.price(holding.quantity, holding.cost + contract.sign * fees)


def unrealized(holding: Holding, mark_price: Decimal, contract: Contract = LINEAR) -> Decimal:
    """Profit of closing at the mark, in the ledger's digits."""
    return to_ledger(contract.sign * (contract.value(holding.quantity, mark_price) - holding.cost))
