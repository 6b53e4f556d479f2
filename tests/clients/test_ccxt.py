"""ccxt, sync and async, `binance` and `binanceusdm`, unmodified but for its base URLs."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.clients import addresses, rows
from tests.clients.conftest import Served
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.trading import Fill, Placed

ccxt = pytest.importorskip(
    "ccxt", reason="ccxt is not installed; .ci/run tries it in an environment of its own"
)

NUMBERS = itertools.count()
NAMES = {"spot": ("binance", "BTC/USDT"), "um": ("binanceusdm", "BTC/USDT:USDT")}
TIME_DRIFT = "timeDifference"


WALLETS = {"spot": "spot", "um": "linear", "margin": "cross"}  # how transfers name them
BY_WORDS = {"Account has insufficient balance for requested action.": -2010}
# ccxt chooses its table of a market's codes by Binance's own host names. On a loopback address codes that one market
# only knows are plain ExchangeErrors; those of the common table are what they are at Binance.
REFUSED: dict[str, dict[str, type[Exception]]] = {
    "spot": {
        "signature": ccxt.AuthenticationError,
        "timestamp": ccxt.InvalidNonce,
        "tick": ccxt.InvalidOrder,
        "step": ccxt.InvalidOrder,
        "minimum": ccxt.BadRequest,
        "funds": ccxt.InsufficientFunds,
        "unknown": ccxt.OrderNotFound,
        "rate": ccxt.DDoSProtection,
        "loan": ccxt.ExchangeError,
    },
    "um": {
        "signature": ccxt.AuthenticationError,
        "timestamp": ccxt.InvalidNonce,
        "tick": ccxt.BadRequest,
        "step": ccxt.BadRequest,
        "minimum": ccxt.ExchangeError,
        "funds": ccxt.ExchangeError,
        "unknown": ccxt.OrderNotFound,
        "rate": ccxt.DDoSProtection,
        "margin type": ccxt.MarginModeAlreadySet,
    },
}


class Ccxt:
    """ccxt as the list wants it."""

    def __init__(self, served: Served, market: str, make: Callable[[str, dict[str, Any]], Any], call: Callable[[Any], Any]) -> None:  # fmt: skip
        self.market = market
        self._served = served
        self._make = make
        self._call = call
        name, self.symbol = NAMES[market]
        self.refused = REFUSED[market]
        options = {"apiKey": served.key, "secret": served.secret, "enableRateLimit": False}
        self.exchange = make(name, options)
        self.exchange.urls["api"] = self.exchange.urls["api"] | addresses.ccxt(served)

    def _do(self, method: str, *args: Any, **named: Any) -> Any:
        return self._call(getattr(self.exchange, method)(*args, **named))

    def _fresh(self) -> Ccxt:
        return Ccxt(self._served, self.market, self._make, self._call)

    def code(self, error: Exception) -> int:
        """Read the exchange's code from the answer that ccxt quotes, or from the words it knows alone."""
        quoted = re.search(r'"code":(-\d+)', str(error))
        return int(quoted[1]) if quoted else BY_WORDS[str(error).removeprefix(f"{self.exchange.id} ")]

    def markets(self) -> set[str]:
        """Load them."""
        loaded = self._do("load_markets")
        assert loaded[self.symbol]["active"]
        return {market["id"] for market in loaded.values()}

    def candles(self, count: int) -> list[list[Any]]:
        """Fetch them."""
        return list(self._do("fetch_ohlcv", self.symbol, "1h", limit=count))

    def book(self) -> tuple[Decimal, Decimal]:
        """Fetch its best levels."""
        book = self._do("fetch_order_book", self.symbol, 5)
        return Decimal(str(book["bids"][0][0])), Decimal(str(book["asks"][0][0]))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """Fetch public trades."""
        told = self._do("fetch_trades", self.symbol, limit=count)
        return [(trade["timestamp"], Decimal(str(trade["price"]))) for trade in told]

    def balance(self, asset: str) -> Decimal:
        """Fetch the balance; of futures the wallet's, where ccxt's total counts open profit in."""
        told = self._do("fetch_balance")
        if self.market == "spot":
            return Decimal(str(told[asset]["total"]))
        assert told[asset]["total"] is not None
        [wallet] = [row["walletBalance"] for row in told["info"]["assets"] if row["asset"] == asset]
        return Decimal(wallet)

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place an order."""
        self._do("load_markets")
        params = {} if client_id is None else {"clientOrderId": client_id}
        made = self._do(
            "create_order", self.symbol, "limit", side.lower(), float(quantity), float(price), params
        )
        return str(made["id"])

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place an order by the endpoint's own name, where ccxt rounds nothing."""
        method = "private_post_order" if self.market == "spot" else "fapiprivate_post_order"
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "timeInForce": "GTC"}
        self._do(method, {**order, "quantity": quantity, "price": price})

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order."""
        return str(self._do("create_order", self.symbol, "market", side.lower(), float(quantity))["id"])

    def cancel(self, order_id: str) -> None:
        """Cancel it."""
        self._do("cancel_order", order_id, self.symbol)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Fetch it."""
        params = {} if client_id is None else {"clientOrderId": client_id}
        found = self._do("fetch_order", order_id, self.symbol, params)
        return Placed(found["id"], found["clientOrderId"], found["status"], Decimal(str(found["filled"])))

    def open_orders(self) -> list[str]:
        """Fetch them."""
        return [order["id"] for order in self._do("fetch_open_orders", self.symbol)]

    def fills(self) -> list[Fill]:
        """Fetch one's own trades."""
        fills = []
        for told in self._do("fetch_my_trades", self.symbol):
            price, quantity, fee = (Decimal(told["info"][name]) for name in ("price", "qty", "commission"))
            fills.append(Fill(told["order"], price, quantity, fee, told["fee"]["currency"]))
        return fills

    def with_secret(self, secret: str) -> Ccxt:
        """Sign with another secret."""
        other = self._fresh()
        other.exchange.secret = secret
        return other

    def ahead(self, milliseconds: int) -> Ccxt:
        """Shift what ccxt takes for the time."""
        other = self._fresh()
        other.exchange.options["adjustForTimeDifference"] = False
        other.exchange.options[TIME_DRIFT] = -milliseconds
        return other

    def heavy(self) -> None:
        """Fetch a whole book, or all tickers."""
        if self.market == "spot":
            self._do("fetch_order_book", self.symbol, 5000)
        else:
            self._do("fetch_tickers")

    def move(self, source: str, target: str, amount: str) -> None:
        """Transfer."""
        assert self._do("transfer", "USDT", float(amount), WALLETS[source], WALLETS[target])["id"]

    def margin(self) -> tuple[Decimal, Decimal]:
        """Fetch the margin balance."""
        told = self._do("fetch_balance", {"type": "margin"})
        assert told["USDT"]["debt"] is not None
        return rows.owed(told["info"], "USDT")

    def borrow(self, amount: str) -> None:
        """Borrow."""
        assert self._do("borrow_cross_margin", "USDT", float(amount))["id"]

    def repay(self, amount: str) -> None:
        """Repay."""
        assert self._do("repay_cross_margin", "USDT", float(amount))["id"]

    def close(self) -> None:
        """Hang up."""
        if hasattr(self.exchange, "close"):
            closing = self.exchange.close()
            if closing is not None:
                self._call(closing)

    # --- futures --------------------------------------------------------------------------------------------------
    def funding(self) -> tuple[Decimal, int]:
        """Fetch the running rate."""
        told = self._do("fetch_funding_rate", self.symbol)
        return Decimal(str(told["fundingRate"])), told["fundingTimestamp"]

    def funding_history(self, count: int) -> list[int]:
        """Fetch settled rates."""
        return [row["timestamp"] for row in self._do("fetch_funding_rate_history", self.symbol, limit=count)]

    def open_interest(self) -> Decimal:
        """Fetch it."""
        return Decimal(str(self._do("fetch_open_interest", self.symbol)["openInterestAmount"]))

    def position(self) -> Decimal:
        """Fetch positions."""
        signs = {"long": 1, "short": -1}
        found = self._do("fetch_positions", [self.symbol])
        return sum(
            (signs[p["side"]] * Decimal(str(p["contracts"])) for p in found if p["contracts"]), Decimal(0)
        )

    def set_leverage(self, leverage: int) -> int:
        """Set it."""
        return int(self._do("set_leverage", leverage, self.symbol)["leverage"])

    def set_margin_type(self, name: str) -> None:
        """Set it."""
        self._do("set_margin_mode", {"CROSSED": "cross", "ISOLATED": "isolated"}[name], self.symbol)

    def terms(self) -> tuple[int, str]:
        """Fetch leverage and margin mode."""
        leverage = self._do("fetch_leverage", self.symbol)
        mode = self._do("fetch_margin_mode", self.symbol)["marginMode"]
        assert leverage["longLeverage"] == leverage["shortLeverage"]
        return int(leverage["longLeverage"]), {"cross": "CROSSED", "isolated": "ISOLATED"}[mode]

    def hedge_mode(self) -> bool:
        """Fetch the mode."""
        return bool(self._do("fetch_position_mode")["hedged"])

    def set_hedge_mode(self, hedged: bool) -> None:
        """Set the mode."""
        self._do("set_position_mode", hedged)


