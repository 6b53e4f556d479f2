"""Single orders: planned, placed, followed. They go through `execution/` and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from atapi.clock import Clock
from atapi.domain.instruments import Instrument, Market
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Fill, OrderRequest, OrderType, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.errors import (
    AtapiError,
    AuthenticationError,
    OutcomeUnknown,
    Refused,
    VenueError,
    VenueUnreachable,
)
from atapi.exchanges.base import FuturesVenue, SpotVenue
from atapi.execution.effects import Attempt, AttemptState, Effect
from atapi.execution.executor import EngineOf, Executor, Transaction
from atapi.execution.ids import client_order_id
from atapi.execution.leg import Unproven
from atapi.execution.lifeline import Lifeline
from atapi.execution.order import OrderTerms, Placed, StillOpen
from atapi.execution.order_engines import FOLLOW, PLACE, following, order_text, placing
from atapi.services.evening import tolerance
from atapi.services.limits import LimitsService
from atapi.services.network import NetworkInfo
from atapi.services.order_finder import VENUE_WORDS, KnownOrder, OrderFinder
from atapi.services.order_plan import OrderFacts, OrderPlan, Wish, plan_order
from atapi.services.reconcile import ReconcileService
from atapi.services.recovery import Recovery
from atapi.services.spread_plan import free_of
from atapi.services.symbols import SymbolBook

T = TypeVar("T")
BOOK_DEPTH = 500  # levels read for a plan
KEY_CODES = (-1022, -2014, -2015)
MARGIN_CODES = (-2018, -2019)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """One order as it stands after it was sent."""

    attempts: tuple[Attempt, ...]
    fills: tuple[Fill, ...]
    spread: Spread | None = None  # whose leg it took

    @property
    def executed(self) -> Decimal:
        """What was executed, base asset."""
        return sum((a.executed for a in self.attempts), ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingService:
    """Places single orders."""

    symbols: SymbolBook
    spot: SpotVenue
    futures: FuturesVenue
    clock: Clock
    executor: Executor
    recovery: Recovery
    finder: OrderFinder
    info: NetworkInfo
    limits: LimitsService
    lifeline: Lifeline
    reconcile: ReconcileService

    def plan(self, symbol: str, wish: Wish, *, market: Market) -> OrderPlan:
        """Plan an order; reads only.

        Raises:
            Refused: Any reason not to; nothing was sent.
        """
        self.info.need_key(wish.side.lower())
        instrument = self.symbols.find(symbol, market=market)
        plan = plan_order(self._facts(instrument), wish)
        self.limits.check([_meant(plan)], asked=wish.amount)
        return plan

    def place(self, plan: OrderPlan, *, again: bool = False, dead_man: bool = False) -> OrderResult:
        """Place an order as planned.

        Args:
            again: Although one like it is not done.
            dead_man: Cancel it when this shell ends, however it ends.

        Raises:
            Refused: One like it is not done, or nothing filled.
            VenueError: The venue refused it; nothing changed.
            OutcomeUnknown: Its fate is unproven.
        """
        if plan.reducing:
            self.recovery.run()
        else:
            self.reconcile.before_order()
        self._check_switch(plan, dead_man=dead_man)
        self.executor.own()  # from here on nobody else can begin one like it
        if not again:
            self._refuse_a_second(plan)
        instrument = plan.instrument
        terms = OrderTerms(
            market=instrument.market,
            symbol=instrument.symbol,
            base_asset=instrument.base_asset,
            lot_size=instrument.lot_size,
            side=plan.side,
            quantity=plan.quantity,
            tries=(plan.limit,),
            time_in_force=plan.time_in_force,
            reduce_only=plan.reduce_only,
            reducing=plan.reducing,
            dead_man=dead_man,
            leg=_leg(plan),
            leaves=self._leaves(plan),
        )
        return self.send(terms, spread_id=plan.spread_id)

    def send(self, terms: OrderTerms, *, spread_id: int | None = None) -> OrderResult:
        """Send an order by its terms, as a leg of a spread where it is one.

        Raises:
            As `place` says.
        """
        held: list[str] = []

        def engine(of: Transaction) -> Generator[Effect, Any, Placed]:
            if terms.dead_man:  # held before it is sent
                held.append(client_order_id(of.instance, of.intent_id, terms.leg, 1))
                self.lifeline.hold(terms.market, terms.symbol, held[0])
            return placing(terms)(of)

        rests = True  # until it is known that it does not
        try:
            intent_id, placed = proven(
                lambda: self.executor.run(
                    PLACE, terms.as_text(), engine, at=self.clock.now(), spread_id=spread_id
                )
            )
            rests = placed.last is not None and placed.last.state is AttemptState.RESTING
        finally:
            for name in held:
                self.lifeline.sent(name, rests=rests)
        if placed.executed == 0 and not rests:
            raise refusal_of(placed, terms)
        journal = self.executor.journal
        rows = tuple(journal.attempts(intent_id))
        ids = {(row.request.market, row.order_id) for row in rows}
        spread = None if spread_id is None else journal.spread(spread_id)
        written = journal.order_fills() if spread is None else spread.fills
        fills = tuple(fill for _, fill in written if (fill.market, fill.order_id) in ids)
        return OrderResult(attempts=rows, fills=fills, spread=spread)

    def follow(self, attempt: Attempt) -> Attempt:
        """Bring the journal's row of a live order to date: ask how it stands.

        Raises:
            OutcomeUnknown: The venue cannot be asked.
        """
        base = self.finder.base_asset(attempt.request.market, attempt.request.symbol)
        return self.carry_out(FOLLOW, order_text(attempt, base), following(attempt, base), of=attempt)

    def news(self) -> list[str]:
        """Bring the journal's rows of resting orders to date, and say what became of those that changed.

        Raises:
            OutcomeUnknown: The venue cannot be asked.
        """
        told: list[str] = []
        if self.executor.holder() is not None:
            return told  # whoever trades says so
        for row in self.finder.unsettled():
            order = self.finder.ask(row)
            if order is None or not KnownOrder(attempt=row, order=order).differences:
                continue  # what is not shown is found out about when somebody asks: that may take a minute
            self.follow(row)
            told.append(
                f"order {order.order_id}, {order.side.lower()} {plain(order.quantity)} {order.symbol} at"
                f" {plain(order.price)}: {order.status}, {plain(order.filled)} filled"
            )
        return told

    def carry_out(
        self, kind: str, terms: dict[str, str], engine: EngineOf[T], *, of: Attempt | None = None
    ) -> T:
        """Run a transaction about an order that exists, as a part of the spread that the order belongs to, if any.

        Raises:
            OutcomeUnknown: Its fate is unproven.
        """
        spread_id = None if of is None else self.executor.journal.intent(of.intent_id).spread_id
        at = self.clock.now()
        return proven(lambda: self.executor.run(kind, terms, engine, at=at, spread_id=spread_id))[1]

    # --- inside -------------------------------------------------------------------------------------------------
    def _facts(self, instrument: Instrument) -> OrderFacts:
        symbol = instrument.symbol
        standing = [s for s in self.executor.spreads() if s.state is not SpreadState.FLAT]
        if instrument.market is Market.SPOT:
            balances = self.spot.balances()
            of = [s for s in standing if s.base_asset == instrument.base_asset and s.spot_quantity > 0]
            return OrderFacts(
                instrument=instrument,
                book=self.spot.depth(symbol, BOOK_DEPTH),
                taker_fee=self.spot.fee_rates(symbol).taker,
                base_free=free_of(balances, instrument.base_asset),
                quote_free=free_of(balances, instrument.quote_asset),
                needed=sum((s.spot_quantity for s in of), ZERO),
                spreads=_ids(of),
            )
        of = [s for s in standing if s.symbol == symbol and s.perp_quantity]
        return OrderFacts(
            instrument=instrument,
            book=self.futures.depth(symbol, BOOK_DEPTH),
            taker_fee=self.futures.fee_rates(symbol).taker,
            futures=self.futures.account(),
            position=sum((p.quantity for p in self.futures.positions([symbol])), ZERO),
            leverage=self.futures.leverage(symbol),
            needed=sum((s.perp_quantity for s in of), ZERO),
            spreads=_ids(of),
        )

    def _leaves(self, plan: OrderPlan) -> SpreadState | None:
        """What is left of the spread whose leg an order takes."""
        if plan.spread_id is None:
            return None
        spread = self.executor.journal.spread(plan.spread_id)
        pair = self.symbols.pair(spread.symbol)
        taken = plan.side.sign * plan.quantity
        on_spot = plan.instrument.market is Market.SPOT
        coins = spread.spot_quantity + (taken if on_spot else ZERO)
        perpetual = spread.perp_quantity + (ZERO if on_spot else taken)
        if not perpetual and coins < pair.spot.lot_size:
            return SpreadState.FLAT
        even = abs(coins + perpetual * pair.multiplier) < tolerance(pair)
        return SpreadState.HEDGED if even else SpreadState.EXPOSED

    def _check_switch(self, plan: OrderPlan, *, dead_man: bool) -> None:
        """See that the dead-man switch of a futures symbol would cancel no order that it is not meant for."""
        symbol, market = plan.instrument.symbol, plan.instrument.market
        if dead_man:
            self.lifeline.prepare(market)
        if market is not Market.UM or not plan.rests:
            return
        held = self.lifeline.held(market, symbol)
        if held and not dead_man:
            raise Refused(
                f"orders in {symbol} are under the dead-man switch, and this one would be canceled with them",
                hint="--dead-man puts it under the switch too",
            )
        others = [o for o in self.futures.open_orders(symbol) if o.client_order_id not in held]
        if dead_man and others:
            ids = ", ".join(o.order_id for o in others)
            raise Refused(
                f"the dead-man switch of {symbol} would cancel other open orders too: {ids}",
                hint=f"cancel {others[0].order_id}; or without --dead-man",
            )

    def _refuse_a_second(self, plan: OrderPlan) -> None:
        like = (plan.instrument.market, plan.instrument.symbol, plan.side)
        for row in self.finder.unsettled():
            request = row.request
            if (request.market, request.symbol, request.side) != like:
                continue
            now = self.follow(row)
            if not now.state.settled:
                at = f" at {plain(request.price)}" if request.price is not None else ""
                raise Refused(
                    f"an order to {request.side} {plain(request.quantity)} {request.symbol}{at} on"
                    f" {VENUE_WORDS[request.market]} is not done ({now.order_id or request.client_order_id})",
                    hint=f"--again sends another; cancel {now.order_id or request.client_order_id}",
                )


def proven(run: Callable[[], T]) -> T:
    """Run something on the order path; say what may be live where its end could not be proven.

    Raises:
        OutcomeUnknown: It could not.
    """
    try:
        return run()
    except Unproven as e:
        name = e.attempt.request.client_order_id
        raise no_answer(name) from e
    except StillOpen as e:
        raise no_answer(str(e)) from e


def no_answer(name: str) -> OutcomeUnknown:
    """Say that an order's fate could not be established, and what to do."""
    return OutcomeUnknown(
        f"no answer for order {name}; it may be live",
        hint=f"order {name}: asks Binance; nothing is sent twice",
    )


