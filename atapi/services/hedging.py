"""Evens the legs of a spread that the world has made uneven: the longer leg is reduced to the shorter.

It acts on what is really there. What the exchange closed by itself is the spread's before anything is sent; trades
made by hand become the spread's where they explain its position to the last digit. Whatever else lies in the account
is somebody else's and is not touched.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal

from atapi.domain.amounts import PERCENT
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Side
from atapi.domain.spreads import LegPlan, Pair
from atapi.errors import Refused
from atapi.execution.terms import CloseTerms
from atapi.services.evening import Evening, plan_evening
from atapi.services.guard_facts import Standing, standings
from atapi.services.guard_reader import GuardReader
from atapi.services.spread_plan import plan_leg
from atapi.services.spreads import BOOK_DEPTH, ClosePlan, SpreadService

SLIPPAGE = Decimal(1) * PERCENT  # what evening may pay beyond the touch


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedging:
    """Plans what mends a spread: a closing of which one leg is nothing, or of what is really there."""

    spreads: SpreadService
    reader: Callable[[], GuardReader]

    def take_in(self, symbol: str) -> None:
        """Make the journal true before it is acted on, as far as trades explain what differs.

        Raises:
            Refused: The position was turned around by hand; that is not the spread's to mend.
        """
        reconcile = self.spreads.reconcile
        reconcile.findings()  # adopts what the exchange itself traded
        standing = self.standing(symbol)
        if not standing.perp and standing.foreign:
            raise Refused(
                f"the position in {symbol} was turned around by hand: {plain(standing.foreign)} is no spread's",
                hint=f"positions {symbol}: close it first",
            )
        if standing.perp_missing > 0 or standing.spot_missing > 0:
            with suppress(Refused):  # not explained to the last digit: what is there is acted on all the same
                reconcile.adopt(symbol)

    def standing(self, symbol: str) -> Standing:
        """Tell what is left of the spread that stands in a symbol.

        Raises:
            Refused: None stands.
        """
        found = [s for s in standings(self.reader().account()) if s.spread.symbol == symbol]
        if not found:
            raise Refused(f"no open spread in {symbol}", hint="spreads")
        return found[-1]

    def plan(self, symbol: str, *, max_slippage: Decimal = SLIPPAGE) -> ClosePlan:
        """Plan what evens the legs; reads only.

        Raises:
            Refused: No spread stands, its legs are even, or the excess is too small to trade.
        """
        spreads, standing = self.spreads, self.standing(symbol)
        pair = spreads.symbols.pair(symbol)
        step = plan_evening(pair, standing.spot, standing.perp)
        if step is None:
            raise Refused(
                f"the legs of #{standing.spread.spread_id} {symbol} differ by {plain(abs(standing.delta))}"
                f" {standing.spread.base_asset}, less than one lot",
                hint=f"spreads --id {standing.spread.spread_id}",
            )
        spot = self._spot_leg(pair, step, max_slippage) if step.spot else None
        book = spreads.futures.depth(pair.symbol, BOOK_DEPTH)
        side = Side.SELL if standing.spread.reverse else Side.BUY
        perp = plan_leg(pair.perp, side, ZERO if step.spot else step.quantity, book, ZERO, max_slippage)
        return ClosePlan(
            spread=standing.spread,
            pair=pair,
            terms=CloseTerms(
                perp_quantity=perp.quantity,
                spot_quantity=step.quantity if step.spot else ZERO,
                spot_limit=ZERO if spot is None else spot.limit_price,
                perp_limit=perp.limit_price,
                whole=_nothing_left(pair, standing, step),
                reverse=standing.spread.reverse,
            ),
            spot=spot,
            perp=perp,
        )

    def plan_unwind(self, symbol: str, *, max_slippage: Decimal = SLIPPAGE) -> ClosePlan:
        """Plan a closing of what is really there; reads only.

        Raises:
            Refused: No spread stands, or the books are too thin.
        """
        plan = self.spreads.plan_close(symbol, max_slippage=max_slippage)
        standing = self.standing(symbol)
        if plan.spread.reverse:
            return plan
        coins = min(plan.terms.spot_quantity, plan.pair.spot.round_quantity(standing.spot))
        terms = replace(plan.terms, spot_quantity=coins, perp_quantity=abs(standing.perp))
        return replace(plan, terms=terms)

    def _spot_leg(self, pair: Pair, step: Evening, max_slippage: Decimal) -> LegPlan:
        book = self.spreads.spot.depth(pair.spot.symbol, BOOK_DEPTH)
        leg = plan_leg(pair.spot, step.side, step.quantity, book, ZERO, max_slippage)
        if leg.quantity * leg.limit_price < pair.spot.min_notional:
            raise Refused(
                f"{plain(step.quantity)} {pair.spot.base_asset} is under {pair.spot.symbol}'s minimum of"
                f" {plain(pair.spot.min_notional)} {pair.spot.quote_asset}",
                hint=f"close-spread {pair.symbol}",
            )
        return leg


def _nothing_left(pair: Pair, standing: Standing, step: Evening) -> bool:
    spot = abs(standing.spot) - (step.quantity if step.spot else ZERO)
    perp = abs(standing.perp) - (ZERO if step.spot else step.quantity)
    return spot < pair.spot.lot_size and perp < pair.perp.lot_size
