"""Spot orders, fills and account as they are printed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.matching.models.fees import BNB_MULTIPLIER
from atapi.paper.records import ZERO, AmendRecord, OrderRecord, PreventedRecord, TradeRecord
from atapi.paper.self_trades import SELF_TRADE
from atapi.paper.waiting import CONTINGENT
from atapi.paper.wire.figures import eight

Json = dict[str, Any]


def placed(
    order: OrderRecord, fills: Sequence[TradeRecord], kind: str, prevented: Sequence[PreventedRecord] = ()
) -> Json:
    """Print the answer to a new order: ACK, RESULT or FULL."""
    shape: Json = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.terms.list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": order.updated_ms,
    }
    if kind == "ACK":
        return shape
    shape |= _amounts(order) | {"workingTime": order.working_ms, **_conditional(order)}
    if kind == "FULL":
        shape["fills"] = [_fill(trade) for trade in fills]
    if prevented:
        shape["preventedMatches"] = [_met(record) for record in prevented]
    return shape


def order(record: OrderRecord) -> Json:
    """Print an order as queries do."""
    return {
        "symbol": record.symbol,
        "orderId": record.order_id,
        "orderListId": record.terms.list_id,
        "clientOrderId": record.client_order_id,
        "price": eight(asked_price(record)),
        "origQty": eight(record.quantity),
        "executedQty": eight(record.executed),
        "cummulativeQuoteQty": eight(record.quote_executed),
        "status": record.status,
        "timeInForce": record.time_in_force,
        "type": record.type,
        "side": record.side,
        "stopPrice": eight(record.terms.stop_price),
        "icebergQty": eight(record.terms.iceberg),
        "time": record.created_ms,
        "updateTime": record.updated_ms,
        "isWorking": not record.waiting,
        "workingTime": record.working_ms,
        "origQuoteOrderQty": eight(record.quote_quantity),
        **_conditional(record),
    }


def canceled(order: OrderRecord, cancel_id: str | None) -> Json:
    """Print a canceled order: `clientOrderId` is the cancel's own, the order's moves to `origClientOrderId`."""
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_order_id,
        "orderId": order.order_id,
        "orderListId": order.terms.list_id,
        "clientOrderId": cancel_id or cancel_id_of(order),
        "transactTime": order.updated_ms,
        **_amounts(order),
        **_conditional(order),
    }


def amended(record: AmendRecord, order: OrderRecord) -> Json:
    """Print an order that was made smaller; here, and only here, `cumulative` has one m."""
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": order.terms.list_id,
        "origClientOrderId": record.old_client_id,
        "clientOrderId": order.client_order_id,
        "price": eight(asked_price(order)),
        "qty": eight(order.quantity),
        "executedQty": eight(order.executed),
        "preventedQty": eight(order.terms.prevented),
        "quoteOrderQty": eight(order.quote_quantity),
        "cumulativeQuoteQty": eight(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        **({} if order.waiting else {"workingTime": order.working_ms}),
        **_conditional(order),
    }


def amendment(record: AmendRecord) -> Json:
    """Print one line of an order's amendments."""
    return {
        "symbol": record.symbol,
        "orderId": record.order_id,
        "executionId": record.execution_id,
        "origClientOrderId": record.old_client_id,
        "newClientOrderId": record.new_client_id,
        "origQty": eight(record.old_quantity),
        "newQty": eight(record.new_quantity),
        "time": record.time_ms,
    }


def prevented_match(record: PreventedRecord) -> Json:
    """Print one prevented trade with oneself; a side that lost nothing has no quantity."""
    return {
        "symbol": record.symbol,
        "preventedMatchId": record.match_id,
        "takerOrderId": record.taker_id,
        "makerSymbol": record.symbol,
        "makerOrderId": record.maker_id,
        "tradeGroupId": -1,
        "selfTradePreventionMode": record.mode,
        "price": eight(record.price),
        **_lost(record),
        "transactTime": record.time_ms,
    }


