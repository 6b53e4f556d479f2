"""Futures user events as they are printed: numbers without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.paper.exchange import PositionView
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import ZERO, OrderRecord, PositionRecord, TradeRecord
from atapi.paper.wire.figures import bare

Json = dict[str, Any]

EXPIRY_CODES = {  # why an order expired -> `er`
    None: "0",
    "SELF_TRADE_PREVENTION": "1",
    "UNFILLED_IOC_QUANTITY_EXPIRED": "2",
    "REDUCE_ONLY": "4",
    "LIQUIDATION": "5",
    "DELISTED": "7",
    "INSUFFICIENT_LIQUIDITY": "9",
}


def order_update(
    order: OrderRecord, trade: TradeRecord | None, rules: PerpetualRules, *, amended: bool = False
) -> Json:
    """Tell what happened to an order: it is new, it traded, it was changed, it ended."""
    at = order.updated_ms
    mean = rules.contract.price(order.executed, order.quote_executed) if order.executed else ZERO
    return {
        "e": "ORDER_TRADE_UPDATE",
        "T": at,
        "E": at,
        "o": {
            "s": order.symbol,
            "c": order.client_order_id,
            "S": order.side,
            "o": order.type,
            "f": order.time_in_force,
            "q": bare(order.quantity),
            "p": bare(order.price),
            "ap": bare(round(mean, 8)),
            "sp": "0",
            "x": "TRADE" if trade else "AMENDMENT" if amended else _execution_type(order.status),
            "X": order.status,
            "i": order.order_id,
            "l": bare(trade.quantity if trade else ZERO),
            "z": bare(order.executed),
            "L": bare(trade.price if trade else ZERO),
            "n": bare(trade.fee if trade else ZERO),
            "N": trade.fee_asset if trade else rules.margin_asset,
            "T": at,
            "t": trade.trade_id if trade else 0,
            "b": "0",
            "a": "0",
            "m": trade.maker if trade else False,
            "R": order.reduce_only,
            "wt": "CONTRACT_PRICE",
            "ot": order.type,
            "ps": order.position_side,
            "cp": order.terms.close_position,
            "rp": bare(trade.realized if trade else ZERO),
            "pP": False,
            "si": 0,
            "ss": 0,
            "V": order.self_trade_prevention,
            "pm": order.terms.price_match,
            "gtd": order.terms.good_till_ms,
            "er": EXPIRY_CODES.get(order.expiry_reason, "0"),
        },
    }


def trade_lite(order: OrderRecord, trade: TradeRecord) -> Json:
    """Tell a fill in short, before it is told at length."""
    return {
        "e": "TRADE_LITE",
        "E": trade.time_ms,
        "T": trade.time_ms,
        "s": order.symbol,
        "q": bare(order.quantity),
        "p": bare(order.price),
        "m": trade.maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": bare(trade.price),
        "l": bare(trade.quantity),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def account_update(
    balances: Mapping[str, tuple[Decimal, Decimal, Decimal]],
    positions: Sequence[Json],
    reason: str,
    now_ms: int,
    symbol: str | None,
) -> Json:
    """Tell balances (wallet, cross wallet and change by asset) and positions that changed, and why."""
    changes: Json = {
        "B": [
            {
                "a": asset,
                "wb": bare(wallet),
                "cw": bare(cross),
                "bc": "0" if reason == "ORDER" else bare(delta),
            }
            for asset, (wallet, cross, delta) in balances.items()
        ],
        "P": list(positions),
        "m": reason,
    }
    if symbol is not None:
        changes["S"] = symbol
    return {"e": "ACCOUNT_UPDATE", "T": now_ms, "E": now_ms, "a": changes}


def position(record: PositionRecord, view: PositionView | None, rules: PerpetualRules) -> Json:
    """Print a position; `view` is None where it is flat."""
    mean = rules.contract.price(record.quantity, record.cost) if record.quantity else ZERO
    entry = bare(round(mean, 8))
    return {
        "s": record.symbol,
        "pa": bare(record.quantity),
        "ep": entry,
        "cr": "0",
        "up": bare(view.unrealized if view else ZERO),
        "mt": "isolated" if record.isolated else "cross",
        "iw": bare(record.margin),
        "ps": record.position_side,
        "ma": rules.margin_asset,
        "bep": entry,
    }


def _execution_type(status: str) -> str:
    return "EXPIRED" if status == "EXPIRED_IN_MATCH" else status
