"""COIN-M orders, fills, positions and account as they are printed: quantities in contracts, values in coins."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from atapi.matching.margin import max_notional
from atapi.paper.exchange import FuturesTotals, PositionView
from atapi.paper.feeds.base import PerpetualRules
from atapi.paper.feeds.coin_margined import pair_of
from atapi.paper.records import ZERO, OrderRecord, TradeRecord
from atapi.paper.wire.figures import bare, eight, places
from atapi.paper.wire.shapes import um
from atapi.paper.wire.shapes.market import Printer, buyer_is_maker, ticker, um_printer
from atapi.paper.wire.statistics import DayStatistics

Json = dict[str, Any]


# --- market data --------------------------------------------------------------------------------------------
def public_trade(trade: TradeRecord, rules: PerpetualRules) -> Json:
    """Print one line of the tape."""
    show = um_printer(rules)
    return {
        "id": trade.trade_id,
        "price": show.price(trade.price),
        "qty": show.quantity(trade.quantity),
        "baseQty": eight(rules.contract.value(trade.quantity, trade.price)),
        "time": trade.time_ms,
        "isBuyerMaker": buyer_is_maker(trade),
    }


def day(statistics: DayStatistics, show: Printer, last_quantity: Decimal) -> Json:
    """Print a day: volume in contracts, and in coins where USD-M tells quote asset."""
    shape = ticker(statistics, show, last_quantity)
    coins = shape.pop("quoteVolume")
    return {"symbol": statistics.symbol, "pair": pair_of(statistics.symbol), **shape, "baseVolume": coins}


# --- orders and fills ---------------------------------------------------------------------------------------
def placed(order: OrderRecord, rules: PerpetualRules, *, ack: bool = False) -> Json:
    """Print the answer to placing or canceling; see USD-M's."""
    return um.placed(order, rules, ack=ack) | {"pair": pair_of(order.symbol)}


def order(record: OrderRecord, rules: PerpetualRules) -> Json:
    """Print an order as queries do, with its mean price and the coins it came to."""
    shape = placed(record, rules)
    del shape["cumQty"]
    executed, coins = record.executed, record.quote_executed
    mean = rules.contract.price(executed, coins) if executed else ZERO
    return shape | {
        "avgPrice": places(mean, rules.price_precision),
        "cumBase": eight(coins) if coins else "0",
        "time": record.created_ms,
    }


def user_trade(trade: TradeRecord, rules: PerpetualRules) -> Json:
    """Print one fill as `userTrades` does."""
    show = um_printer(rules)
    return {
        "symbol": trade.symbol,
        "pair": pair_of(trade.symbol),
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "side": trade.side,
        "price": show.price(trade.price),
        "qty": show.quantity(trade.quantity),
        "realizedPnl": eight(trade.realized),
        "marginAsset": rules.margin_asset,
        "baseQty": eight(rules.contract.value(trade.quantity, trade.price)),
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.time_ms,
        "positionSide": trade.position_side,
        "buyer": trade.side == "BUY",
        "maker": trade.maker,
    }


# --- margin tables ------------------------------------------------------------------------------------------
def brackets(rules: PerpetualRules) -> Json:
    """Print the margin table of a symbol, caps in coins, in numbers."""
    return {
        "symbol": rules.symbol,
        "notionalCoef": 1.0,
        "brackets": [
            {
                "bracket": number,
                "initialLeverage": bracket.leverage,
                "qtyCap": int(bracket.cap),
                "qtyFloor": int(bracket.floor),
                "qtylFloor": int(bracket.floor),  # as Binance's page spells it; clients read either
                "maintMarginRatio": float(bracket.maintenance_rate),
                "cum": float(bracket.offset),
            }
            for number, bracket in enumerate(rules.brackets, 1)
        ],
    }


# --- account and positions ----------------------------------------------------------------------------------
def position_risk(rules: PerpetualRules, view: PositionView, *, isolated: bool) -> Json:
    """Print a symbol, held or flat."""
    position = view.position
    return {
        "symbol": rules.symbol,
        "positionAmt": bare(position.quantity),
        "entryPrice": _entry(rules, view),
        "breakEvenPrice": um.break_even_price(view, rules),
        "markPrice": eight(view.mark_price),
        "unRealizedProfit": eight(view.unrealized),
        "liquidationPrice": bare(view.liquidation_price),
        "leverage": str(view.leverage),
        "maxQty": bare(max_notional(rules.brackets, view.leverage)),
        "marginType": "isolated" if isolated else "cross",
        "isolatedMargin": eight(view.isolated_margin),
        "isAutoAddMargin": "false",
        "positionSide": position.position_side,
        "notionalValue": eight(view.notional),
        "isolatedWallet": bare(position.margin),
        "updateTime": position.updated_ms,
    }


def account_position(rules: PerpetualRules, view: PositionView, *, isolated: bool) -> Json:
    """Print a symbol, held or flat, as `account` does."""
    position = view.position
    return {
        "symbol": rules.symbol,
        "positionAmt": bare(position.quantity),
        "initialMargin": eight(view.initial_margin + view.order_margin),
        "maintMargin": eight(view.maintenance_margin),
        "unrealizedProfit": eight(view.unrealized),
        "positionInitialMargin": eight(view.initial_margin),
        "openOrderInitialMargin": bare(view.order_margin),
        "leverage": str(view.leverage),
        "isolated": isolated,
        "positionSide": position.position_side,
        "entryPrice": _entry(rules, view),
        "breakEvenPrice": um.break_even_price(view, rules),
        "maxQty": bare(max_notional(rules.brackets, view.leverage)),
        "notionalValue": eight(view.notional),
        "isolatedWallet": bare(position.margin),
        "updateTime": position.updated_ms,
    }


def balance(asset: str, wallet: Decimal, totals: FuturesTotals | None, updated_ms: int) -> Json:
    """Print one asset as `balance` does."""
    shape = um.balance(asset, wallet, totals, updated_ms)
    del shape["marginAvailable"]
    return shape | {"withdrawAvailable": shape.pop("maxWithdrawAmount")}


def _entry(rules: PerpetualRules, view: PositionView) -> str:
    position = view.position
    if not position.quantity:
        return "0.0"
    return bare(round(rules.contract.price(position.quantity, position.cost), 8))
