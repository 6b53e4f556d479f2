"""Orders and fills as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from atapi.domain.instruments import Market


class Side(StrEnum):
    """Side of an order."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """Type of an order."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"


class TimeInForce(StrEnum):
    """How long an order lives."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"  # post-only; on spot the adapter sends a LIMIT_MAKER


class OrderStatus(StrEnum):
    """State of an order at the venue."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"

    @property
    def final(self) -> bool:
        """Whether it can change no more."""
        return self not in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order to be sent. The client order id is ours and is never used twice."""

    market: Market
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal  # base asset
    client_order_id: str
    price: Decimal | None = None  # of a LIMIT
    time_in_force: TimeInForce | None = None  # of a LIMIT
    reduce_only: bool = False  # futures
    reducing: bool = False  # ours, not the wire's: it takes risk away, so neither cap nor halt may stop it
    borrows: bool = False  # margin: borrow what the sale lacks
    repays: bool = False  # margin: repay debts with what it brings


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an open order is to become. It keeps its ids."""

    market: Market
    symbol: str
    side: Side
    client_order_id: str
    quantity: Decimal  # base asset, what has filled included
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the venue shows it."""

    market: Market
    symbol: str
    order_id: str
    client_order_id: str
    side: Side
    type: str  # the venue's word
    status: OrderStatus
    quantity: Decimal  # asked, base asset
    filled: Decimal  # executed, base asset
    quote_filled: Decimal | None  # executed, quote asset; None where this answer does not carry it
    price: Decimal  # limit; 0 for a market order
    reduce_only: bool
    created_at: datetime
    updated_at: datetime

    @property
    def average_price(self) -> Decimal | None:
        """Mean fill price, or None where nothing filled or the answer does not say."""
        if self.quote_filled is None or not self.filled:
            return None
        return self.quote_filled / self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution of ours."""

    market: Market
    symbol: str
    trade_id: str
    order_id: str
    side: Side
    price: Decimal
    quantity: Decimal  # base asset
    fee: Decimal
    fee_asset: str
    realized: Decimal | None  # realised profit, quote asset, futures only
    maker: bool
    at: datetime

    @property
    def notional(self) -> Decimal:
        """Price times quantity, quote asset."""
        return self.price * self.quantity
