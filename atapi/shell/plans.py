"""A spread's plan in words: what it costs, when it pays, what it needs, how far the liquidation is."""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.amounts import BPS
from atapi.domain.carry import annualize
from atapi.domain.numbers import plain
from atapi.domain.spreads import LegPlan, SpreadPlan


def describe(plan: SpreadPlan) -> list[str]:
    """Describe a plan, one line a concern, every figure with its unit."""
    pair, trip = plan.pair, plan.round_trip
    hours = plan.funding_interval.total_seconds() / 3600
    yearly = annualize(plan.funding_rate, plan.funding_interval)
    lines = [
        f"plan {pair.symbol}: {_leg('sell', plan.perp, 'perp')}, then {_leg('buy', plan.spot, 'spot')}"
        f"; basis {plan.basis / BPS:.2f}bp",
        f"  cost of a round trip {_bp(trip.total)}: spot fees {_bp(trip.spot_fees)}, perp fees {_bp(trip.perp_fees)},"
        f" spreads {_bp(trip.spot_spread + trip.perp_spread)}, impact {_bp(trip.impact)}",
        f"  funding now {_bp(plan.funding_rate)} per {hours:g} h ({yearly:.2%} a year): {_break_even(plan)}",
        f"  margin {plan.margin:.2f} of {plan.futures_available:.2f} {pair.perp.quote_asset} at {plan.leverage}x;"
        f" {_liquidation(plan)}",
        f"  {plan.bnb_note}",
    ]
    return lines


def _leg(verb: str, leg: LegPlan, market: str) -> str:
    return (
        f"{verb} {plain(leg.quantity)} {market} at {plain(leg.expected_price.quantize(Decimal('1e-8')))}"
        f" (cap {plain(leg.limit_price)}, slippage {leg.slippage / BPS:.2f}bp, {leg.notional:.2f})"
    )


def _bp(fraction: Decimal) -> str:
    return f"{fraction / BPS:.2f}bp"


def _break_even(plan: SpreadPlan) -> str:
    if plan.break_even_intervals is None or plan.break_even is None:
        return "it does not pay now"
    return f"breaks even in {plan.break_even_intervals} intervals, {plan.break_even.total_seconds() / 86400:.1f} days"


def _liquidation(plan: SpreadPlan) -> str:
    if plan.liquidation_price is None or plan.liquidation_distance is None:
        return "no liquidation price"
    price = plan.liquidation_price.quantize(plan.pair.perp.tick_size)
    return f"liquidation at {plain(price)}, {plan.liquidation_distance:.1%} above"
