"""Borrowing against collateral: levels, what may still be borrowed or taken out, interest, repayment, liquidation.

Source: protocol reference, section 11.6; Binance FAQ 360041505471 and 360030493931. Values are in one currency.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from atapi.domain.numbers import LEDGER_STEP, ONE, ZERO, to_ledger

HOURS_A_DAY = 24

TRANSFER_BAR = Decimal(2)  # of the collateral level: below, nothing is transferred out
LIQUIDATION_BAR = Decimal("1.1")  # of the margin level: at or below, the account is liquidated
LIQUIDATION_FEE = Decimal("0.02")  # of the debts that a liquidation repays
NO_DEBT = Decimal(999)  # the level of an account that owes nothing, and the highest shown


class Bars(NamedTuple):
    """Levels of a classic account that depend on its most leverage."""

    normal: Decimal  # of the collateral level: below, nothing is borrowed
    call: Decimal  # of the margin level: at or below, the owner is warned


BARS = {
    3: Bars(Decimal("1.5"), Decimal("1.3")),
    5: Bars(Decimal("1.25"), Decimal("1.16")),
}  # leverage -> levels
THREEFOLD = BARS[3]


class Debt(NamedTuple):
    """What is owed of one asset."""

    principal: Decimal
    interest: Decimal

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.principal + self.interest


class Repayment(NamedTuple):
    """What a repayment goes to."""

    interest: Decimal
    principal: Decimal


def level(assets: Decimal, debts: Decimal) -> Decimal:
    """Assets over debts; locked assets count."""
    return min(assets / debts, NO_DEBT) if debts > 0 else NO_DEBT


def borrowable(
    collateral: Decimal, debts: Decimal, *, ratio: Decimal, bar: Decimal = THREEFOLD.normal
) -> Decimal:
    """Value that may be borrowed until the collateral level comes down to its bar.

    The loan itself is collateral: (C + ratio * X) / (D + X) = bar, so X = (C - bar * D) / (bar - ratio).

    Args:
        collateral: Value of all assets, each times its collateral ratio.
        debts: Value of principal and interest.
        ratio: Collateral ratio of what is borrowed.
        bar: The collateral level that is left after it.
    """
    return max(ZERO, (collateral - bar * debts) / (bar - ratio))


def removable(collateral: Decimal, debts: Decimal, *, ratio: Decimal) -> Decimal | None:
    """Value that may leave until the collateral level comes down to its bar; None where nothing is owed.

    (C - ratio * X) / D = bar, so X = (C - bar * D) / ratio.
    """
    if not debts:
        return None
    return max(ZERO, (collateral - TRANSFER_BAR * debts) / ratio)


def hourly_interest(principal: Decimal, daily_rate: Decimal) -> Decimal:
    """Interest of one hour, begun or full; simple, so interest bears none."""
    return to_ledger(principal * daily_rate / HOURS_A_DAY)


def split(amount: Decimal, debt: Debt) -> Repayment:
    """Divide a repayment: interest first."""
    assert amount <= debt.total, (amount, debt)
    interest = min(amount, debt.interest)
    return Repayment(interest, amount - interest)


def to_raise(debts: Decimal, held: Decimal, *, fee_rate: Decimal) -> Decimal:
    """Value of assets to sell in a liquidation, so that proceeds after the trading fee pay debts and its own fee.

    Args:
        debts: Value still owed.
        held: Value that is already in the currency the assets are sold for.
        fee_rate: Trading fee, taken of the proceeds and, where the debt has to be bought, once more.
    """
    owed = debts * (ONE + LIQUIDATION_FEE) - held
    return max(ZERO, owed / (ONE - fee_rate) ** 2)


def liquidation_fee(repaid: Decimal, left: Decimal) -> Decimal:
    """Fee of a liquidation that repaid debts of this value, never more than what is left."""
    return max(ZERO, min(to_ledger(repaid * LIQUIDATION_FEE), left))


def down(amount: Decimal) -> Decimal:
    """Round an allowance down to the ledger's last digit, so that asking for all of it is never too much."""
    return amount.quantize(LEDGER_STEP, ROUND_DOWN)
