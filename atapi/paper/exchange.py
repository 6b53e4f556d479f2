"""The exchange itself: one deterministic state machine over a feed, a clock and a ledger. It knows no wire.

Every method is called from one thread (the server's loop). Same feed, same calls at the same clock: same state,
same ids, same answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from atapi.paper.feeds.base import Bar, Catalogue, Feed, Series
from atapi.paper.records import (
    AccountRecord,
    IncomeRecord,
    OrderRecord,
    PositionRecord,
    SettledFunding,
    TradeRecord,
    TransferRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """An order as it came in, parsed and well-formed but not yet judged."""

    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    quote_quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    client_order_id: str | None = None  # None: the exchange makes one
    reduce_only: bool = False
    position_side: str = "BOTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Mark, index and running funding of one perpetual now."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal
    settle_price: Decimal
    funding_rate: Decimal  # running estimate for the current interval
    interest_rate: Decimal
    next_funding_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """A position with what depends on the mark."""

    position: PositionRecord
    mark_price: Decimal
    unrealized: Decimal
    notional: Decimal  # signed
    leverage: int
    initial_margin: Decimal
    maintenance_margin: Decimal
    liquidation_price: Decimal  # 0 where there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class FuturesTotals:
    """The USD-M wallet of one account in USDT terms."""

    wallet_balance: Decimal
    unrealized: Decimal
    initial_margin: Decimal  # positions and open orders
    position_margin: Decimal
    order_margin: Decimal
    maintenance_margin: Decimal
    available: Decimal


class Exchange:
    """Accounts, books, orders, funding and history of one world."""

    feed: Feed
    catalogue: Catalogue

    # --- time -----------------------------------------------------------------------------------------------
    def now_ms(self) -> int:
        """Tell the exchange's time."""
        raise NotImplementedError

    def settle(self) -> None:
        """Bring everything up to now: fundings due, resting orders the market reached, the crowd's quotes."""
        raise NotImplementedError

    def advance(self, span_ms: int) -> None:
        """Move the clock on and settle everything on the way, in order."""
        raise NotImplementedError

    # --- accounts and wallets -------------------------------------------------------------------------------
    def create_account(self, name: str) -> AccountRecord:
        """Make an account with a key of its own and no funds."""
        raise NotImplementedError

    def accounts(self) -> Sequence[AccountRecord]:
        """List accounts."""
        raise NotImplementedError

    def account_of_key(self, api_key: str) -> AccountRecord | None:
        """Find the account of an API key."""
        raise NotImplementedError

    def deposit(self, account: str, wallet: str, asset: str, amount: Decimal) -> None:
        """Give an account funds, from the faucet."""
        raise NotImplementedError

    def transfer(self, account: str, kind: str, asset: str, amount: Decimal) -> TransferRecord:
        """Move funds between wallets: MAIN_UMFUTURE, UMFUTURE_MAIN, MAIN_FUNDING, FUNDING_MAIN, MAIN_MARGIN …"""
        raise NotImplementedError

    def transfers(self, account: str) -> Sequence[TransferRecord]:
        """List transfers, oldest first."""
        raise NotImplementedError

    def balances(self, account: str, wallet: str) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Free and locked by asset in `spot`, `margin`, `um` or `funding` (in `um` locked is always 0)."""
        raise NotImplementedError

    def fee_rates(self, account: str, market: str, symbol: str) -> tuple[Decimal, Decimal]:
        """Maker and taker rate."""
        raise NotImplementedError

    def bnb_burn(self, account: str) -> tuple[bool, bool]:
        """Whether fees are paid in BNB on spot, on USD-M."""
        raise NotImplementedError

    def set_bnb_burn(self, account: str, *, spot: bool | None = None, um: bool | None = None) -> None:
        """Switch paying fees in BNB."""
        raise NotImplementedError

    # --- market data ----------------------------------------------------------------------------------------
    def last_price(self, market: str, symbol: str) -> Decimal:
        """Last trade price. Refusal -1121 for an unknown symbol, in this and every method that takes one."""
        raise NotImplementedError

    def depth(
        self, market: str, symbol: str, limit: int
    ) -> tuple[int, Sequence[tuple[Decimal, Decimal]], Sequence[tuple[Decimal, Decimal]]]:
        """Update id, bids and asks as (price, quantity), best first."""
        raise NotImplementedError

    def bars(
        self,
        series: Series,
        symbol: str,
        interval_ms: int,
        start_ms: int | None,
        end_ms: int | None,
        limit: int,
    ) -> Sequence[Bar]:
        """Bars by Binance's rules: from `start_ms` up, else the newest `limit` to `end_ms`; never past now."""
        raise NotImplementedError

    def public_trades(self, market: str, symbol: str, limit: int) -> Sequence[TradeRecord]:
        """Newest trades of the tape, oldest first."""
        raise NotImplementedError

    def mark(self, symbol: str) -> Mark:
        """Mark, index and running funding of one perpetual."""
        raise NotImplementedError

    def funding_history(
        self, symbol: str | None, start_ms: int | None, end_ms: int | None, limit: int
    ) -> Sequence[SettledFunding]:
        """Settled funding, oldest first, by Binance's paging rules."""
        raise NotImplementedError

    def open_interest(self, symbol: str) -> Decimal:
        """Open interest in base asset: the crowd's and the accounts'."""
        raise NotImplementedError

    # --- orders ---------------------------------------------------------------------------------------------
    def place(self, account: str, market: str, order: Submit) -> tuple[OrderRecord, Sequence[TradeRecord]]:
        """Judge, match and book one order; raises `Refusal` where Binance would refuse."""
        raise NotImplementedError

    def test(self, account: str, market: str, order: Submit) -> None:
        """Judge an order and book nothing."""
        raise NotImplementedError

    def cancel(
        self, account: str, market: str, symbol: str, *, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Cancel one order; Refusal -2011 where none is open."""
        raise NotImplementedError

    def cancel_all(self, account: str, market: str, symbol: str) -> Sequence[OrderRecord]:
        """Cancel every open order of a symbol."""
        raise NotImplementedError

    def order(
        self, account: str, market: str, symbol: str, *, order_id: int | None, client_order_id: str | None
    ) -> OrderRecord:
        """Find one order; Refusal -2013 where there is none."""
        raise NotImplementedError

    def open_orders(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List open orders, oldest first."""
        raise NotImplementedError

    def orders(self, account: str, market: str, symbol: str | None) -> Sequence[OrderRecord]:
        """List all orders, oldest first."""
        raise NotImplementedError

    def trades(self, account: str, market: str, symbol: str | None) -> Sequence[TradeRecord]:
        """List an account's fills, oldest first."""
        raise NotImplementedError

    # --- futures account ------------------------------------------------------------------------------------
    def positions(self, account: str) -> Sequence[PositionView]:
        """List open positions."""
        raise NotImplementedError

    def futures_totals(self, account: str) -> FuturesTotals:
        """Totals of the USD-M wallet."""
        raise NotImplementedError

    def income(self, account: str) -> Sequence[IncomeRecord]:
        """List income, oldest first."""
        raise NotImplementedError

    def leverage(self, account: str, symbol: str) -> int:
        """Leverage set for a symbol; 20 until changed."""
        raise NotImplementedError

    def set_leverage(self, account: str, symbol: str, leverage: int) -> None:
        """Set leverage; Refusal -4028 outside the symbol's brackets."""
        raise NotImplementedError

    # --- events ---------------------------------------------------------------------------------------------
    def subscribe(self, listener: Callable[[str, Any], None]) -> None:
        """Call `listener(kind, record)` after each order, trade, balance or funding event, in order.

        Kinds: "order" (OrderRecord copy), "trade" (TradeRecord), "balance" ((account, wallet, asset, free, locked)),
        "position" (PositionRecord copy), "funding" (SettledFunding), "book" ((market, symbol)).
        """
        raise NotImplementedError
