"""Spreads: planned, opened, closed and shown. Orders go through `execution/` and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from atapi.clock import Clock
from atapi.domain.account import BnbDiscount
from atapi.domain.amounts import BPS, PERCENT, Amount
from atapi.domain.carry import basis
from atapi.domain.market import Depth
from atapi.domain.numbers import ZERO, floor_to, plain
from atapi.domain.orders import Side
from atapi.domain.profit import Profit
from atapi.domain.spreads import LegName, LegPlan, Pair, Spread, SpreadPlan, SpreadState
from atapi.errors import AtapiError, AuthenticationError, Refused, SpreadBroken, VenueError
from atapi.exchanges.base import FuturesVenue, SpotVenue, WalletVenue
from atapi.execution.effects import Attempt
from atapi.execution.executor import Executor, Result, executed
from atapi.execution.leg import Unproven
from atapi.execution.prices import taken
from atapi.execution.sizing import by_quantity, check_asset, common_lot
from atapi.execution.spread import Outcome
from atapi.execution.terms import CloseTerms, OpenTerms
from atapi.services.limits import LimitsService
from atapi.services.manner import PLAIN, Manner
from atapi.services.pnl import PnlService
from atapi.services.reconcile import ReconcileService
from atapi.services.recovery import unproven
from atapi.services.reverse import ReverseService
from atapi.services.reverse_plan import plan_reverse
from atapi.services.spread_plan import (
    Facts,
    Limits,
    SpotExit,
    check_slippage,
    closing_style,
    plan_leg,
    plan_open,
)
from atapi.services.spread_rows import SpreadRow, days_held, entry_basis, fills_of
from atapi.services.symbols import SymbolBook

T = TypeVar("T")
BOOK_DEPTH = 500  # levels read for a plan
EXIT_CAP = Decimal("0.01")  # the perpetual's first tries at closing pay at most 1 % beyond the touch


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePlan:
    """Everything that is known before the first order of a closing."""

    spread: Spread
    pair: Pair
    terms: CloseTerms
    spot: LegPlan | None  # None where no spot is left to trade
    perp: LegPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadService:
    """Opens and closes the two-leg position and tells how it stands."""

    symbols: SymbolBook
    spot: SpotVenue
    futures: FuturesVenue
    wallet: WalletVenue | None
    clock: Clock
    executor: Executor
    reconcile: ReconcileService
    limits: LimitsService
    pnl: PnlService
    reverse: ReverseService

    # --- opening ------------------------------------------------------------------------------------------------
    def plan(
        self, symbol: str, amount: Amount, *, limits: Limits | None = None, leverage: int | None = None,
        add: bool = False, reverse: bool = False,
    ) -> SpreadPlan:  # fmt: skip
        """Plan an opening; reads only.

        Args:
            symbol: The perpetual's, in any spelling.
            amount: Of quote or base asset per leg, or a share of what is free.
            leverage: For the perpetual; None keeps what is set.
            add: Allow adding to a spread that stands.
            reverse: Long the perpetual against borrowed spot.

        Raises:
            Refused: Any reason not to; nothing was sent.
        """
        if reverse:
            self.reverse.check_network()
        pair = self.symbols.pair(symbol)
        standing = self._standing(pair.symbol)
        if standing is not None:
            _check_addition(standing, add=add, reverse=reverse)
        self.reconcile.before_risk(pair)
        limits = limits or Limits()
        if reverse:
            credit = self.reverse.credit(pair, standing)
            plan = plan_reverse(self._facts(pair, leverage), credit, amount, limits)
        else:
            plan = plan_open(self._facts(pair, leverage), amount, limits)
        self.limits.check_opening(plan, amount, plan.style)
        return plan

    def open(self, plan: SpreadPlan, *, tag: str = "", add: bool = False) -> Result:
        """Open as planned: perpetual first, spot after it.

        Raises:
            VenueError: The first leg was refused; nothing changed.
            Refused: The spot leg could not follow; the perpetual was taken back.
            SpreadBroken: One leg stands alone, or an order was executed twice.
            OutcomeUnknown: An order's fate is unproven.
        """
        self.reconcile.before_risk(plan.pair, planned=True)
        if plan.leverage != self.futures.leverage(plan.pair.symbol):
            self.futures.set_leverage(plan.pair.symbol, plan.leverage)
        standing = self._standing(plan.pair.symbol) if add else None
        terms = OpenTerms(
            quantity=plan.quantity,
            perp_limit=plan.perp.limit_price,
            spot_limit=plan.spot.limit_price,
            base_fee=plan.base_fee,
            adds=standing is not None,
            reverse=plan.reverse,
            style=plan.style,
        )
        result = self._carry_out(
            lambda: self.executor.open(
                plan.pair,
                terms,
                at=self.clock.now(),
                tag=tag,
                add_to=standing.spread_id if standing else None,
            )
        )
        self._judge_opening(result)
        self._judge_account(plan.pair)
        return self._booked(result)

    # --- closing ------------------------------------------------------------------------------------------------
    def plan_close(
        self, symbol: str, amount: Amount | None = None, *, max_slippage: Decimal = 5 * BPS,
        manner: Manner = PLAIN,
    ) -> ClosePlan:  # fmt: skip
        """Plan a closing; reads only.

        Raises:
            Refused: No spread stands, its legs differ, or the books are too thin.
        """
        pair = self.symbols.pair(symbol)
        spread = self._standing(pair.symbol)
        if spread is None:
            raise Refused(f"no open spread in {pair.symbol}", hint="spreads")
        standing = abs(spread.perp_quantity)
        part = self._part(pair, standing, amount)
        whole = part == standing
        book = self.spot.depth(pair.spot.symbol, BOOK_DEPTH)
        perp_book = self.futures.depth(pair.symbol, BOOK_DEPTH)
        perp_side = Side.SELL if spread.reverse else Side.BUY
        style = closing_style(pair, part, book, perp_book, manner, max_slippage, reverse=spread.reverse)
        perp = plan_leg(pair.perp, perp_side, part, perp_book, ZERO, EXIT_CAP, slices=style.slices)
        if spread.reverse:
            spot = self.reverse.cover(spread, pair, part, book, max_slippage)
        else:
            spot = _sale(spread, pair, part, whole, book, max_slippage)
        if spot.leg is not None:
            leg = plan_leg(
                pair.spot,
                spot.leg.side,
                spot.leg.quantity,
                book,
                spot.leg.fee_rate,
                max_slippage,
                slices=style.slices,
            )
            check_slippage(leg, pair.spot, taken(book, leg.side), max_slippage)
            spot = replace(spot, leg=leg)
        return ClosePlan(
            spread=spread,
            pair=pair,
            terms=CloseTerms(
                perp_quantity=part,
                spot_quantity=spot.coins,
                spot_limit=spot.leg.limit_price if spot.leg else ZERO,
                perp_limit=perp.limit_price,
                whole=whole,
                base_fee=spot.base_fee,
                reverse=spread.reverse,
                style=style,
            ),
            spot=spot.leg,
            perp=perp,
        )

    def close(self, plan: ClosePlan) -> Result:
        """Close as planned: spot first, perpetual last and reduce-only.

        Raises:
            VenueError: The spot leg was refused; the spread stands as it was.
            SpreadBroken: The perpetual could not be traded back, or more than dust is still owed.
            OutcomeUnknown: An order's fate is unproven.
        """
        self.reconcile.recovery.run()
        result = self._carry_out(
            lambda: self.executor.close_spread(
                plan.spread.spread_id, plan.pair, plan.terms, at=self.clock.now()
            )
        )
        self._judge_closing(result)
        if result.spread.reverse and result.spread.state is SpreadState.FLAT:
            self.reverse.settle(result.spread)
        self._judge_account(plan.pair)
        return self._booked(result)

    # --- showing ------------------------------------------------------------------------------------------------
    def rows(self, *, everything: bool = False, spread_id: int | None = None) -> list[SpreadRow]:
        """List spreads and what they earned; only those that stand unless asked for all."""
        self.reverse.interest.book()
        chosen = [
            s
            for s in self.executor.spreads()
            if (spread_id is None or s.spread_id == spread_id)
            and (everything or spread_id is not None or s.state is not SpreadState.FLAT)
        ]
        earned = self.pnl.of_all(chosen)
        return [self._row(self.reverse.interest.charged(s), earned[s.spread_id]) for s in chosen]

    # --- inside -------------------------------------------------------------------------------------------------
    def _standing(self, symbol: str) -> Spread | None:
        standing = [
            s for s in self.executor.spreads() if s.symbol == symbol and s.state is not SpreadState.FLAT
        ]
        return standing[-1] if standing else None

    def _facts(self, pair: Pair, leverage: int | None) -> Facts:
        symbol = pair.symbol
        discount = self.wallet.bnb_discount() if self.wallet else BnbDiscount(spot=False, futures=False)
        bnb_prices = self.spot.prices(["BNBUSDT"]) if "BNBUSDT" in self.spot.instruments() else {}
        brackets = self.futures.brackets(symbol)
        if leverage is not None and not 1 <= leverage <= brackets[0].leverage:
            raise Refused(f"leverage {leverage} is outside 1..{brackets[0].leverage} for {symbol}")
        [mark] = self.futures.marks([symbol])
        return Facts(
            pair=pair,
            spot_book=self.spot.depth(pair.spot.symbol, BOOK_DEPTH),
            perp_book=self.futures.depth(symbol, BOOK_DEPTH),
            spot_fees=self.spot.fee_rates(pair.spot.symbol),
            perp_fees=self.futures.fee_rates(symbol),
            bnb=discount,
            spot_balances=self.spot.balances(),
            futures_balances=self.futures.balances(),
            futures=self.futures.account(),
            mark=mark,
            terms=self.futures.funding_terms([symbol])[symbol],
            brackets=brackets,
            leverage=leverage or self.futures.leverage(symbol),
            bnb_price=bnb_prices.get("BNBUSDT"),
        )

    def _part(self, pair: Pair, standing: Decimal, amount: Amount | None) -> Decimal:
        if amount is None or amount.everything:
            return standing
        if amount.asset is None:
            part = floor_to(standing * amount.value, common_lot(pair))
        else:
            check_asset(pair, amount.asset, plain(amount.value) + amount.asset.lower())
            if amount.asset == pair.spot.base_asset:
                part = by_quantity(pair, amount.value)
            else:
                price = self.spot.prices([pair.spot.symbol])[pair.spot.symbol] * pair.multiplier
                part = floor_to(amount.value / price, common_lot(pair))
        if not part:
            raise Refused(f"that is less than one lot of {plain(common_lot(pair))}", hint="more, or all")
        return min(part, standing)

    def _booked(self, result: Result) -> Result:
        """Book what borrowing has cost so far; what cannot be read now is booked the next time."""
        if not result.spread.reverse:
            return result
        with suppress(AtapiError):
            self.reverse.interest.book(result.spread)
        return replace(result, spread=self.executor.journal.spread(result.spread.spread_id))

    def _carry_out(self, run: Callable[[], T]) -> T:
        try:
            return run()
        except Unproven as e:
            raise unproven(e) from e

    def _judge_opening(self, result: Result) -> None:
        spread, outcome = result.spread, result.outcome
        if outcome.state is SpreadState.EXPOSED:
            raise _broken(spread, outcome)
        sold = executed(result, LegName.PERP_ENTRY)
        if not sold:
            why = outcome.stopped or "the perpetual did not fill"
            raise _refusal(outcome.refused, f"{why}; {spread.symbol} is as it was")
        if outcome.unwound == sold:
            why = _why(outcome.refused)
            raise Refused(
                f"spot leg {why} after the perp filled {plain(sold)} {spread.base_asset};"
                f" perp {'sold' if spread.reverse else 'bought'} back, cost {self._cost_of(result):.2f} {spread.quote_asset}",
                hint=f"spreads --id {spread.spread_id}",
            )

    def _cost_of(self, result: Result) -> Decimal:
        """What an opening that came to nothing cost: traded back at a worse price, and the fees of both."""
        cost = ZERO
        for leg in (LegName.PERP_ENTRY, LegName.UNWIND):
            for fill in fills_of(result, leg):
                cost += fill.side.sign * fill.notional + self.pnl.fee_value(fill)
        return cost

    def _judge_closing(self, result: Result) -> None:
        spread, outcome = result.spread, result.outcome
        if outcome.state is SpreadState.EXPOSED:
            raise _broken(spread, outcome)
        nothing = not executed(result, LegName.SPOT_EXIT, LegName.PERP_EXIT)
        if nothing and (outcome.refused or outcome.stopped):
            why = outcome.stopped or "the spot did not fill"
            raise _refusal(outcome.refused, f"{why}; {spread.symbol} is as it was")

    def _judge_account(self, pair: Pair) -> None:
        """See that the account shows what the answers said: a middlebox may have delivered an order twice."""
        finding = self.reconcile.after(pair)
        if finding is not None:
            raise SpreadBroken(finding.message, hint=finding.hint)

    def _row(self, spread: Spread, split: Profit) -> SpreadRow:
        entry = entry_basis(spread)
        days = days_held(spread, self.clock.now())
        capital = sum((f.notional for f in spread.leg_fills(LegName.SPOT_ENTRY)), ZERO)
        yearly = split.total / capital * 365 / days / PERCENT if capital and days else None
        return SpreadRow(
            id=spread.spread_id,
            symbol=spread.symbol,
            state=spread.state,
            kind="reverse" if spread.reverse else "carry",
            qty=abs(spread.perp_quantity) * spread.multiplier,
            opened=spread.opened_at,
            open_bp=None if entry is None else entry / BPS,
            now_bp=self._basis_now(spread),
            funding_usdt=split.funding,
            fees_usdt=split.fees,
            net_usdt=split.total,
            apr_pct=yearly,
            delta=spread.delta,
        )

    def _basis_now(self, spread: Spread) -> Decimal | None:
        if spread.state is SpreadState.FLAT:
            return None
        perp = self.futures.book_tickers([spread.symbol])[spread.symbol]
        spot = self.spot.book_tickers([spread.spot_symbol])[spread.spot_symbol]
        bought, sold = (spot.ask, perp.bid) if spread.reverse else (spot.bid, perp.ask)
        return basis(sold, bought * spread.multiplier) / BPS  # what closing now would trade at


def _check_addition(standing: Spread, *, add: bool, reverse: bool) -> None:
    symbol, size = standing.symbol, plain(abs(standing.perp_quantity) * standing.multiplier)
    what = f"an open {'reverse ' if standing.reverse else ''}spread of {size} {standing.base_asset}"
    if standing.reverse is not reverse:
        raise Refused(
            f"{symbol} has {what} (#{standing.spread_id}), the other way round",
            hint=f"close-spread {symbol} first",
        )
    if not add:
        raise Refused(
            f"{symbol} has {what} (#{standing.spread_id})", hint=f"--add adds to it; close-spread {symbol}"
        )


def _sale(
    spread: Spread, pair: Pair, part: Decimal, whole: bool, book: Depth, max_slippage: Decimal
) -> SpotExit:
    held = floor_to(spread.spot_quantity, pair.spot.lot_size)
    sell = held if whole else min(held, pair.spot.round_quantity(part * pair.multiplier))
    nothing = SpotExit(coins=ZERO, base_fee=ZERO, leg=None)
    if not sell:
        return nothing
    leg = plan_leg(pair.spot, Side.SELL, sell, book, ZERO, max_slippage)
    if leg.quantity * leg.limit_price >= pair.spot.min_notional or leg.slippage > max_slippage:
        return SpotExit(coins=sell, base_fee=ZERO, leg=leg)
    if whole:
        return nothing  # dust: it stays in the wallet and in the books
    raise Refused(
        f"{plain(sell)} {spread.base_asset} is under {pair.spot.symbol}'s minimum of"
        f" {plain(pair.spot.min_notional)} {pair.spot.quote_asset}",
        hint="close-spread all",
    )


def _broken(spread: Spread, outcome: Outcome) -> SpreadBroken:
    if outcome.bare:
        side = "long" if outcome.bare > 0 else "short"
        what = f"{side} {plain(abs(outcome.bare))} {spread.base_asset} without perpetual against it"
        return SpreadBroken(f"#{spread.spread_id} is exposed: {what}", hint=f"hedge {spread.symbol}")
    side = "short" if outcome.exposed < 0 else "long"
    what = f"{side} {plain(abs(outcome.exposed))} {spread.symbol} perpetual without spot against it"
    return SpreadBroken(f"#{spread.spread_id} is exposed: {what}", hint=f"close-spread {spread.symbol}")


def _why(attempt: Attempt | None) -> str:
    if attempt is None or attempt.order_id is not None:
        return "did not fill"
    return f"refused ({attempt.reason if attempt.reason_code is None else attempt.reason_code})"


def _refusal(attempt: Attempt | None, otherwise: str) -> AtapiError:
    if attempt is not None and attempt.order_id is None and attempt.reason_code is None:
        return Refused(attempt.reason, hint="limits")  # the last gate's words
    if attempt is None or attempt.reason_code is None:
        return Refused(otherwise, hint="--max-slippage allows more; depth shows the books")
    kind = AuthenticationError if attempt.reason_code in (-1022, -2014, -2015) else VenueError
    return kind(f"the order was refused ({attempt.reason_code}): {attempt.reason}", code=attempt.reason_code)