def cancel_id_of(order: OrderRecord) -> str:
    """Make the id of a cancel that was given none: 22 letters and digits, always the same ones for an order."""
    return hashlib.sha256(f"cancel {order.order_id}".encode()).hexdigest()[:22]


def my_trade(trade: TradeRecord, list_id: int = -1) -> Json:
    """Print one fill as `myTrades` does."""
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "orderListId": list_id,
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
    *,
    trades: bool = True,
) -> Json:
    """Print the account."""
    maker, taker = rates
    return {
        "makerCommission": _basis_points(maker),
        "takerCommission": _basis_points(taker),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": commission(rates),
        "canTrade": trades,
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


def order_commissions(rates: tuple[Decimal, Decimal], *, burns_bnb: bool) -> Json:
    """Print what the trades of an order would cost."""
    nothing = {"maker": eight(ZERO), "taker": eight(ZERO)}
    return {
        "standardCommissionForOrder": {"maker": eight(rates[0]), "taker": eight(rates[1])},
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": discount(burns_bnb=burns_bnb),
    }


def discount(*, burns_bnb: bool) -> Json:
    """Print what fees come to in BNB, as a multiple."""
    return {
        "enabledForAccount": burns_bnb,
        "enabledForSymbol": True,
        "discountAsset": "BNB",
        "discount": eight(BNB_MULTIPLIER["spot"]),
    }


def _amounts(order: OrderRecord) -> Json:
    unknown = order.terms.opo and order.status == "PENDING_NEW"  # what it will sell is not bought yet
    return {
        "price": eight(asked_price(order)),
        **({} if unknown else {"origQty": eight(order.quantity)}),
        "executedQty": eight(order.executed),
        "origQuoteOrderQty": eight(order.quote_quantity),
        "cummulativeQuoteQty": eight(order.quote_executed),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
    }


def asked_price(order: OrderRecord) -> Decimal:
    """Tell the price an order was given by its owner; 0 where the book gave it one."""
    return order.terms.asked if order.terms.peg else order.price


def expiry_of(order: OrderRecord) -> str | None:
    """Tell why an order expired; Binance has no word for self-trade prevention, which has a status of its own."""
    return None if order.expiry_reason == SELF_TRADE else order.expiry_reason


def _conditional(order: OrderRecord) -> Json:
    terms = order.terms
    shape: Json = {"selfTradePreventionMode": order.self_trade_prevention}
    if order.type in CONTINGENT:
        shape["stopPrice"] = eight(terms.stop_price)
    if terms.trailing_delta:
        shape |= {"trailingDelta": terms.trailing_delta, "trailingTime": terms.trailing_ms}
    if terms.iceberg:
        shape["icebergQty"] = eight(terms.iceberg)
    if terms.strategy_id is not None:
        shape["strategyId"] = terms.strategy_id
    if terms.strategy_type is not None:
        shape["strategyType"] = terms.strategy_type
    if terms.prevented_match_id is not None:
        shape |= {"preventedMatchId": terms.prevented_match_id, "preventedQuantity": eight(terms.prevented)}
    if terms.peg:
        shape["pegPriceType"] = terms.peg
        if terms.peg_level is not None:
            shape |= {"pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": terms.peg_level}
        if not order.waiting:
            shape["peggedPrice"] = eight(order.price)
    reason = expiry_of(order)
    return shape if reason is None else shape | {"expiryReason": reason}


def _met(record: PreventedRecord) -> Json:
    return {
        "preventedMatchId": record.match_id,
        "makerSymbol": record.symbol,
        "makerOrderId": record.maker_id,
        "price": eight(record.price),
        **_lost(record),
    }


def _lost(record: PreventedRecord) -> Json:
    sides = (
        ("takerPreventedQuantity", record.taker_quantity),
        ("makerPreventedQuantity", record.maker_quantity),
    )
    return {name: eight(quantity) for name, quantity in sides if quantity is not None}


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
