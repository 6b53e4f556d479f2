"""Margin of single positions on USD-M and COIN-M: added and taken off, and how soon a position would be deleveraged."""

from __future__ import annotations

from typing import Any

from atapi.paper.wire.call import Call
from atapi.paper.wire.figures import bare
from atapi.paper.wire.futures import Both, desk_of, market_of
from atapi.paper.wire.orderforms import position_side
from atapi.paper.wire.paging import time_span
from atapi.paper.wire.params import invalid

both = Both()
router, cm_router = both.um, both.cm

Json = dict[str, Any]
HISTORY_HOURS = 30 * 24


@both.signed("POST", "positionMargin")
def change_position_margin(call: Call) -> Json:
    """Add margin to an isolated position, or take some off."""
    symbol, side = call.params.symbol(), position_side(call.params)
    amount, kind = call.params.decimal("amount"), call.params.integer("type")
    if kind not in (1, 2):
        raise invalid("type")
    change = desk_of(call).settings.change_margin(call.account, symbol, side, amount, kind)
    return {
        "amount": float(change.amount),
        "code": 200,
        "msg": "Successfully modify position margin.",
        "type": kind,
    }


@both.signed("GET", "positionMargin/history")
def position_margin_history(call: Call) -> list[Json]:
    """List changes of isolated margin, oldest first."""
    symbol, kind = call.params.symbol(), call.params.maybe_integer("type")
    start, end = time_span(call.params, HISTORY_HOURS)
    limit = call.params.limit(500, 500)
    found = [
        {
            "symbol": change.symbol,
            "type": change.kind,
            "deltaType": "USER_ADJUST",
            "amount": bare(change.amount),
            "asset": change.asset,
            "time": change.time_ms,
            "positionSide": change.position_side,
        }
        for change in desk_of(call).settings.margin_changes(call.account, symbol)
        if kind in (None, change.kind)
        if (start is None or start <= change.time_ms) and (end is None or change.time_ms <= end)
    ]
    return found[-limit:]


@both.signed("GET", "adlQuantile", weight=5)
def adl_quantile(call: Call) -> list[Json]:
    """Tell how soon each position would be deleveraged."""
    symbol = call.params.maybe_symbol()
    hedged = desk_of(call).settings.hedged(call.account)
    found: dict[str, dict[str, int]] = {}
    for view in call.exchange.positions(call.account, market_of(call)):
        position = view.position
        if symbol in (None, position.symbol):
            sides = found.setdefault(position.symbol, dict.fromkeys(("LONG", "SHORT"), 0))
            if hedged:
                sides[position.position_side] = view.adl
                sides["HEDGE"] = 0
            else:
                sides["LONG" if position.quantity > 0 else "SHORT"] = sides["BOTH"] = view.adl
    return [{"symbol": name, "adlQuantile": sides} for name, sides in found.items()]
