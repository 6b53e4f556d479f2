"""Spot user events as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atapi.paper.records import ZERO, OrderRecord, TradeRecord
from atapi.paper.wire.figures import eight
from atapi.paper.wire.shapes.spot import cancel_id_of

Json = dict[str, Any]


def execution_report(order: OrderRecord, trade: TradeRecord | None, cancel_id: str | None = None) -> Json:
    """Tell what happened to an order: it is new, it traded, it ended; a cancel has an id of its own."""
    canceled = order.status == "CANCELED"
    at = order.updated_ms
    report: Json = {
        "e": "executionReport",
        "E": at,
        "s": order.symbol,
        "c": (cancel_id or cancel_id_of(order)) if canceled else order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": eight(order.quantity),
        "p": eight(order.price),
        "P": eight(ZERO),
        "F": eight(ZERO),
        "g": -1,
        "C": order.client_order_id if canceled else "",
        "x": "TRADE" if trade else _execution_type(order.status),
        "X": order.status,
        "r": "NONE",
        "i": order.order_id,
        "l": eight(trade.quantity if trade else ZERO),
        "z": eight(order.executed),
        "L": eight(trade.price if trade else ZERO),
        "n": eight(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else None,
        "T": at,
        "t": trade.trade_id if trade else -1,
        "I": at,
        "w": order.open,
        "m": trade.maker if trade else False,
        "M": trade is not None,
        "O": order.created_ms,
        "Z": eight(order.quote_executed),
        "Y": eight(trade.notional if trade else ZERO),
        "Q": eight(order.quote_quantity),
        "W": order.created_ms,
        "V": order.self_trade_prevention,
    }
    if order.expiry_reason:
        report["eR"] = order.expiry_reason
    return report


def account_position(balances: Sequence[tuple[str, str, str, Decimal, Decimal]], now_ms: int) -> Json:
    """Tell the balances that a call may have changed."""
    return {
        "e": "outboundAccountPosition",
        "E": now_ms,
        "u": now_ms,
        "B": [{"a": asset, "f": eight(free), "l": eight(locked)} for _, _, asset, free, locked in balances],
    }


def balance_update(asset: str, delta: Decimal, now_ms: int) -> Json:
    """Tell a deposit or a transfer."""
    return {"e": "balanceUpdate", "E": now_ms, "a": asset, "d": eight(delta), "T": now_ms}


def _execution_type(status: str) -> str:
    return "TRADE_PREVENTION" if status == "EXPIRED_IN_MATCH" else status
