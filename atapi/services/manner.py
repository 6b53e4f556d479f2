"""The manner of trading a trader asks for, made into a style that both markets' rules allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from atapi.domain.amounts import Amount
from atapi.domain.numbers import ONE, ceil_to, floor_to, plain
from atapi.domain.spreads import Pair
from atapi.domain.style import Route, Style
from atapi.errors import Refused, UsageError
from atapi.execution.sizing import common_lot

PACE = timedelta(seconds=30)  # between slices where only the span is given
MOST_SLICES = 1000
PATIENCE = timedelta(seconds=60)  # of an order that rests


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the trader wants it done; None leaves it to us."""

    route: Route = Route.TAKER
    slices: int | None = None
    over: timedelta | None = None  # the slices are spread evenly over it
    max_gap: timedelta | None = None
    max_unhedged: Amount | None = None  # of quote asset
    patience: timedelta = PATIENCE


PLAIN = Manner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What is to be cut into slices."""

    pair: Pair
    quantity: Decimal  # of the perpetual
    price: Decimal  # of one unit of it on the dearer leg
    least: Decimal  # of the perpetual that both markets take


def style_of(
    manner: Manner, size: Size, *, max_slippage: Decimal, worst_basis: Decimal | None = None
) -> Style:
    """Cut it into slices that both markets take, none of them over the limit of what may stand unhedged.

    Raises:
        UsageError: The limit is not in quote asset.
        Refused: No such slices exist.
    """
    cap = _cap(manner, size.pair)
    slices = _slices(manner, size, cap)
    return Style(
        route=manner.route,
        slices=slices,
        interval=0 if manner.over is None else _milliseconds(manner.over) // slices,
        max_slippage=max_slippage,
        max_unhedged=cap,
        max_gap=None if manner.max_gap is None else _milliseconds(manner.max_gap),
        patience=_milliseconds(manner.patience),
        worst_basis=worst_basis if slices > 1 or manner.route is Route.MAKER else None,
    )


def _cap(manner: Manner, pair: Pair) -> Decimal | None:
    amount, quote = manner.max_unhedged, pair.perp.quote_asset
    if amount is None:
        return None
    if amount.asset != quote:
        raise UsageError(f"--max-unhedged is not in {quote}", hint=f"--max-unhedged 500{quote.lower()}")
    return amount.value


def _slices(manner: Manner, size: Size, cap: Decimal | None) -> int:
    most = max(1, int(size.quantity / size.least)) if size.least else MOST_SLICES
    if manner.slices is not None and manner.slices > most:
        raise Refused(
            f"{manner.slices} slices of {_coins(size, size.quantity / manner.slices)} are under the minimum of"
            f" {_coins(size, size.least)}",
            hint=f"--slices {most}" if most > 1 else "a larger AMOUNT",
        )
    slices = manner.slices or (1 if manner.over is None else min(most, max(2, int(manner.over / PACE))))
    if cap is not None:
        slices = max(slices, _bounded(cap, size))
    return min(slices, MOST_SLICES)


def _bounded(cap: Decimal, size: Size) -> int:
    """How many slices it takes so that none is over the limit."""
    each = floor_to(cap / size.price, common_lot(size.pair))
    quote = size.pair.perp.quote_asset
    if each < size.least:
        smallest = ceil_to(size.least * size.price * Decimal("1.002"), ONE)
        raise Refused(
            f"--max-unhedged {plain(cap)}{quote.lower()} is under the smallest slice of"
            f" {_coins(size, size.least)}",
            hint=f"--max-unhedged {plain(smallest)}{quote.lower()}",
        )
    return int(ceil_to(size.quantity / each, ONE))


def _coins(size: Size, perpetual: Decimal) -> str:
    coins = floor_to(perpetual * size.pair.multiplier, size.pair.spot.lot_size)
    return f"{plain(coins)} {size.pair.spot.base_asset}"


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
