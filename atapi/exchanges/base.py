"""What services and the order path may ask of a venue: narrow protocols, one concern each.

Every method raises `VenueUnreachable`, `RateLimited`, `AuthenticationError` or another `VenueError` where its
docstring says nothing else. Reads are retried inside the adapter; orders never are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from atapi.domain.account import (
    Balance,
    BnbDiscount,
    FeeRates,
    FuturesAccount,
    Income,
    LeverageBracket,
    Position,
    Transfer,
    Wallet,
)
from atapi.domain.instruments import Instrument, Market
from atapi.domain.margin import Interest, MarginAccount
from atapi.domain.market import BookTicker, Candle, Depth, FundingRate, FundingTerms, MarkPrice, Ticker
from atapi.domain.orders import Amendment, Fill, Order, OrderRequest
from atapi.domain.records import Record
from atapi.domain.streams import StreamState


class MarketData(Protocol):
    """Public data of one market (spot or USD-margined futures)."""

    market: Market

    def server_time(self) -> datetime:
        """Ask the venue's time."""
        ...

    def instruments(self) -> Mapping[str, Instrument]:
        """List every symbol's rules by symbol; cached until `refresh_instruments`."""
        ...

    def refresh_instruments(self) -> None:
        """Forget the cached rules, as after a filter error."""
        ...

    def listing(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """Read some symbols' rules as they are now; one that is no longer listed is left out."""
        ...

    def tickers(self, symbols: Sequence[str] | None = None) -> list[Ticker]:
        """Quote the last 24 hours; of all symbols where none is named."""
        ...

    def prices(self, symbols: Sequence[str] | None = None) -> dict[str, Decimal]:
        """Quote last prices by symbol; of all symbols where none is named."""
        ...

    def book_tickers(self, symbols: Sequence[str] | None = None) -> dict[str, BookTicker]:
        """Quote best bids and asks by symbol; of all symbols where none is named."""
        ...

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book."""
        ...

    def candles(
        self,
        symbol: str,
        interval: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 500,
    ) -> list[Candle]:
        """Read candles, oldest first: the newest `limit` up to `end`, or from `start` on, paging as needed."""
        ...


class FundingData(Protocol):
    """Public data of perpetuals."""

    def marks(self, symbols: Sequence[str] | None = None) -> list[MarkPrice]:
        """Quote mark, index and running funding; of all perpetuals where none is named."""
        ...

    def funding_history(
        self, symbol: str, *, start: datetime | None = None, end: datetime | None = None, limit: int = 100
    ) -> list[FundingRate]:
        """Read settled funding, oldest first: the newest `limit`, or all from `start` on, paging as needed."""
        ...

    def funding_terms(self, symbols: Sequence[str]) -> dict[str, FundingTerms]:
        """Read interval, cap and floor by symbol; 8 h where the venue lists none."""
        ...


class Orders(Protocol):
    """Orders of one market. `place` is for the order path alone."""

    def place(self, request: OrderRequest) -> Order:
        """Send one order, once.

        Raises:
            VenueError: Refused, definitively (including `RateLimited`, `ClockSkew`, `InsufficientBalance`).
            DuplicateOrder: The venue knows this client order id: it exists, ask for it.
            VenueUnreachable: With `sent` False: not one byte left. Never with `sent` True.
            OutcomeUnknown: Anything else: it may or may not exist.
        """
        ...

    def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Cancel one order.

        Raises:
            OrderNotFound: Not open; it may have filled.
        """
        ...

    def order(self, symbol: str, client_order_id: str) -> Order:
        """Ask for one order by our id.

        Raises:
            OrderNotFound: The venue shows none, which alone proves nothing.
        """
        ...

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """List open orders."""
        ...

    def orders(self, symbol: str, *, start: datetime | None = None) -> list[Order]:
        """List orders of one symbol, open and done, oldest first: the newest there are, or from `start` on."""
        ...

    def fills(
        self,
        symbol: str,
        *,
        start: datetime | None = None,
        order_id: str | None = None,
    ) -> list[Fill]:
        """List own fills, oldest first, paging as needed."""
        ...

    def fee_rates(self, symbol: str) -> FeeRates:
        """Read the account's own fee rates, before any BNB discount."""
        ...


class OrderChanges(Protocol):
    """Open orders of one market, changed where they rest. `amend` is for the order path alone."""

    def amend(self, amendment: Amendment) -> None:
        """Change an open order in place, once; on spot only to a smaller quantity at the same price.

        Raises:
            VenueError: Refused, definitively; the order is as it was, unless the refusal says otherwise.
            OrderNotFound: Not open; it may have filled.
            VenueUnreachable: With `sent` False: not one byte left. Never with `sent` True.
            OutcomeUnknown: Anything else: the order itself tells.
        """
        ...


class SpotVenue(MarketData, Orders, OrderChanges, Protocol):
    """The spot market of a venue."""

    def balances(self) -> list[Balance]:
        """List the spot wallet; zero balances are left out."""
        ...


class FuturesVenue(MarketData, FundingData, Orders, OrderChanges, Protocol):
    """The USD-margined futures of a venue."""

    def balances(self) -> list[Balance]:
        """List the futures wallet; `free` is what can be withdrawn or used, `locked` the rest."""
        ...

    def account(self) -> FuturesAccount:
        """Read the wallet's totals and modes."""
        ...

    def positions(self, symbols: Sequence[str] | None = None) -> list[Position]:
        """List open positions."""
        ...

    def income(
        self,
        *,
        kind: str | None = None,
        symbol: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Income]:
        """List income, oldest first, paging as needed."""
        ...

    def countdown(self, symbol: str, seconds: int) -> None:
        """Have every order of ours in a symbol canceled unless this is said again in time; 0 disarms it."""
        ...

    def leverage(self, symbol: str) -> int:
        """Read the leverage set for a symbol."""
        ...

    def set_leverage(self, symbol: str, leverage: int) -> None:
        """Set the leverage of a symbol."""
        ...

    def brackets(self, symbol: str) -> list[LeverageBracket]:
        """Read the margin table of a symbol, lowest tier first."""
        ...


class MarginVenue(Orders, Protocol):
    """Cross margin of a venue: spot's books on borrowed coins, where the network has it (not demo or testnet)."""

    market: Market

    def depth(self, symbol: str, limit: int = 100) -> Depth:
        """Read one order book: spot's."""
        ...

    def account(self) -> MarginAccount:
        """Read what is held, what is owed and the levels."""
        ...

    def max_borrowable(self, asset: str) -> Decimal:
        """Tell how much of an asset collateral and limits allow to borrow now."""
        ...

    def inventory(self, asset: str) -> Decimal:
        """Tell how much of an asset lenders have left; zero where they do not list it."""
        ...

    def hourly_rate(self, asset: str) -> Decimal:
        """Tell the interest of the next hour, as a fraction of what is borrowed."""
        ...

    def interest(self, asset: str, *, start: datetime, end: datetime | None = None) -> list[Interest]:
        """List the interest charged on a debt of an asset, oldest first, paging as needed."""
        ...

    def borrow(self, asset: str, amount: Decimal) -> str:
        """Borrow and tell the loan's id."""
        ...

    def repay(self, asset: str, amount: Decimal) -> str:
        """Repay, interest first, and tell the repayment's id."""
        ...


class RecordSource(Protocol):
    """What a venue recorded about an account's balances."""

    def begin(self) -> datetime:
        """Tell since when there can be records."""
        ...

    def balances(self) -> dict[tuple[Wallet, str], Decimal]:
        """State what every wallet holds, by wallet and asset; the margin wallet less what it owes."""
        ...

    def records(self, start: datetime) -> list[Record]:
        """List every change of a balance from a time on, oldest first, but for the trades of spot."""
        ...


class WalletVenue(Protocol):
    """Wallets of an account, where the network has them (not on demo or testnet)."""

    def transfer(self, asset: str, amount: Decimal, source: Wallet, target: Wallet) -> str:
        """Move funds between wallets and tell the transfer's id."""
        ...

    def transfers(self, source: Wallet, target: Wallet, *, start: datetime) -> list[Transfer]:
        """List the moves from one wallet to another from `start` on, oldest first; the venue's own record of them."""
        ...

    def other_balances(self, wallet: Wallet) -> list[Balance]:
        """List the margin or the funding wallet."""
        ...

    def bnb_discount(self) -> BnbDiscount:
        """Tell where fees are paid in BNB."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWindow:
    """One limit of a host on requests, and what is used of it."""

    kind: str  # "weight" or "orders"
    span: timedelta
    limit: int
    used: int


class RequestBudget(Protocol):
    """What a host has left for us."""

    def windows(self) -> list[RequestWindow]:
        """List the limits the venue has stated, with what is used of each."""
        ...


class EventStreams(Protocol):
    """What a venue pushes to an account. An event only rings: what it is about is asked by the methods above."""

    def follow(self, told: Callable[[str], None]) -> None:
        """Open the lines; `told` is called in their threads with a line's name, at each event and each opening."""
        ...

    def states(self) -> list[StreamState]:
        """Tell how each line stands; none where nobody follows."""
        ...

    def distrust(self, name: str) -> None:
        """Open a line anew: it said nothing of what was seen by asking."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class SupplySource(Protocol):
    """Circulating supply, from the venue's product list."""

    def circulating_supply(self) -> dict[str, Decimal]:
        """Coins in circulation by base asset; assets of unknown supply are left out."""
        ...


class ClockSource(Protocol):
    """The venue's clock as the adapter sees it."""

    def offset(self) -> timedelta:
        """Venue time less this machine's time, as last measured."""
        ...

    def round_trip(self) -> timedelta:
        """How long the last measurement took."""
        ...