def refusal_of(placed: Placed, terms: OrderTerms) -> AtapiError:
    """Say why an order came to nothing."""
    row = placed.last
    if row is None:
        return Refused(placed.why, hint=f"nothing was sent; orders {terms.symbol}")
    if row.state is AttemptState.ABSENT:
        if row.reason.startswith("never sent"):
            return VenueUnreachable(row.reason, sent=False)
        return Refused(f"order {row.request.client_order_id} never reached the exchange: {row.reason}")
    if row.reason_code is not None:
        kind = AuthenticationError if row.reason_code in KEY_CODES else VenueError
        said = f"Binance refused the order ({row.reason_code}): {row.reason}"
        short = row.reason_code in MARGIN_CODES or "insufficient balance" in row.reason
        hint = f"balance --wallet {VENUE_WORDS[terms.market]}" if short else None
        return kind(said, code=row.reason_code, hint=hint)
    if row.order_id is None:
        return Refused(row.reason, hint="limits")
    if terms.time_in_force is TimeInForce.GTX:
        return Refused("a post-only order would have taken at once", hint=f"depth {terms.symbol}")
    limit = terms.tries[0]
    within = f" within {plain(limit)}" if limit is not None else ""
    return Refused(
        f"nothing filled{within}; {terms.symbol} is as it was",
        hint=f"depth {terms.symbol}; --max-slippage allows more",
    )


def _leg(plan: OrderPlan) -> LegName:
    if plan.spread_id is None:
        return LegName.ORDER
    return LegName.SPOT_EXIT if plan.instrument.market is Market.SPOT else LegName.PERP_EXIT


def _meant(plan: OrderPlan) -> OrderRequest:
    return OrderRequest(
        market=plan.instrument.market,
        symbol=plan.instrument.symbol,
        side=plan.side,
        type=OrderType.LIMIT,
        quantity=plan.quantity,
        price=plan.limit,
        time_in_force=plan.time_in_force,
        reduce_only=plan.reduce_only,
        reducing=plan.reducing,
        client_order_id="",  # not made yet
    )


def _ids(spreads: list[Spread]) -> tuple[int, ...]:
    return tuple(s.spread_id for s in spreads)
