"""What the embedded exchange keeps: orders, trades, positions, income. Wire shapes are made from these in routes/.

Times are milliseconds since 1970, UTC. Numbers are exact decimals. Structs, because several are made in each order:
a frozen dataclass of as many fields takes ten times as long to make. The fields of an array-like one stand in the order
of its table's columns (`schema.py`), because that is how it is written.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from atapi.paper.order_terms import PLAIN, WAITING, OrderTerms

ZERO = Decimal(0)

MARGIN = "margin"
BOOKS_OF = {MARGIN: "spot"}  # market -> whose books it trades in, where they are not its own


def books_of(market: str) -> str:
    """Tell in whose books a market's orders rest: margin orders are spot orders on borrowed funds."""
    return BOOKS_OF.get(market, market)


def list_owner(market: str, account: str) -> str:
    """Tell whose an order list is: lists of the margin account are kept apart from those of spot."""
    return f"{account}@{market}" if market == MARGIN else account


def markets_in(books: str) -> tuple[str, ...]:
    """List the markets whose orders meet in the same books."""
    return (books, *(market for market, other in BOOKS_OF.items() if other == books))


class Refusal(Exception):
    """A refusal with Binance's own code and message.

    Args:
        code: As on Binance's wire, negative.
        message: As on Binance's wire.
        status: HTTP status.
        wait_s: When to try again; None where that would change nothing.
    """

    def __init__(self, code: int, message: str, status: int = 400, *, wait_s: int | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.code = code
        self.message = message
        self.status = status


class OrderRecord(msgspec.Struct, kw_only=True, array_like=True):
    """One order at the exchange, spot or futures."""

    market: str  # "spot", "margin", "um", "cm": also the wallet it is paid from
    order_id: int
    account: str  # owner's account id
    client_order_id: str
    symbol: str
    side: str  # BUY, SELL
    type: str  # LIMIT, MARKET, LIMIT_MAKER, STOP_LOSS(_LIMIT), TAKE_PROFIT(_LIMIT)
    time_in_force: str  # GTC, IOC, FOK, GTX
    price: Decimal  # 0 for one without a limit
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
    terms: OrderTerms = PLAIN

    @property
    def remaining(self) -> Decimal:
        """Quantity that can still be executed."""
        left = self.quantity - self.executed
        return left if self.terms is PLAIN else left - self.terms.prevented

    @property
    def open(self) -> bool:
        """Whether it can still fill."""
        return self.status in ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")

    @property
    def working_ms(self) -> int:
        """Since when it is on the book; -1 where it is not yet."""
        return self.terms.working_ms or self.created_ms

    @property
    def waiting(self) -> bool:
        """Whether something must happen before it goes on the book: a price, or another order's end."""
        return self.terms.working_ms == WAITING


class TradeRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One fill of one account's order."""

    market: str
    trade_id: int
    account: str
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


class ListRecord(msgspec.Struct, kw_only=True):
    """Orders that depend on each other: of an OCO one cancels the other, of an OTO the first brings in the rest."""

    account: str  # as `list_owner` tells
    list_id: int
    client_id: str
    symbol: str
    kind: str  # OCO, OTO
    orders: tuple[tuple[int, str], ...]  # id and client id of each; of an OTO the working order first
    status: str = "EXECUTING"  # or ALL_DONE, once no order of it depends on another any more
    created_ms: int = 0
    updated_ms: int = 0

    @property
    def whose(self) -> tuple[str, str]:
        """Market and account."""
        account, _, market = self.account.partition("@")
        return market or "spot", account


class PreventedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of an account with itself that was prevented."""

    match_id: int
    account: str
    symbol: str
    taker_id: int
    maker_id: int
    mode: str
    price: Decimal
    taker_quantity: Decimal | None  # lost to it; None for a side that lost nothing
    maker_quantity: Decimal | None
    time_ms: int


class AmendRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an order's quantity that kept its place on the book."""

    execution_id: int
    account: str
    symbol: str
    order_id: int
    old_client_id: str
    new_client_id: str
    old_quantity: Decimal
    new_quantity: Decimal
    time_ms: int


class PositionRecord(msgspec.Struct, kw_only=True, array_like=True):
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
    fees: Decimal = ZERO  # paid to open what is open, margin asset
    realized: Decimal = ZERO  # by all positions of this symbol and side so far, before fees
    updated_ms: int = 0

    @property
    def entry_price(self) -> Decimal:
        """Mean entry price, or 0 where flat."""
        return self.cost / self.quantity if self.quantity else ZERO


class IncomeRecord(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One line of the futures income history."""

    income_id: int
    account: str
    market: str  # "um" or "cm"
    symbol: str  # "" for a transfer
    kind: str  # REALIZED_PNL, FUNDING_FEE, COMMISSION, TRANSFER, INSURANCE_CLEAR
    amount: Decimal  # signed
    asset: str
    trade_id: int | None
    time_ms: int


class MarginChange(msgspec.Struct, frozen=True, kw_only=True):
    """One move of margin to or from an isolated position, by its owner."""

    account: str
    symbol: str
    position_side: str
    kind: int  # 1 added, 2 taken off
    amount: Decimal
    asset: str
    time_ms: int


class SettledFunding(msgspec.Struct, frozen=True, kw_only=True):
    """One settled funding of one perpetual."""

    symbol: str
    time_ms: int
    rate: Decimal
    mark_price: Decimal


class DepositRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Funds that an account was given by the faucet."""

    deposit_id: int
    wallet: str
    asset: str
    amount: Decimal
    time_ms: int


class TransferRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One move between wallets of an account."""

    account: str
    transfer_id: int
    kind: str  # MAIN_UMFUTURE, UMFUTURE_MAIN, …
    asset: str
    amount: Decimal
    time_ms: int


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One user of the exchange."""

    account: str  # id
    name: str
    api_key: str
    api_secret: str  # or, of one that signs with RSA or Ed25519, its public key in PEM
    created_ms: int
