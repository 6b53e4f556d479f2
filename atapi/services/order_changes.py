"""Orders that exist: canceled, and changed where they rest. A cancel is believed when the order itself says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.amounts import Amount
from atapi.domain.instruments import Instrument, Market
from atapi.domain.numbers import plain
from atapi.domain.orders import Amendment, OrderStatus
from atapi.errors import OutcomeUnknown, Refused, UsageError, VenueError
from atapi.execution.effects import Attempt, AttemptState, NeverSent, Rejected
from atapi.execution.order_engines import (
    AMEND,
    CANCEL,
    CANCEL_FOREIGN,
    amend_text,
    amending,
    cancel_foreign_text,
    canceling,
    canceling_foreign,
    order_text,
)
from atapi.services.order_finder import VENUE_WORDS, KnownOrder, OrderFinder
from atapi.services.order_plan import base_quantity, check_lot, check_minimum, check_price
from atapi.services.recovery import Recovery
from atapi.services.symbols import spellings
from atapi.services.trading import TradingService


@dataclass(frozen=True, slots=True, kw_only=True)
class CanceledOrder:
    """An order that was to be canceled, and how it ended."""

    id: str
    market: Market
    symbol: str
    status: str  # the venue's word for how it ended: CANCELED, or FILLED where a fill came first
    filled: Decimal  # base asset


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPlan:
    """What is to be canceled, and what is left alone."""

    orders: tuple[KnownOrder, ...]
    foreign: tuple[KnownOrder, ...] = ()  # not made by atapi, and not asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelReport:
    """What became of it."""

    ended: tuple[CanceledOrder, ...]
    left: tuple[str, ...]  # ids of orders that may still be live


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendPlan:
    """A change before it is sent."""

    known: KnownOrder
    attempt: Attempt
    instrument: Instrument
    amendment: Amendment


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanges:
    """Cancels and changes orders."""

    finder: OrderFinder
    trading: TradingService
    recovery: Recovery

    # --- canceling ----------------------------------------------------------------------------------------------
    def plan_cancel(self, typed: Sequence[str], *, market: Market | None = None) -> CancelPlan:
        """Find what some words mean: ids of orders, anybody's, or symbols, in which only atapi's own are meant.

        Raises:
            Refused: One means nothing that is open.
            UsageError: One means several orders.
        """
        self.recovery.run()
        orders: dict[tuple[Market, str], KnownOrder] = {}
        foreign: dict[tuple[Market, str], KnownOrder] = {}
        for word in typed:
            if self.finder.matching(word, market=market):
                found = self.finder.find(word, market=market)
                _check_open(found)
                orders[found.market, found.client_order_id] = found
                continue
            here = self._in_symbol(word, market)
            orders |= {(k.market, k.client_order_id): k for k in here if k.ours}
            foreign |= {(k.market, k.client_order_id): k for k in here if not k.ours}
            if not any(k.ours for k in here):
                raise _nothing(word, here)
        return CancelPlan(orders=tuple(orders.values()), foreign=tuple(foreign.values()))

    def plan_all(self, *, market: Market | None = None, foreign: bool = False) -> CancelPlan:
        """List every open order of atapi's, and with `foreign` everybody's."""
        self.recovery.run()
        live = [k for k in self.finder.live(market=market) if k.attempt is not None or k.order is not None]
        chosen = tuple(k for k in live if k.ours or foreign)
        return CancelPlan(orders=chosen, foreign=tuple(k for k in live if not k.ours and not foreign))

    def cancel(self, plan: CancelPlan) -> CancelReport:
        """Cancel one after the other and tell how each ended; one that stays unclear does not stop the others."""
        ended: list[CanceledOrder] = []
        left: list[str] = []
        for known in plan.orders:
            try:
                ended.append(self._cancel(known))
            except (OutcomeUnknown, VenueError):
                left.append(known.id)
        return CancelReport(ended=tuple(ended), left=tuple(left))

    def cancel_one(self, known: KnownOrder) -> CanceledOrder:
        """Cancel one order.

        Raises:
            OutcomeUnknown: How it ended is unproven.
            VenueError: The venue will not cancel it; it rests.
        """
        return self._cancel(known)

    # --- changing -----------------------------------------------------------------------------------------------
    def plan_amend(
        self, typed: str, *, price: Decimal | None, amount: Amount | None, market: Market | None = None
    ) -> AmendPlan:
        """Plan a change of an order of atapi's.

        Raises:
            Refused: It is not ours, not open, or cannot become this; nothing was sent.
        """
        self.recovery.run()
        known = self.finder.find(typed, market=market)
        _check_open(known)
        attempt, order = known.attempt, known.order
        if attempt is None or order is None:
            raise Refused(f"order {known.id} is not one that atapi made here", hint=f"cancel {known.id}")
        instrument = self.trading.symbols.find(order.symbol, market=order.market)
        quantity = order.quantity if amount is None else self._quantity(instrument, amount)
        amendment = Amendment(
            market=order.market,
            symbol=order.symbol,
            side=order.side,
            client_order_id=order.client_order_id,
            quantity=quantity,
            price=order.price if price is None else price,
        )
        plan = AmendPlan(known=known, attempt=attempt, instrument=instrument, amendment=amendment)
        _check_change(plan)
        self.trading.limits.check_change(amendment)
        return plan

    def amend(self, plan: AmendPlan) -> Attempt:
        """Change it, once, and tell how it stands.

        Raises:
            Refused: It ended before it could be changed.
            VenueError: The venue refused the change; the order is as it was.
            OutcomeUnknown: What became of it is unproven.
        """
        base = plan.instrument.base_asset
        attempt = plan.attempt
        done = self.trading.carry_out(
            AMEND, amend_text(plan.amendment, base), amending(attempt, plan.amendment, base), of=attempt
        )
        if done.changed:
            return done.attempt
        if done.attempt.state.settled:
            raise Refused(
                f"order {plan.known.id} ended before it could be changed: {done.attempt.state},"
                f" {plain(done.attempt.executed)} filled",
                hint=f"order {plan.known.id}",
            )
        if isinstance(done.refused, Rejected) and done.refused.ours:
            raise Refused(done.refused.message, hint="limits")
        if isinstance(done.refused, Rejected):
            code = done.refused.code
            raise VenueError(f"Binance refused the change ({code}): {done.refused.message}", code=code)
        why = done.refused.message if isinstance(done.refused, NeverSent) else "the exchange did not make it"
        raise Refused(f"order {plan.known.id} is as it was: {why}", hint=f"order {plan.known.id}")

    # --- inside -------------------------------------------------------------------------------------------------
    def _in_symbol(self, word: str, market: Market | None) -> list[KnownOrder]:
        [symbol] = spellings([word]) or [""]
        known = {*self.finder.spot.instruments(), *self.finder.futures.instruments()}
        if symbol not in known:
            raise Refused(f"no order '{word}'", hint="orders lists them")
        return self.finder.live(market=market, symbols=[symbol])

    def _cancel(self, known: KnownOrder) -> CanceledOrder:
        if known.attempt is not None:
            base = self.finder.base_asset(known.market, known.symbol)
            row = known.attempt
            ended = self.trading.carry_out(CANCEL, order_text(row, base), canceling(row, base), of=row)
            order = self.finder.ask(ended)
            status = order.status if order is not None else _status(ended)
            return _ended(known, status, ended.executed)
        done = self.trading.carry_out(
            CANCEL_FOREIGN,
            cancel_foreign_text(known.market, known.symbol, known.client_order_id),
            canceling_foreign(known.market, known.symbol, known.client_order_id),
        )
        if done.refused is not None:
            code = done.refused.code
            raise VenueError(f"Binance would not cancel it ({code}): {done.refused.message}", code=code)
        if done.order is None:
            return _ended(known, "no longer shown", Decimal(0))
        return _ended(known, done.order.status, done.order.filled)

    def _quantity(self, instrument: Instrument, amount: Amount) -> Decimal:
        exact = base_quantity(instrument, amount) if amount.asset is not None else None
        if exact is None:
            base = instrument.base_asset.lower()
            raise UsageError("--qty is of the base asset", hint=f"0.01{base}")
        check_lot(instrument, exact)
        return exact


def _check_open(known: KnownOrder) -> None:
    if known.order is not None and known.order.status.final:
        raise Refused(
            f"order {known.id} is {known.order.status}: nothing to do", hint=f"order {known.client_order_id}"
        )
    if known.order is None and known.attempt is not None and known.attempt.state.settled:
        raise Refused(
            f"order {known.id} is {known.attempt.state}: nothing to do", hint=f"order {known.client_order_id}"
        )


def _check_change(plan: AmendPlan) -> None:
    order, new, instrument = plan.known.order, plan.amendment, plan.instrument
    assert order is not None
    check_price(instrument, new.price)
    if (new.quantity, new.price) == (order.quantity, order.price):
        raise Refused(f"order {plan.known.id} is so already", hint="--price, --qty or both")
    if new.quantity <= order.filled:
        raise Refused(
            f"{plain(order.filled)} of order {plan.known.id} has filled; a quantity of {plain(new.quantity)} leaves nothing",
            hint=f"cancel {plan.known.id}",
        )
    if order.market is not Market.UM and new.quantity > order.quantity:
        side, more = order.side.lower(), plain(new.quantity - order.quantity)
        raise Refused(
            f"{VENUE_WORDS[order.market]} makes an order only smaller",
            hint=f"{side} {order.symbol} {more}{instrument.base_asset.lower()} --price {plain(new.price)} --again",
        )
    if order.market is not Market.UM and new.price != order.price:
        side, rest = order.side.lower(), plain(new.quantity - order.filled)
        raise Refused(
            f"{VENUE_WORDS[order.market]} changes only the quantity where an order rests",
            hint=f"cancel {plan.known.id}; {side} {order.symbol} {rest}{instrument.base_asset.lower()} --price {plain(new.price)}",
        )
    check_minimum(instrument, new.quantity, new.price, exempt=order.reduce_only)


def _nothing(word: str, here: Sequence[KnownOrder]) -> Refused:
    if here:
        ids = ", ".join(k.id for k in here[:3])
        return Refused(
            f"nothing of atapi's to cancel in {word.upper()}", hint=f"cancel {ids} names others' orders"
        )
    return Refused(f"nothing to cancel in {word.upper()}", hint="orders")


def _ended(known: KnownOrder, status: str, filled: Decimal) -> CanceledOrder:
    return CanceledOrder(
        id=known.id, market=known.market, symbol=known.symbol, status=str(status), filled=filled
    )


def _status(ended: Attempt) -> str:
    # the exchange forgets an order that ended with nothing executed
    return OrderStatus.CANCELED if ended.state is AttemptState.REJECTED else ended.state
