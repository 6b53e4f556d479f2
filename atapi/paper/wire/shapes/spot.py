"""Spot orders, fills and account as they are printed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.paper.records import ZERO, OrderRecord, TradeRecord
from atapi.paper.wire.figures import eight

Json = dict[str, Any]


def placed(order: OrderRecord, fills: Sequence[TradeRecord], kind: str) -> Json:
    """Print the answer to a new order: ACK, RESULT or FULL."""
    shape: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_order_id,
        "transactTime": order.updated_ms,
    }
    if kind == "ACK":
        return shape
    shape |= _amounts(order) | {"workingTime": order.created_ms, **_prevention(order), **_expiry(order)}
    if kind == "FULL":
        shape["fills"] = [_fill(trade) for trade in fills]
    return shape


def order(record: OrderRecord) -> Json:
    """Print an order as queries do."""
    return {
        "symbol": record.symbol,
        "orderId": record.order_id,
        "orderListId": -1,
        "clientOrderId": record.client_order_id,
        "price": eight(record.price),
        "origQty": eight(record.quantity),
        "executedQty": eight(record.executed),
        "cummulativeQuoteQty": eight(record.quote_executed),
        "status": record.status,
        "timeInForce": record.time_in_force,
        "type": record.type,
        "side": record.side,
        "stopPrice": eight(ZERO),
        "icebergQty": eight(ZERO),
        "time": record.created_ms,
        "updateTime": record.updated_ms,
        "isWorking": True,
        "workingTime": record.created_ms,
        "origQuoteOrderQty": eight(record.quote_quantity),
        **_prevention(record),
        **_expiry(record),
    }


def canceled(order: OrderRecord, cancel_id: str | None) -> Json:
    """Print a canceled order: `clientOrderId` is the cancel's own, the order's moves to `origClientOrderId`."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": cancel_id or cancel_id_of(order),
        "transactTime": order.updated_ms,
        **_amounts(order),
        **_prevention(order),
    }


def cancel_id_of(order: OrderRecord) -> str:
    """Make the id of a cancel that was given none: 22 letters and digits, always the same ones for an order."""
    return hashlib.sha256(f"cancel {order.order_id}".encode()).hexdigest()[:22]


def my_trade(trade: TradeRecord) -> Json:
    """Print one fill as `myTrades` does."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": -1,
        "price": eight(trade.price),
        "qty": eight(trade.quantity),
        "quoteQty": eight(trade.notional),
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "isBuyer": trade.side == "BUY",
        "isMaker": trade.maker,
        "isBestMatch": True,
    }


def account(
    balances: Mapping[str, tuple[Decimal, Decimal]],
    rates: tuple[Decimal, Decimal],
    updated_ms: int,
    uid: int,
) -> Json:
    """Print the account."""
    maker, taker = rates
    return {
        "makerCommission": _basis_points(maker),
        "takerCommission": _basis_points(taker),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": commission(rates),
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": updated_ms,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": eight(free), "locked": eight(locked)}
            for asset, (free, locked) in sorted(balances.items())
        ],
        "permissions": ["SPOT"],
        "uid": uid,
    }


def commission(rates: tuple[Decimal, Decimal]) -> Json:
    """Print maker and taker rates; buyer and seller pay nothing on top."""
    maker, taker = rates
    return {"maker": eight(maker), "taker": eight(taker), "buyer": eight(ZERO), "seller": eight(ZERO)}


def _amounts(order: OrderRecord) -> Json:
    return {
        "price": eight(order.price),
        "origQty": eight(order.quantity),
        "executedQty": eight(order.executed),
        "origQuoteOrderQty": eight(order.quote_quantity),
        "cummulativeQuoteQty": eight(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }


def _prevention(order: OrderRecord) -> Json:
    return {"selfTradePreventionMode": order.self_trade_prevention}


def _expiry(order: OrderRecord) -> Json:
    return {"expiryReason": order.expiry_reason} if order.expiry_reason else {}


def _fill(trade: TradeRecord) -> Json:
    return {
        "price": eight(trade.price),
        "qty": eight(trade.quantity),
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "tradeId": trade.trade_id,
    }


def _basis_points(rate: Decimal) -> int:
    return int(rate * 10_000)
