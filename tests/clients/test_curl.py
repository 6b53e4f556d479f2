"""curl and openssl, as in docs/clients.md."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.clients import rows
from tests.clients.conftest import Served, transfer_type
from tests.clients.facts import FuturesFacts, SpotFacts
from tests.clients.trading import REFUSALS, SYMBOL, Fill, Placed

TOOLS = ("bash", "curl", "openssl", "date")
pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, TOOLS)), reason="bash, curl or openssl is not installed"
)

PUBLIC = 'curl -s --fail-with-body "$2?$3"'
SIGNED = """
    query="$3&timestamp=$(($(date +%s%3N) + OFF))"
    signature="$(printf %s "$query" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)"
    curl -s --fail-with-body -X "$1" -H "X-MBX-APIKEY: $KEY" "$2?$query&signature=$signature"
"""


class CurlError(Exception):
    """curl said that the request failed."""

    def __init__(self, exit_code: int, body: str) -> None:
        super().__init__(exit_code, body)
        self.exit_code = exit_code
        self.body = body


class Curl:
    """curl as the list wants it, on spot."""

    market = "spot"
    api = "/api/v3"
    refused: dict[str, type[Exception]] = dict.fromkeys((*REFUSALS, "loan"), CurlError)

    def __init__(self, served: Served, secret: str | None = None, off_ms: int = 0) -> None:
        self._served = served
        self._environment = {"KEY": served.key, "SECRET": secret or served.secret, "OFF": str(off_ms)}
        self._environment["PATH"] = "/usr/bin:/bin:/usr/local/bin"

    def _curl(self, script: str, method: str, path: str, **query: Any) -> Any:
        base = self._served.um if path.startswith("/fapi") else self._served.spot
        done = subprocess.run(
            ["bash", "-ec", script, "bash", method, base + path, urlencode(query)],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
            timeout=20,
        )
        if done.returncode:
            raise CurlError(done.returncode, done.stdout)
        return json.loads(done.stdout)

    def _get(self, path: str, **query: Any) -> Any:
        return self._curl(PUBLIC, "GET", path, **query)

    def _signed(self, method: str, path: str, **query: Any) -> Any:
        return self._curl(SIGNED, method, path, **query)

    def code(self, error: Any) -> int:
        """Read the exchange's code; curl says 22 for a status of 400 and more."""
        assert error.exit_code == 22
        return int(json.loads(error.body)["code"])

    def markets(self) -> set[str]:
        """Read the exchange's list."""
        return {row["symbol"] for row in self._get(f"{self.api}/exchangeInfo")["symbols"]}

    def candles(self, count: int) -> list[list[Any]]:
        """Read klines."""
        return rows.candles(self._get(f"{self.api}/klines", symbol=SYMBOL, interval="1h", limit=count))

    def book(self) -> tuple[Decimal, Decimal]:
        """Read the book."""
        return rows.top(self._get(f"{self.api}/depth", symbol=SYMBOL, limit=5))

    def tape(self, count: int) -> list[tuple[int, Decimal]]:
        """Read public trades."""
        return rows.tape(self._get(f"{self.api}/trades", symbol=SYMBOL, limit=count))

    def balance(self, asset: str) -> Decimal:
        """Read the balance."""
        row = rows.of(self._signed("GET", "/api/v3/account")["balances"], "asset", asset)
        return Decimal(row["free"]) + Decimal(row["locked"])

    def limit(self, side: str, quantity: str, price: str, client_id: str | None = None) -> str:
        """Place a limit order."""
        named = {} if client_id is None else {"newClientOrderId": client_id}
        return self._place(side, "LIMIT", timeInForce="GTC", quantity=quantity, price=price, **named)

    def exactly(self, side: str, quantity: str, price: str) -> None:
        """Place a limit order; nothing is rounded here."""
        self.limit(side, quantity, price)

    def at_market(self, side: str, quantity: str) -> str:
        """Place a market order."""
        return self._place(side, "MARKET", quantity=quantity)

    def _place(self, side: str, kind: str, **terms: str) -> str:
        order = {"symbol": SYMBOL, "side": side, "type": kind, **terms}
        return str(self._signed("POST", f"{self.api}/order", **order)["orderId"])

    def cancel(self, order_id: str) -> None:
        """Cancel it."""
        self._signed("DELETE", f"{self.api}/order", symbol=SYMBOL, orderId=order_id)

    def order(self, order_id: str | None = None, client_id: str | None = None) -> Placed:
        """Find it."""
        name = rows.by(order_id, client_id)
        return rows.placed(self._signed("GET", f"{self.api}/order", symbol=SYMBOL, **name))

    def open_orders(self) -> list[str]:
        """List them."""
        return [str(row["orderId"]) for row in self._signed("GET", f"{self.api}/openOrders", symbol=SYMBOL)]

    def fills(self) -> list[Fill]:
        """List fills."""
        return [rows.fill(row) for row in self._signed("GET", "/api/v3/myTrades", symbol=SYMBOL)]

    def heavy(self) -> None:
        """Read a whole book: 250."""
        self._get("/api/v3/depth", symbol=SYMBOL, limit=5000)

    def with_secret(self, secret: str) -> Curl:
        """Sign with another secret."""
        return type(self)(self._served, secret)

    def ahead(self, milliseconds: int) -> Curl:
        """Shift the time that is sent."""
        return type(self)(self._served, off_ms=milliseconds)

    def move(self, source: str, target: str, amount: str) -> None:
        """Transfer."""
        terms = {"type": transfer_type(source, target), "asset": "USDT", "amount": amount}
        assert self._signed("POST", "/sapi/v1/asset/transfer", **terms)["tranId"]

    def margin(self) -> tuple[Decimal, Decimal]:
        """Read the margin account."""
        return rows.owed(self._signed("GET", "/sapi/v1/margin/account"), "USDT")

    def borrow(self, amount: str) -> None:
        """Borrow."""
        self._loan("BORROW", amount)

    def repay(self, amount: str) -> None:
        """Repay."""
        self._loan("REPAY", amount)

    def _loan(self, kind: str, amount: str) -> None:
        loan = {"asset": "USDT", "isIsolated": "FALSE", "amount": amount, "type": kind}
        assert self._signed("POST", "/sapi/v1/margin/borrow-repay", **loan)["tranId"]

    def close(self) -> None:
        """curl keeps nothing open."""


