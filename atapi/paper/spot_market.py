"""The spot market: what is bought is delivered at once, and what an open order needs is held."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import to_ledger
from atapi.matching.book import Plan
from atapi.matching.ledger import FEES, Holder
from atapi.matching.models.fees import BNB, fee
from atapi.matching.spot_filters import SpotCandidate as Candidate
from atapi.matching.spot_filters import Standing, breach_of_spot
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import Series, SpotRules
from atapi.paper.listing import Listing
from atapi.paper.market import Draft, Market, check_form, new_order
from atapi.paper.records import ZERO, OrderRecord, Refusal, TradeRecord
from atapi.paper.views import Submit

INSUFFICIENT = "Account has insufficient balance for requested action."
FEE_WALLET = Holder(FEES, "spot")


class SpotMarket(Market[SpotRules]):
    """Orders for coins."""

    name = "spot"
    series = Series.SPOT

    def __init__(self, office: Backoffice, rules: Mapping[str, SpotRules]) -> None:
        super().__init__(office, rules)

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
                standing=Standing(orders=orders.count(account, self.name, submit.symbol)),
            ),
        )
        if breach is not None:
            raise Refusal(*breach)
        if submit.client_order_id and orders.has_client_id(
            self.name, account, submit.symbol, submit.client_order_id
        ):
            raise Refusal(-2010, "Duplicate order sent.")
        draft = self._draft(listing, account, submit, price, now_ms)
        self._check_funds(listing, draft, submit)
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
        self.office.wallets.hold(_holder(order.account), _spent(listing.rules, order), amount)

    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Let go of what that part held: at the order's own price where it has one."""
        asset = _spent(self.rules[order.symbol], order)
        amount = quantity if order.side == "SELL" else quantity * (order.price or price)
        if amount:
            self.office.wallets.hold(_holder(order.account), asset, -amount)

    def deliver(
        self,
        listing: Listing[SpotRules],
        buyer: str,
        seller: str,
        price: Decimal,
        quantity: Decimal,
        now_ms: int,
    ) -> None:
        """Move the coins one way and their price the other."""
        rules, move = listing.rules, self.office.wallets.move
        buying, selling = _holder(buyer), _holder(seller)
        move("TRADE", now_ms, selling, buying, rules.base_asset, quantity)
        move("TRADE", now_ms, buying, selling, rules.quote_asset, to_ledger(price * quantity))

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
        rules = listing.rules
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
            purse=self.purse(order.account, rules.quote_asset, now_ms),
        )
        if cost.amount:
            self.office.wallets.move(
                "COMMISSION", now_ms, _holder(order.account), FEE_WALLET, cost.asset, cost.amount
            )
        return TradeRecord(
            market=self.name,
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

    def free_bnb(self, account: str) -> Decimal:
        """BNB in the spot wallet that no open order holds."""
        return self.office.wallets.free(_holder(account), BNB)

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

    def _check_funds(self, listing: Listing[SpotRules], draft: Draft, submit: Submit) -> None:
        order = draft.order
        if order.side == "SELL":
            needed = order.quantity if submit.quote_quantity is None else listing.quantity(draft.plan.lots)
        elif submit.quote_quantity is not None:
            needed = submit.quote_quantity
        elif order.type == "MARKET":
            needed = draft.plan.value * listing.unit
        else:
            needed = order.quantity * order.price
        asset = _spent(listing.rules, order)
        if needed > self.office.wallets.free(_holder(order.account), asset):
            raise Refusal(-2010, INSUFFICIENT)


def _holder(account: str) -> Holder:
    return Holder(account, "spot")


def _spent(rules: SpotRules, order: OrderRecord) -> str:
    return rules.base_asset if order.side == "SELL" else rules.quote_asset
