"""The USD-M market: perpetuals on margin. Fills change positions, and money moves only when profit is realized."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from atapi.domain.numbers import ceil_to, to_ledger
from atapi.matching.book import Plan
from atapi.matching.filters import Candidate, breach_of_um
from atapi.matching.ledger import CLEARING, FEES, FUNDING_POOL, Holder
from atapi.matching.margin import max_leverage, max_notional
from atapi.matching.models.fees import BNB, fee
from atapi.paper.backoffice import Backoffice
from atapi.paper.feeds.base import PerpetualRules, Series
from atapi.paper.listing import Listing
from atapi.paper.market import Draft, Market, check_form, new_order
from atapi.paper.marks import Marks
from atapi.paper.records import ZERO, IncomeRecord, OrderRecord, Refusal, SettledFunding, TradeRecord
from atapi.paper.um_accounts import UmAccounts
from atapi.paper.views import Submit

REDUCED_AWAY = "REDUCE_ONLY"
ONE = Decimal(1)


class UmMarket(Market[PerpetualRules]):
    """Orders for perpetuals."""

    name = "um"
    series = Series.UM

    def __init__(
        self, office: Backoffice, rules: Mapping[str, PerpetualRules], accounts: UmAccounts, marks: Marks
    ) -> None:
        super().__init__(office, rules)
        self.accounts = accounts
        self._marks = marks

    def judge(self, account: str, submit: Submit, now_ms: int) -> Draft:
        """Say what an order would do, or refuse it: symbol, mode, filters, client id, position, margin."""
        check_form(submit, ("LIMIT", "MARKET"), ("GTC", "IOC", "FOK", "GTX"))
        listing = self.quoted(submit.symbol, now_ms)
        rules, orders = listing.rules, self.office.orders
        mark = self._marks.at(submit.symbol, now_ms)
        if rules.status != "TRADING" or mark is None:  # halted, or not listed yet
            raise Refusal(-4140, "Invalid symbol status for opening position")
        if submit.position_side != "BOTH":
            raise Refusal(-4061, "Order's position side does not match user's setting.")
        price = None if submit.type == "MARKET" else submit.price
        candidate = Candidate(
            side=submit.side,
            price=price,
            quantity=submit.quantity,
            reference=mark,
            open_orders=orders.count(account, self.name, submit.symbol),
            reduce_only=submit.reduce_only,
        )
        breach = breach_of_um(rules, candidate)
        if breach is not None:
            raise Refusal(*breach)
        if submit.client_order_id and orders.has_client_id(
            self.name, account, submit.symbol, submit.client_order_id
        ):
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        draft = self._draft(listing, account, submit, price, mark, now_ms)
        if not submit.reduce_only:
            self._check_margin(listing, draft, mark, now_ms)
        return draft

    def reserve(self, order: OrderRecord, plan: Plan | None) -> None:
        """Count an open order's notional; its margin follows from that."""
        self._count(order, ZERO, order.remaining)

    def release(self, order: OrderRecord, quantity: Decimal, price: Decimal) -> None:
        """Count a part of an order's notional out."""
        self._count(order, order.remaining, order.remaining - quantity)

    def deliver(
        self,
        listing: Listing[PerpetualRules],
        buyer: str,
        seller: str,
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
        realized = self.accounts.fill(account, order.symbol, signed, price, now_ms)
        if realized:
            self._pay(account, order.symbol, "REALIZED_PNL", CLEARING, asset, realized, trade_id, now_ms)
        rates, notional = self.rates(account, order.symbol), self.value(listing, quantity, price)
        cost = fee(
            rate=rates.maker if maker else rates.taker,
            received=notional,
            asset=asset,
            notional=notional,
            purse=self.purse(account, asset, now_ms),
        )
        if cost.amount:
            self._pay(account, order.symbol, "COMMISSION", FEES, cost.asset, -cost.amount, trade_id, now_ms)
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

    def follow(self, listing: Listing[PerpetualRules], accounts: Iterable[str], now_ms: int) -> None:
        """Keep reduce-only orders within the position: cut the one that no longer fits, expire those beyond."""
        for account in accounts:
            resting = [
                (order, listing.book.get(order.order_id))
                for order in self.office.orders.open(account, self.name, listing.symbol)
                if order.reduce_only
            ]
            if not resting:
                continue
            held = self.accounts.quantity(account, listing.symbol)
            left = abs(held)
            for order, lots in sorted(resting, key=lambda item: _priority(item[0])):
                if lots is None:
                    continue  # still being matched
                if not left or (order.side == "SELL") != (held > 0):
                    self.end(listing, order, "EXPIRED", REDUCED_AWAY, now_ms)
                elif order.remaining > left:
                    listing.book.fill(lots, listing.lots(order.remaining - left))
                    order.quantity = order.executed + left
                    order.updated_ms = now_ms
                    self.office.effects.order(order)
                    left = ZERO
                else:
                    left -= order.remaining

    def settle_funding(self, funding: SettledFunding) -> None:
        """Pay a funding: rate * value at the mark of each position, from the longs where it is positive."""
        rules = self.rules[funding.symbol]
        for position in self.accounts.in_symbol(funding.symbol):
            notional = rules.contract.value(position.quantity, funding.mark_price)
            amount = -to_ledger(funding.rate * notional)
            if not amount:
                continue
            self._pay(
                position.account,
                funding.symbol,
                "FUNDING_FEE",
                FUNDING_POOL,
                rules.margin_asset,
                amount,
                None,
                funding.time_ms,
            )
        self.office.effects.funding(funding)

    def set_leverage(self, account: str, symbol: str, leverage: int, now_ms: int) -> None:
        """Set leverage, where the symbol, the exposure and the balance allow it."""
        listing = self.listing(symbol)
        brackets = listing.rules.brackets
        if not 1 <= leverage <= max_leverage(brackets):
            raise Refusal(-4028, f"Leverage {leverage} is not valid")
        mark = self._marks.at(symbol, now_ms) or ZERO
        exposed = self.accounts.exposure(account, symbol, mark, side="BUY", notional=ZERO)
        if exposed > max_notional(brackets, leverage):
            raise Refusal(-2027, "Exceeded the maximum allowable position at current leverage.")
        needed = exposed / leverage - exposed / self.accounts.leverage(account, symbol)
        if (
            needed > 0
            and needed > self.accounts.totals(account, listing.rules.margin_asset, now_ms).available
        ):
            raise Refusal(-2028, "Leverage is smaller than permitted: insufficient margin balance.")
        self.office.accounts.set_leverage(account, symbol, leverage)

    def value(self, listing: Listing[PerpetualRules], quantity: Decimal, price: Decimal) -> Decimal:
        """Tell what a quantity is worth, in the margin asset."""
        return listing.rules.contract.value(quantity, price)

    def matched(self, listing: Listing[PerpetualRules], plan: Plan) -> Decimal:
        """Tell what the lots that an order would take are worth, in the margin asset."""
        return plan.value * listing.unit

    def free_bnb(self, account: str) -> Decimal:
        """BNB in the futures wallet."""
        return self.office.wallets.balance(Holder(account, self.name), BNB)

    # ------------------------------------------------------------------------------------------------------------
    def _draft(
        self,
        listing: Listing[PerpetualRules],
        account: str,
        submit: Submit,
        price: Decimal | None,
        mark: Decimal,
        now_ms: int,
    ) -> Draft:
        bid, band = submit.side == "BUY", listing.rules.price_band
        assert submit.quantity is not None
        quantity = submit.quantity
        if submit.reduce_only:
            held = self.accounts.quantity(account, submit.symbol)
            if not held or (held > 0) == bid:
                raise Refusal(-2022, "ReduceOnly Order is rejected.")
            quantity = min(quantity, abs(held))
        if price is None:  # no market order trades further from the mark than its bound
            worst = mark * (ONE + band if bid else ONE - band)
            limit = listing.ticks(worst if bid else ceil_to(worst, listing.tick))
            best = listing.book.best_ask if bid else listing.book.best_bid
            if best is not None and (best > limit if bid else best < limit):
                raise Refusal(
                    -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit"
                )
        else:
            limit = listing.ticks(price)
        lots = listing.lots(quantity)
        plan = listing.book.plan(
            bid, owner=account, lots=lots, limit=limit, prevention=submit.self_trade_prevention
        )
        if submit.time_in_force == "GTX" and not plan.quiet:
            raise Refusal(
                -5022,
                "Due to the order could not be executed as maker, the Post Only order will be rejected.",
            )
        if submit.time_in_force == "FOK" and plan.lots != listing.lots(submit.quantity):
            raise Refusal(
                -5021, "Due to the order could not be filled immediately, the FOK order has been rejected."
            )
        # One that may rest is cut to the position; one that may not keeps what was asked and expires with the rest.
        asked = quantity if submit.time_in_force in ("GTC", "GTX") else submit.quantity
        order = new_order(self.name, account, submit, price=price, quantity=asked, now_ms=now_ms)
        return Draft(order, plan, limit, lots)

    def _check_margin(
        self, listing: Listing[PerpetualRules], draft: Draft, mark: Decimal, now_ms: int
    ) -> None:
        order, accounts, rules = draft.order, self.accounts, listing.rules
        size = filled = listing.quantity(draft.plan.lots)
        notional = self.matched(listing, draft.plan)
        if order.type != "MARKET":  # what does not match is judged at its own price
            size, notional = (
                order.quantity,
                notional + self.value(listing, order.quantity - filled, order.price),
            )
        account, symbol = order.account, order.symbol
        before = accounts.exposure(account, symbol, mark, side=order.side, notional=ZERO)
        after = accounts.exposure(account, symbol, mark, side=order.side, notional=notional)
        if after <= before:
            return  # it only reduces
        leverage = accounts.leverage(account, symbol)
        if after > max_notional(rules.brackets, leverage):
            raise Refusal(-2027, "Exceeded the maximum allowable position at current leverage.")
        cost = (after - before) / leverage + self._open_loss(listing, order, size, notional, mark)
        if cost > accounts.totals(account, rules.margin_asset, now_ms).available:
            raise Refusal(-2019, "Margin is insufficient.")

    def _open_loss(
        self,
        listing: Listing[PerpetualRules],
        order: OrderRecord,
        size: Decimal,
        notional: Decimal,
        mark: Decimal,
    ) -> Decimal:
        # What the part that opens would lose at once, against the mark.
        held = self.accounts.quantity(order.account, order.symbol)
        closes = abs(held) if held and (held > 0) == (order.side == "SELL") else ZERO
        opens = max(ZERO, size - closes)
        if not opens:
            return ZERO
        contract = listing.rules.contract
        worse = (notional / size - contract.value(ONE, mark)) * contract.sign
        return opens * max(ZERO, worse if order.side == "BUY" else -worse)

    def _count(self, order: OrderRecord, before: Decimal, after: Decimal) -> None:
        # The difference of two values, so that what was counted in is counted out again to the last digit.
        if order.type != "MARKET" and not order.reduce_only and before != after:
            value = self.rules[order.symbol].contract.value
            notional = value(after, order.price) - value(before, order.price)
            self.accounts.rest(order.account, order.symbol, order.side, notional)

    def _pay(
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
        mine, other = Holder(account, self.name), Holder(pool, self.name)
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


def _priority(order: OrderRecord) -> tuple[Decimal, int]:
    return (order.price if order.side == "SELL" else -order.price, order.order_id)
