"""Spot user events as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atapi.paper.records import ZERO, AmendRecord, OrderRecord, PreventedRecord, TradeRecord
from atapi.paper.wire.figures import eight
from atapi.paper.wire.shapes.spot import asked_price, cancel_id_of, expiry_of

Json = dict[str, Any]


def execution_report(
    order: OrderRecord,
    trade: TradeRecord | None,
    cancel_id: str | None = None,
    *,
    prevented: PreventedRecord | None = None,
    amended: AmendRecord | None = None,
) -> Json:
    """Tell what happened to an order: it is new, it traded, it ended; a cancel has an id of its own.

    Args:
        prevented: The trade with oneself that did not happen, where that is what changed the order.
        amended: The amendment that changed the order.
    """
    terms, canceled = order.terms, order.status == "CANCELED"
    at = order.updated_ms
    original = order.client_order_id if canceled else amended.old_client_id if amended else ""
    report: Json = {
        "e": "executionReport",
        "E": at,
        "s": order.symbol,
        "c": (cancel_id or cancel_id_of(order)) if canceled else order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": eight(order.quantity),
        "p": eight(asked_price(order)),
        "P": eight(terms.stop_price),
        "F": eight(terms.iceberg),
        "g": terms.list_id,
        "C": original,
        "x": _execution_type(order.status, trade, prevented, amended),
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
        "w": order.open and not order.waiting,
        "m": trade.maker if trade else False,
        "M": trade is not None,
        "O": order.created_ms,
        "Z": eight(order.quote_executed),
        "Y": eight(trade.notional if trade else ZERO),
        "Q": eight(order.quote_quantity),
        **({} if order.waiting else {"W": order.working_ms}),
        "V": order.self_trade_prevention,
    }
    return report | _conditional(order) | (_prevented(order, prevented) if prevented else {})


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


def _conditional(order: OrderRecord) -> Json:
    terms, shape = order.terms, dict[str, Any]()
    if terms.trailing_delta:
        shape |= {"d": terms.trailing_delta, "D": terms.trailing_ms}
    if terms.strategy_id is not None:
        shape["j"] = terms.strategy_id
    if terms.strategy_type is not None:
        shape["J"] = terms.strategy_type
    if terms.peg:
        shape["gP"] = terms.peg
        if terms.peg_level is not None:
            shape |= {"gOT": "PRICE_LEVEL", "gOV": terms.peg_level}
        if not order.waiting:
            shape["gp"] = eight(order.price)
    reason = expiry_of(order)
    return shape if reason is None else shape | {"eR": reason}


def _prevented(order: OrderRecord, record: PreventedRecord) -> Json:
    takes = order.order_id == record.taker_id
    lost = record.taker_quantity if takes else record.maker_quantity
    sizes = [size for size in (record.taker_quantity, record.maker_quantity) if size is not None]
    matched = min(sizes)
    return {
        "v": record.match_id,
        "A": eight(order.terms.prevented),
        "B": eight(lost or ZERO),
        "u": -1,
        "U": record.maker_id if takes else record.taker_id,
        "Cs": record.symbol,
        "pl": eight(matched),
        "pL": eight(record.price),
        "pY": eight(matched * record.price),
    }


def _execution_type(
    status: str,
    trade: TradeRecord | None,
    prevented: PreventedRecord | None,
    amended: AmendRecord | None,
) -> str:
    if trade is not None:
        return "TRADE"
    if prevented is not None:
        return "TRADE_PREVENTION"
    if amended is not None:
        return "REPLACED"
    return "NEW" if status == "PENDING_NEW" else status
