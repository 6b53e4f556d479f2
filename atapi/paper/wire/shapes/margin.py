"""Cross margin as it is printed: the account, orders, loans, interest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from atapi.matching.credit import NO_DEBT, TRANSFER_BAR, Debt
from atapi.paper.margin.accounts import Standing
from atapi.paper.margin.loans import NOTHING
from atapi.paper.margin.records import Flow, InterestRecord, LoanRecord
from atapi.paper.records import ZERO, ListRecord, OrderRecord, TradeRecord
from atapi.paper.wire.figures import bare, eight
from atapi.paper.wire.shapes import spot, spot_lists

Json = dict[str, Any]

NOT_ON_MARGIN = ("orderListId", "workingTime", "origQuoteOrderQty")
FLOWS = {  # kind in the ledger -> type where the amount is positive, negative
    "BORROW": ("BORROW", "BORROW"),
    "REPAY": ("REPAY", "REPAY"),
    "INTEREST": ("REPAY", "REPAY"),  # paid in BNB at once
    "TRADE": ("BUY_INCOME", "SELL_EXPENSE"),
    "PAYMENT": ("SELL_INCOME", "BUY_EXPENSE"),
    "COMMISSION": ("TRADING_COMMISSION", "TRADING_COMMISSION"),
    "REPAY_LIQUIDATION": ("REPAY_LIQUIDATION", "REPAY_LIQUIDATION"),
    "LIQUIDATION_FEE": ("LIQUIDATION_FEE", "LIQUIDATION_FEE"),
    "OTHER_LIQUIDATION": ("OTHER_LIQUIDATION", "OTHER_LIQUIDATION"),
}


def account(standing: Standing, btc_price: Decimal | None, order_loss: Decimal) -> Json:
    """Print the cross margin account; totals are 0 where BTC has no price."""

    def in_btc(value: Decimal) -> str:
        return eight(value / btc_price if btc_price else ZERO)

    debts = standing.debts
    return {
        "created": True,
        "borrowEnabled": standing.collateral_level > standing.bars.normal,
        "marginLevel": level(standing.margin_level),
        "collateralMarginLevel": level(standing.collateral_level),
        "totalAssetOfBtc": in_btc(standing.assets_value),
        "totalLiabilityOfBtc": in_btc(standing.debts_value),
        "totalNetAssetOfBtc": in_btc(standing.assets_value - standing.debts_value),
        "TotalCollateralValueInUSDT": eight(standing.collateral_value),
        "totalOpenOrderLossInUSDT": eight(order_loss),
        "tradeEnabled": True,
        "transferInEnabled": True,
        "transferOutEnabled": standing.collateral_level > TRANSFER_BAR,
        "accountType": "MARGIN_1",
        "userAssets": [
            _asset(name, *standing.balances.get(name, (ZERO, ZERO)), debts.get(name, NOTHING))
            for name in sorted({*standing.balances, *debts})
        ],
    }


def _asset(name: str, free: Decimal, locked: Decimal, debt: Debt) -> Json:
    return {
        "asset": name,
        "borrowed": eight(debt.principal),
        "free": eight(free),
        "interest": eight(debt.interest),
        "locked": eight(locked),
        "netAsset": eight(free + locked - debt.total),
    }


def level(value: Decimal) -> str:
    """Print a level; 999 stands bare for an account that owes nothing."""
    return bare(NO_DEBT) if value == NO_DEBT else eight(value)


def placed(order: OrderRecord, fills: Sequence[TradeRecord], kind: str) -> Json:
    """Print the answer to a new order, with the loan it took where it took one."""
    shape = _order(spot.placed(order, fills, kind))
    borrowed = order.terms.borrowed
    if borrowed:
        whole = borrowed == borrowed.to_integral_value()
        shape["marginBuyBorrowAmount"] = int(borrowed) if whole else float(borrowed)  # a number on this wire
        shape["marginBuyBorrowAsset"] = order.terms.borrowed_asset
    return shape


def order_list(record: ListRecord) -> Json:
    """Print an order list as queries do."""
    return spot_lists.order_list(record) | {"isIsolated": False}


def placed_list(
    record: ListRecord, orders: Sequence[OrderRecord], trades: Sequence[TradeRecord], kind: str
) -> Json:
    """Print the answer to a new order list, with the loan it took where it took one."""
    shape = spot_lists.placed(record, orders, trades, kind) | {"isIsolated": False}
    for order in orders:
        if order.terms.borrowed:
            loan = {"marginBuyBorrowAmount": bare(order.terms.borrowed)}
            shape |= loan | {"marginBuyBorrowAsset": order.terms.borrowed_asset}
    return shape


def canceled_list(record: ListRecord, orders: Sequence[OrderRecord], cancel_id: str | None) -> Json:
    """Print a canceled order list."""
    return spot_lists.canceled(record, orders, cancel_id) | {"isIsolated": False}


def order(record: OrderRecord) -> Json:
    """Print an order as queries do."""
    return _order(spot.order(record))


def canceled(order: OrderRecord, cancel_id: str | None) -> Json:
    """Print a canceled order; its id is a string here."""
    return _order(spot.canceled(order, cancel_id)) | {"orderId": str(order.order_id)}


def my_trade(trade: TradeRecord) -> Json:
    """Print one fill."""
    shape = spot.my_trade(trade)
    return {name: shape[name] for name in shape if name not in ("orderListId", "quoteQty")} | {
        "isIsolated": False
    }


def liquidation(order: OrderRecord) -> Json:
    """Print an order of a liquidation."""
    mean = order.quote_executed / order.executed if order.executed else ZERO
    return {
        "avgPrice": eight(mean),
        "executedQty": eight(order.executed),
        "orderId": order.order_id,
        "price": eight(mean),
        "qty": eight(order.quantity),
        "side": order.side,
        "symbol": order.symbol,
        "timeInForce": order.time_in_force,
        "isIsolated": False,
        "updatedTime": order.updated_ms,
    }


def loan(record: LoanRecord) -> Json:
    """Print a borrowing or repayment."""
    return {
        "txId": record.loan_id,
        "asset": record.asset,
        "amount": eight(record.amount),
        "interest": eight(record.interest),
        "principal": eight(record.principal),
        "status": "CONFIRMED",
        "timestamp": record.time_ms,
    }


def interest(record: InterestRecord) -> Json:
    """Print an hour's interest; the word `Accured` is Binance's."""
    return {
        "txId": record.interest_id,
        "interestAccuredTime": record.time_ms,
        "asset": record.asset,
        "rawAsset": record.raw_asset,
        "principal": bare(record.principal),
        "interest": eight(record.amount),
        "interestRate": bare(record.daily_rate),
        "type": record.kind,
    }


def flow(record: Flow) -> Json:
    """Print one line of the wallet's ledger."""
    types = FLOWS.get(record.kind, ("TRANSFER", "TRANSFER"))
    return {
        "id": record.flow_id,
        "tranId": record.posting,
        "timestamp": record.time_ms,
        "asset": record.asset,
        "symbol": "",
        "type": types[record.amount < 0],
        "amount": bare(record.amount),
    }


def _order(shape: Json) -> Json:
    return {name: shape[name] for name in shape if name not in NOT_ON_MARGIN} | {"isIsolated": False}