def asynchronous(name: str, options: dict[str, Any]) -> Any:
    """Make an async exchange."""
    import ccxt.async_support

    return getattr(ccxt.async_support, name)(options)


def synchronous(name: str, options: dict[str, Any]) -> Any:
    """Make a sync exchange."""
    return getattr(ccxt, name)(options)


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[Served, str], Ccxt]]:
    """Give a function that makes a client of either kind, and hang all of them up afterwards."""
    made: list[Ccxt] = []
    loop = asyncio.new_event_loop()

    def of(served: Served, market: str) -> Ccxt:
        if request.param == "sync":
            client = Ccxt(served, market, synchronous, lambda value: value)
        else:
            client = Ccxt(served, market, asynchronous, loop.run_until_complete)
        made.append(client)
        return client

    yield of
    for client in made:
        client.close()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


class TestSpot(SpotFacts):
    """`ccxt.binance`."""

    @pytest.fixture
    def connect(self, make: Callable[[Served, str], Ccxt]) -> Callable[[Served], Ccxt]:
        return lambda served: make(served, "spot")

    def test_an_order_on_margin_is_found_and_canceled_there(self, client: Ccxt) -> None:
        cross = {"marginMode": "cross"}
        client.move("spot", "margin", "100")
        price = float(client.book()[0]) * 0.95
        client.markets()
        order = client._do("create_order", client.symbol, "limit", "buy", 0.001, price, cross)

        [shown] = client._do("fetch_open_orders", client.symbol, params=cross)
        canceled = client._do("cancel_order", order["id"], client.symbol, cross)

        assert (shown["id"], shown["status"], canceled["status"]) == (order["id"], "open", "canceled")
        assert order["id"] not in client.open_orders()


