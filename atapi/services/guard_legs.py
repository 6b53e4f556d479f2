"""Judges the legs of one spread against the journal: whether it is hedged, and if not, who did it."""

from __future__ import annotations

from datetime import datetime, timedelta

from atapi.domain.guard import Check, Code, Severity
from atapi.domain.numbers import ZERO, plain
from atapi.domain.orders import Order
from atapi.domain.spreads import Pair
from atapi.services.evening import tolerance
from atapi.services.guard_facts import Account, Standing, Terms

ABANDONED = timedelta(
    seconds=10
)  # an unfinished transaction that nobody carries on for so long was cut short
UNEVEN = timedelta(seconds=60)  # somebody who trades may have the legs differ for so long

FORCED = {
    "adl_autoclose": Code.ADL,
    "autoclose-": Code.LIQUIDATED,
    "settlement_autoclose-": Code.SETTLED,
}  # how the client order id begins of an order that the exchange made -> what it did
WORDS = {
    Code.ADL: "deleveraged by the exchange",
    Code.LIQUIDATED: "liquidated",
    Code.SETTLED: "settled at delisting",
}


def forced(order: Order) -> Code | None:
    """Tell what the exchange did by an order of its own; None of one that somebody sent."""
    return next((code for start, code in FORCED.items() if order.client_order_id.startswith(start)), None)


def even(standing: Standing, pair: Pair) -> bool:
    """Tell whether the legs differ by less than the coarser lot."""
    return abs(standing.delta) < tolerance(pair)


def check_legs(standing: Standing, account: Account, terms: Terms, since: datetime) -> Check:
    """Compare what stands with what stands against it.

    Args:
        since: When the legs were first seen to differ as they do.
    """
    spread, pair = standing.spread, terms.pairs[standing.spread.symbol]
    drift = standing.delta
    worth = drift * terms.prices[spread.symbol] / pair.multiplier
    value = f"{plain(drift)} {spread.base_asset} ({worth:+.2f} {spread.quote_asset})"
    limit = f"{plain(tolerance(pair))} {spread.base_asset}"
    if even(standing, pair):
        return Check.of(spread, Code.DELTA, value, limit=limit)
    code, why, at = _cause(standing, account.forced.get(spread.symbol, ()), since)
    side = "long" if drift > 0 else "short"
    turned = standing.foreign and not standing.perp  # around by hand: not the spread's to mend
    return Check.of(
        spread,
        code,
        value,
        limit=limit,
        severity=Severity.ALARM,
        message=f"{spread.symbol} is {side} {plain(abs(drift))} {spread.base_asset} ({abs(worth):.2f}"
        f" {spread.quote_asset}) unhedged for {span(account.at - at)}: {why}",
        mend=f"{'positions' if turned else 'hedge'} {spread.symbol}",
    )


def check_transit(standing: Standing, account: Account, pair: Pair, since: datetime) -> Check:
    """Judge a transaction that is under way: its legs may differ, but not for long, and somebody must carry it on.

    Args:
        since: When it was first seen so: nobody to carry it on, or its legs uneven.
    """
    spread, age = standing.spread, account.at - since
    trader = account.trader
    late = age >= ABANDONED if trader is None else age >= UNEVEN and not even(standing, pair)
    told = f"{spread.state} for {span(age)}"
    message = f"an opening or closing of {spread.symbol} was cut short ({told})"
    if trader is not None:
        drift = f"{plain(abs(standing.delta))} {spread.base_asset}"
        message = (
            f"{spread.symbol} has {drift} unhedged for {span(age)} while process {trader} trades it ({told})"
        )
    return Check.of(
        spread,
        Code.TRANSIT,
        told,
        limit=span(ABANDONED if trader is None else UNEVEN),
        severity=Severity.ALARM if late else Severity.OK,
        message=message,
        mend="spreads",
    )


def check_foreign(standing: Standing) -> Check:
    """Say of a position that a part of it is no spread's."""
    spread, extra = standing.spread, f"{plain(standing.foreign)} {standing.spread.symbol}"
    return Check.of(
        spread,
        Code.FOREIGN,
        extra,
        limit="0",
        severity=Severity.WARNING if standing.foreign else Severity.OK,
        message=f"{extra} of the position is no spread's: it shares the margin and is not touched",
        mend=f"positions {spread.symbol}",
    )


def span(age: timedelta) -> str:
    """Write an age for a message.

    >>> span(timedelta(seconds=61)), span(timedelta(hours=30))
    ('61 s', '30 h')
    """
    seconds = max(0, int(age.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _cause(standing: Standing, orders: tuple[Order, ...], since: datetime) -> tuple[Code, str, datetime]:
    spread = standing.spread
    booked = {fill.order_id for _, fill in spread.fills}
    if standing.perp_missing > 0:
        orders = tuple(order for order in orders if order.order_id not in booked)
    elif standing.spot_missing > 0:
        orders = ()
    code = forced(orders[-1]) if orders else None
    if code is not None:
        taken = sum((order.filled for order in orders if forced(order) is code), ZERO)
        return code, f"{plain(taken)} {spread.symbol} was {WORDS[code]}", orders[-1].updated_at
    if standing.perp_missing > 0:
        held, ours = plain(abs(standing.perp)), plain(abs(spread.perp_quantity))
        return Code.HAND, f"the position is {held} where the journal has {ours}, closed by hand", since
    if standing.spot_missing > 0:
        held, ours = plain(abs(standing.spot)), plain(abs(spread.spot_quantity))
        if spread.spot_quantity < 0:
            return Code.HAND, f"{held} are owed where the journal has {ours}, repaid or liquidated", since
        return Code.HAND, f"the wallet has {held} where the journal has {ours}, sold or moved by hand", since
    return Code.DELTA, f"the journal has it {spread.state}", since
