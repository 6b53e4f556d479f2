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
from atapi.paper.margin import tables
from atapi.paper.margin.loans import ASSETS, Loans
from atapi.paper.margin.records import MarginOrder
from atapi.paper.records import OrderRecord, TradeRecord

PLAIN = "NO_SIDE_EFFECT"
LIQUIDATION = "LIQUIDATION"  # of the exchange's own orders
BORROWS = ("MARGIN_BUY", "AUTO_BORROW_REPAY")
REPAYS = ("AUTO_REPAY", "AUTO_BORROW_REPAY")
SIDE_EFFECTS = (PLAIN, "MARGIN_BUY", "AUTO_REPAY", "AUTO_BORROW_REPAY")


class SideEffects:
    """Remembers the side effects of open orders and has them."""

    def __init__(self, office: Backoffice, loans: Loans) -> None:
        self._office = office
        self._loans = loans
        rows = office.store.rows(tables.OPEN_MARGIN_ORDERS)
        self._open = {order.order_id: order for order in map(tables.order_of, rows)}

    def of(self, order_id: int) -> MarginOrder:
        """Tell what an order does; orders without side effects are not kept."""
        found = self._open.get(order_id)
        if found is None:
            rows = self._office.store.rows(tables.MARGIN_ORDER, order_id)
            found = tables.order_of(rows[0]) if rows else MarginOrder(order_id=order_id, side_effect=PLAIN)
        return found

    def begin(self, order: OrderRecord, side: MarginOrder, asset: str, lacking: Decimal, now_ms: int) -> None:
        """Borrow what an order lacks of what it spends, and remember what it is to do later."""
        if side.side_effect == PLAIN:
            return
        if side.side_effect in BORROWS and lacking > 0:
            side.borrowed, side.borrowed_asset = to_borrow(lacking), asset
            self._loans.borrow(order.account, asset, side.borrowed, now_ms)
        self._open[side.order_id] = side
        self._office.effects.row("margin_orders", tables.order_row(side))

    def made(self, order: OrderRecord, fill: TradeRecord, rules: SpotRules, now_ms: int) -> None:
        """Do what an order that rested does when it fills."""
        side = self._open.get(order.order_id)
        if side is not None:
            self.filled(order, side, [fill], rules, now_ms)

    def filled(
        self,
        order: OrderRecord,
        side: MarginOrder,
        trades: Sequence[TradeRecord],
        rules: SpotRules,
        now_ms: int,
    ) -> None:
        """Repay with what fills brought, where the order is to."""
        if side.side_effect in REPAYS and trades:
            asset = rules.base_asset if order.side == "BUY" else rules.quote_asset
            self._repay(order.account, asset, sum((_brought(t, asset) for t in trades), Decimal(0)), now_ms)
        if not order.open:
            self._open.pop(order.order_id, None)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Repay what an order borrowed and did not spend, unless its owner said not to."""
        side = self._open.pop(order.order_id, None)
        if side is not None and side.repay_at_cancel and side.borrowed:
            self._repay(order.account, side.borrowed_asset, side.borrowed, now_ms)

    def _repay(self, account: str, asset: str, most: Decimal, now_ms: int) -> None:
        free = self._office.wallets.free(Holder(account, ASSETS), asset)
        amount = min(most, free, self._loans.debt(account, asset).total)
        if amount > 0:
            self._loans.repay(account, asset, amount, now_ms)


def to_borrow(lacking: Decimal) -> Decimal:
    """Round what an order lacks up to what can be borrowed."""
    return ceil_to(lacking, LEDGER_STEP)


def _brought(trade: TradeRecord, asset: str) -> Decimal:
    gross = trade.quantity if trade.side == "BUY" else to_ledger(trade.notional)
    return gross - trade.fee if trade.fee_asset == asset else gross
