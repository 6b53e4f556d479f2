"""The spot market: what is bought is delivered at once, and what an open order needs is held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from decimal import Decimal

from atapi.domain.numbers import ceil_to, to_ledger
from atapi.matching.book import Plan, Resting
from atapi.matching.ledger import FEES, Holder
from atapi.matching.models.fees import BNB, fee
from atapi.matching.spot_filters import Standing, breach_of_spot
from atapi.matching.triggers import BASIS, lies_above
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import Bar, Series, SpotRules
from atapi.paper.holds import Holds
from atapi.paper.listing import Listing
from atapi.paper.margin.side_effects import SideEffects
from atapi.paper.market import Draft, Market
from atapi.paper.order_terms import NO_LIST, PLAIN
from atapi.paper.pegs import pegged_price
from atapi.paper.records import ZERO, OrderRecord, Refusal, TradeRecord, list_owner
from atapi.paper.spot_caps import breach_of_caps
from atapi.paper.spot_features import check_features
from atapi.paper.spot_lists import REJECTED, SpotLists
from atapi.paper.spot_matching import draft_of
from atapi.paper.spot_orders import candidate_of, draw_up, standing_of
from atapi.paper.spot_prevention import note_prevented
from atapi.paper.views import Submit
from atapi.paper.waiting import CONTINGENT, Waiting

INSUFFICIENT = "Account has insufficient balance for requested action."
FEE_WALLET = Holder(FEES, "spot")


class SpotMarket(Market[SpotRules]):
    """Orders for coins."""

    name = books = "spot"
    series = Series.SPOT

    def __init__(self, office: Backoffice, rules: Mapping[str, SpotRules], side_effects: SideEffects) -> None:
        super().__init__(office, rules)
        self.side_effects = side_effects  # of margin orders, which rest in the same books
        self.waiting = Waiting(office.effects)
        self.lists = SpotLists(self)
        self._holds = Holds(office.wallets)

    # --- judging ------------------------------------------------------------------------------------------------
    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it, in Binance's order: symbol, filters, client id, funds."""
        order = self.draw_up(account, submit, now_ms)
        self.screen(order, now_ms, by_quote=submit.quantity is None)
        return self.consider(order, now_ms)

    def draw_up(self, account: str, submit: Submit, now_ms: int) -> OrderRecord:
        """Write down an order as it was asked, without ids."""
        return draw_up(account, submit, now_ms, self.name)

    def screen(
        self,
        order: OrderRecord,
        now_ms: int,
        *,
        by_quote: bool = False,
        ahead: Sequence[OrderRecord] = (),
        listed: bool = False,
        again: bool = False,
        replacing: bool = False,
    ) -> None:
        """Hold an order against the symbol's rules.

        Args:
            by_quote: Whether it is a MARKET order for an amount of the quote asset.
            ahead: Orders of the same list judged before it.
            listed: Whether it is part of a new order list.
            again: Whether it is open already, and only what the market did meanwhile can be wrong with it.
            replacing: Whether another order goes first, so that counts and client ids are judged after that.
        """
        listing, orders = self.quoted(order.symbol, now_ms), self.office.orders
        if order.terms.peg and order.type not in CONTINGENT:
            order.price = pegged_price(listing, order)
        reference = self.office.prices.average(order.symbol, now_ms)
        if listing.rules.status != "TRADING" or reference is None:  # halted, or not listed yet
            raise Refusal(-2010, "Market is closed.")
        if listing.rules.without:
            check_features(listing.rules, order, by_quote=by_quote)
        new = not (again or replacing)
        standing = standing_of(orders, self.lists, order, ahead) if new else Standing()
        candidate = candidate_of(order, reference, standing, by_quote=by_quote, listed=listed)
        breach = breach_of_spot(listing.rules, candidate)
        if breach is None and order.terms.asked:  # a pegged order's own price has to pass too
            breach = breach_of_spot(listing.rules, replace(candidate, price=order.terms.asked))
        if breach is None and new:
            breach = breach_of_caps(self.office, listing.rules, order)
        if breach is not None:
            raise Refusal(*breach)
        name = order.client_order_id
        if name and new and orders.has_client_id(order.market, order.account, order.symbol, name):
            raise Refusal(-2010, "Duplicate order sent.")

    def consider(self, order: OrderRecord, now_ms: int) -> Draft:
        """Say what a screened order would do just now; refuse it where its price or its owner's funds are wrong."""
        draft = self._to_wait(order, now_ms) if order.type in CONTINGENT else self._to_match(order, now_ms)
        self.check_funds(draft, now_ms)
        return draft

    # --- orders -------------------------------------------------------------------------------------------------
    def place(self, account: str, submit: Submit, now_ms: int) -> tuple[OrderRecord, list[TradeRecord]]:
        """Judge, match and book an order; its own fills are returned with it."""
        draft = self.judge(account, submit, now_ms)
        self.register(draft.order)
        placed = self.begin(draft, now_ms), copy(draft.order)
        self.lists.finish(now_ms)
        return placed[1], placed[0]

    def begin(self, draft: Draft, now_ms: int) -> list[TradeRecord]:
        """Let an order that has ids go on the book, or wait for its price."""
        order = draft.order
        if not draft.waits:
            return self.enter(draft, now_ms)
        self.reserve(order, None)
        self.waiting.add(order)
        self.office.effects.order(order)
        return []

    def cancel(
        self, account: str, symbol: str, order_id: int | None, client_id: str | None, now_ms: int
    ) -> OrderRecord:
        """Cancel one open order, and with it the list it is part of."""
        self.listing(symbol)
        order = self.office.orders.find_open(account, self.name, symbol, order_id, client_id)
        record = self.lists.of(order)
        if record is None:
            return super().cancel(account, symbol, order.order_id, None, now_ms)
        self.lists.cancel(record, now_ms)
        return copy(order)

    def cancel_all(self, account: str, symbol: str, now_ms: int) -> list[OrderRecord]:
        """Cancel every open order of an account in a symbol, and every list."""
        listed = [
            order
            for record in self.lists.open(list_owner(self.name, account), symbol)
            for order in self.lists.cancel(record, now_ms)
        ]
        return super().cancel_all(account, symbol, now_ms) + listed

    def restore(self, order: OrderRecord) -> None:
        """Put an order back that was open when the exchange stopped."""
        if not order.waiting:
            super().restore(order)
            return
        self.office.orders.add(order)
        self.reserve(order, None)
        if order.status != "PENDING_NEW":
            self.waiting.add(order)

    # --- what the market does -----------------------------------------------------------------------------------
    def look(self, symbol: str, now_ms: int) -> None:
        """Let the market's price of this moment do what it does to open orders."""
        super().look(symbol, now_ms)
        price = self.office.prices.at(self.series, symbol, now_ms)
        if price is not None:
            for order in self.waiting.see(symbol, price, now_ms):
                self._go_to_work(order, now_ms)
        self.lists.finish(now_ms)

    def reached(self, listing: Listing[SpotRules], bar: Bar) -> bool:
        """Whether a bar traded beyond a resting order or to the price that another waits for."""
        return super().reached(listing, bar) or self.waiting.reached(listing.symbol, bar)

    def live_through(self, listing: Listing[SpotRules], bar: Bar, time_ms: int) -> None:
        """Let a bar that is over do what it does to open orders.

        Assumes: an order that the bar sends to work meets the crowd's quotes at the bar's end, around the price it
        was triggered at or around the close, whichever is worse for it. Triggers come before fills.
        """
        for order, price in self.waiting.live(listing.symbol, bar, time_ms):
            if order.open:
                worse = min if order.side == "SELL" else max
                self._quotes.around(listing, worse(price, bar.close), time_ms)
                self._go_to_work(order, time_ms)
        super().live_through(listing, bar, time_ms)
        self.lists.finish(time_ms)

    def starting(self, order: OrderRecord, now_ms: int) -> None:
        """End the other order of an OCO before this one trades."""
        if order.terms.list_id != NO_LIST and not order.executed:
            self.lists.started(order, now_ms)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Stop waiting for its price, and let its list go on."""
        terms = order.terms
        if terms is not PLAIN:
            self.side_effects.ended(order, now_ms)
            self.waiting.discard(order)
            if terms.list_id != NO_LIST:
                self.lists.ended(order, now_ms)

    def filled(self, order: OrderRecord, fills: Sequence[TradeRecord], now_ms: int) -> None:
        """Let a margin order repay with what it brought, and hold what an OPO's brought."""
        if fills and order.terms.list_id != NO_LIST:
            self.lists.filled(order, fills)
        if order.terms.side_effect:
            self.side_effects.filled(order, fills, self.rules[order.symbol], now_ms)

    def prevented(
        self,
        taker: OrderRecord,
        maker: Resting,
        *,
        taker_lots: int | None,
        maker_lots: int | None,
        now_ms: int,
    ) -> int | None:
        """Write down a trade of an owner with itself that is prevented, and give its id."""
        return note_prevented(
            self.office, self.listing(taker.symbol), taker, maker, (taker_lots, maker_lots), now_ms
        )

    def last(self, symbol: str, now_ms: int) -> Decimal:
        """Tell the last price."""
        price = self.office.prices.last(self.series, symbol, now_ms)
        if price is None:
            raise Refusal(-2010, "Market is closed.")
        return price

    # --- funds --------------------------------------------------------------------------------------------------
    def reserve(self, order: OrderRecord, plan: Plan | None) -> None:
        """Hold what is sold, or what it is bought with."""
        self.hold_more(order, self._needs(order, plan))

    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Let go of what that part held: at the order's own price where it has one."""
        if order.status == "PENDING_NEW":
            self.hold_more(order, -order.terms.received)  # all that it holds, of an OPO
            return
        if order.side == "BUY":
            quantity *= order.price or (order.terms.guard if order.waiting else price)
        self.hold_more(order, -quantity)

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

    def free_bnb(self, holder: Holder) -> Decimal:
        """BNB in the wallet that no open order holds."""
        return self.office.wallets.free(holder, BNB)

    def share_books(self, other: SpotMarket) -> None:
        """Trade in another market's books, and wait for the same prices."""
        self._listings, self._quotes = other._listings, other._quotes
        self.waiting, self.lists, self._holds = other.waiting, other.lists, other._holds
        self.lists.markets[self.name] = self

    def check_funds(self, draft: Draft, now_ms: int) -> None:
        """Refuse an order that its wallet cannot pay."""
        if self.lacking(draft) > 0:
            raise Refusal(-2010, INSUFFICIENT)

    def lacking(self, draft: Draft) -> Decimal:
        """Tell how much more an order needs than it may hold, of the asset it spends."""
        order, plan = draft.order, draft.plan
        if draft.budget is None:
            needed = self._needs(order, plan)
        elif order.side == "SELL":
            needed = self.listing(order.symbol).quantity(plan.lots + plan.prevented)
        else:
            needed = order.quote_quantity
        return needed - self.room(order)

    def room(self, order: OrderRecord) -> Decimal:
        """Tell what an order may hold of the asset it spends."""
        return self._holds.room(order, self._holder(order), self.spent(order))

    def hold_more(self, order: OrderRecord, amount: Decimal) -> None:
        """Hold more for an order of the asset it spends, or less where negative."""
        self._holds.change(order, self._holder(order), self.spent(order), amount)

    def spent(self, order: OrderRecord) -> str:
        """Tell which asset an order gives away."""
        rules = self.rules[order.symbol]
        return rules.base_asset if order.side == "SELL" else rules.quote_asset

    # ------------------------------------------------------------------------------------------------------------
    def _to_wait(self, order: OrderRecord, now_ms: int) -> Draft:
        last, terms = self.last(order.symbol, now_ms), order.terms
        stop = terms.stop_price or None
        if stop is None:
            terms = terms.but(extreme=last, trailing_ms=now_ms)
        elif stop <= last if lies_above(order.type, order.side) else stop >= last:
            raise Refusal(-2010, "Order would trigger immediately.")
        if order.side == "BUY" and not order.price:
            delta = Decimal(terms.trailing_delta) / BASIS
            terms = terms.but(guard=ceil_to((stop or last) * (1 + delta), self.listing(order.symbol).tick))
        order.terms = terms
        return Draft(order, Plan(), None, None, waits=True)

    def _to_match(self, order: OrderRecord, now_ms: int) -> Draft:
        return draft_of(
            self.listing(order.symbol), order, lambda: self.office.prices.average(order.symbol, now_ms)
        )

    def _go_to_work(self, order: OrderRecord, now_ms: int) -> None:
        """Put an order on the book whose price was reached; without funds for what it would cost it expires."""
        listing, price = self.listing(order.symbol), order.price
        if order.terms.peg:
            try:
                price = pegged_price(listing, order)
            except Refusal:
                self.end(listing, order, "EXPIRED", REJECTED, now_ms)
                return
        self.starting(order, now_ms)
        self.release(order, order.remaining, order.price)
        self.waiting.discard(order)
        asked, order.price = order.price, price
        order.terms = order.terms.but(working_ms=now_ms)
        order.updated_ms = now_ms
        draft = self._to_match(order, now_ms)
        if self._needs(order, draft.plan) > self.room(order):
            order.price = asked  # what it held is let go of already
            self.end(listing, order, "EXPIRED", REJECTED, now_ms)
        else:
            self.enter(draft, now_ms)

    def _needs(self, order: OrderRecord, plan: Plan | None) -> Decimal:
        if order.status == "PENDING_NEW":
            return ZERO
        if order.side == "SELL":
            return order.remaining
        if order.price:
            return order.remaining * order.price
        if order.waiting:
            return order.remaining * order.terms.guard
        assert plan is not None
        return plan.value * self.listing(order.symbol).unit
