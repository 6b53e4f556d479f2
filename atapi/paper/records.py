"""What the embedded exchange keeps: orders, trades, positions, income. Wire shapes are made from these in routes/.

Times are milliseconds since 1970, UTC. Numbers are exact decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


class Refusal(Exception):
    """A refusal with Binance's own code and message.

    Args:
        code: As on Binance's wire, negative.
        message: As on Binance's wire.
        status: HTTP status.
    """

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class UmTerms:
    """What only a USD-M order has."""

    good_till_ms: int = 0  # when a GTD order expires
    price_match: str = "NONE"  # how the exchange chose its price
    close_position: bool = False  # closes whatever the position is
    modifies: int = 0  # how often it was modified
    forced: str = ""  # LIQUIDATION or ADL where the exchange itself placed it


PLAIN_TERMS = UmTerms()


@dataclass(slots=True, kw_only=True)
class OrderRecord:
    """One order at the exchange, spot or futures."""

    market: str  # "spot", "um", "cm"
    account: str  # owner's account id
    order_id: int
    client_order_id: str
    symbol: str
    side: str  # BUY, SELL
    type: str  # LIMIT, MARKET, LIMIT_MAKER
    time_in_force: str  # GTC, IOC, FOK, GTX
    price: Decimal  # 0 for MARKET
    quantity: Decimal  # asked; of a MARKET by quote, what it came to
    quote_quantity: Decimal = ZERO  # asked by quoteOrderQty
    executed: Decimal = ZERO  # base asset
    quote_executed: Decimal = ZERO  # quote asset; coins on COIN-M
    status: str = "NEW"
    reduce_only: bool = False
    position_side: str = "BOTH"
    self_trade_prevention: str = "EXPIRE_MAKER"
    expiry_reason: str | None = None
    created_ms: int = 0
    updated_ms: int = 0
    terms: UmTerms = PLAIN_TERMS

    @property
    def remaining(self) -> Decimal:
        """Quantity not yet executed."""
        return self.quantity - self.executed

    @property
    def open(self) -> bool:
        """Whether it can still fill."""
        return self.status in ("NEW", "PARTIALLY_FILLED")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """One fill of one account's order."""

    market: str
    account: str
    trade_id: int
    order_id: int
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    realized: Decimal  # futures; 0 on spot
    maker: bool
    position_side: str
    time_ms: int

    @property
    def notional(self) -> Decimal:
        """Price times quantity."""
        return self.price * self.quantity


@dataclass(slots=True, kw_only=True)
class PositionRecord:
    """One account's position in one perpetual."""

    account: str
    symbol: str
    position_side: str = "BOTH"
    quantity: Decimal = ZERO  # signed
    cost: Decimal = (
        ZERO  # signed: value at the mean entry price, kept instead of the mean so that nothing is rounded
    )
    carry: Decimal = ZERO  # realized profit not yet posted, within half of the ledger's last digit
    isolated: bool = False
    margin: Decimal = ZERO  # isolated wallet: the part of the balance that stands for this position alone
    updated_ms: int = 0

    @property
    def entry_price(self) -> Decimal:
        """Mean entry price, or 0 where flat."""
        return self.cost / self.quantity if self.quantity else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRecord:
    """One line of the futures income history."""

    account: str
    market: str  # "um" or "cm"
    income_id: int
    symbol: str  # "" for a transfer
    kind: str  # REALIZED_PNL, FUNDING_FEE, COMMISSION, TRANSFER, INSURANCE_CLEAR
    amount: Decimal  # signed
    asset: str
    trade_id: int | None
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginChange:
    """One move of margin to or from an isolated position, by its owner."""

    account: str
    symbol: str
    position_side: str
    kind: int  # 1 added, 2 taken off
    amount: Decimal
    asset: str
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledFunding:
    """One settled funding of one perpetual."""

    symbol: str
    time_ms: int
    rate: Decimal
    mark_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRecord:
    """One move between wallets of an account."""

    account: str
    transfer_id: int
    kind: str  # MAIN_UMFUTURE, UMFUTURE_MAIN, …
    asset: str
    amount: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecord:
    """One user of the exchange."""

    account: str  # id
    name: str
    api_key: str
    api_secret: str
    created_ms: int