class CurlFutures(Curl):
    """The same on USD-M."""

    market = "um"
    api = "/fapi/v1"

    def balance(self, asset: str) -> Decimal:
        return Decimal(rows.of(self._signed("GET", "/fapi/v3/balance"), "asset", asset)["balance"])

    def fills(self) -> list[Fill]:
        return [rows.fill(row) for row in self._signed("GET", "/fapi/v1/userTrades", symbol=SYMBOL)]

    def heavy(self) -> None:
        """Ask for all open orders: 40."""
        self._signed("GET", "/fapi/v1/openOrders")

    def funding(self) -> tuple[Decimal, int]:
        """Read the running rate."""
        told = self._get("/fapi/v1/premiumIndex", symbol=SYMBOL)
        return Decimal(told["lastFundingRate"]), told["nextFundingTime"]

    def funding_history(self, count: int) -> list[int]:
        """Read settled rates."""
        told = self._get("/fapi/v1/fundingRate", symbol=SYMBOL, limit=count)
        return [row["fundingTime"] for row in told]

    def open_interest(self) -> Decimal:
        """Read it."""
        return Decimal(self._get("/fapi/v1/openInterest", symbol=SYMBOL)["openInterest"])

    def position(self) -> Decimal:
        """Read positions."""
        found = self._signed("GET", "/fapi/v3/positionRisk", symbol=SYMBOL)
        return sum((Decimal(row["positionAmt"]) for row in found), Decimal(0))

    def set_leverage(self, leverage: int) -> int:
        """Set it."""
        return int(self._signed("POST", "/fapi/v1/leverage", symbol=SYMBOL, leverage=leverage)["leverage"])

    def set_margin_type(self, name: str) -> None:
        """Set it."""
        self._signed("POST", "/fapi/v1/marginType", symbol=SYMBOL, marginType=name)

    def terms(self) -> tuple[int, str]:
        """Read leverage and margin type."""
        return rows.terms(self._signed("GET", "/fapi/v1/symbolConfig", symbol=SYMBOL), SYMBOL)

    def hedge_mode(self) -> bool:
        """Read the mode."""
        return bool(self._signed("GET", "/fapi/v1/positionSide/dual")["dualSidePosition"])

    def set_hedge_mode(self, hedged: bool) -> None:
        """Set the mode."""
        self._signed("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true" if hedged else "false")


class TestSpot(SpotFacts):
    """curl on `/api` and `/sapi`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], Curl]:
        return Curl


class TestFutures(FuturesFacts):
    """curl on `/fapi`."""

    @pytest.fixture
    def connect(self) -> Callable[[Served], CurlFutures]:
        return CurlFutures
