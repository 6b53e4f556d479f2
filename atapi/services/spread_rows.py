"""Spreads as rows: planned, executed, standing and closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.amounts import BPS
from atapi.domain.carry import basis
from atapi.domain.numbers import LEDGER_STEP, ZERO, plain
from atapi.domain.orders import Fill, Side
from atapi.domain.profit import Profit
from atapi.domain.spreads import LegName, LegPlan, Spread, SpreadPlan
from atapi.execution.executor import Result, executed
from atapi.execution.terms import CloseTerms
from atapi.table import column


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """One leg as planned or as executed."""

    leg: str
    side: str
    qty: Decimal = column()  # base asset, the leg's own unit
    price: Decimal | None = column()
    notional_usdt: Decimal = column(digits=2)
    fee_usdt: Decimal = column(digits=4)
    slippage_bp: Decimal | None = column(digits=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadRow:
    """One spread as it stands."""

    id: int
    symbol: str
    state: str
    kind: str  # carry, or reverse
    qty: Decimal = column()  # coins on the perpetual: short, of a reverse spread long
    opened: datetime | None = column()
    open_bp: Decimal | None = column(digits=2)
    now_bp: Decimal | None = column(digits=2)
    funding_usdt: Decimal = column(digits=8, signed=True)
    fees_usdt: Decimal = column(digits=8, signed=True)
    net_usdt: Decimal = column(digits=8, signed=True)
    apr_pct: Decimal | None = column(digits=2, signed=True)
    delta: Decimal = column(digits=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRow:
    """What a spread earned, split."""

    id: int
    symbol: str
    state: str
    qty: Decimal = column()  # coins closed now
    held_days: Decimal = column(digits=2)
    price_usdt: Decimal = column(digits=8, signed=True)
    basis_usdt: Decimal = column(digits=8, signed=True)
    funding_usdt: Decimal = column(digits=8, signed=True)
    fees_usdt: Decimal = column(digits=8, signed=True)
    interest_usdt: Decimal = column(digits=8, signed=True)
    dust_usdt: Decimal = column(digits=8, signed=True)
    net_usdt: Decimal = column(digits=8, signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosePlanRow:
    """One leg of a closing as planned."""

    leg: str
    side: str
    qty: Decimal = column()
    price: Decimal = column()  # expected
    limit: Decimal = column()  # the cap
    slippage_bp: Decimal | None = column(digits=2)


def plan_rows(plan: SpreadPlan) -> list[LegRow]:
    """Show a planned opening leg by leg."""
    return [
        LegRow(
            leg=name,
            side=leg.side,
            qty=leg.quantity,
            price=leg.expected_price,
            notional_usdt=leg.notional,
            fee_usdt=leg.fee,
            slippage_bp=leg.slippage / BPS,
        )
        for name, leg in (("perp", plan.perp), ("spot", plan.spot))
    ]


def leg_rows(result: Result, plan: SpreadPlan, fee_value: Callable[[Fill], Decimal]) -> list[LegRow]:
    """Show the fills of an opening leg by leg, against the touch it was planned at."""
    plans: tuple[tuple[str, LegName, LegPlan | None], ...] = (
        ("perp", LegName.PERP_ENTRY, plan.perp),
        ("spot", LegName.SPOT_ENTRY, plan.spot),
        ("unwind", LegName.UNWIND, None),
    )
    rows = []
    for name, leg, leg_plan in plans:
        fills = fills_of(result, leg)
        if fills:
            price = average(fills)
            rows.append(
                LegRow(
                    leg=name,
                    side=fills[0].side,
                    qty=sum((f.quantity for f in fills), ZERO),
                    price=price,
                    notional_usdt=sum((f.notional for f in fills), ZERO),
                    fee_usdt=sum((fee_value(f) for f in fills), ZERO),
                    slippage_bp=None
                    if leg_plan is None
                    else abs(price - leg_plan.touch) / leg_plan.touch / BPS,
                )
            )
    return rows


def close_plan_rows(terms: CloseTerms, spot: LegPlan | None, perp: LegPlan) -> list[ClosePlanRow]:
    """Show a planned closing leg by leg, spot first."""
    legs = [("spot", spot)] if spot is not None else []
    return [
        ClosePlanRow(
            leg=name,
            side=leg.side,
            qty=leg.quantity,
            price=leg.expected_price,
            limit=leg.limit_price,
            slippage_bp=leg.slippage / BPS,
        )
        for name, leg in [*legs, ("perp", perp)]
    ]


def close_row(result: Result, split: Profit, now: datetime) -> CloseRow:
    """State what a closed spread earned, split."""
    spread = result.spread
    return CloseRow(
        id=spread.spread_id,
        symbol=spread.symbol,
        state=spread.state,
        qty=executed(result, LegName.PERP_EXIT) * spread.multiplier,
        held_days=days_held(spread, now),
        price_usdt=split.price,
        basis_usdt=split.basis,
        funding_usdt=split.funding,
        fees_usdt=split.fees,
        interest_usdt=split.interest,
        dust_usdt=split.dust,
        net_usdt=split.total,
    )


def close_notes(result: Result) -> list[str]:
    """Say what a closing traded and what is left."""
    spread = result.spread
    lines = []
    for name, leg in (("spot", LegName.SPOT_EXIT), ("perp", LegName.PERP_EXIT)):
        fills = fills_of(result, leg)
        if fills:
            quantity = sum((f.quantity for f in fills), ZERO)
            verb = "sold" if fills[0].side is Side.SELL else "bought back"
            lines.append(f"{name}: {verb} {plain(quantity)} at {plain(average(fills).quantize(LEDGER_STEP))}")
    if spread.spot_quantity and not spread.reverse:
        lines.append(f"left in the wallet: {plain(spread.spot_quantity)} {spread.base_asset}")
    if result.outcome.stopped is not None:
        lines.append(f"ended early: {result.outcome.stopped}")
    elif result.outcome.refused is not None:
        lines.append(f"only in part: {result.outcome.refused.reason or 'the book was too thin'}")
    return lines


def stop_notes(result: Result, quantity: Decimal) -> list[str]:
    """Say why an opening ended before everything was done, and how far it came."""
    why, spread = result.outcome.stopped, result.spread
    if why is None:
        return []
    done = executed(result, LegName.PERP_ENTRY) - result.outcome.unwound
    coins = f"{plain(done * spread.multiplier)} of {plain(quantity * spread.multiplier)} {spread.base_asset}"
    return [f"ended early, {coins} opened: {why}"]


def entry_basis(spread: Spread) -> Decimal | None:
    """The basis the spread was opened at, fraction of spot; None where a leg has no fill."""
    perp, spot = spread.leg_fills(LegName.PERP_ENTRY), spread.leg_fills(LegName.SPOT_ENTRY)
    if not perp or not spot:
        return None
    return basis(average(perp), average(spot) * spread.multiplier)


def average(fills: list[Fill]) -> Decimal:
    """Quantity-weighted price of some fills."""
    return sum((f.notional for f in fills), ZERO) / sum((f.quantity for f in fills), ZERO)


def days_held(spread: Spread, now: datetime) -> Decimal:
    """Days from the first fill to the last one, or to now while it stands."""
    if spread.opened_at is None:
        return ZERO
    held = (spread.closed_at or now) - spread.opened_at
    return Decimal(held // timedelta(milliseconds=1)) / 86_400_000


def fills_of(result: Result, leg: LegName) -> list[Fill]:
    """The fills of one transaction on one leg."""
    ids = {a.order_id for a in result.attempts}
    return [f for f in result.spread.leg_fills(leg) if f.order_id in ids]
