"""Spot order lists as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from atapi.paper.records import ListRecord, OrderRecord, TradeRecord
from atapi.paper.wire.shapes import spot

Json = dict[str, Any]


def order_list(record: ListRecord) -> Json:
    """Print an order list as queries do."""
    done = record.status == "ALL_DONE"
    return {
        "orderListId": record.list_id,
        "contingencyType": record.kind,
        "listStatusType": "ALL_DONE" if done else "EXEC_STARTED",
        "listOrderStatus": record.status,
        "listClientOrderId": record.client_id,
        "transactionTime": record.updated_ms,
        "symbol": record.symbol,
        "orders": _orders(record),
    }


def placed(
    record: ListRecord, orders: Sequence[OrderRecord], trades: Sequence[TradeRecord], kind: str
) -> Json:
    """Print the answer to a new order list."""
    reports = [
        spot.placed(order, [trade for trade in trades if trade.order_id == order.order_id], kind)
        for order in orders
    ]
    return order_list(record) | {"orderReports": reports}


def canceled(record: ListRecord, orders: Sequence[OrderRecord], cancel_id: str | None) -> Json:
    """Print a canceled order list; all its orders carry the cancel's id."""
    cancel_id = cancel_id or (spot.cancel_id_of(orders[0]) if orders else None)
    return order_list(record) | {"orderReports": [spot.canceled(order, cancel_id) for order in orders]}


def in_amendment(record: ListRecord) -> Json:
    """Print the list of an order that was amended."""
    return {
        "orderListId": record.list_id,
        "contingencyType": record.kind,
        "listOrderStatus": record.status,
        "listClientOrderId": record.client_id,
        "symbol": record.symbol,
        "orders": _orders(record),
    }


def list_status(record: ListRecord, status: str) -> Json:
    """Tell what happened to an order list."""
    return {
        "e": "listStatus",
        "E": record.updated_ms,
        "s": record.symbol,
        "g": record.list_id,
        "c": record.kind,
        "l": status,
        "L": record.status,
        "r": "NONE",
        "C": record.client_id,
        "T": record.updated_ms,
        "O": [{"s": record.symbol, "i": number, "c": name} for number, name in record.orders],
    }


def _orders(record: ListRecord) -> list[Json]:
    return [
        {"symbol": record.symbol, "orderId": number, "clientOrderId": name} for number, name in record.orders
    ]
