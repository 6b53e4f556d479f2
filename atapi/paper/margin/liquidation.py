"""Liquidation of a margin account: its orders are canceled, collateral is sold in the spot books, debts are repaid.

What collateral cannot pay, the insurance account pays, and takes over what is left. What could not be sold because its
market stands still, or too little of it can be sold in a minute, waits for the next one.
"""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.numbers import ONE, ceil_to, floor_to
from atapi.matching import credit
from atapi.matching.ledger import INSURANCE, Holder
from atapi.paper.backoffice import Backoffice
from atapi.paper.margin.accounts import MarginAccounts
from atapi.paper.margin.loans import ASSETS, Loans
from atapi.paper.margin.market import MarginMarket
from atapi.paper.margin.side_effects import LIQUIDATION
from atapi.paper.margin.terms import USDT, Terms
from atapi.paper.records import ZERO, Refusal
from atapi.paper.views import Submit

ROUNDS = 50  # of selling and buying; each takes what the book holds then
AFFORDABLE = Decimal("0.99")  # of the money, so that a worse price in the book can still be paid
INSURER = Holder(INSURANCE, ASSETS)


class Liquidator:
    """Closes accounts whose assets hardly cover their debts."""

    def __init__(
        self,
        office: Backoffice,
        terms: Terms,
        loans: Loans,
        accounts: MarginAccounts,
        market: MarginMarket,
    ) -> None:
        self._office = office
        self._terms = terms
        self._loans = loans
        self._accounts = accounts
        self._market = market

    def liquidate(self, account: str, now_ms: int) -> None:
        """Pay an account's debts from what it has; what remains stays its own."""
        for symbol in sorted({o.symbol for o in self._office.orders.open(account, ASSETS)}):
            self._market.cancel_all(account, symbol, now_ms)
        owed = self._accounts.standing(account, now_ms).debts_value
        self._repay(account, now_ms)
        for _ in range(ROUNDS):
            if not self._loans.debts(account) or not self._trade(account, now_ms):
                break
            self._repay(account, now_ms)
        left = self._accounts.standing(account, now_ms)
        self._pay_fee(account, owed - left.debts_value, now_ms)
        if left.assets_value < left.debts_value:
            self._take_over(account, now_ms)

    # ------------------------------------------------------------------------------------------------------------
    def _repay(self, account: str, now_ms: int) -> None:
        for asset, debt in self._loans.debts(account).items():
            amount = min(debt.total, self._free(account, asset))
            if amount > 0:
                self._loans.repay(account, asset, amount, now_ms, kind="REPAY_LIQUIDATION")

    def _trade(self, account: str, now_ms: int) -> bool:
        # Sell for what debts need, dearest asset first, then buy what is owed; whether anything was traded.
        now = self._accounts.standing(account, now_ms)
        rate = self._market.rates(account, next(iter(self._market.rules))).taker
        needed = credit.to_raise(now.debts_value, self._free(account, USDT), fee_rate=rate)
        traded = False
        for value, asset in sorted(self._sellable(account, now_ms), reverse=True):
            if needed <= 0:
                break
            part = min(ONE, needed / value)
            sold = self._order(account, "SELL", asset, self._free(account, asset) * part, now_ms)
            needed -= value * part
            traded = traded or sold > 0
        for asset, debt in self._loans.debts(account).items():
            if asset != USDT:
                traded = self._order(account, "BUY", asset, debt.total / (ONE - rate), now_ms) > 0 or traded
        return traded

    def _sellable(self, account: str, now_ms: int) -> list[tuple[Decimal, str]]:
        owed, found = self._loans.debts(account), []
        for asset, (free, _) in self._office.wallets.of(Holder(account, ASSETS)).items():
            price = self._terms.price(asset, now_ms)
            if price and free > 0 and asset not in owed and asset != USDT and self._terms.symbol(asset):
                found.append((free * price, asset))
        return found

    def _order(self, account: str, side: str, asset: str, quantity: Decimal, now_ms: int) -> Decimal:
        # At market, for a quantity rounded up to a lot, no more than one order may hold; how much was traded.
        symbol = self._terms.symbol(asset)
        price = self._terms.price(asset, now_ms)
        if symbol is None or not price:
            return ZERO
        rules = self._market.rules[symbol]
        if side == "SELL":
            most = self._free(account, asset)
        else:
            most = self._free(account, USDT) / price * AFFORDABLE
        quantity = min(ceil_to(quantity, rules.lot_size), rules.market_max_quantity)
        quantity = min(quantity, floor_to(most, rules.lot_size))
        submit = Submit(symbol=symbol, side=side, type="MARKET", quantity=quantity, side_effect=LIQUIDATION)
        try:
            order, _ = self._market.place(account, submit, now_ms)
        except Refusal:  # too little for one order, or a market that is closed
            return ZERO
        return order.executed

    def _pay_fee(self, account: str, repaid: Decimal, now_ms: int) -> None:
        fee = credit.liquidation_fee(repaid, self._free(account, USDT))
        if fee:
            mine = Holder(account, ASSETS)
            self._office.wallets.move("LIQUIDATION_FEE", now_ms, mine, INSURER, USDT, fee)

    def _take_over(self, account: str, now_ms: int) -> None:
        mine, wallets = Holder(account, ASSETS), self._office.wallets
        for asset, (free, _) in wallets.of(mine).items():
            wallets.move("OTHER_LIQUIDATION", now_ms, mine, INSURER, asset, free)
        for asset in self._loans.debts(account):
            self._loans.take_over(INSURANCE, account, asset, now_ms)

    def _free(self, account: str, asset: str) -> Decimal:
        return self._office.wallets.free(Holder(account, ASSETS), asset)
