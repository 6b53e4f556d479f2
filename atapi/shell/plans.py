"""A spread's plan in words: what it costs, when it pays, what it needs, how far the liquidation is."""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.amounts import BPS
from atapi.domain.carry import annualize
from atapi.domain.numbers import plain
from atapi.domain.spreads import LegPlan, SpreadPlan


def describe(plan: SpreadPlan) -> list[str]:
    """Describe a plan, one line a concern, every figure with its unit; lines fit 80 columns."""
    pair, trip = plan.pair, plan.round_trip
    hours = plan.funding_interval.total_seconds() / 3600
    yearly = annualize(plan.funding_rate, plan.funding_interval)
    quote = pair.perp.quote_asset
    return [
        f"plan {pair.symbol}, entry basis {_bp(plan.basis)}",
        f"  sell {_leg(plan.perp, 'perp', quote)}",
        f"  buy {_leg(plan.spot, 'spot', quote)}",
        f"  round trip {_bp(trip.total)}: fees spot {_bp(trip.spot_fees)} perp {_bp(trip.perp_fees)},"
        f" spreads {_bp(trip.spot_spread + trip.perp_spread)}, impact {_bp(trip.impact)}",
        f"  funding {_bp(plan.funding_rate)} per {hours:g} h, {yearly:.2%} a year: {_break_even(plan)}",
        f"  margin {plan.margin:.2f} of {plan.futures_available:.2f} {quote} at {plan.leverage}x; {_liquidation(plan)}",
        f"  {plan.bnb_note}",
    ]


def _leg(leg: LegPlan, market: str, quote: str) -> str:
    price = plain(leg.expected_price.quantize(Decimal("1e-8")))
    return (
        f"{plain(leg.quantity)} {market} at {price}, cap {plain(leg.limit_price)}:"
        f" {leg.notional:.2f} {quote}, slippage {_bp(leg.slippage)}"
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
