"""The spot market: what is bought is delivered at once, and what an open order needs is held."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import to_ledger
from atapi.matching.book import Plan
from atapi.matching.filters import Candidate, breach_of_spot
from atapi.matching.ledger import FEES, Holder
from atapi.matching.models.fees import BNB, fee
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import Series, SpotRules
from atapi.paper.listing import Listing
from atapi.paper.margin.side_effects import SideEffects
from atapi.paper.market import Draft, Market, check_form, new_order
from atapi.paper.records import ZERO, OrderRecord, Refusal, TradeRecord
from atapi.paper.views import Submit

INSUFFICIENT = "Account has insufficient balance for requested action."
FEE_WALLET = Holder(FEES, "spot")


class SpotMarket(Market[SpotRules]):
    """Orders for coins."""

    name = books = "spot"
    series = Series.SPOT

    def __init__(self, office: Backoffice, rules: Mapping[str, SpotRules], side_effects: SideEffects) -> None:
        super().__init__(office, rules)
        self.side_effects = side_effects  # of margin orders, which rest in the same books

    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it, in Binance's order: symbol, filters, client id, funds."""
        check_form(submit, ("LIMIT", "MARKET", "LIMIT_MAKER"), ("GTC", "IOC", "FOK"))
        listing = self.quoted(submit.symbol, now_ms)
        rules, orders = listing.rules, self.office.orders
        reference = self.office.prices.average(submit.symbol, now_ms)
        if rules.status != "TRADING" or reference is None:  # halted, or not listed yet
            raise Refusal(-2010, "Market is closed.")
        price = None if submit.type == "MARKET" else submit.price
        breach = breach_of_spot(
            rules,
            Candidate(
                side=submit.side,
                price=price,
                quantity=submit.quantity,
                quote_quantity=submit.quote_quantity,
                reference=reference,
                open_orders=orders.count(account, self.name, submit.symbol),
            ),
        )
        if breach is not None:
            raise Refusal(*breach)
        if submit.client_order_id and orders.has_client_id(
            self.name, account, submit.symbol, submit.client_order_id
        ):
            raise Refusal(-2010, "Duplicate order sent.")
        draft = self._draft(listing, account, submit, price, now_ms)
        self.check_funds(listing, draft, submit, now_ms)
        return draft

    def reserve(self, order: OrderRecord, plan: Plan | None) -> None:
        """Hold what is sold, or what it is bought with."""
        listing = self.listing(order.symbol)
        if order.side == "SELL":
            amount = order.remaining
        elif order.type == "MARKET":
            assert plan is not None
            amount = plan.value * listing.unit
        else:
            amount = order.remaining * order.price
        self.office.wallets.hold(self._holder(order), spent(listing.rules, order), amount)

    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Let go of what that part held: at the order's own price where it has one."""
        asset = spent(self.rules[order.symbol], order)
        amount = quantity if order.side == "SELL" else quantity * (order.price or price)
        if amount:
            self.office.wallets.hold(self._holder(order), asset, -amount)

    def deliver(
        self,
        listing: Listing[SpotRules],
        buyer: Holder,
        seller: Holder,
        price: Decimal,
        quantity: Decimal,
        now_ms: int,
    ) -> None:
        """Move the coins one way and their price the other."""
        rules, move = listing.rules, self.office.wallets.move
        move("TRADE", now_ms, seller, buyer, rules.base_asset, quantity)
        move("PAYMENT", now_ms, buyer, seller, rules.quote_asset, to_ledger(price * quantity))

    def charge(
        self,
        listing: Listing[SpotRules],
        order: OrderRecord,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
        trade_id: int,
        now_ms: int,
    ) -> TradeRecord:
        """Take the fee from what was received, or from the owner's BNB."""
        self.release(order, quantity, price)
        rules, owner = listing.rules, self._holder(order)
        notional = to_ledger(price * quantity)
        received, asset = (
            (quantity, rules.base_asset) if order.side == "BUY" else (notional, rules.quote_asset)
        )
        rates = self.rates(order.account, order.symbol)
        cost = fee(
            rate=rates.maker if maker else rates.taker,
            received=received,
            asset=asset,
            notional=notional,
            purse=self.purse(owner, rules.quote_asset, now_ms),
        )
        if cost.amount:
            self.office.wallets.move("COMMISSION", now_ms, owner, FEE_WALLET, cost.asset, cost.amount)
        return TradeRecord(
            market=order.market,
            account=order.account,
            trade_id=trade_id,
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=cost.amount,
            fee_asset=cost.asset,
            realized=ZERO,
            maker=maker,
            position_side="BOTH",
            time_ms=now_ms,
        )

    def filled(self, order: OrderRecord, fill: TradeRecord, now_ms: int) -> None:
        """Let a margin order repay with what it received."""
        if order.market != self.books:
            self.side_effects.made(order, fill, self.rules[order.symbol], now_ms)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Let a margin order repay what it borrowed and did not spend."""
        if order.market != self.books:
            self.side_effects.ended(order, now_ms)

    def free_bnb(self, holder: Holder) -> Decimal:
        """BNB in the wallet that no open order holds."""
        return self.office.wallets.free(holder, BNB)

    def check_funds(self, listing: Listing[SpotRules], draft: Draft, submit: Submit, now_ms: int) -> None:
        """Refuse an order that the wallet cannot pay."""
        if self.lacking(listing, draft, submit) > 0:
            raise Refusal(-2010, INSUFFICIENT)

    def lacking(self, listing: Listing[SpotRules], draft: Draft, submit: Submit) -> Decimal:
        """Tell how much more an order needs than its wallet has free, of the asset it spends."""
        order = draft.order
        if order.side == "SELL":
            needed = order.quantity if submit.quote_quantity is None else listing.quantity(draft.plan.lots)
        elif submit.quote_quantity is not None:
            needed = submit.quote_quantity
        elif order.type == "MARKET":
            needed = draft.plan.value * listing.unit
        else:
            needed = order.quantity * order.price
        return needed - self.office.wallets.free(self._holder(order), spent(listing.rules, order))

    # ------------------------------------------------------------------------------------------------------------
    def _draft(
        self, listing: Listing[SpotRules], account: str, submit: Submit, price: Decimal | None, now_ms: int
    ) -> Draft:
        limit = None if price is None else listing.ticks(price)
        lots = None if submit.quantity is None else listing.lots(submit.quantity)
        budget = None if submit.quote_quantity is None else int(submit.quote_quantity / listing.unit)
        plan = listing.book.plan(
            submit.side == "BUY",
            owner=account,
            lots=lots,
            limit=limit,
            budget=budget,
            prevention=submit.self_trade_prevention,
        )
        if submit.type == "LIMIT_MAKER" and (plan.lots or plan.expired or plan.halted):
            raise Refusal(-2010, "Order would immediately match and take.")
        quantity = submit.quantity
        if quantity is None:
            if not plan.lots and not plan.dry:
                raise Refusal(-1013, "Filter failure: LOT_SIZE")  # not worth one lot
            quantity = listing.quantity(plan.lots)
            if plan.dry:
                quantity += listing.lot  # more was wanted than there is: it ends expired, not filled
        order = new_order(self.name, account, submit, price=price, quantity=quantity, now_ms=now_ms)
        if submit.time_in_force == "FOK" and plan.lots != lots:
            plan = Plan()
        return Draft(order, plan, limit, lots, budget)


def spent(rules: SpotRules, order: OrderRecord) -> str:
    """Tell which asset an order gives away."""
    return rules.base_asset if order.side == "SELL" else rules.quote_asset
