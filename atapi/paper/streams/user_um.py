"""Futures user events as they are printed: numbers without padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.matching.contracts import LINEAR
from atapi.matching.positions import Holding, break_even, unrealized
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.funding_payments import FundingPayment
from atapi.paper.records import ZERO, OrderRecord, PositionRecord, TradeRecord
from atapi.paper.wire.figures import bare
from atapi.paper.wire.shapes.um import ACCOUNT_ALIAS

Json = dict[str, Any]

SETTLEMENT = "SETTLEMENT"
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
    order: OrderRecord,
    trade: TradeRecord | None,
    rules: PerpetualRules,
    resting: tuple[Decimal, Decimal],
    *,
    amended: bool = False,
) -> Json:
    """Tell what happened to an order: it is new, it traded, it was changed, it ended.

    Args:
        resting: Notional of the account's open orders in the symbol: bids, asks.
    """
    at = order.updated_ms
    mean = rules.contract.price(order.executed, order.quote_executed) if order.executed else ZERO
    named: Json = {} if order.terms.modify_id is None else {"M": order.terms.modify_id}
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
            "x": _fill_type(order) if trade else "AMENDMENT" if amended else _execution_type(order.status),
            "X": order.status,
            "i": order.order_id,
            "l": bare(trade.quantity if trade else ZERO),
            "z": bare(order.executed),
            "L": bare(trade.price if trade else ZERO),
            "n": bare(trade.fee if trade else ZERO),
            "N": trade.fee_asset if trade else rules.margin_asset,
            "T": at,
            "t": trade.trade_id if trade else 0,
            "b": bare(resting[0]),
            "a": bare(resting[1]),
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
            "er": _expiry_code(order),
        }
        | named,
    }


def of_market(event: Json, rules: PerpetualRules) -> Json:
    """Add what COIN-M tells beside: whose account it is, and the coin an order is margined in."""
    if rules.contract is LINEAR:
        return event
    if "o" in event:
        event["o"]["ma"] = rules.margin_asset
    return event | {"i": ACCOUNT_ALIAS}


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
    return {"e": "ACCOUNT_UPDATE", "T": now_ms, "E": now_ms, "a": changes}


def funding_update(payment: FundingPayment, rules: PerpetualRules, now_ms: int) -> Json:
    """Tell one funding: the balance it left, and the position where it came from that position's own margin."""
    balances = {payment.asset: (payment.wallet, payment.cross_wallet, payment.amount)}
    rows = []
    held = payment.position
    if held is not None:
        holding = Holding(held.quantity, held.cost, held.carry)
        rows.append(position(held, unrealized(holding, payment.mark_price, rules.contract), rules))
    event = account_update(balances, rows, "FUNDING_FEE", now_ms)
    event["a"]["S"] = payment.symbol
    return of_market(event, rules) | {"T": payment.time_ms}


def position(record: PositionRecord, gain: Decimal, rules: PerpetualRules) -> Json:
    """Print a position, flat or not, with its unrealized profit."""
    mean = even = ZERO
    if record.quantity:
        holding = Holding(record.quantity, record.cost, record.carry)
        mean = rules.contract.price(record.quantity, record.cost)
        even = break_even(holding, record.fees, rules.contract)
    return {
        "s": record.symbol,
        "pa": bare(record.quantity),
        "ep": bare(round(mean, 8)),
        "cr": bare(record.realized),
        "up": bare(gain),
        "mt": "isolated" if record.isolated else "cross",
        "iw": bare(record.margin),
        "ps": record.position_side,
        "ma": rules.margin_asset,
        "bep": bare(round(even, 8)),
    }


def _fill_type(order: OrderRecord) -> str:
    """Name a fill: one with the insurance fund or in deleveraging was computed, not traded."""
    computed = order.terms.off_book and order.terms.forced != SETTLEMENT
    return "CALCULATED" if computed else "TRADE"


def _expiry_code(order: OrderRecord) -> str:
    if order.expiry_reason == "SELF_TRADE_PREVENTION" and order.time_in_force == "IOC":
        return "3"
    return EXPIRY_CODES.get(order.expiry_reason, "0")


def _execution_type(status: str) -> str:
    return "EXPIRED" if status == "EXPIRED_IN_MATCH" else status
