"""Derives a spread from the venue's own records, for a journal that is lost or not to be trusted.

Every order of ours says in its id which leg it was. So the trades that made a position, back to where it last was
nothing, and the coins traded beside it, are the spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill, Order
from atapi.domain.spreads import LegName, Pair, Spread, SpreadState
from atapi.execution.ids import instance_of, leg_of
from atapi.execution.reconcile import ACTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Orders and trades of one market of a spread, as the venue lists them."""

    orders: Sequence[Order]
    fills: Sequence[Fill]  # oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What the records tell of one position."""

    spread: Spread | None  # None where no order of ours had a part in it
    unexplained: Decimal  # of the position, signed: somebody else's trades, or older ones
    instances: frozenset[str]  # tags of the journals that made the orders


def derive(pair: Pair, position: Decimal, perpetual: Records, coins: Records) -> Derived:
    """Derive the spread behind a position of the perpetual.

    Args:
        position: As the venue holds it, signed; not zero.
        perpetual: Of the futures market.
        coins: Of the spot market, or of cross margin where the position is long.
    """
    assert position
    made = _since_nothing(position, list(_ours(perpetual)))
    begun = made[0][1].at if made else None
    beside = [(leg, fill) for leg, fill in _ours(coins) if begun is not None and fill.at >= begun]
    fills = tuple(sorted((*made, *beside), key=lambda row: row[1].at))
    held = sum((f.side.sign * f.quantity for _, f in made), ZERO)
    tags = {instance_of(o.client_order_id) for o in (*perpetual.orders, *coins.orders)}
    return Derived(
        spread=_spread(pair, position, fills) if made else None,
        unexplained=position - held,
        instances=frozenset(tag for tag in tags if tag is not None),
    )


def _ours(records: Records) -> Iterable[tuple[LegName, Fill]]:
    """Trades of spreads' orders, and those by which the exchange closed a part of a position."""
    legs: dict[str, LegName] = {}  # order id -> leg
    for order in records.orders:
        letter = leg_of(order.client_order_id)
        if letter is not None and letter != LegName.ORDER:
            legs[order.order_id] = LegName(letter)
        elif order.client_order_id.startswith(tuple(ACTIONS)):
            legs[order.order_id] = LegName.PERP_EXIT
    return ((legs[f.order_id], f) for f in records.fills if f.order_id in legs)


def _since_nothing(position: Decimal, fills: list[tuple[LegName, Fill]]) -> list[tuple[LegName, Fill]]:
    """The newest trades that sum to a position; all of them where they never do."""
    left = position
    for start in range(len(fills) - 1, -1, -1):
        left -= fills[start][1].side.sign * fills[start][1].quantity
        if not left:
            return fills[start:]
    return fills


def _spread(pair: Pair, position: Decimal, fills: tuple[tuple[LegName, Fill], ...]) -> Spread:
    return Spread(
        spread_id=0,
        symbol=pair.symbol,
        spot_symbol=pair.spot.symbol,
        base_asset=pair.spot.base_asset,
        quote_asset=pair.spot.quote_asset,
        multiplier=pair.multiplier,
        state=SpreadState.HEDGED,  # whether its legs are even is for reconciling to say
        tag="rebuilt",
        created_at=fills[0][1].at,
        reverse=position > 0,
        fills=fills,
    )