class TestFutures(FuturesFacts):
    """`ccxt.binanceusdm`."""

    @pytest.fixture
    def connect(self, make: Callable[[Served, str], Ccxt]) -> Callable[[Served], Ccxt]:
        return lambda served: make(served, "um")


@pytest.mark.parametrize("kind", ["RSA", "Ed25519"])
@pytest.mark.parametrize("market", ["spot", "um"])
def test_a_private_key_signs_as_a_secret_would(
    served: Served, make: Callable[[Served, str], Ccxt], kind: str, market: str
) -> None:
    public, private = key_pair(kind)
    key = account_of(served, f"{kind}-{market}-{next(NUMBERS)}", public)
    client = make(served, market)
    client.exchange.apiKey, client.exchange.secret = key, private

    order_id = client.at_market("BUY", "0.01")

    assert client.order(order_id).status == "closed"
    assert client.balance("USDT") > 90_000 if market == "um" else client.balance("BTC") > 1


def key_pair(kind: str) -> tuple[str, str]:
    """Make a key pair in PEM."""
    from cryptography.hazmat.primitives import serialization as to
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: Any = (
        rsa.generate_private_key(65537, 2048) if kind == "RSA" else ed25519.Ed25519PrivateKey.generate()
    )
    private = key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, to.NoEncryption())
    public = key.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
    return public.decode(), private.decode()


def account_of(served: Served, name: str, public_key: str) -> str:
    """Open a funded account for a public key; its API key."""
    body = {"name": name, "funded": True, "public_key": public_key}
    headers = {"X-Paper-Token": served.token, "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{served.spot}/paper/v1/accounts", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(asked) as answer:
        return str(json.load(answer)["key"])
