"""Completes a spread whose legs differ: the shorter leg is topped up to the longer one. It adds risk."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from atapi.clock import Clock
from atapi.domain.amounts import BPS
from atapi.domain.instruments import Instrument, Market
from atapi.domain.market import Depth
from atapi.domain.numbers import ZERO, ceil_to, floor_to, plain
from atapi.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, LegPlan, Spread, SpreadState
from atapi.errors import Refused
from atapi.execution.effects import Attempt
from atapi.execution.executor import Executor
from atapi.execution.order import OrderTerms
from atapi.execution.order_engines import PLACE, placing
from atapi.services.evening import tolerance
from atapi.services.hedging import Hedging
from atapi.services.limits import LimitsService
from atapi.services.order_plan import check_minimum
from atapi.services.spread_plan import plan_leg
from atapi.services.spreads import BOOK_DEPTH, SpreadService
from atapi.services.trading import proven, refusal_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletePlan:
    """One order that makes the shorter leg as long as the other."""

    spread: Spread
    instrument: Instrument
    leg: LegPlan
    terms: OrderTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What became of it."""

    spread: Spread
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteService:
    """Tops up the shorter leg of a spread."""

    spreads: SpreadService
    hedging: Hedging
    limits: LimitsService
    executor: Executor
    clock: Clock

    def plan(self, symbol: str, *, max_slippage: Decimal) -> CompletePlan:
        """Plan it; reads only.

        Raises:
            Refused: No spread stands, its legs are even, or the order would be too small or too dear.
        """
        standing = self.hedging.standing(symbol)
        spread, pair = standing.spread, self.spreads.symbols.pair(symbol)
        if spread.reverse:
            raise Refused("a reverse spread is not topped up", hint=f"hedge {symbol}")
        if abs(standing.delta) < tolerance(pair):
            raise Refused(
                f"the legs of #{spread.spread_id} {symbol} differ by {plain(abs(standing.delta))}"
                f" {spread.base_asset}, less than one lot",
                hint=f"spreads --id {spread.spread_id}",
            )
        on_spot = standing.delta < 0
        instrument = pair.spot if on_spot else pair.perp
        if on_spot:
            fee = self.spreads.spot.fee_rates(instrument.symbol).taker  # kept in coins at worst
            quantity = ceil_to(-standing.delta / (1 - fee), instrument.lot_size)
        else:
            quantity = floor_to(standing.delta / pair.multiplier, instrument.lot_size)
        side = Side.BUY if on_spot else Side.SELL
        leg = plan_leg(instrument, side, quantity, self._book(instrument), ZERO, max_slippage)
        check_minimum(instrument, quantity, leg.expected_price, exempt=False)
        if leg.slippage > max_slippage:
            raise Refused(
                f"expected slippage {leg.slippage / BPS:.1f}bp is over {max_slippage / BPS:.1f}bp"
                f" at {leg.notional:.0f} {instrument.quote_asset}",
                hint="--max-slippage",
            )
        plan = CompletePlan(
            spread=spread, instrument=instrument, leg=leg, terms=_terms(instrument, leg, on_spot=on_spot)
        )
        self.limits.check([_request(plan)])
        return plan

    def run(self, plan: CompletePlan) -> Completed:
        """Send it, as a part of the spread.

        Raises:
            Refused: Nothing filled.
            VenueError: The venue refused it; the spread is as it was.
            OutcomeUnknown: Its fate is unproven.
        """
        spread_id, terms = plan.spread.spread_id, plan.terms
        intent_id, placed = proven(
            lambda: self.executor.run(
                PLACE, terms.as_text(), placing(terms), at=self.clock.now(), spread_id=spread_id
            )
        )
        if not placed.executed:
            raise refusal_of(placed, terms)
        journal = self.executor.journal
        return Completed(spread=journal.spread(spread_id), attempts=tuple(journal.attempts(intent_id)))

    def _book(self, instrument: Instrument) -> Depth:
        venue = self.spreads.spot if instrument.market is Market.SPOT else self.spreads.futures
        return venue.depth(instrument.symbol, BOOK_DEPTH)


def _terms(instrument: Instrument, leg: LegPlan, *, on_spot: bool) -> OrderTerms:
    return OrderTerms(
        market=instrument.market,
        symbol=instrument.symbol,
        base_asset=instrument.base_asset,
        lot_size=instrument.lot_size,
        side=leg.side,
        quantity=leg.quantity,
        tries=(leg.limit_price,),
        time_in_force=TimeInForce.IOC,
        leg=LegName.SPOT_ENTRY if on_spot else LegName.PERP_ENTRY,
        leaves=SpreadState.HEDGED,
    )


def _request(plan: CompletePlan) -> OrderRequest:
    terms = plan.terms
    return OrderRequest(
        market=terms.market,
        symbol=terms.symbol,
        side=terms.side,
        type=OrderType.LIMIT,
        quantity=terms.quantity,
        price=terms.tries[0],
        time_in_force=terms.time_in_force,
        client_order_id="",  # not made yet
    )
