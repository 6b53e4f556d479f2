"""What an intent means to trade, leg by leg: read from its own words, not asked of the engine that carries it out."""

from __future__ import annotations

from decimal import Decimal

from atapi.domain.numbers import ONE, ZERO
from atapi.domain.spreads import LegName
from atapi.execution.journal_rows import Intent


def meant(intent: Intent, *, multiplier: Decimal, spot_lot: Decimal) -> dict[LegName, Decimal] | None:
    """Tell the most that an intent may trade on each leg, in the leg's own unit; None where it states no quantity.

    Args:
        multiplier: Spot units in one unit of the perpetual.
        spot_lot: A purchase is rounded up to this, once for each slice.
    """
    terms = intent.terms
    rounding = spot_lot * int(terms.get("slices", "1"))
    kept = ONE - Decimal(terms.get("base_fee", "0"))
    if intent.kind == "open":
        quantity = Decimal(terms["quantity"])
        return {
            LegName.PERP_ENTRY: quantity,
            LegName.SPOT_ENTRY: quantity * multiplier / kept + rounding,
            LegName.UNWIND: quantity,
        }
    if intent.kind == "close":
        spot = Decimal(terms["spot_quantity"])
        return {
            LegName.SPOT_EXIT: spot / kept + rounding if spot else ZERO,
            LegName.PERP_EXIT: Decimal(terms["perp_quantity"]),
        }
    if "quantity" in terms:
        return {LegName.ORDER: Decimal(terms["quantity"])}
    return None
