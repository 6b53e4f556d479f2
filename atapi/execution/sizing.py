"""How much: the largest quantity both legs can trade within what was asked."""

from __future__ import annotations

from decimal import Decimal
from math import lcm

from atapi.domain.numbers import floor_to, plain
from atapi.domain.spreads import Pair
from atapi.errors import Refused, UsageError


def common_lot(pair: Pair) -> Decimal:
    """The smallest step, in the perpetual's unit, that is a whole number of lots on both markets.

    A perpetual of 0.001 BTC and a spot lot of 0.00001 BTC meet at 0.001.
    """
    perp, spot = pair.perp.lot_size, pair.spot.lot_size / pair.multiplier
    scale = Decimal(10) ** max(-_exponent(perp), -_exponent(spot), 0)
    return Decimal(lcm(int(perp * scale), int(spot * scale))) / scale


def by_notional(pair: Pair, notional: Decimal, unit_cost: Decimal) -> Decimal:
    """Size by quote asset: the most whose dearer leg costs no more than `notional`.

    Args:
        unit_cost: What one unit of the perpetual costs on the dearer leg, fees in base included.
    """
    return floor_to(notional / unit_cost, common_lot(pair))


def by_quantity(pair: Pair, quantity: Decimal) -> Decimal:
    """Size by base asset, exactly as asked.

    Raises:
        Refused: It is no multiple of the common lot.
    """
    in_perp = quantity / pair.multiplier
    lot = common_lot(pair)
    if in_perp % lot:
        base = pair.spot.base_asset
        down = floor_to(in_perp, lot) * pair.multiplier
        hint = f"{plain(down)}{base.lower()}; or give usdt and the shell rounds down" if down else None
        raise Refused(
            f"{plain(quantity)} {base} is no multiple of {plain(lot * pair.multiplier)}",
            hint=hint or f"smallest: {plain(lot * pair.multiplier)}{base.lower()}",
        )
    return in_perp


def least(pair: Pair, perp_price: Decimal, spot_price: Decimal) -> Decimal:
    """The smallest quantity of the perpetual that passes both markets' minimums, with room for a moving price."""
    lot = common_lot(pair)
    needs = (
        pair.perp.min_quantity,
        pair.spot.min_quantity / pair.multiplier,
        pair.perp.min_notional / perp_price,
        pair.spot.min_notional / (spot_price * pair.multiplier),
    )
    return -floor_to(-max(needs), lot) if max(needs) % lot == 0 else floor_to(max(needs), lot) + lot


def check_asset(pair: Pair, asset: str, typed: str) -> None:
    """See that an amount is stated in the pair's own assets.

    Raises:
        UsageError: It is stated in another asset.
    """
    base, quote = pair.spot.base_asset, pair.spot.quote_asset
    if asset not in (base, quote):
        raise UsageError(
            f"amount '{typed}' is in {asset}, {pair.symbol} trades {base} against {quote}",
            hint=f"1000{quote.lower()} (quote), 0.01{base.lower()} (base), 25% or all",
        )


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent
