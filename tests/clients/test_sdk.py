"""Binance's SDKs, one package a product, unmodified but for their base paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients import rows
from tests.clients.conftest import Served, transfer_type
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.trading import REFUSALS, SYMBOL, Fill, Placed

WANTED = "the SDKs are not installed; .ci/run tries them in an environment of their own"
sdk_spot = pytest.importorskip("binance_sdk_spot", reason=WANTED)
sdk_um = pytest.importorskip("binance_sdk_derivatives_trading_usds_futures", reason=WANTED)
sdk_margin = pytest.importorskip("binance_sdk_margin_trading", reason=WANTED)
sdk_wallet = pytest.importorskip("binance_sdk_wallet", reason=WANTED)
from binance_common.configuration import ConfigurationRestAPI  # noqa: E402
from binance_common.errors import BadRequestError, TooManyRequestsError  # noqa: E402
from binance_common.utils import get_timestamp, send_request  # noqa: E402

TIMEOUT_MS = 10_000
LIMITED = {"rate": TooManyRequestsError}


def plain(answer: Any) -> Any:
    """Take an answer's model apart into rows by the wire's names."""
    data = answer.data()
    return [_row(each) for each in data] if isinstance(data, list) else _row(data)


def _row(value: Any) -> Any:
    return value.to_dict() if hasattr(value, "to_dict") else value


class Sdk:
    """The SDKs as the list wants them: binance-sdk-spot, with wallet and margin."""

    market = "spot"
    open_orders_path = "/api/v3/openOrders"
    refused: dict[str, type[Exception]] = dict.fromkeys((*REFUSALS, "loan"), BadRequestError) | LIMITED

    def __init__(self, served: Served, secret: str | None = None, off_ms: int | None = None) -> None:
        self._served = served
        self._off_ms = off_ms
        self.secret = secret or served.secret
        self.wallet = sdk_wallet.Wallet(config_rest_api=self._at(served.spot)).rest_api
        self.loans = sdk_margin.MarginTrading(config_rest_api=self._at(served.spot)).rest_api
        self.rest = self._product()

    def _at(self, url: str) -> Any:
        return ConfigurationRestAPI(self._served.key, self.secret, base_path=url, timeout=TIMEOUT_MS)

    def _product(self) -> Any:
        return sdk_spot.Spot(config_rest_api=self._at(self._served.spot)).rest_api

    def code(self, error: Any) -> int:
        """Read the exchange's code, which the SDK calls the status."""
        return int(error.status_code)

    def markets(self) -> set[str]:
        """Read the exchange's list."""
        return {row["symbol"] for row in plain(self.rest.exchange_info())["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        """Read klines."""
        return rows.candles(plain(self.rest.klines(SYMBOL, "1h", limit=count)))

    def book(self) -> tuple[Decimal, Decimal]:
        """Read the book."""
        return rows.top(plain(self.rest.depth(SYMBOL, limit=5)))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """Read public trades."""
        return rows.tape(plain(self.rest.get_trades(SYMBOL, limit=count)))

    def balance(self, asset: str) -> Decimal:
        """Read the balance."""
        row = rows.of(plain(self.rest.get_account())["balances"], "asset", asset)
        return Decimal(row["free"]) + Decimal(row["locked"])

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place a limit order."""
        terms = {"time_in_force": "GTC", "quantity": quantity, "price": price}
        return self._place(side, "LIMIT", **terms, new_client_order_id=client_id)

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place a limit order; nothing is rounded here."""
        self.limit(side, quantity, price)

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order."""
        return self._place(side, "MARKET", quantity=quantity)

    def _place(self, side: str, kind: str, **terms: Any) -> str:
        return str(plain(self.rest.new_order(SYMBOL, side, kind, **terms))["orderId"])

    def cancel(self, order_id: str) -> None:
        """Cancel it."""
        self.rest.delete_order(SYMBOL, order_id=int(order_id))

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Find it."""
        return rows.placed(plain(self.rest.get_order(SYMBOL, **_named(order_id, client_id))))

    def open_orders(self) -> list[str]:
        """List them; with another time by the SDK's own `send_request`, as no method takes one."""
        if self._off_ms is not None:
            late = {"symbol": SYMBOL, "timestamp": get_timestamp() + self._off_ms}
            api, signed = self.rest, {"is_signed": True, "signer": self.rest._signer}
            send_request(api._session, api.configuration, "GET", self.open_orders_path, late, **signed)
        return [str(row["orderId"]) for row in plain(self._open_orders())]

    def _open_orders(self) -> Any:
        return self.rest.get_open_orders(symbol=SYMBOL)

    def fills(self) -> list[Fill]:
        """List fills."""
        return [rows.fill(row) for row in plain(self.rest.my_trades(SYMBOL))]

    def heavy(self) -> None:
        """Read a whole book: 250."""
        self.rest.depth(SYMBOL, limit=5000)

    def with_secret(self, secret: str) -> Sdk:
        """Sign with another secret."""
        return type(self)(self._served, secret)

    def ahead(self, milliseconds: int) -> Sdk:
        """Send another time."""
        return type(self)(self._served, off_ms=milliseconds)

    def move(self, source: str, target: str, amount: str) -> None:
        """Transfer."""
        kind = transfer_type(source, target)
        assert plain(self.wallet.user_universal_transfer(kind, "USDT", float(amount)))["tranId"]

    def margin(self) -> tuple[Decimal, Decimal]:
        """Read the margin account."""
        return rows.owed(plain(self.loans.query_cross_margin_account_details()), "USDT")

    def borrow(self, amount: str) -> None:
        """Borrow."""
        self._loan("BORROW", amount)

    def repay(self, amount: str) -> None:
        """Repay."""
        self._loan("REPAY", amount)

    def _loan(self, kind: str, amount: str) -> None:
        told = self.loans.margin_account_borrow_repay("USDT", "FALSE", amount, kind)
        assert plain(told)["tranId"]

    def close(self) -> None:
        """Hang up."""
        for api in (self.rest, self.wallet, self.loans):
            api._session.close()


class SdkFutures(Sdk):
    """binance-sdk-derivatives-trading-usds-futures."""

    market = "um"
    open_orders_path = "/fapi/v1/openOrders"

    def _product(self) -> Any:
        futures = sdk_um.DerivativesTradingUsdsFutures
        return futures(config_rest_api=self._at(self._served.um)).rest_api

    def markets(self) -> set[str]:
        return {row["symbol"] for row in plain(self.rest.exchange_information())["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        return rows.candles(plain(self.rest.kline_candlestick_data(SYMBOL, "1h", limit=count)))

    def book(self) -> tuple[Decimal, Decimal]:
        return rows.top(plain(self.rest.order_book(SYMBOL, limit=5)))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        return rows.tape(plain(self.rest.recent_trades_list(SYMBOL, limit=count)))

    def balance(self, asset: str) -> Decimal:
        told = plain(self.rest.futures_account_balance_v3())
        return Decimal(rows.of(told, "asset", asset)["balance"])

    def cancel(self, order_id: str) -> None:
        self.rest.cancel_order(SYMBOL, order_id=int(order_id))

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        return rows.placed(plain(self.rest.query_order(SYMBOL, **_named(order_id, client_id))))

    def _open_orders(self) -> Any:
        return self.rest.current_all_open_orders(symbol=SYMBOL)

    def fills(self) -> list[Fill]:
        return [rows.fill(row) for row in plain(self.rest.account_trade_list(SYMBOL))]

    def heavy(self) -> None:
        """Ask for all open orders: 40."""
        self.rest.current_all_open_orders()

    def funding(self) -> tuple[Decimal, int]:
        """Read the running rate."""
        told = plain(self.rest.mark_price(SYMBOL))
        return Decimal(told["lastFundingRate"]), told["nextFundingTime"]

    def funding_history(self, count: int) -> list[int]:
        """Read settled rates."""
        told = plain(self.rest.get_funding_rate_history(SYMBOL, limit=count))
        return [row["fundingTime"] for row in told]

    def open_interest(self) -> Decimal:
        """Read it."""
        return Decimal(plain(self.rest.open_interest(SYMBOL))["openInterest"])

    def position(self) -> Decimal:
        """Read positions."""
        found = plain(self.rest.position_information_v3(symbol=SYMBOL))
        return sum((Decimal(row["positionAmt"]) for row in found), Decimal(0))

    def set_leverage(self, leverage: int) -> int:
        """Set it."""
        return int(plain(self.rest.change_initial_leverage(SYMBOL, leverage))["leverage"])

    def set_margin_type(self, name: str) -> None:
        """Set it."""
        self.rest.change_margin_type(SYMBOL, name)

    def terms(self) -> tuple[int, str]:
        """Read leverage and margin type."""
        return rows.terms(plain(self.rest.symbol_configuration(symbol=SYMBOL)), SYMBOL)

    def hedge_mode(self) -> bool:
        """Read the mode."""
        return bool(plain(self.rest.get_current_position_mode())["dualSidePosition"])

    def set_hedge_mode(self, hedged: bool) -> None:
        """Set the mode."""
        self.rest.change_position_mode("true" if hedged else "false")


def _named(order_id: str | None, client_id: str | None) -> dict[str, Any]:
    return {"order_id": int(order_id)} if order_id is not None else {"orig_client_order_id": client_id}


@pytest.fixture(autouse=True)
def _models_fit(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The SDKs warn where an answer is not what their models say it is."""
    yield
    records = caplog.get_records("setup") + caplog.get_records("call")
    told = [record.getMessage() for record in records]
    assert not [line for line in told if "response" in line], told


class TestSpot(SpotFacts):
    """`Spot`, `Wallet` and `MarginTrading`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], Sdk]:
        return Sdk


class TestFutures(FuturesFacts):
    """`DerivativesTradingUsdsFutures`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], SdkFutures]:
        return SdkFutures
