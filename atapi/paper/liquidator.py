"""How positions are closed by force: into the book, by the insurance fund, or against those who gain.

1. the account's open orders are canceled (an isolated position's: those of its symbol and side)
2. the position with the most maintenance margin is closed: tier by tier where it is large, whole where nothing is
   left of its margin; by an IOC order at the price at which its margin is used up
3. what the book does not take the insurance fund takes over at that price, and closes at the mark
4. where the fund cannot bear that, positions of the other side that gain are closed at that price, those first that
   gain most by the margin they use; what no account holds, the crowd does
5. of what is left the fund takes its fee, and from 2 on again while margin is short
"""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.numbers import LEDGER_STEP, ceil_to, floor_to, to_ledger
from atapi.matching.ledger import INSURANCE, Holder
from atapi.matching.liquidation import bankruptcy_price, tier_excess
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.forced import ForcedOrders
from atapi.paper.insurance import InsuranceFund
from atapi.paper.records import ZERO, OrderRecord, PositionRecord
from atapi.paper.um_accounts import Pool
from atapi.paper.um_market import ADL, LIQUIDATION, UmMarket

LIQUIDATED = "LIQUIDATION"
ADL_CLIENT_ID = "adl_autoclose"


class Liquidator:
    """Closes what is under water."""

    def __init__(self, market: UmMarket, fund: InsuranceFund, forced: ForcedOrders) -> None:
        self._market = market
        self._forced = forced
        self._accounts = market.accounts
        self._fund = fund

    def liquidate(self, account: str, now_ms: int) -> None:
        """Close positions of an account for as long as any of its pools fails."""
        for pool in self._accounts.pools(account, now_ms):
            if pool.failed:
                self._cancel_orders(pool, now_ms)
        while True:
            pools = self._accounts.pools(account, now_ms)
            failed = next((pool for pool in pools if pool.failed), None)
            if failed is None:
                return
            self._close_one(failed, now_ms)

    def deleverage(self, position: PositionRecord, quantity: Decimal, price: Decimal, now_ms: int) -> None:
        """Close so much of a position at a price, because somebody on the other side went bankrupt."""
        order, _ = self._market.force(position, quantity, price, ADL, ADL_CLIENT_ID, now_ms)
        self._market.fill_off_book(
            order, price, self._market.office.ids.trade(self._market.name, now_ms), now_ms
        )

    # ------------------------------------------------------------------------------------------------------------
    def _cancel_orders(self, pool: Pool, now_ms: int) -> None:
        for order in self._market.office.orders.open(pool.account, self._market.name):
            [alone] = pool.positions if pool.isolated else [None]
            if alone is None or (order.symbol, order.position_side) == (alone.symbol, alone.position_side):
                self._market.expire(order.order_id, LIQUIDATED, now_ms)

    def _close_one(self, pool: Pool, now_ms: int) -> None:
        position = max(pool.positions, key=lambda p: self._accounts.maintenance(p, now_ms))
        rules = self._market.listing(position.symbol).rules
        mark = self._accounts.mark(position, now_ms)
        contract = rules.contract
        exact = bankruptcy_price(position.quantity, mark, pool.balance, contract)
        price = _on_tick(exact, position, rules)
        size = abs(position.quantity)
        if pool.balance > 0:
            excess = tier_excess(position.quantity, mark, rules.brackets, contract)
            size = min(size, ceil_to(excess, rules.lot_size))
        wallet, stood_on = self._wallet(position), position.margin
        number = self._market.office.ids.next("liquidation")
        client_id = f"autoclose-{number}"
        order, fills = self._market.force(position, size, price, LIQUIDATION, client_id, now_ms)
        last = order.remaining or fills[-1].quantity
        if order.open:
            self._take_over(order, position, price, mark, now_ms)
        self._forced.note(order, last)
        if pool.isolated:  # its share of the margin, and what closing made or lost of it
            self._charge(order, stood_on - position.margin + self._wallet(position) - wallet, now_ms)
            return
        after = self._accounts.cross_pool(pool.account, rules.margin_asset, now_ms)
        if after.balance < 0 and not self._accounts.positions.of(pool.account):
            self._pay(order, -after.balance, now_ms)
        self._charge(order, min(after.balance, after.wallet), now_ms)

    def _take_over(
        self, order: OrderRecord, position: PositionRecord, price: Decimal, mark: Decimal, now_ms: int
    ) -> None:
        rules = self._market.rules[order.symbol]
        asset, contract = rules.margin_asset, rules.contract
        left = order.remaining if order.side == "SELL" else -order.remaining
        profit = to_ledger(contract.sign * (contract.value(left, mark) - contract.value(left, price)))
        self._fund.open(asset, now_ms)
        trade_id = self._market.office.ids.trade(self._market.name, now_ms)
        self._market.fill_off_book(order, price, trade_id, now_ms)
        if self._fund.balance(asset) + profit >= 0:
            self._fund.book(asset, profit, now_ms)
        else:
            self._deleverage_others(order.symbol, left, price, now_ms)

    def _deleverage_others(self, symbol: str, left: Decimal, price: Decimal, now_ms: int) -> None:
        size = abs(left)
        for position in self._accounts.ranked(symbol, long=left < 0, now_ms=now_ms):
            if not size:
                return
            part = min(size, abs(position.quantity))
            size -= part
            self.deleverage(position, part, price, now_ms)

    def _charge(self, order: OrderRecord, left: Decimal, now_ms: int) -> None:
        """Take the liquidation fee, but no more than is left."""
        wanted = order.quote_executed * self._market.rules[order.symbol].liquidation_fee
        fee = to_ledger(max(ZERO, min(wanted, floor_to(left, LEDGER_STEP))))
        if fee:
            self._pay(order, -fee, now_ms)

    def _pay(self, order: OrderRecord, amount: Decimal, now_ms: int) -> None:
        asset = self._market.rules[order.symbol].margin_asset
        self._fund.open(asset, now_ms)
        self._market.pay(
            order.account, order.symbol, "INSURANCE_CLEAR", INSURANCE, asset, to_ledger(amount), None, now_ms
        )

    def _wallet(self, position: PositionRecord) -> Decimal:
        asset = self._market.rules[position.symbol].margin_asset
        return self._market.office.wallets.balance(Holder(position.account, self._market.name), asset)


def _on_tick(price: Decimal, position: PositionRecord, rules: PerpetualRules) -> Decimal:
    """Round a bankruptcy price so that the account does not end below zero."""
    step = rules.tick_size
    return max(step, ceil_to(price, step) if position.quantity > 0 else floor_to(price, step))
