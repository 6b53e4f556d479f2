"""Cross margin as values: what an account holds and owes, and what borrowing costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from atapi.domain.numbers import ONE, ZERO

NO_DEBT = Decimal(999)  # the level of an account that owes nothing
CALL_BAR = Decimal("1.3")  # of the level of a classic threefold account: at or below it the owner is warned
LIQUIDATION_BAR = Decimal("1.1")  # at or below it the account is liquidated


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginAsset:
    """One asset of a cross margin account."""

    asset: str
    free: Decimal
    locked: Decimal
    borrowed: Decimal  # principal
    interest: Decimal  # charged and not yet paid

    @property
    def owed(self) -> Decimal:
        """Principal and interest."""
        return self.borrowed + self.interest


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginAccount:
    """A cross margin account at one moment."""

    level: Decimal  # assets over debts: what decides about liquidation; 999 where nothing is owed
    collateral_level: (
        Decimal  # the same with every asset at its collateral ratio: what decides about borrowing
    )
    collateral: Decimal  # value of the assets, each at its collateral ratio, USDT
    may_borrow: bool
    may_trade: bool
    assets: tuple[MarginAsset, ...]

    def of(self, asset: str) -> MarginAsset:
        """Find an asset; nothing held and nothing owed where it is not listed."""
        nothing = MarginAsset(asset=asset, free=ZERO, locked=ZERO, borrowed=ZERO, interest=ZERO)
        return next((a for a in self.assets if a.asset == asset), nothing)

    @property
    def debts(self) -> Decimal:
        """Value of all that is owed, USDT."""
        return ZERO if self.collateral_level >= NO_DEBT else self.collateral / self.collateral_level

    def level_after(self, sold: Decimal, borrowed: Decimal) -> Decimal:
        """The collateral level once an amount was borrowed and sold; the margin level is never lower.

        Args:
            sold: What the sale brings, USDT.
            borrowed: Value of what is owed for it, USDT.
        """
        return (self.collateral + sold) / (self.debts + borrowed)

    def room(self, floor: Decimal) -> Decimal:
        """Value that may be borrowed and sold until the collateral level comes down to a floor above 1, USDT.

        (C + X) / (D + X) = floor, so X = (C - floor * D) / (floor - 1).
        """
        return max(ZERO, (self.collateral - floor * self.debts) / (floor - ONE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Interest of one hour, begun or full, on one debt."""

    owed_asset: str  # what was borrowed
    asset: str  # what the interest is charged in: the same, or BNB
    amount: Decimal
    principal: Decimal
    on_borrow: bool  # of the hour in which the coins were borrowed
    at: datetime
    interest_id: str
