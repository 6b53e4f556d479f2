"""USD-M orders, fills, positions and account as they are printed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.matching.contracts import LINEAR
from atapi.matching.margin import max_notional
from atapi.matching.positions import Holding, break_even
from atapi.paper.exchange import FuturesTotals, PositionView
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.records import ZERO, IncomeRecord, OrderRecord, TradeRecord
from atapi.paper.wire.figures import bare, eight, places
from atapi.paper.wire.shapes.market import um_printer

Json = dict[str, Any]
NOTHING = eight(ZERO)
ACCOUNT_ALIAS = "SgsR"


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
        "closePosition": order.terms.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "priceMatch": order.terms.price_match,
        "selfTradePreventionMode": order.self_trade_prevention,
        "goodTillDate": order.terms.good_till_ms,
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
def position_risk_v3(view: PositionView) -> Json:
    """Print a position that is open or has orders; neither leverage nor margin type is in it."""
    position = view.position
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": bare(position.quantity),
        "entryPrice": _entry(view),
        "breakEvenPrice": break_even_price(view),
        "markPrice": eight(view.mark_price),
        "unRealizedProfit": eight(view.unrealized),
        "liquidationPrice": bare(view.liquidation_price),
        "isolatedMargin": bare(view.isolated_margin),
        "notional": eight(view.notional),
        "marginAsset": view.margin_asset,
        "isolatedWallet": bare(position.margin),
        "initialMargin": eight(view.initial_margin + view.order_margin),
        "maintMargin": eight(view.maintenance_margin),
        "positionInitialMargin": eight(view.initial_margin),
        "openOrderInitialMargin": bare(view.order_margin),
        "adl": view.adl,
        "bidNotional": bare(view.bids),
        "askNotional": bare(view.asks),
        "updateTime": position.updated_ms,
    }


def position_risk_v2(rules: PerpetualRules, view: PositionView, *, isolated: bool) -> Json:
    """Print a symbol, held or flat."""
    position = view.position
    return {
        "symbol": rules.symbol,
        "positionAmt": bare(position.quantity),
        "entryPrice": _entry(view),
        "breakEvenPrice": break_even_price(view),
        "markPrice": eight(view.mark_price),
        "unRealizedProfit": eight(view.unrealized),
        "liquidationPrice": bare(view.liquidation_price),
        "leverage": str(view.leverage),
        "maxNotionalValue": bare(max_notional(rules.brackets, view.leverage)),
        "marginType": "isolated" if isolated else "cross",
        "isolatedMargin": eight(view.isolated_margin),
        "isAutoAddMargin": "false",
        "positionSide": position.position_side,
        "notional": bare(view.notional),
        "isolatedWallet": bare(position.margin),
        "updateTime": position.updated_ms,
    }


def break_even_price(view: PositionView, rules: PerpetualRules | None = None) -> str:
    """Print the price at which a position has earned the fees of opening it; `rules` where it is not linear."""
    position = view.position
    if not position.quantity:
        return "0.0"
    holding = Holding(position.quantity, position.cost, position.carry)
    contract = LINEAR if rules is None else rules.contract
    return bare(round(break_even(holding, position.fees, contract), 8))


def _entry(view: PositionView) -> str:
    return bare(round(view.position.entry_price, 8)) if view.position.quantity else "0.0"


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
        "totalCrossWalletBalance": eight(totals.cross_wallet),
        "totalCrossUnPnl": eight(totals.cross_unrealized),
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
        "crossWalletBalance": eight(totals.cross_wallet if totals else wallet),
        "crossUnPnl": eight(totals.cross_unrealized if totals else ZERO),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available),
        "updateTime": updated_ms,
    }


def balance(asset: str, wallet: Decimal, totals: FuturesTotals | None, updated_ms: int) -> Json:
    """Print one asset as `balance` does."""
    available = totals.available if totals else wallet
    return {
        "accountAlias": ACCOUNT_ALIAS,
        "asset": asset,
        "balance": eight(wallet),
        "crossWalletBalance": eight(totals.cross_wallet if totals else wallet),
        "crossUnPnl": eight(totals.cross_unrealized if totals else ZERO),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available),
        "marginAvailable": True,
        "updateTime": updated_ms,
    }


def account_position_v3(view: PositionView) -> Json:
    """Print a position that is open or has orders, as `v3/account` does."""
    position = view.position
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": bare(position.quantity),
        "unrealizedProfit": eight(view.unrealized),
        "isolatedMargin": eight(view.isolated_margin),
        "notional": eight(view.notional),
        "isolatedWallet": eight(position.margin),
        "initialMargin": eight(view.initial_margin + view.order_margin),
        "maintMargin": eight(view.maintenance_margin),
        "updateTime": position.updated_ms,
    }


def account_position_v2(rules: PerpetualRules, view: PositionView, *, isolated: bool) -> Json:
    """Print a symbol, held or flat, as `v2/account` does."""
    position = view.position
    return {
        "symbol": rules.symbol,
        "initialMargin": eight(view.initial_margin + view.order_margin),
        "maintMargin": eight(view.maintenance_margin),
        "unrealizedProfit": eight(view.unrealized),
        "positionInitialMargin": eight(view.initial_margin),
        "openOrderInitialMargin": bare(view.order_margin),
        "leverage": str(view.leverage),
        "isolated": isolated,
        "entryPrice": _entry(view),
        "breakEvenPrice": break_even_price(view),
        "maxNotional": bare(max_notional(rules.brackets, view.leverage)),
        "bidNotional": bare(view.bids),
        "askNotional": bare(view.asks),
        "positionSide": position.position_side,
        "positionAmt": bare(position.quantity),
        "notional": bare(view.notional),
        "isolatedWallet": bare(position.margin),
        "updateTime": position.updated_ms,
    }
