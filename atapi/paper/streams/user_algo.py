"""Futures user events beside orders and balances: conditional orders, settings, margin calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from atapi.paper.algos import AlgoRecord
from atapi.paper.liquidations import MarginCall
from atapi.paper.records import ZERO
from atapi.paper.wire.figures import bare

Json = dict[str, Any]


class Event(NamedTuple):
    """What is told to whom."""

    account: str
    symbol: str  # "" where it is about the USD-M account as a whole
    event: Json


def algo_update(algo: AlgoRecord, now_ms: int) -> Event:
    """Tell what happened to a conditional order."""
    shown: Json = {
        "caid": algo.client_algo_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": algo.type,
        "s": algo.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.time_in_force,
        "q": bare(algo.quantity),
        "X": algo.status,
        "ai": str(algo.order_id) if algo.order_id else "",
        "ap": bare(round(algo.mean_price, 8)) if algo.executed else "0.00000",
        "aq": bare(algo.executed) if algo.executed else "0.00000",
        "act": algo.order_type or "0",
        "tp": bare(algo.trigger_price),
        "p": bare(algo.price),
        "V": algo.self_trade_prevention,
        "wt": algo.working_type,
        "pm": algo.price_match,
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": algo.good_till_ms,
        "rm": algo.failure,
        "ia": algo.active,
    }
    if algo.callback_rate:
        shown |= {"AP": bare(algo.activate_price or ZERO), "cr": bare(algo.callback_rate)}
    return Event(
        algo.account, algo.symbol, {"e": "ALGO_UPDATE", "T": algo.updated_ms, "E": now_ms, "o": shown}
    )


def margin_call(call: MarginCall, now_ms: int) -> Event:
    """Warn that positions are near liquidation; the cross wallet is told for cross positions only."""
    event: Json = {"e": "MARGIN_CALL", "E": now_ms}
    if call.cross_wallet is not None:
        event["cw"] = bare(call.cross_wallet)
    event["p"] = [
        {
            "s": view.position.symbol,
            "ps": view.position.position_side,
            "pa": bare(view.position.quantity),
            "mt": "ISOLATED" if view.position.isolated else "CROSSED",
            "iw": bare(view.position.margin),
            "mp": bare(view.mark_price),
            "up": bare(view.unrealized),
            "mm": bare(view.maintenance_margin),
        }
        for view in call.positions
    ]
    return Event(call.account, call.positions[0].position.symbol, event)


def config_update(changed: tuple[str, Json], now_ms: int) -> Event:
    """Tell a new leverage or asset mode."""
    account, change = changed
    event = {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": now_ms, **change}
    return Event(account, change.get("ac", {}).get("s", ""), event)


EVENTS: Mapping[str, Callable[[Any, int], Event]] = {  # what the exchange tells -> the event
    "algo": algo_update,
    "margin_call": margin_call,
    "config": config_update,
}
