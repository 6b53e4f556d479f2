"""The USD-M market: perpetuals on margin. Fills change positions, and money moves only when profit is realized."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from decimal import Decimal

from msgspec.structs import replace

from atapi.domain.numbers import to_ledger
from atapi.matching.book import Plan
from atapi.matching.filters import Candidate, breach_of_um
from atapi.matching.ledger import CLEARING, FEES, FUNDING_POOL, Holder
from atapi.matching.ledger import holder as holder_of
from atapi.matching.margin import max_leverage, max_notional
from atapi.matching.models.fees import BNB, RPI_RATE, Fee, fee
from atapi.paper.backoffice import Backoffice
from atapi.paper.cost_to_open import check_margin
from atapi.paper.feeds.base import PerpetualRules, Series
from atapi.paper.funding_payments import FundingPayment
from atapi.paper.listing import Listing
from atapi.paper.market import Draft, Market
from atapi.paper.marks import Marks
from atapi.paper.new_orders import check_form
from atapi.paper.order_terms import PLAIN
from atapi.paper.records import (
    ZERO,
    IncomeRecord,
    OrderRecord,
    PositionRecord,
    Refusal,
    SettledFunding,
    TradeRecord,
)
from atapi.paper.reduce_only import follow_position
from atapi.paper.um_accounts import UmAccounts
from atapi.paper.um_matching import RESTING, asked_price, draft_of
from atapi.paper.um_modes import BOTH, LONG, OPENS, SHORT
from atapi.paper.views import Submit

LIQUIDATION, ADL = "LIQUIDATION", "ADL"
FORCES = (*RESTING, "IOC", "FOK")
REDUCING = ("PRE_SETTLE",)  # statuses in which orders may only reduce
LEAST_LIFE_MS = 600_000  # of a GTD order
LAST_MS = 253_402_300_799_000
ONE_WAY, HEDGES = (BOTH,), (LONG, SHORT)


class UmMarket(Market[PerpetualRules]):
    """Orders for perpetuals."""

    name = books = "um"
    series = Series.UM

    def __init__(
        self, office: Backoffice, rules: Mapping[str, PerpetualRules], accounts: UmAccounts, marks: Marks
    ) -> None:
        super().__init__(office, rules)
        self.accounts = accounts
        self.positions = accounts.positions
        self.modes = accounts.modes
        self.dated: dict[int, int] = {}  # id of an open order -> when it expires
        self.on_trade: list[
            Callable[[str, str, int], None]
        ] = []  # told account, symbol and time of each trade
        self.on_end: list[Callable[[OrderRecord, int], None]] = []  # told of each order that ends, and when
        self._marks = marks

    def check_mode(self, account: str, submit: Submit) -> Submit:
        """Hold an order against the account's position mode; one that leaves a hedged leg only reduces."""
        hedged = self.modes.hedged(account)
        if (submit.position_side == BOTH) == hedged:
            raise Refusal(-4061, "Order's position side does not match user's setting.")
        if not hedged:
            return submit
        if submit.reduce_only is not None:
            raise Refusal(-1106, "Parameter 'reduceonly' sent when not required.")
        return replace(submit, reduce_only=OPENS[submit.position_side] != submit.side)

    def mark(self, symbol: str, now_ms: int) -> Decimal | None:
        """Tell a mark price; None where nothing of the perpetual has a price."""
        return self._marks.at(symbol, now_ms)

    def ended(self, order: OrderRecord, now_ms: int) -> None:
        """Tell those who wait for an order's end."""
        self.dated.pop(order.order_id, None)
        for tell in self.on_end:
            tell(order, now_ms)

    def admit(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Judge an order as it came from its owner: one with an end must have some time until then."""
        check_life(submit.time_in_force, submit.terms.good_till_ms, now_ms)
        return self.judge(account, submit, now_ms)

    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it: symbol, mode, filters, client id, position, margin."""
        check_form(submit, ("LIMIT", "MARKET"), FORCES)
        listing = self.quoted(submit.symbol, now_ms)
        rules, orders = listing.rules, self.office.orders
        mark = self._marks.at(submit.symbol, now_ms)
        submit = self.check_mode(account, submit)
        only_reduces = bool(submit.reduce_only) and rules.status in REDUCING
        if mark is None or not (
            rules.status == "TRADING" or only_reduces
        ):  # halted, ending, or not listed yet
            raise Refusal(-4140, "Invalid symbol status for opening position")
        price = asked_price(listing, submit)
        candidate = Candidate(
            side=submit.side,
            price=price,
            quantity=submit.quantity,
            reference=mark,
            open_orders=orders.count(account, self.name, submit.symbol),
            reduce_only=bool(submit.reduce_only),
        )
        breach = breach_of_um(rules, candidate)
        if breach is not None:
            raise Refusal(*breach)
        if submit.client_order_id and orders.has_client_id(
            self.name, account, submit.symbol, submit.client_order_id
        ):
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        draft = draft_of(self, listing, account, submit, price, mark, now_ms)
        if not submit.reduce_only:
            last = self.office.prices.last(self.series, submit.symbol, now_ms)
            check_margin(self, listing, draft, mark, last, now_ms)
        return draft

    def reserve(self, order: OrderRecord, plan: Plan | None) -> None:
        """Count an open order's notional; its margin follows from that."""
        self._count(order, ZERO, order.remaining)
        if order.time_in_force == "GTD":
            self.dated[order.order_id] = order.terms.good_till_ms

    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Count a part of an order's notional out."""
        self._count(order, order.remaining, order.remaining - quantity)

    def deliver(
        self,
        listing: Listing[PerpetualRules],
        buyer: Holder,
        seller: Holder,
        price: Decimal,
        quantity: Decimal,
        now_ms: int,
    ) -> None:
        """Deliver nothing: a perpetual is a promise between each side and the clearing account."""

    def charge(
        self,
        listing: Listing[PerpetualRules],
        order: OrderRecord,
        price: Decimal,
        quantity: Decimal,
        *,
        maker: bool,
        trade_id: int,
        now_ms: int,
    ) -> TradeRecord:
        """Change the position, post what it realized, take the fee."""
        self.release(order, quantity, price)
        account, asset = order.account, listing.rules.margin_asset
        signed = quantity if order.side == "BUY" else -quantity
        cost, worth = self._fee(order, asset, self.value(listing, quantity, price), maker, now_ms)
        isolated = self.modes.isolated(account, order.symbol)
        realized = self.positions.fill(
            account,
            order.symbol,
            order.position_side,
            signed,
            price,
            now_ms,
            fee=worth,
            leverage=self.modes.leverage(account, order.symbol) if isolated else None,
        )
        if realized:
            self.pay(account, order.symbol, "REALIZED_PNL", CLEARING, asset, realized, trade_id, now_ms)
        if cost.amount:
            self.pay(account, order.symbol, "COMMISSION", FEES, cost.asset, -cost.amount, trade_id, now_ms)
        return TradeRecord(
            market=self.name,
            account=account,
            trade_id=trade_id,
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            price=price,
            quantity=quantity,
            fee=cost.amount,
            fee_asset=cost.asset,
            realized=realized,
            maker=maker,
            position_side=order.position_side,
            time_ms=now_ms,
        )

    def _fee(
        self, order: OrderRecord, asset: str, notional: Decimal, maker: bool, now_ms: int
    ) -> tuple[Fee, Decimal]:
        """Price a fill: its fee, and what that is worth in the margin asset."""
        rates = self.rates(order.account, order.symbol)
        rate = rates.taker if not maker else RPI_RATE if order.time_in_force == "RPI" else rates.maker
        purse = self.purse(holder_of(order.account, self.name), asset, now_ms)
        cost = fee(
            rate=ZERO if order.terms.forced else rate,  # a liquidation pays a fee of its own, ADL none
            received=notional,
            asset=asset,
            notional=notional,
            purse=purse,
        )
        in_bnb = purse is not None and cost.asset != asset
        return cost, to_ledger(cost.amount * purse.price) if purse is not None and in_bnb else cost.amount

    def follow(self, listing: Listing[PerpetualRules], accounts: Iterable[str], now_ms: int) -> None:
        """Keep reduce-only orders within the position: cut the one that no longer fits, expire those beyond."""
        for account in accounts:
            for tell in self.on_trade:
                tell(account, listing.symbol, now_ms)
            for side in HEDGES if self.modes.hedged(account) else ONE_WAY:
                follow_position(self, listing, account, side, now_ms)

    def settle_funding(self, funding: SettledFunding) -> None:
        """Pay a funding: rate * value at the mark of each position, from the longs where it is positive."""
        rules = self.rules[funding.symbol]
        for position in list(self.positions.in_symbol(funding.symbol)):
            notional = rules.contract.value(position.quantity, funding.mark_price)
            amount = -to_ledger(funding.rate * notional)
            if not amount:
                continue
            if position.isolated:
                self.positions.add_margin(position, amount, funding.time_ms)
            self.pay(
                position.account,
                funding.symbol,
                "FUNDING_FEE",
                FUNDING_POOL,
                rules.margin_asset,
                amount,
                None,
                funding.time_ms,
            )
            self.office.effects.funding_payment(self._payment(position, funding, amount))
        self.office.effects.funding(funding)

    def _payment(self, position: PositionRecord, funding: SettledFunding, amount: Decimal) -> FundingPayment:
        asset, account = self.rules[position.symbol].margin_asset, position.account
        wallet = self.accounts.balance(account, asset)
        return FundingPayment(
            account=account,
            market=self.name,
            symbol=position.symbol,
            asset=asset,
            amount=amount,
            wallet=wallet,
            cross_wallet=wallet - self.positions.isolated_margin(account, asset),
            mark_price=funding.mark_price,
            position=copy(position) if position.isolated else None,
            time_ms=funding.time_ms,
        )

    def expire(self, order_id: int, reason: str | None, now_ms: int) -> None:
        """End an open order without its owner."""
        order = self.office.orders.of_id(self.name, order_id)
        self.end(self.listing(order.symbol), order, "EXPIRED", reason, now_ms)

    def force(
        self,
        position: PositionRecord,
        quantity: Decimal,
        price: Decimal,
        cause: str,
        client_id: str,
        now_ms: int,
    ) -> tuple[OrderRecord, list[TradeRecord]]:
        """Enter an order of the exchange's own that closes so much of a position at a price or better; and its fills.

        It matches like any IOC order but is judged by no rule. What is left of it stays open: `fill_off_book` is to
        end it.
        """
        listing, bid = self.quoted(position.symbol, now_ms), position.quantity < 0
        order = OrderRecord(
            market=self.name,
            account=position.account,
            order_id=self.office.ids.order(self.name),
            client_order_id=client_id,
            symbol=position.symbol,
            side="BUY" if bid else "SELL",
            type="LIMIT",
            time_in_force="IOC",
            price=price,
            quantity=quantity,
            reduce_only=True,
            position_side=position.position_side,
            terms=PLAIN.but(forced=cause),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        self.office.orders.add(order)
        self.office.effects.order(order)
        fills: list[TradeRecord] = []
        if cause == LIQUIDATION:
            lots, limit = listing.lots(quantity), listing.ticks(price)
            plan = listing.book.plan(bid, owner=order.account, lots=lots, limit=limit)
            fills = self._match(listing, Draft(order, plan, limit, lots), now_ms)
            if fills:
                self.note_book(listing, now_ms)
                self._quotes.remember(listing)
        return order, fills

    def fill_off_book(self, order: OrderRecord, price: Decimal, trade_id: int, now_ms: int) -> None:
        """Fill what is left of an order at a price that the exchange sets, with no order on the other side."""
        listing, quantity = self.listing(order.symbol), order.remaining
        order.terms = order.terms.but(off_book=True)
        trade = self.charge(listing, order, price, quantity, maker=False, trade_id=trade_id, now_ms=now_ms)
        self._filled(order, self.value(listing, quantity, price), quantity, now_ms)
        self.office.effects.trade(trade)
        self.follow(listing, (order.account,), now_ms)

    def set_leverage(self, account: str, symbol: str, leverage: int, now_ms: int) -> None:
        """Set leverage, where the symbol, the exposure and the balance allow it."""
        listing = self.listing(symbol)
        brackets = listing.rules.brackets
        if not 1 <= leverage <= max_leverage(brackets):
            raise Refusal(-4028, f"Leverage {leverage} is not valid")
        mark = self._marks.at(symbol, now_ms) or ZERO
        exposed = self.accounts.exposure(account, symbol, mark)
        if exposed > max_notional(brackets, leverage):
            raise Refusal(-2027, "Exceeded the maximum allowable position at current leverage.")
        present = self.modes.leverage(account, symbol)
        if leverage < present and any(p.isolated for p in self.positions.legs(account, symbol)):
            raise Refusal(
                -4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions"
            )
        needed = exposed / leverage - exposed / present
        if (
            needed > 0
            and needed > self.accounts.totals(account, listing.rules.margin_asset, now_ms).available
        ):
            raise Refusal(-2028, "Leverage is smaller than permitted: insufficient margin balance.")
        self.office.accounts.set_leverage(account, symbol, leverage)
        self.office.effects.configured(account, {"ac": {"s": symbol, "l": leverage}})

    def value(self, listing: Listing[PerpetualRules], quantity: Decimal, price: Decimal) -> Decimal:
        """Tell what a quantity is worth, in the margin asset."""
        return listing.rules.contract.value(quantity, price)

    def matched(self, listing: Listing[PerpetualRules], plan: Plan) -> Decimal:
        """Tell what the lots that an order would take are worth, in the margin asset."""
        return plan.value * listing.unit

    def free_bnb(self, holder: Holder) -> Decimal:
        """BNB in the futures wallet."""
        return self.office.wallets.balance(holder, BNB)

    # ------------------------------------------------------------------------------------------------------------
    def _count(self, order: OrderRecord, before: Decimal, after: Decimal) -> None:
        # The difference of two values, so that what was counted in is counted out again to the last digit.
        if order.type != "MARKET" and not order.reduce_only and before != after:
            value = self.rules[order.symbol].contract.value
            notional = value(after, order.price) - value(before, order.price)
            self.accounts.rest(order.account, order.symbol, order.side, notional)

    def pay(
        self,
        account: str,
        symbol: str,
        kind: str,
        pool: str,
        asset: str,
        amount: Decimal,
        trade_id: int | None,
        time_ms: int,
    ) -> None:
        office = self.office
        mine, other = holder_of(account, self.name), holder_of(pool, self.name)
        office.wallets.move(kind, time_ms, other, mine, asset, amount)
        office.effects.income(
            IncomeRecord(
                account=account,
                market=self.name,
                income_id=office.ids.income(),
                symbol=symbol,
                kind=kind,
                amount=amount,
                asset=asset,
                trade_id=trade_id,
                time_ms=time_ms,
            )
        )


def check_life(time_in_force: str | None, good_till_ms: int, now_ms: int) -> None:
    """Refuse an order that would end too soon, or never.

    Raises:
        Refusal: -5040.
    """
    if time_in_force == "GTD" and not now_ms + LEAST_LIFE_MS < good_till_ms < LAST_MS:
        raise Refusal(
            -5040,
            "The goodTillDate timestamp must be greater than the current time plus 600 seconds and smaller than "
            f"{LAST_MS}",
        )
