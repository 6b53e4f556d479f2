"""python-binance, unmodified but for its base URLs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.conftest import Served
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.rows import by, fill, placed
from tests.clients.trading import SYMBOL, Fill, Placed

binance = pytest.importorskip("binance.client", reason="python-binance is not installed; .ci/run tries it")
from binance.exceptions import BinanceAPIException  # noqa: E402


def connected(served: Served, key: str, secret: str) -> Any:
    """Make a client of this exchange."""

    class Here(binance.Client):
        API_URL = f"{served.spot}/api"
        MARGIN_API_URL = f"{served.spot}/sapi"
        FUTURES_URL = f"{served.um}/fapi"
        FUTURES_COIN_URL = f"{served.cm}/dapi"
        FUTURES_DATA_URL = f"{served.um}/futures/data"

    return Here(key, secret)


class PythonBinance:
    """python-binance as the list wants it, on spot."""

    market = "spot"
    refused = dict.fromkeys(
        ("signature", "timestamp", "tick", "step", "minimum", "funds", "unknown", "margin type"),
        BinanceAPIException,
    )

    def __init__(self, served: Served, secret: str | None = None) -> None:
        self._served = served
        self.client = connected(served, served.key, secret or served.secret)

    def markets(self) -> set[str]:
        """Read the exchange's list."""
        return {row["symbol"] for row in self.client.get_exchange_info()["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        """Read klines."""
        rows = self.client.get_klines(symbol=SYMBOL, interval="1h", limit=count)
        return [[row[0], *map(float, row[1:6])] for row in rows]

    def book(self) -> tuple[Decimal, Decimal]:
        """Read the book."""
        book = self.client.get_order_book(symbol=SYMBOL, limit=5)
        return Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])

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
        return placed(self.client.get_order(symbol=SYMBOL, **by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        """List them."""
        return [str(row["orderId"]) for row in self.client.get_open_orders(symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        """List fills."""
        return [fill(row) for row in self.client.get_my_trades(symbol=SYMBOL)]

    def with_secret(self, secret: str) -> PythonBinance:
        """Sign with another secret."""
        return type(self)(self._served, secret)

    def ahead(self, milliseconds: int) -> PythonBinance:
        """Shift what the client takes for the time."""
        other = type(self)(self._served)
        other.client.timestamp_offset = milliseconds
        return other

    def close(self) -> None:
        """Hang up."""
        self.client.close_connection()


class PythonBinanceFutures(PythonBinance):
    """The same on USD-M."""

    market = "um"

    def markets(self) -> set[str]:
        return {row["symbol"] for row in self.client.futures_exchange_info()["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        rows = self.client.futures_klines(symbol=SYMBOL, interval="1h", limit=count)
        return [[row[0], *map(float, row[1:6])] for row in rows]

    def book(self) -> tuple[Decimal, Decimal]:
        book = self.client.futures_order_book(symbol=SYMBOL, limit=5)
        return Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])

    def balance(self, asset: str) -> Decimal:
        [row] = [row for row in self.client.futures_account_balance() if row["asset"] == asset]
        return Decimal(row["balance"])

    def _place(self, **order: Any) -> int:
        return int(self.client.futures_create_order(symbol=SYMBOL, **order)["orderId"])

    def cancel(self, order_id: str) -> None:
        self.client.futures_cancel_order(symbol=SYMBOL, orderId=order_id)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        return placed(self.client.futures_get_order(symbol=SYMBOL, **by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        return [str(row["orderId"]) for row in self.client.futures_get_open_orders(symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        return [fill(row) for row in self.client.futures_account_trades(symbol=SYMBOL)]

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

    def to_futures(self, amount: str) -> None:
        """Transfer."""
        told = self.client.make_universal_transfer(type="MAIN_UMFUTURE", asset="USDT", amount=amount)
        assert told["tranId"]


class TestSpot(SpotFacts):
    """`Client`, spot."""

    @pytest.fixture
    def client(self, served: Served) -> Iterator[PythonBinance]:
        client = PythonBinance(served)
        yield client
        client.close()


class TestFutures(FuturesFacts):
    """`Client`, its `futures_…` methods."""

    @pytest.fixture
    def client(self, served: Served) -> Iterator[PythonBinanceFutures]:
        client = PythonBinanceFutures(served)
        yield client
        client.close()


def test_it_borrows_and_repays_on_margin(served: Served) -> None:
    client = connected(served, served.key, served.secret)
    loan = {"asset": "USDT", "isIsolated": "FALSE", "symbol": SYMBOL, "amount": "50"}
    client.make_universal_transfer(type="MAIN_MARGIN", asset="USDT", amount="100")

    client.margin_borrow_repay(**loan, type="BORROW")
    done = client.margin_borrow_repay(**loan, type="REPAY")
    [repaid] = client.margin_get_borrow_repay_records(type="REPAY", txId=done["tranId"])["rows"]
    with pytest.raises(BinanceAPIException, match="exceed maximum borrow amount"):
        client.margin_borrow_repay(**loan | {"amount": "10000000"}, type="BORROW")

    client.close_connection()
    assert Decimal(repaid["interest"]) + Decimal(repaid["principal"]) == 50
    assert Decimal(repaid["interest"]) >= Decimal(
        "0.00027569"
    )  # an hour of 50 USDT at 0.00013233 a day, first
