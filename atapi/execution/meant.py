"""What an intent means to trade, leg by leg: read from its own words, not asked of the engine that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from atapi.domain.numbers import ONE, ZERO
from atapi.domain.spreads import LegName
from atapi.execution.journal_rows import Intent

FEE_ROOM = Decimal("0.002")  # a fee taken in coins may be so much more than was planned, as when BNB runs out
ROUNDING = 2  # spot lots: each purchase is rounded up, what is too much counts at the next


def meant(intent: Intent, *, multiplier: Decimal, spot_lot: Decimal) -> dict[LegName, Decimal] | None:
    """Tell the most that an intent may trade on each leg, in the leg's own unit; None where it states no quantity.

    What is taken back on the way is not in it; see `most`.

    Args:
        multiplier: Spot units in one unit of the perpetual.
        spot_lot: The step of spot quantities.
    """
    terms = intent.terms
    kept = ONE - Decimal(terms.get("base_fee", "0")) - FEE_ROOM
    if intent.kind == "open":
        quantity = Decimal(terms["quantity"])
        spot = quantity * multiplier / kept + ROUNDING * spot_lot
        return {LegName.PERP_ENTRY: quantity, LegName.SPOT_ENTRY: spot}
    if intent.kind == "close":
        spot = Decimal(terms["spot_quantity"])
        gross = spot / kept + ROUNDING * spot_lot if spot else ZERO
        return {LegName.SPOT_EXIT: gross, LegName.PERP_EXIT: Decimal(terms["perp_quantity"])}
    if "quantity" in terms:
        return {LegName(terms.get("leg", LegName.ORDER)): Decimal(terms["quantity"])}
    return None


def most(leg: LegName, meant: Mapping[LegName, Decimal], out: Mapping[LegName, Decimal]) -> Decimal:
    """Tell the most that may go out for a leg, given what went out for the others.

    No more is taken back than went out, and what was taken back may be traded again when a spread is closed.
    """
    back = out.get(LegName.UNWIND, ZERO)
    if leg is LegName.UNWIND:
        return out.get(LegName.PERP_ENTRY, ZERO) + out.get(LegName.PERP_EXIT, ZERO)
    again = back if leg is LegName.PERP_EXIT and leg in meant else ZERO
    return meant.get(leg, ZERO) + again
