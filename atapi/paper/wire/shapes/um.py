"""USD-M orders, fills, positions and account as they are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from atapi.matching.margin import max_notional
from atapi.paper.exchange import FuturesTotals, PositionView
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import ZERO, IncomeRecord, OrderRecord, TradeRecord
from atapi.paper.wire.figures import bare, eight, places
from atapi.paper.wire.shapes.market import um_printer

Json = dict[str, Any]
NOTHING = eight(ZERO)


# --- orders and fills ---------------------------------------------------------------------------------------
def placed(order: OrderRecord, rules: PerpetualRules, *, ack: bool = False) -> Json:
    """Print the answer to placing or canceling: no price of any fill in it since 2026-07-15.

    With `ack` an order that has filled already still says NEW, as Binance's default answer does.
    """
    show = um_printer(rules)
    executed = show.quantity(ZERO if ack else order.executed)
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": "NEW" if ack else order.status,
        "clientOrderId": order.client_order_id,
        "price": show.price(order.price),
        "origQty": show.quantity(order.quantity),
        "executedQty": executed,
        "cumQty": executed,
        **_terms(order),
        "updateTime": order.created_ms if ack else order.updated_ms,
    }


def order(record: OrderRecord, rules: PerpetualRules) -> Json:
    """Print an order as queries do, with its mean price."""
    show = um_printer(rules)
    mean = record.quote_executed / record.executed if record.executed else ZERO
    return {
        "orderId": record.order_id,
        "symbol": record.symbol,
        "pair": record.symbol,
        "status": record.status,
        "clientOrderId": record.client_order_id,
        "price": show.price(record.price),
        "avgPrice": places(mean, max(rules.price_precision, 5)),
        "origQty": show.quantity(record.quantity),
        "executedQty": show.quantity(record.executed),
        "cumQuote": show.quote(record.quote_executed),
        "cumBase": show.quantity(record.executed),
        **_terms(record),
        "time": record.created_ms,
        "updateTime": record.updated_ms,
    }


def _terms(order: OrderRecord) -> Json:
    return {
        "timeInForce": order.time_in_force,
        "type": order.type,
        "origType": order.type,
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "priceMatch": "NONE",
        "selfTradePreventionMode": order.self_trade_prevention,
        "goodTillDate": 0,
    }


def user_trade(trade: TradeRecord, rules: PerpetualRules) -> Json:
    """Print one fill as `userTrades` does."""
    show = um_printer(rules)
    return {
        "symbol": trade.symbol,
        "pair": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "side": trade.side,
        "price": show.price(trade.price),
        "qty": show.quantity(trade.quantity),
        "realizedPnl": eight(trade.realized),
        "quoteQty": show.quote(trade.notional),
        "baseQty": show.quantity(trade.quantity),
        "marginAsset": rules.quote_asset,
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "positionSide": trade.position_side,
        "buyer": trade.side == "BUY",
        "maker": trade.maker,
    }


def income(record: IncomeRecord) -> Json:
    """Print one line of the income history."""
    trade = "" if record.trade_id is None else str(record.trade_id)
    return {
        "symbol": record.symbol,
        "incomeType": record.kind,
        "income": eight(record.amount),
        "asset": record.asset,
        "info": trade if record.kind in ("COMMISSION", "REALIZED_PNL") else record.kind,
        "time": record.time_ms,
        "tranId": record.income_id,
        "tradeId": trade,
    }


# --- margin tables ------------------------------------------------------------------------------------------
def brackets(rules: PerpetualRules) -> Json:
    """Print the margin table of a symbol, in numbers."""
    return {
        "symbol": rules.symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": number,
                "initialLeverage": bracket.leverage,
                "notionalCap": int(bracket.cap),
                "notionalFloor": int(bracket.floor),
                "maintMarginRatio": float(bracket.maintenance_rate),
                "cum": float(bracket.offset),
            }
            for number, bracket in enumerate(rules.brackets, 1)
        ],
    }


# --- positions ----------------------------------------------------------------------------------------------
def position_risk_v3(view: PositionView, margin_asset: str) -> Json:
    """Print an open position; neither leverage nor margin type is in it."""
    position = view.position
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": bare(position.quantity),
        "entryPrice": _entry(view),
        "breakEvenPrice": _entry(view),
        "markPrice": eight(view.mark_price),
        "unRealizedProfit": eight(view.unrealized),
        "liquidationPrice": bare(view.liquidation_price),
        "isolatedMargin": "0",
        "notional": eight(view.notional),
        "marginAsset": margin_asset,
        "isolatedWallet": "0",
        "initialMargin": eight(view.initial_margin),
        "maintMargin": eight(view.maintenance_margin),
        "positionInitialMargin": eight(view.initial_margin),
        "openOrderInitialMargin": "0",
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated_ms,
    }


def position_risk_v2(
    rules: PerpetualRules, leverage: int, mark_price: Decimal, view: PositionView | None
) -> Json:
    """Print a symbol, held or flat."""
    return {
        "symbol": rules.symbol,
        "positionAmt": bare(view.position.quantity if view else ZERO),
        "entryPrice": _entry(view) if view else "0.0",
        "breakEvenPrice": _entry(view) if view else "0.0",
        "markPrice": eight(mark_price),
        "unRealizedProfit": eight(view.unrealized if view else ZERO),
        "liquidationPrice": bare(view.liquidation_price if view else ZERO),
        "leverage": str(leverage),
        "maxNotionalValue": bare(max_notional(rules.brackets, leverage)),
        "marginType": "cross",
        "isolatedMargin": NOTHING,
        "isAutoAddMargin": "false",
        "positionSide": "BOTH",
        "notional": bare(view.notional if view else ZERO),
        "isolatedWallet": "0",
        "updateTime": view.position.updated_ms if view else 0,
    }


def _entry(view: PositionView) -> str:
    return bare(round(view.position.entry_price, 8))


# --- account ------------------------------------------------------------------------------------------------
def totals(totals: FuturesTotals) -> Json:
    """Print the sums of the account."""
    return {
        "totalInitialMargin": eight(totals.initial_margin),
        "totalMaintMargin": eight(totals.maintenance_margin),
        "totalWalletBalance": eight(totals.wallet_balance),
        "totalUnrealizedProfit": eight(totals.unrealized),
        "totalMarginBalance": eight(totals.wallet_balance + totals.unrealized),
        "totalPositionInitialMargin": eight(totals.position_margin),
        "totalOpenOrderInitialMargin": eight(totals.order_margin),
        "totalCrossWalletBalance": eight(totals.wallet_balance),
        "totalCrossUnPnl": eight(totals.unrealized),
        "availableBalance": eight(totals.available),
        "maxWithdrawAmount": eight(totals.available),
    }


def account_asset(asset: str, wallet: Decimal, totals: FuturesTotals | None, updated_ms: int) -> Json:
    """Print one asset of the account; `totals` where it is the one that margins positions."""
    unrealized = totals.unrealized if totals else ZERO
    available = totals.available if totals else wallet
    return {
        "asset": asset,
        "walletBalance": eight(wallet),
        "unrealizedProfit": eight(unrealized),
        "marginBalance": eight(wallet + unrealized),
        "maintMargin": eight(totals.maintenance_margin if totals else ZERO),
        "initialMargin": eight(totals.initial_margin if totals else ZERO),
        "positionInitialMargin": eight(totals.position_margin if totals else ZERO),
        "openOrderInitialMargin": eight(totals.order_margin if totals else ZERO),
        "crossWalletBalance": eight(wallet),
        "crossUnPnl": eight(unrealized),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available),
        "updateTime": updated_ms,
    }


def balance(asset: str, wallet: Decimal, totals: FuturesTotals | None, updated_ms: int) -> Json:
    """Print one asset as `balance` does."""
    available = totals.available if totals else wallet
    return {
        "accountAlias": "SgsR",
        "asset": asset,
        "balance": eight(wallet),
        "crossWalletBalance": eight(wallet),
        "crossUnPnl": eight(totals.unrealized if totals else ZERO),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available),
        "marginAvailable": True,
        "updateTime": updated_ms,
    }


def account_position_v3(view: PositionView) -> Json:
    """Print an open position as `v3/account` does."""
    position = view.position
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": bare(position.quantity),
        "unrealizedProfit": eight(view.unrealized),
        "isolatedMargin": NOTHING,
        "notional": eight(view.notional),
        "isolatedWallet": NOTHING,
        "initialMargin": eight(view.initial_margin),
        "maintMargin": eight(view.maintenance_margin),
        "updateTime": position.updated_ms,
    }


def account_position_v2(rules: PerpetualRules, leverage: int, view: PositionView | None) -> Json:
    """Print a symbol, held or flat, as `v2/account` does."""
    return {
        "symbol": rules.symbol,
        "initialMargin": eight(view.initial_margin if view else ZERO),
        "maintMargin": eight(view.maintenance_margin if view else ZERO),
        "unrealizedProfit": eight(view.unrealized if view else ZERO),
        "positionInitialMargin": eight(view.initial_margin if view else ZERO),
        "openOrderInitialMargin": "0",
        "leverage": str(leverage),
        "isolated": False,
        "entryPrice": _entry(view) if view else "0.0",
        "breakEvenPrice": _entry(view) if view else "0.0",
        "maxNotional": bare(max_notional(rules.brackets, leverage)),
        "bidNotional": "0",
        "askNotional": "0",
        "positionSide": "BOTH",
        "positionAmt": bare(view.position.quantity if view else ZERO),
        "notional": bare(view.notional if view else ZERO),
        "isolatedWallet": "0",
        "updateTime": view.position.updated_ms if view else 0,
    }


def by_symbol(views: Sequence[PositionView]) -> Mapping[str, PositionView]:
    """Key positions by symbol."""
    return {view.position.symbol: view for view in views}
