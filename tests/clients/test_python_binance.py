"""python-binance, unmodified but for its base URLs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients import addresses, rows
from tests.clients.conftest import Served, transfer_type
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.trading import REFUSALS, SYMBOL, Fill, Placed

binance = pytest.importorskip("binance.client", reason="python-binance is not installed; .ci/run tries it")
from binance.async_client import AsyncClient  # noqa: E402
from binance.exceptions import BinanceAPIException  # noqa: E402

Connect = Callable[[Served, str], Any]  # with a secret


def synchronous(served: Served, secret: str) -> Any:
    """Make a `Client`."""
    return addresses.python_binance(binance.Client, served)(served.key, secret)


class Awaited:
    """An `AsyncClient` whose every call is waited for."""

    def __init__(self, loop: asyncio.AbstractEventLoop, served: Served, secret: str) -> None:
        self._loop = loop
        create = addresses.python_binance(AsyncClient, served).create
        self._client = loop.run_until_complete(create(served.key, secret))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *args, **named: self._loop.run_until_complete(method(*args, **named))

    def shift(self, milliseconds: int) -> None:
        """Shift what the client takes for the time."""
        self._client.timestamp_offset = milliseconds


class PythonBinance:
    """python-binance as the list wants it, on spot."""

    market = "spot"
    refused: dict[str, type[Exception]] = dict.fromkeys((*REFUSALS, "loan"), BinanceAPIException)

    def __init__(self, served: Served, connect: Connect, secret: str | None = None) -> None:
        self._served = served
        self._connect = connect
        self.client = connect(served, secret or served.secret)

    def code(self, error: Any) -> int:
        """Read the exchange's code."""
        return int(error.code)

    def markets(self) -> set[str]:
        """Read the exchange's list."""
        return {row["symbol"] for row in self.client.get_exchange_info()["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        """Read klines."""
        return rows.candles(self.client.get_klines(symbol=SYMBOL, interval="1h", limit=count))

    def book(self) -> tuple[Decimal, Decimal]:
        """Read the book."""
        return rows.top(self.client.get_order_book(symbol=SYMBOL, limit=5))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """Read public trades."""
        return rows.tape(self.client.get_recent_trades(symbol=SYMBOL, limit=count))

    def balance(self, asset: str) -> Decimal:
        """Read the balance."""
        row = self.client.get_asset_balance(asset)
        return Decimal(row["free"]) + Decimal(row["locked"])

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place a limit order."""
        named = {} if client_id is None else {"newClientOrderId": client_id}
        return str(
            self._place(side=side, type="LIMIT", timeInForce="GTC", quantity=quantity, price=price, **named)
        )

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place a limit order; nothing is rounded here."""
        self.limit(side, quantity, price)

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order."""
        return str(self._place(side=side, type="MARKET", quantity=quantity))

    def _place(self, **order: Any) -> int:
        return int(self.client.create_order(symbol=SYMBOL, **order)["orderId"])

    def cancel(self, order_id: str) -> None:
        """Cancel it."""
        self.client.cancel_order(symbol=SYMBOL, orderId=order_id)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Find it."""
        return rows.placed(self.client.get_order(symbol=SYMBOL, **rows.by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        """List them."""
        return [str(row["orderId"]) for row in self.client.get_open_orders(symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        """List fills."""
        return [rows.fill(row) for row in self.client.get_my_trades(symbol=SYMBOL)]

    def with_secret(self, secret: str) -> PythonBinance:
        """Sign with another secret."""
        return type(self)(self._served, self._connect, secret)

    def ahead(self, milliseconds: int) -> PythonBinance:
        """Shift what the client takes for the time."""
        other = type(self)(self._served, self._connect)
        if isinstance(other.client, Awaited):
            other.client.shift(milliseconds)
        else:
            other.client.timestamp_offset = milliseconds
        return other

    def heavy(self) -> None:
        """Read a whole book: 250."""
        self.client.get_order_book(symbol=SYMBOL, limit=5000)

    def move(self, source: str, target: str, amount: str) -> None:
        """Transfer."""
        kind = transfer_type(source, target)
        assert self.client.make_universal_transfer(type=kind, asset="USDT", amount=amount)["tranId"]

    def margin(self) -> tuple[Decimal, Decimal]:
        """Read the margin account."""
        return rows.owed(self.client.get_margin_account(), "USDT")

    def borrow(self, amount: str) -> None:
        """Borrow."""
        self._loan("BORROW", amount)

    def repay(self, amount: str) -> None:
        """Repay."""
        self._loan("REPAY", amount)

    def _loan(self, kind: str, amount: str) -> None:
        loan = {"asset": "USDT", "isIsolated": "FALSE", "symbol": SYMBOL, "amount": amount, "type": kind}
        assert self.client.margin_borrow_repay(**loan)["tranId"]

    def close(self) -> None:
        """Hang up."""
        self.client.close_connection()


class PythonBinanceFutures(PythonBinance):
    """The same on USD-M."""

    market = "um"

    def markets(self) -> set[str]:
        return {row["symbol"] for row in self.client.futures_exchange_info()["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        return rows.candles(self.client.futures_klines(symbol=SYMBOL, interval="1h", limit=count))

    def book(self) -> tuple[Decimal, Decimal]:
        return rows.top(self.client.futures_order_book(symbol=SYMBOL, limit=5))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        return rows.tape(self.client.futures_recent_trades(symbol=SYMBOL, limit=count))

    def balance(self, asset: str) -> Decimal:
        return Decimal(rows.of(self.client.futures_account_balance(), "asset", asset)["balance"])

    def _place(self, **order: Any) -> int:
        return int(self.client.futures_create_order(symbol=SYMBOL, **order)["orderId"])

    def cancel(self, order_id: str) -> None:
        self.client.futures_cancel_order(symbol=SYMBOL, orderId=order_id)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        return rows.placed(self.client.futures_get_order(symbol=SYMBOL, **rows.by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        return [str(row["orderId"]) for row in self.client.futures_get_open_orders(symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        return [rows.fill(row) for row in self.client.futures_account_trades(symbol=SYMBOL)]

    def funding(self) -> tuple[Decimal, int]:
        """Read the running rate."""
        told = self.client.futures_mark_price(symbol=SYMBOL)
        return Decimal(told["lastFundingRate"]), told["nextFundingTime"]

    def funding_history(self, count: int) -> list[int]:
        """Read settled rates."""
        return [row["fundingTime"] for row in self.client.futures_funding_rate(symbol=SYMBOL, limit=count)]

    def open_interest(self) -> Decimal:
        """Read it."""
        return Decimal(self.client.futures_open_interest(symbol=SYMBOL)["openInterest"])

    def position(self) -> Decimal:
        """Read positions."""
        found = self.client.futures_position_information(symbol=SYMBOL)
        return sum((Decimal(row["positionAmt"]) for row in found), Decimal(0))

    def set_leverage(self, leverage: int) -> int:
        """Set it."""
        return int(self.client.futures_change_leverage(symbol=SYMBOL, leverage=leverage)["leverage"])

    def set_margin_type(self, name: str) -> None:
        """Set it."""
        self.client.futures_change_margin_type(symbol=SYMBOL, marginType=name)

    def hedge_mode(self) -> bool:
        """Read the mode."""
        return bool(self.client.futures_get_position_mode()["dualSidePosition"])

    def set_hedge_mode(self, hedged: bool) -> None:
        """Set the mode."""
        told = self.client.futures_change_position_mode(dualSidePosition="true" if hedged else "false")
        assert told["code"] == 200

    def terms(self) -> tuple[int, str]:
        """Read leverage and margin type."""
        return rows.terms(self.client.futures_symbol_config(symbol=SYMBOL), SYMBOL)

    def heavy(self) -> None:
        self.client.futures_get_open_orders()


@pytest.fixture(params=["sync", "async"])
def connected(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Give a function that makes a client of either kind."""
    if request.param == "sync":
        yield synchronous
        return
    loop = asyncio.new_event_loop()
    yield lambda served, secret: Awaited(loop, served, secret)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


class TestSpot(SpotFacts):
    """`Client` and `AsyncClient`, spot and margin."""

    @pytest.fixture
    def connect(self, connected: Connect) -> Callable[[Served], PythonBinance]:
        return lambda served: PythonBinance(served, connected)


class TestFutures(FuturesFacts):
    """`Client` and `AsyncClient`, their `futures_…` methods."""

    @pytest.fixture
    def connect(self, connected: Connect) -> Callable[[Served], PythonBinanceFutures]:
        return lambda served: PythonBinanceFutures(served, connected)
