"""Flat: atapi's orders canceled, every spread closed, and what positions remain closed after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.account import Position
from atapi.domain.amounts import PERCENT
from atapi.domain.instruments import Market
from atapi.domain.numbers import ONE, ZERO, ceil_to, floor_to, plain, to_ledger
from atapi.domain.orders import Fill, Side, TimeInForce
from atapi.domain.spreads import Spread, SpreadState
from atapi.errors import AtapiError
from atapi.exchanges.base import FuturesVenue
from atapi.execution.executor import Executor, Result
from atapi.execution.order import OrderTerms
from atapi.services.order_changes import CancelPlan, OrderChanges
from atapi.services.order_finder import VENUE_WORDS
from atapi.services.pnl import PnlService
from atapi.services.spreads import SpreadService
from atapi.services.trading import TradingService

SLIPPAGE = PERCENT  # what closing may pay beyond the touch before it goes at market
ROUNDS = 3  # a book may be too thin for a whole spread at once


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenPlan:
    """What there is to take away."""

    cancels: CancelPlan
    spreads: tuple[Spread, ...]
    positions: tuple[Position, ...]  # of the whole account, what hedges spreads included

    @property
    def nothing(self) -> bool:
        """Whether it is flat already."""
        return not (self.cancels.orders or self.spreads or self.positions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One thing that was taken away."""

    what: str
    venue: str
    symbol: str
    qty: Decimal | None  # base asset; None of an order that had not filled
    avg_price: Decimal | None
    pnl_usdt: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One thing that still stands."""

    what: str
    why: str
    mend: str  # what to type


@dataclass(frozen=True, slots=True, kw_only=True)
class FlattenService:
    """Takes everything away that moves with the market, reducing orders only."""

    changes: OrderChanges
    spreads: SpreadService
    trading: TradingService
    futures: FuturesVenue
    executor: Executor
    pnl: PnlService

    def plan(self) -> FlattenPlan:
        """Look at what there is; reads only."""
        return FlattenPlan(
            cancels=self.changes.plan_all(),
            spreads=tuple(s for s in self.executor.spreads() if s.state is not SpreadState.FLAT),
            positions=tuple(self.futures.positions()),
        )

    def run(self, plan: FlattenPlan, tell: Callable[[Taken], None]) -> list[Left]:
        """Cancel orders, close spreads, then positions, each of them whatever becomes of the others.

        Args:
            tell: Told of each thing as it is taken away.

        Returns:
            What still stands.
        """
        left = self._cancel(plan.cancels, tell)
        for spread in plan.spreads:
            left += self._close_spread(spread, tell)
        broken = {one.what for one in left}
        for position in self.futures.positions():
            if (
                f"spread in {position.symbol}" not in broken
            ):  # what hedges coins that stand is not taken from them
                left += self._close_position(position, tell)
        return left

    # --- inside -------------------------------------------------------------------------------------------------
    def _cancel(self, plan: CancelPlan, tell: Callable[[Taken], None]) -> list[Left]:
        report = self.changes.cancel(plan)
        for order in report.ended:
            word = "canceled" if order.status != "FILLED" else "found filled"
            tell(
                Taken(
                    what=f"order {order.id} {word}",
                    venue=VENUE_WORDS[order.market],
                    symbol=order.symbol,
                    qty=order.filled or None,
                    avg_price=None,
                    pnl_usdt=None,
                )
            )
        return [Left(what=f"order {i}", why="it may be live", mend=f"cancel {i}") for i in report.left]

    def _close_spread(self, spread: Spread, tell: Callable[[Taken], None]) -> list[Left]:
        symbol, why = spread.symbol, "it did not close"
        for _ in range(ROUNDS):
            try:
                result = self.spreads.close(self.spreads.plan_close(symbol, max_slippage=SLIPPAGE))
            except AtapiError as e:
                why = e.message
                break
            tell(self._closed(result))
            if result.spread.state is SpreadState.FLAT:
                return []
        return [Left(what=f"spread in {symbol}", why=why, mend=f"close-spread {symbol}")]

    def _closed(self, result: Result) -> Taken:
        spread = result.spread
        ids = {(a.request.market, a.order_id) for a in result.attempts}
        exits = [f for _, f in spread.fills if (f.market, f.order_id) in ids and f.market is Market.UM]
        flat = spread.state is SpreadState.FLAT
        return Taken(
            what=f"spread #{spread.spread_id} {'closed' if flat else 'closed in part'}",
            venue="both",
            symbol=spread.symbol,
            qty=sum((f.quantity for f in exits), ZERO),
            avg_price=_average(exits),
            pnl_usdt=to_ledger(self.pnl.of(spread).total) if flat else None,
        )

    def _close_position(self, position: Position, tell: Callable[[Taken], None]) -> list[Left]:
        symbol, mend = position.symbol, f"positions {position.symbol}; flatten"
        try:
            result = self.trading.send(self._closing(position))
        except AtapiError as e:
            return [Left(what=f"position in {symbol}", why=e.message, mend=mend)]
        tell(
            Taken(
                what="position closed",
                venue=VENUE_WORDS[Market.UM],
                symbol=symbol,
                qty=result.executed,
                avg_price=_average(result.fills),
                pnl_usdt=to_ledger(
                    sum(((f.realized or ZERO) - self.pnl.fee_value(f) for f in result.fills), ZERO)
                ),
            )
        )
        rest = abs(position.quantity) - result.executed
        if not rest:
            return []
        return [Left(what=f"position in {symbol}", why=f"{plain(rest)} found nobody", mend=mend)]

    def _closing(self, position: Position) -> OrderTerms:
        """Close a position reduce-only: capped first, then at market."""
        instrument = self.trading.symbols.find(position.symbol, market=Market.UM)
        side = Side.SELL if position.quantity > 0 else Side.BUY
        quote = self.futures.book_tickers([position.symbol])[position.symbol]
        tick = instrument.tick_size
        worst = (
            floor_to(quote.bid * (ONE - SLIPPAGE), tick)
            if side is Side.SELL
            else ceil_to(quote.ask * (ONE + SLIPPAGE), tick)
        )
        return OrderTerms(
            market=Market.UM,
            symbol=position.symbol,
            base_asset=instrument.base_asset,
            lot_size=instrument.lot_size,
            side=side,
            quantity=abs(position.quantity),
            tries=(worst, None, None),
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            reducing=True,
        )


def _average(fills: tuple[Fill, ...] | list[Fill]) -> Decimal | None:
    quantity = sum((f.quantity for f in fills), ZERO)
    return to_ledger(sum((f.notional for f in fills), ZERO) / quantity) if quantity else None
