"""How much stood without its other leg, and for how long: reckoned from the exchange's fills and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from atapi.domain.instruments import Market
from atapi.domain.numbers import ZERO
from atapi.domain.orders import Fill
from atapi.domain.spreads import Pair

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One stretch of time in which coins and perpetual did not offset each other."""

    usdt: Decimal = ZERO  # the most there was of it
    seconds: Decimal = ZERO
    usdt_seconds: Decimal = ZERO  # its area


@dataclass(frozen=True, slots=True)
class Moment:
    """What is held after a fill, in coins."""

    at: datetime
    net: Decimal  # coins and perpetual together, signed
    price: Decimal  # of the last fill


def largest_exposure(fills: Iterable[Fill], pair: Pair, until: datetime) -> Exposure:
    """Find the stretch of the largest area.

    Args:
        fills: Own fills of both symbols, in any order.
        until: When the looking ends; what is exposed then is so until then.
    """
    lot = coarser_lot(pair)
    stretches: list[Exposure] = []
    open_since: list[tuple[Decimal, Decimal]] = []  # (USDT, seconds) of the running stretch
    moments = [*holdings(fills, pair)]
    for moment, next_at in zip(moments, [*(m.at for m in moments[1:]), until], strict=False):
        if abs(moment.net) < lot:
            stretches.append(_stretch(open_since))
            open_since = []
            continue
        seconds = Decimal((next_at - moment.at) // timedelta(milliseconds=1)) / 1000
        open_since.append((abs(moment.net) * moment.price, seconds))
    stretches.append(_stretch(open_since))
    return max(stretches, key=lambda stretch: (stretch.usdt_seconds, stretch.usdt))


def holdings(fills: Iterable[Fill], pair: Pair) -> Iterable[Moment]:
    """Add fills up, oldest first: coins net of fees taken in them, the perpetual in coins."""
    net = ZERO
    for fill in sorted(fills, key=lambda f: (f.at, f.market, f.trade_id)):
        if fill.market is Market.UM:
            net += fill.side.sign * fill.quantity * pair.multiplier
            price = fill.price / pair.multiplier
        else:
            net += fill.side.sign * fill.quantity
            net -= fill.fee if fill.fee_asset == pair.spot.base_asset else ZERO
            price = fill.price
        yield Moment(fill.at, net, price)


def coarser_lot(pair: Pair) -> Decimal:
    """The step, in coins, below which legs cannot be told apart."""
    return max(pair.perp.lot_size * pair.multiplier, pair.spot.lot_size)


def _stretch(parts: list[tuple[Decimal, Decimal]]) -> Exposure:
    seconds = sum((seconds for _, seconds in parts), ZERO)
    if not seconds:
        return Exposure()
    return Exposure(
        usdt=max(usdt for usdt, _ in parts),
        seconds=seconds,
        usdt_seconds=sum((usdt * seconds for usdt, seconds in parts), ZERO),
    )
