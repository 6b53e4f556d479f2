"""What margin orders borrow and repay on their own.

MARGIN_BUY borrows what is missing when the order is placed, and gives back what it did not spend when it ends;
AUTO_REPAY repays debts with what each fill brings; AUTO_BORROW_REPAY does both.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP, ceil_to, to_ledger
from atapi.matching.ledger import Holder
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import SpotRules
from atapi.paper.margin.loans import ASSETS, Loans
from atapi.paper.records import ZERO, OrderRecord, TradeRecord

PLAIN = "NO_SIDE_EFFECT"  # on the wire; an order without side effects keeps none
LIQUIDATION = "LIQUIDATION"  # of the exchange's own orders
BORROWS = ("MARGIN_BUY", "AUTO_BORROW_REPAY")
REPAYS = ("AUTO_REPAY", "AUTO_BORROW_REPAY")
SIDE_EFFECTS = (PLAIN, "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY")


class SideEffects:
    """Has the side effects that orders are given."""

    def __init__(self, office: Backoffice, loans: Loans) -> None:
        self._office = office
        self._loans = loans

    def borrow(self, order: OrderRecord, asset: str, lacking: Decimal, now_ms: int) -> None:
        """Borrow what a new order lacks."""
        amount = to_borrow(lacking)
        order.terms = order.terms.but(borrowed=amount, borrowed_asset=asset)
        self._loans.borrow(order.account, asset, amount, now_ms)

    def filled(self, order: OrderRecord, fills: Sequence[TradeRecord], rules: SpotRules, now_ms: int) -> None:
        """Repay with what fills brought, where the order is to."""
        if order.terms.side_effect in REPAYS and fills:
            asset = rules.base_asset if order.side == "BUY" else rules.quote_asset
            self._repay(order.account, asset, sum((_brought(fill, asset) for fill in fills), ZERO), now_ms)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Repay what an order borrowed and did not spend, unless its owner said not to."""
        terms = order.terms
        if terms.borrowed and terms.repay_at_cancel and order.status != "FILLED":
            repaid = self._repay(order.account, terms.borrowed_asset, terms.borrowed, now_ms)
            order.terms = terms.but(borrowed=terms.borrowed - repaid)

    def _repay(self, account: str, asset: str, most: Decimal, now_ms: int) -> Decimal:
        free = self._office.wallets.free(Holder(account, ASSETS), asset)
        amount = min(most, free, self._loans.debt(account, asset).total)
        if amount <= 0:
            return ZERO
        self._loans.repay(account, asset, amount, now_ms)
        return amount


def to_borrow(lacking: Decimal) -> Decimal:
    """Round what an order lacks up to what can be borrowed."""
    return ceil_to(lacking, LEDGER_STEP)


def _brought(fill: TradeRecord, asset: str) -> Decimal:
    gross = fill.quantity if fill.side == "BUY" else to_ledger(fill.notional)
    return gross - fill.fee if fill.fee_asset == asset else gross
