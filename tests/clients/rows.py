"""Binance's own rows, as clients give them through that add nothing of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.clients.trading import Fill, Placed

STATUSES = {"NEW": "open", "PARTIALLY_FILLED": "open", "FILLED": "closed", "CANCELED": "canceled"}


def by(order_id: str | None, client_id: str | None) -> dict[str, str]:
    """Name an order."""
    return {"orderId": order_id} if order_id is not None else {"origClientOrderId": client_id or ""}


def placed(row: dict[str, Any]) -> Placed:
    """Read an order."""
    return Placed(
        str(row["orderId"]), row["clientOrderId"], STATUSES[row["status"]], Decimal(row["executedQty"])
    )


def fill(row: dict[str, Any]) -> Fill:
    """Read a fill."""
    price, quantity, fee = (Decimal(row[name]) for name in ("price", "qty", "commission"))
    return Fill(str(row["orderId"]), price, quantity, fee, row["commissionAsset"])


def candles(rows: list[list[Any]]) -> list[list[Any]]:
    """Read klines."""
    return [[row[0], *map(float, row[1:6])] for row in rows]


def top(book: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Read best bid and ask."""
    return Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])


def tape(rows: list[dict[str, Any]]) -> list[tuple[int, Decimal]]:
    """Read public trades."""
    return [(row["time"], Decimal(row["price"])) for row in rows]


def of(rows: list[dict[str, Any]], name: str, value: str) -> dict[str, Any]:
    """Find the one row of something."""
    [row] = [row for row in rows if row[name] == value]
    return row


def owed(account: dict[str, Any], asset: str) -> tuple[Decimal, Decimal]:
    """Read what is free and what is owed of an asset on cross margin."""
    row = of(account["userAssets"], "asset", asset)
    return Decimal(row["free"]), Decimal(row["borrowed"]) + Decimal(row["interest"])


def terms(rows: list[dict[str, Any]], symbol: str) -> tuple[int, str]:
    """Read leverage and margin type from `symbolConfig`."""
    row = of(rows, "symbol", symbol)
    return int(row["leverage"]), row["marginType"]
