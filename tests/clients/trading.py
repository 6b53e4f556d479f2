"""The list every client is put through, in words of no client."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

BASE, QUOTE, SYMBOL = "BTC", "USDT", "BTCUSDT"
REFUSALS = ("signature", "timestamp", "tick", "step", "minimum", "funds", "unknown", "rate", "margin type")


@dataclass(frozen=True)
class Placed:
    """An order as a client shows it."""

    order_id: str
    client_id: str
    status: str  # open, closed, canceled
    executed: Decimal


@dataclass(frozen=True)
class Fill:
    """A fill as a client shows it."""

    order_id: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str


class Client(Protocol):
    """One client on one market."""

    market: str  # spot, um
    refused: dict[str, type[Exception]]  # what was wrong -> the client's own exception

    def code(self, error: Any) -> int:
        """Read the exchange's code from an exception of the client."""
        ...

    def markets(self) -> set[str]:
        """List symbols as the exchange spells them."""
        ...

    def candles(self, count: int) -> list[list[Any]]:
        """List hourly candles: open time, open, high, low, close, volume."""
        ...

    def book(self) -> tuple[Decimal, Decimal]:
        """Tell best bid and ask."""
        ...

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """List time and price of the market's last trades."""
        ...

    def balance(self, asset: str) -> Decimal:
        """Tell what is held of an asset, free and locked."""
        ...

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place a limit order and tell its id."""
        ...

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place a limit order of these very numbers, where the client would round or refuse them itself."""
        ...

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order and tell its id."""
        ...

    def cancel(self, order_id: str) -> None:
        """Cancel an order."""
        ...

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Find an order by either id."""
        ...

    def open_orders(self) -> list[str]:
        """List ids of open orders."""
        ...

    def fills(self) -> list[Fill]:
        """List fills."""
        ...

    def heavy(self) -> None:
        """Ask for something that weighs much."""
        ...

    def with_secret(self, secret: str) -> Client:
        """Make the same client with another secret."""
        ...

    def ahead(self, milliseconds: int) -> Client:
        """Make the same client with a wrong clock."""
        ...

    def move(self, source: str, target: str, amount: str) -> None:
        """Move USDT between wallets: spot, um, margin."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class Spot(Client, Protocol):
    """One client on spot and cross margin."""

    def margin(self) -> tuple[Decimal, Decimal]:
        """Tell what is free and what is owed of USDT on cross margin."""
        ...

    def borrow(self, amount: str) -> None:
        """Borrow USDT on cross margin."""
        ...

    def repay(self, amount: str) -> None:
        """Repay USDT on cross margin."""
        ...


class Futures(Client, Protocol):
    """One client on USD-M."""

    def funding(self) -> tuple[Decimal, int]:
        """Tell the running rate and when it is settled."""
        ...

    def funding_history(self, count: int) -> list[int]:
        """List times of settled fundings."""
        ...

    def open_interest(self) -> Decimal:
        """Tell open interest."""
        ...

    def position(self) -> Decimal:
        """Tell the signed position."""
        ...

    def set_leverage(self, leverage: int) -> int:
        """Set leverage and tell what it came to."""
        ...

    def set_margin_type(self, name: str) -> None:
        """Set CROSSED or ISOLATED."""
        ...

    def terms(self) -> tuple[int, str]:
        """Tell leverage and margin type, in upper case."""
        ...

    def hedge_mode(self) -> bool:
        """Tell whether long and short stand side by side."""
        ...

    def set_hedge_mode(self, hedged: bool) -> None:
        """Let long and short stand side by side, or not."""
        ...
