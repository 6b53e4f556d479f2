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
