"""The life of an order, the same on every market: judged, matched, resting, filled, canceled, expired.

What differs by market stands in `SpotMarket` and `UmMarket`: how an order is judged, what it holds while open, and
what a fill does to its owner.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic

from atapi.matching.book import Plan, Resting
from atapi.matching.ledger import CROWD, Holder
from atapi.matching.ledger import holder as holder_of
from atapi.matching.models.fees import BNB_MULTIPLIER, Purse, Rates
from atapi.paper.backoffice import Backoffice
from atapi.paper.crowd_quotes import CrowdQuotes
from atapi.paper.feeds.base import Bar, Series
from atapi.paper.ids import client_order_id
from atapi.paper.listing import Listing, RulesT
from atapi.paper.new_orders import resting_of
from atapi.paper.price_range import EXCEEDED
from atapi.paper.records import OrderRecord, Refusal, TradeRecord
from atapi.paper.self_trades import decrement, expire_own, halt
from atapi.paper.views import Submit

NO_LIQUIDITY = "INSUFFICIENT_LIQUIDITY"
IOC_REST = "UNFILLED_IOC_QUANTITY_EXPIRED"
FOK_UNFILLED = "UNFILLED_FOK_ORDER_EXPIRED"


@dataclass(slots=True)
class Draft:
    """An order that may be booked, and what it would do."""

    order: OrderRecord  # without an id
    plan: Plan
    limit: int | None  # worst price in ticks
    lots: int | None  # most it may take; None where a budget bounds it
    budget: int | None = None
    waits: bool = False  # for a price, before it goes on the book
    exceeds: bool = False  # whether it wants to trade beyond the price range


class Market(ABC, Generic[RulesT]):
    """One market: its listings and the orders in them."""

    name: str  # also the wallet that pays
    books: str  # whose books its orders rest in
    series: Series

    def __init__(self, office: Backoffice, rules: Mapping[str, RulesT]) -> None:
        self.office = office
        self.rules = rules
        self._listings: dict[str, Listing[RulesT]] = {}
        self._quotes = CrowdQuotes(office, self.series, self._take_for_crowd)

    # --- what a market is ---------------------------------------------------------------------------------------
    @abstractmethod
    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it; nothing is booked."""

    @abstractmethod
    def reserve(self, order: OrderRecord, plan: Plan | None) -> None:
        """Hold what an order needs while it is open; `plan` is None for one that was open before a restart."""

    @abstractmethod
    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Let go of what a part of an order held, that filled at a price or will never fill."""

    @abstractmethod
    def deliver(
        self,
        listing: Listing[RulesT],
        buyer: Holder,
        seller: Holder,
        price: Decimal,
        quantity: Decimal,
        now_ms: int,
    ) -> None:
        """Move what changes hands in a trade between its two sides."""

    @abstractmethod
    def charge(
        self,
        listing: Listing[RulesT],
        order: OrderRecord,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
        trade_id: int,
        now_ms: int,
    ) -> TradeRecord:
        """Book what a fill does to one side's owner, its fee included."""

    def follow(self, listing: Listing[RulesT], accounts: Iterable[str], now_ms: int) -> None:
        """Do what follows for these accounts once they traded or let an order rest; nothing here."""

    def starting(self, order: OrderRecord, now_ms: int) -> None:
        """Do what must be done before an order's first trade; nothing here."""

    def filled(self, order: OrderRecord, fills: Sequence[TradeRecord], now_ms: int) -> None:
        """Do what follows for an order once it filled, in part or whole; nothing here."""

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Do what follows when an order is open no more; nothing here."""

    def prevented(
        self,
        taker: OrderRecord,
        maker: Resting,
        *,
        taker_lots: int | None,
        maker_lots: int | None,
        now_ms: int,
    ) -> int | None:
        """Write down a trade of an owner with itself that is prevented, and give its id; nothing here."""
        return None

    # --- orders -------------------------------------------------------------------------------------------------
    def place(self, account: str, submit: Submit, now_ms: int) -> tuple[OrderRecord, list[TradeRecord]]:
        """Judge, match and book an order; its own fills are returned with it."""
        return self.book(self.admit(account, submit, now_ms), now_ms)

    def admit(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Judge an order as it came from its owner; by itself, that is all."""
        return self.judge(account, submit, now_ms)

    def book(self, draft: Draft, now_ms: int) -> tuple[OrderRecord, list[TradeRecord]]:
        """Give an order that was judged its ids, match it, and let the rest of it rest or expire."""
        self.register(draft.order)
        trades = self.enter(draft, now_ms)
        return copy(draft.order), trades

    def register(self, order: OrderRecord) -> None:
        """Give a new order its ids."""
        order.order_id = self.office.ids.order(self.books)
        if not order.client_order_id:
            order.client_order_id = client_order_id(self.books, order.order_id)
        self.office.orders.add(order)

    def enter(self, draft: Draft, now_ms: int) -> list[TradeRecord]:
        """Match an order that has ids with the book, and let the rest of it rest or expire."""
        self.reserve(draft.order, draft.plan)
        self.office.effects.order(draft.order)
        return self.work(draft, now_ms)

    def work(self, draft: Draft, now_ms: int) -> list[TradeRecord]:
        """Match an order that is registered and reserved for, and let the rest of it rest or expire."""
        order = draft.order
        listing = self.listing(order.symbol)
        trades = self._match(listing, draft, now_ms)
        self.filled(order, trades, now_ms)
        if order.open:
            self._rest_or_expire(listing, draft, now_ms)
        if trades or order.open:
            self.note_book(listing, now_ms)
        self._quotes.remember(listing)
        return trades

    def cancel(
        self, account: str, symbol: str, order_id: int | None, client_id: str | None, now_ms: int
    ) -> OrderRecord:
        """Cancel one open order."""
        listing = self.listing(symbol)
        order = self.office.orders.find_open(account, self.name, symbol, order_id, client_id)
        self.end(listing, order, "CANCELED", None, now_ms)
        return copy(order)

    def cancel_all(self, account: str, symbol: str, now_ms: int) -> list[OrderRecord]:
        """Cancel every open order of an account in a symbol."""
        listing = self.listing(symbol)
        orders = self.office.orders.open(account, self.name, symbol)
        for order in orders:
            self.end(listing, order, "CANCELED", None, now_ms)
        return [copy(order) for order in orders]

    def restore(self, order: OrderRecord) -> None:
        """Put an order back that was open when the exchange stopped."""
        listing = self.listing(order.symbol)
        self.office.orders.add(order)
        self.reserve(order, None)
        listing.book.add(resting_of(listing, order))

    # --- books --------------------------------------------------------------------------------------------------
    def listing(self, symbol: str) -> Listing[RulesT]:
        """Find a symbol.

        Raises:
            Refusal: -1121 where it is none.
        """
        listing = self._listings.get(symbol)
        if listing is None:
            rules = self.rules.get(symbol)
            if rules is None:
                raise Refusal(-1121, "Invalid symbol.")
            listing = Listing(self.books, rules, self.office.feed.book(self.series, symbol))
            self._listings[symbol] = listing
        return listing

    def rules_changed(self, symbol: str) -> None:
        """Trade a symbol by its rules of now; orders that rest stay as they are."""
        listing = self._listings.get(symbol)
        if listing is not None:
            listing.adopt(self.rules[symbol])

    def quoted(self, symbol: str, now_ms: int) -> Listing[RulesT]:
        """Find a symbol with the crowd's quotes as of now."""
        listing = self.listing(symbol)
        self._quotes.refresh(listing, now_ms)
        return listing

    def look(self, symbol: str, now_ms: int) -> None:
        """Let the market's price of this moment do what it does to open orders."""
        self.quoted(symbol, now_ms)

    def reached(self, listing: Listing[RulesT], bar: Bar) -> bool:
        """Whether a bar traded beyond an account's resting order; the crowd withdraws for it."""
        listing.withdraw_crowd()
        bid, ask = listing.book.best_bid, listing.book.best_ask
        return (bid is not None and bar.low < listing.price(bid)) or (
            ask is not None and bar.high > listing.price(ask)
        )

    def live_through(self, listing: Listing[RulesT], bar: Bar, time_ms: int) -> None:
        """Let a bar that is over do what it does to open orders."""
        self.fill_through(listing, bar, time_ms)

    def fill_through(self, listing: Listing[RulesT], bar: Bar, time_ms: int) -> None:
        """Fill resting orders that a bar of the market traded through, at their own prices.

        Assumes: an order fills when the market traded strictly beyond its price in a bar that opened after it was
        placed, at the bar's end, and all such orders of a side together get no more than the bar's volume.
        """
        listing.withdraw_crowd()
        listing.looked = -1
        for bid in (True, False):
            left = listing.lots(bar.volume)
            for resting in list(listing.book.orders(bid)):
                price = listing.price(resting.price)
                if not left or (price <= bar.low if bid else price >= bar.high):
                    break
                while left and listing.book.get(resting.id) is resting:
                    if self.office.orders.of_id(self.books, resting.id).working_ms > bar.open_ms:
                        break
                    lots = min(left, resting.lots)
                    left -= lots
                    self._trade(listing, None, resting, lots, time_ms)
                    self.note_book(listing, time_ms)

    def purse(self, holder: Holder, quote_asset: str, now_ms: int) -> Purse | None:
        """Open the BNB that an account pays this market's fees from; None where it does not."""
        office = self.office
        if not office.accounts.burns_bnb(holder.account, self.books):
            return None
        free = self.free_bnb(holder)
        if free <= 0:
            return None
        price = office.prices.bnb(quote_asset, now_ms)
        return None if price is None else Purse(free, price, BNB_MULTIPLIER[self.books])

    def value(self, listing: Listing[RulesT], quantity: Decimal, price: Decimal) -> Decimal:
        """Tell what a quantity is worth at a price, in the asset that pays for it."""
        return quantity * price

    @abstractmethod
    def free_bnb(self, holder: Holder) -> Decimal:
        """BNB free for fees."""

    def rates(self, account: str, symbol: str) -> Rates:
        """Fee rates of an account."""
        self.listing(symbol)
        return self.office.accounts.rates(account, self.books)

    # ------------------------------------------------------------------------------------------------------------
    def _match(self, listing: Listing[RulesT], draft: Draft, now_ms: int) -> list[TradeRecord]:
        order, plan, trades = draft.order, draft.plan, list[TradeRecord]()
        while True:
            for own in plan.expired:
                if own is not plan.met:
                    expire_own(self, listing, order, own, now_ms)
            for resting, lots in plan.fills:
                if resting.lots < lots or listing.book.get(resting.id) is not resting:
                    break  # an earlier fill shrank it: look again
                trades.append(self._trade(listing, order, resting, lots, now_ms))
            else:
                for own, lots in plan.decrements:
                    decrement(self, listing, order, own, lots, now_ms)
                draft.plan = plan
                return trades
            assert draft.lots is not None
            left = draft.lots - listing.lots(order.executed + order.terms.prevented)
            plan = listing.book.plan(
                order.side == "BUY",
                owner=order.account,
                lots=left,
                limit=draft.limit,
                prevention=order.self_trade_prevention,
            )

    def _take_for_crowd(self, listing: Listing[RulesT], resting: Resting, lots: int, now_ms: int) -> None:
        self._trade(listing, None, resting, lots, now_ms)

    def _trade(
        self, listing: Listing[RulesT], taker: OrderRecord | None, resting: Resting, lots: int, now_ms: int
    ) -> TradeRecord:
        """Trade with a resting order; the crowd takes where there is no taker. The taker's fill, else the maker's."""
        office = self.office
        price, quantity = listing.price(resting.price), listing.quantity(lots)
        maker = None
        if resting.owner == CROWD:
            listing.take(resting.bid, resting.price, lots)
        else:
            maker = office.orders.of_id(self.books, resting.id)
            self.starting(maker, now_ms)
        if taker is not None and not taker.executed:
            self.starting(taker, now_ms)
        listing.book.fill(resting, lots)
        trade_id = office.ids.trade(self.books, now_ms)
        making, taking = self._holder(maker), self._holder(taker)
        buyer, seller = (making, taking) if resting.bid else (taking, making)
        self.deliver(listing, buyer, seller, price, quantity, now_ms)
        fills: list[TradeRecord] = []
        for order in (maker, taker):
            if order is not None:
                fill = self.charge(
                    listing,
                    order,
                    price,
                    quantity,
                    maker=order is maker,
                    trade_id=trade_id,
                    now_ms=now_ms,
                )
                self._filled(order, self.value(listing, quantity, price), quantity, now_ms)
                office.effects.trade(fill)
                fills.append(fill)
        self.follow(listing, sorted({buyer.account, seller.account} - {CROWD}), now_ms)
        if maker is not None:
            self.filled(maker, fills[:1], now_ms)
        return fills[-1]

    def _filled(self, order: OrderRecord, value: Decimal, quantity: Decimal, now_ms: int) -> None:
        order.executed += quantity
        order.quote_executed += value
        order.updated_ms = now_ms
        if order.remaining:
            order.status = "PARTIALLY_FILLED"
            self.office.effects.order(order)
        else:
            order.status = "FILLED"
            self.office.orders.close(order)
            self.office.effects.order(order)
            self.ended(order, now_ms)

    def _rest_or_expire(self, listing: Listing[RulesT], draft: Draft, now_ms: int) -> None:
        order = draft.order
        if draft.plan.halted:
            halt(self, listing, draft, now_ms)
        elif draft.exceeds:
            self.end(listing, order, "EXPIRED", EXCEEDED, now_ms)
        elif not order.price:
            self.end(listing, order, "EXPIRED", NO_LIQUIDITY, now_ms)
        elif order.time_in_force in ("IOC", "FOK"):
            reason = IOC_REST if order.time_in_force == "IOC" else FOK_UNFILLED
            self.end(listing, order, "EXPIRED", reason, now_ms)
        else:
            if order.terms.iceberg:
                order.terms = order.terms.but(entered=order.executed)
            listing.book.add(resting_of(listing, order))
            self.follow(listing, (order.account,), now_ms)

    def end(
        self,
        listing: Listing[RulesT],
        order: OrderRecord,
        status: str,
        reason: str | None,
        now_ms: int,
        *,
        match: int | None = None,
    ) -> None:
        """Close an order that will not fill further; `match` is the prevented trade that ended it."""
        if listing.book.remove(order.order_id) is not None:
            self.note_book(listing, now_ms)
        self.release(order, order.remaining, order.price)
        if match is not None:
            lost = order.terms.prevented + order.remaining
            order.terms = order.terms.but(prevented=lost, prevented_match_id=match)
        if order.quote_quantity and match is None:
            order.quantity = order.executed  # what it came to
        order.status = status
        order.expiry_reason = reason
        order.updated_ms = now_ms
        self.office.orders.close(order)
        self.office.effects.order(order)
        self.ended(order, now_ms)

    def note_book(self, listing: Listing[RulesT], now_ms: int) -> None:
        """Note that a book is another."""
        listing.changed(now_ms)
        self.office.effects.book(self.books, listing.symbol)

    def _holder(self, order: OrderRecord | None) -> Holder:
        return holder_of(CROWD, self.books) if order is None else holder_of(order.account, order.market)
