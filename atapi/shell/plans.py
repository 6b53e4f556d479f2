"""A spread's plan in words: what it costs, when it pays, what it needs, how far the liquidation is."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from atapi.domain.amounts import BPS
from atapi.domain.carry import annualize
from atapi.domain.margin import CALL_BAR
from atapi.domain.numbers import ceil_to, plain, to_ledger
from atapi.domain.spreads import LegPlan, Pair, SpreadPlan
from atapi.domain.style import Route, Style
from atapi.execution.sizing import common_lot
from atapi.services.spreads import ClosePlan


def describe(plan: SpreadPlan) -> list[str]:
    """Describe a plan, one line a concern, every figure with its unit; lines fit 80 columns."""
    pair, trip = plan.pair, plan.round_trip
    hours = _hours(plan)
    yearly = annualize(plan.funding_rate, plan.funding_interval)
    quote = pair.perp.quote_asset
    return [
        f"plan {pair.symbol}{' reverse' if plan.reverse else ''}, entry basis {_bp(plan.basis)}",
        f"  {plan.perp.side.lower()} {_leg(plan.perp, 'perp', quote)}",
        f"  {plan.spot.side.lower()} {_leg(plan.spot, 'margin' if plan.reverse else 'spot', quote)}",
        *_lots(pair, plan.style, plan.quantity, _opening_dust(plan)),
        *_borrowing(plan),
        f"  round trip {_bp(trip.total)}: fees spot {_short(trip.spot_fees)} perp {_short(trip.perp_fees)},"
        f" spreads {_bp(trip.spot_spread + trip.perp_spread)}, impact {_bp(trip.impact)}",
        f"  funding {_bp(plan.funding_rate)} per {hours}, {yearly:.2%} a year: {_break_even(plan)}",
        f"  margin {plan.margin:.2f} of {plan.futures_available:.2f} {quote} at {plan.leverage}x; {_liquidation(plan)}",
        f"  {plan.bnb_note}",
    ]


def describe_closing(plan: ClosePlan) -> list[str]:
    """Describe the plan of a closing: both legs, what is cut how, and what stays where."""
    quote = plan.pair.perp.quote_asset
    coins = "margin" if plan.spread.reverse else "spot"
    legs = [(plan.perp, "perp")] if plan.spot is None else [(plan.spot, coins), (plan.perp, "perp")]
    return [
        f"plan close {plan.pair.symbol} #{plan.spread.spread_id}",
        *(f"  {leg.side.lower()} {_leg(leg, market, quote)}" for leg, market in legs),
        *_lots(plan.pair, plan.terms.style, plan.terms.perp_quantity, _closing_dust(plan)),
    ]


def _lots(pair: Pair, style: Style, quantity: Decimal, dust: list[str]) -> list[str]:
    """The joint lot with what it leaves over, and how the transaction is cut."""
    base = pair.spot.base_asset
    lines = [
        f"  joint lot {plain(common_lot(pair) * pair.multiplier)} {base}",
        *(f"  {line}" for line in dust),
    ]
    if not dust:
        lines[0] += ", no dust"
    if style.slices > 1:
        each = plain(ceil_to(quantity / style.slices, common_lot(pair)) * pair.multiplier)
        pace = f"one every {style.interval / 1000:g} s" if style.interval else "one after the other"
        lines.append(
            f"  {style.slices} slices of {each} {base}, {pace}, each within {_bp(style.max_slippage)}"
        )
    if style.route is Route.MAKER:
        lines.append(
            f"  the perpetual rests at the touch up to {style.patience / 1000:g} s; then the rest is taken"
        )
    if style.max_unhedged is not None:
        cap = plain(style.max_unhedged)
        lines.append(f"  never more than {cap} {pair.perp.quote_asset} of one leg without the other")
    if style.max_gap is not None:
        lines.append(f"  the second leg goes at market {style.max_gap / 1000:g} s after the first")
    return lines


def _opening_dust(plan: SpreadPlan) -> list[str]:
    pair, base = plan.pair, plan.base_asset
    coins = plan.spot.quantity * (1 - plan.base_fee) - plan.quantity * pair.multiplier
    parts = []
    if coins > 0:
        parts.append(
            f"dust {plain(coins)} {base} stays in spot, below its step of {plain(pair.spot.lot_size)}"
        )
    if plan.rest >= Decimal("0.01"):
        parts.append(f"{plan.rest:.2f} {pair.perp.quote_asset} of the amount stay, below the lot")
    return parts


def _closing_dust(plan: ClosePlan) -> list[str]:
    pair, spread, lot = plan.pair, plan.spread, plan.pair.spot.lot_size
    if spread.reverse:
        owed = f"{plain(plan.terms.spot_quantity)} {spread.base_asset}"
        return [f"repays {owed} with its interest; dust beyond it stays on margin"]
    dust = spread.spot_quantity - plan.terms.spot_quantity
    if not plan.terms.whole or dust <= 0:
        return []
    least = f"its minimum of {plain(pair.spot.min_notional)} {pair.spot.quote_asset}"
    below = f"its step of {plain(lot)}" if dust < lot else least
    return [f"dust {plain(dust)} {spread.base_asset} stays in spot, below {below}"]


def _borrowing(plan: SpreadPlan) -> list[str]:
    borrow = plan.borrow
    if borrow is None:
        return []
    day = borrow.interest(timedelta(days=1))
    rise = borrow.level / CALL_BAR - 1
    return [
        f"  borrow {plain(borrow.quantity)} {borrow.asset}: lenders have {plain(borrow.inventory)},"
        f" margin may borrow {plain(borrow.allowed)}",
        f"  interest {_bp(day)} a day ({plain(to_ledger(day * borrow.quantity))} {borrow.asset}),"
        f" {_bp(borrow.interest(plan.funding_interval))} per {_hours(plan)}",
        f"  margin level {borrow.level:.2f} after it, called at {plain(CALL_BAR)}: spot {rise:.0%} higher",
    ]


def _leg(leg: LegPlan, market: str, quote: str) -> str:
    price = plain(leg.expected_price.quantize(Decimal("1e-8")))
    return (
        f"{plain(leg.quantity)} {market} at {price}, cap {plain(leg.limit_price)}:"
        f" {leg.notional:.2f} {quote}, slippage {_bp(leg.slippage)}"
    )


def _bp(fraction: Decimal) -> str:
    return f"{fraction / BPS:.2f}bp"


def _short(fraction: Decimal) -> str:
    return f"{plain((fraction / BPS).quantize(Decimal('0.01')))}bp"


def _hours(plan: SpreadPlan) -> str:
    return f"{plan.funding_interval.total_seconds() / 3600:g} h"


def _break_even(plan: SpreadPlan) -> str:
    if plan.break_even_intervals is None or plan.break_even is None:
        earns = plan.reverse and plan.funding_rate < 0
        return "interest takes more than that" if earns else "it does not pay now"
    return f"breaks even in {plan.break_even_intervals} intervals, {plan.break_even.total_seconds() / 86400:.1f} days"


def _liquidation(plan: SpreadPlan) -> str:
    if plan.liquidation_price is None or plan.liquidation_distance is None:
        return "no liquidation price"
    price = plan.liquidation_price.quantize(plan.pair.perp.tick_size)
    return f"liquidation at {plain(price)}, {_away(plan.liquidation_distance)}"


def _away(distance: Decimal) -> str:
    return f"{abs(distance):.1%} {'above' if distance > 0 else 'below'}"
