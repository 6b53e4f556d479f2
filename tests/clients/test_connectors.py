"""binance-connector and binance-futures-connector, unmodified but for their base URLs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.clients import rows
from tests.clients.conftest import Served, transfer_type
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.trading import REFUSALS, SYMBOL, Fill, Placed

WANTED = "the connectors are not installed; .ci/run tries them in an environment of their own"
spot = pytest.importorskip("binance.spot", reason=WANTED)
um_futures = pytest.importorskip("binance.um_futures", reason=WANTED)
from binance.error import ClientError  # noqa: E402


class Connector:
    """The spot connector as the list wants it."""

    market = "spot"
    refused: dict[str, type[Exception]] = dict.fromkeys((*REFUSALS, "loan"), ClientError)

    def __init__(self, served: Served, secret: str | None = None) -> None:
        self._served = served
        self.secret = secret or served.secret
        self.client = self._connect()

    def _connect(self) -> Any:
        return spot.Spot(self._served.key, self.secret, base_url=self._served.spot, timeout=10)

    def code(self, error: Any) -> int:
        """Read the exchange's code."""
        return int(error.error_code)

    def markets(self) -> set[str]:
        """Read the exchange's list."""
        return {row["symbol"] for row in self.client.exchange_info()["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        """Read klines."""
        return rows.candles(self.client.klines(SYMBOL, "1h", limit=count))

    def book(self) -> tuple[Decimal, Decimal]:
        """Read the book."""
        return rows.top(self.client.depth(SYMBOL, limit=5))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """Read public trades."""
        return rows.tape(self.client.trades(SYMBOL, limit=count))

    def balance(self, asset: str) -> Decimal:
        """Read the balance."""
        row = rows.of(self.client.account()["balances"], "asset", asset)
        return Decimal(row["free"]) + Decimal(row["locked"])

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place a limit order."""
        named = {} if client_id is None else {"newClientOrderId": client_id}
        order = {"timeInForce": "GTC", "quantity": quantity, "price": price, **named}
        return str(self.client.new_order(SYMBOL, side, "LIMIT", **order)["orderId"])

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place a limit order; nothing is rounded here."""
        self.limit(side, quantity, price)

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order."""
        return str(self.client.new_order(SYMBOL, side, "MARKET", quantity=quantity)["orderId"])

    def cancel(self, order_id: str) -> None:
        """Cancel it."""
        self.client.cancel_order(SYMBOL, orderId=order_id)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Find it."""
        return rows.placed(self.client.get_order(SYMBOL, **rows.by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        """List them."""
        return [str(row["orderId"]) for row in self.client.get_open_orders(SYMBOL)]

    def fills(self) -> list[Fill]:
        """List fills."""
        return [rows.fill(row) for row in self.client.my_trades(SYMBOL)]

    def heavy(self) -> None:
        """Read a whole book: 250."""
        self.client.depth(SYMBOL, limit=5000)

    def with_secret(self, secret: str) -> Connector:
        """Sign with another secret."""
        return type(self)(self._served, secret)

    def ahead(self, milliseconds: int) -> Connector:
        """Send a time of one's own; the connector has no other way."""
        return Shifted(self, milliseconds)

    def _wallets(self) -> Any:
        return self.client

    def move(self, source: str, target: str, amount: str) -> None:
        """Transfer."""
        assert self._wallets().user_universal_transfer(transfer_type(source, target), "USDT", amount)[
            "tranId"
        ]

    def margin(self) -> tuple[Decimal, Decimal]:
        """Read the margin account."""
        return rows.owed(self.client.margin_account(), "USDT")

    def borrow(self, amount: str) -> None:
        """Borrow."""
        assert self.client.borrow_repay("USDT", "FALSE", SYMBOL, amount, "BORROW")["tranId"]

    def repay(self, amount: str) -> None:
        """Repay."""
        assert self.client.borrow_repay("USDT", "FALSE", SYMBOL, amount, "REPAY")["tranId"]

    def close(self) -> None:
        """Hang up."""
        self.client.session.close()


class Shifted(Connector):
    """A connector whose caller's clock is wrong."""

    def __init__(self, other: Connector, milliseconds: int) -> None:
        super().__init__(other._served)
        self._other = other
        self._off = milliseconds

    def open_orders(self) -> list[str]:
        client = self._other.client
        now = int(client.time()["serverTime"]) + self._off
        name = "account" if self._other.market == "um" else "get_open_orders"
        path = "/fapi/v2/account" if name == "account" else "/api/v3/openOrders"
        payload = {"timestamp": now, "symbol": SYMBOL} if name != "account" else {"timestamp": now}
        query = client._prepare_params(payload)
        signature = client._get_sign(query)
        return [str(row) for row in client.send_request("GET", path, {**payload, "signature": signature})]


class FuturesConnector(Connector):
    """The futures connector as the list wants it."""

    market = "um"

    def _connect(self) -> Any:
        self._spot = spot.Spot(self._served.key, self.secret, base_url=self._served.spot, timeout=10)
        return um_futures.UMFutures(self._served.key, self.secret, base_url=self._served.um, timeout=10)

    def _wallets(self) -> Any:
        return self._spot

    def balance(self, asset: str) -> Decimal:
        return Decimal(rows.of(self.client.balance(), "asset", asset)["balance"])

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        return rows.placed(self.client.query_order(SYMBOL, **rows.by(order_id, client_id)))

    def open_orders(self) -> list[str]:
        return [str(row["orderId"]) for row in self.client.get_orders(symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        return [rows.fill(row) for row in self.client.get_account_trades(SYMBOL)]

    def funding(self) -> tuple[Decimal, int]:
        """Read the running rate."""
        told = self.client.mark_price(SYMBOL)
        return Decimal(told["lastFundingRate"]), told["nextFundingTime"]

    def funding_history(self, count: int) -> list[int]:
        """Read settled rates."""
        return [row["fundingTime"] for row in self.client.funding_rate(SYMBOL, limit=count)]

    def open_interest(self) -> Decimal:
        """Read it."""
        return Decimal(self.client.open_interest(SYMBOL)["openInterest"])

    def position(self) -> Decimal:
        """Read positions."""
        found = self.client.get_position_risk(symbol=SYMBOL)
        return sum((Decimal(row["positionAmt"]) for row in found), Decimal(0))

    def set_leverage(self, leverage: int) -> int:
        """Set it."""
        return int(self.client.change_leverage(SYMBOL, leverage)["leverage"])

    def set_margin_type(self, name: str) -> None:
        """Set it."""
        self.client.change_margin_type(SYMBOL, name)

    def terms(self) -> tuple[int, str]:
        """Read leverage and margin type."""
        return rows.terms(self.client.symbol_configuration(symbol=SYMBOL), SYMBOL)

    def hedge_mode(self) -> bool:
        """Read the mode."""
        return bool(self.client.get_position_mode()["dualSidePosition"])

    def set_hedge_mode(self, hedged: bool) -> None:
        """Set the mode."""
        assert self.client.change_position_mode("true" if hedged else "false")["code"] == 200

    def heavy(self) -> None:
        """Ask for all open orders: 40."""
        self.client.sign_request("GET", "/fapi/v1/openOrders")

    def close(self) -> None:
        """Hang up both."""
        super().close()
        self._wallets().session.close()


class TestSpot(SpotFacts):
    """`binance.spot.Spot`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], Connector]:
        return Connector


class TestFutures(FuturesFacts):
    """`binance.um_futures.UMFutures`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], FuturesConnector]:
        return FuturesConnector
