"""python-binance's sockets: markets and users, and its WebSocket API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.clients import addresses
from tests.clients.conftest import Served
from tests.clients.trading import SYMBOL
from tests.clients.waiting import run, until, while_acting

binance = pytest.importorskip("binance.client", reason="python-binance is not installed; .ci/run tries it")
from binance import AsyncClient, BinanceSocketManager  # noqa: E402
from binance.exceptions import BinanceAPIException  # noqa: E402
from binance.ws.reconnecting_websocket import ReconnectingWebsocket  # noqa: E402

OURS = {"spot": "0.01234", "um": "0.037", "cm": "3", "margin": "0.00037"}


@pytest.fixture(autouse=True)
def _closes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that hears nothing looks only this often whether it shall close: seconds, 10 of its own."""
    monkeypatch.setattr(ReconnectingWebsocket, "TIMEOUT", 0.2)


@dataclass(frozen=True)
class Connection:
    """A client, its sockets, and how it buys on each market."""

    client: Any
    sockets: Any

    def buy(self, market: str) -> Callable[[], Awaitable[Any]]:
        """Give what buys at market a quantity that is known again."""
        order = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": OURS[market]}
        place = {
            "spot": self.client.create_order,
            "um": self.client.futures_create_order,
            "cm": self.client.futures_coin_create_order,
            "margin": self.client.create_margin_order,
        }[market]
        return lambda: place(**order | ({"symbol": "BTCUSD_PERP"} if market == "cm" else {}))


@asynccontextmanager
async def connected(served: Served) -> AsyncIterator[Connection]:
    create = addresses.python_binance(AsyncClient, served).create
    client = await create(served.key, served.secret)
    try:
        yield Connection(client, addresses.python_binance(BinanceSocketManager, served)(client))
    finally:
        await client.close_connection()


async def first(socket: Any) -> Any:
    """Hear what a stream tells first, without the stream's name."""
    async with socket as stream:
        told = await stream.recv()
        return told.get("data", told) if isinstance(told, dict) else told


class TestMarket:
    """What everybody is told."""

    def test_spot_streams(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                sockets = connection.sockets
                assert (await first(sockets.symbol_ticker_socket(SYMBOL)))["e"] == "24hrTicker"
                assert (await first(sockets.kline_socket(SYMBOL)))["k"]["i"] == "1m"
                assert (await first(sockets.symbol_book_ticker_socket(SYMBOL)))["s"] == SYMBOL
                assert len((await first(sockets.depth_socket(SYMBOL, depth="5")))["bids"]) == 5
                assert SYMBOL in {row["s"] for row in await first(sockets.miniticker_socket())}
                both = await first(sockets.multiplex_socket(["btcusdt@ticker", "ethusdt@bookTicker"]))
                assert both["s"] in (SYMBOL, "ETHUSDT")

        run(test())

    def test_futures_streams(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                sockets = connection.sockets
                assert (await first(sockets.symbol_mark_price_socket(SYMBOL)))["e"] == "markPriceUpdate"
                tickers = await first(sockets.futures_ticker_socket())
                assert SYMBOL in {row["s"] for row in tickers}
                assert len((await first(sockets.futures_depth_socket(SYMBOL)))["b"]) == 10
                assert (await first(sockets.symbol_ticker_futures_socket(SYMBOL)))["e"] == "bookTicker"
                assert (await first(sockets.index_price_socket("BTCUSD")))["e"] == "indexPriceUpdate"

        run(test())

    @pytest.mark.parametrize("market", ["spot", "um"])
    def test_trades(self, served: Served, market: str) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                sockets = connection.sockets
                socket = (
                    sockets.trade_socket(SYMBOL)
                    if market == "spot"
                    else sockets.aggtrade_futures_socket(SYMBOL)
                )
                async with socket as stream:

                    def ours(told: dict[str, Any]) -> bool:
                        return Decimal(told.get("data", told)["q"]) == Decimal(OURS[market])

                    await while_acting(until(ours, stream.recv), connection.buy(market))

        run(test())

    def test_a_book_kept_by_diffs_shows_an_order(self, served: Served) -> None:
        async def test() -> None:
            async with (
                connected(served) as connection,
                connection.sockets.depth_socket(SYMBOL, interval=100) as stream,
            ):
                client = connection.client
                seen = await stream.recv()
                snapshot = await client.get_order_book(symbol=SYMBOL, limit=5000)
                at, bids = snapshot["lastUpdateId"], dict(snapshot["bids"])
                price = (Decimal(snapshot["bids"][0][0]) * Decimal("0.9995")).quantize(Decimal("0.1"))
                while f"{price:.8f}" in bids:
                    price -= Decimal("0.1")
                await client.order_limit_buy(symbol=SYMBOL, quantity=OURS["spot"], price=str(price))
                while Decimal(bids.get(f"{price:.8f}", 0)) < Decimal(OURS["spot"]):
                    if seen["u"] > at:
                        assert seen["U"] <= at + 1
                        at = seen["u"]
                        bids |= dict(seen["b"])
                    seen = await stream.recv()

        run(test())


class TestUser:
    """What only the account is told."""

    def test_spot(self, served: Served) -> None:
        run(told_of_a_trade(served, "spot", lambda sockets: sockets.user_socket()))

    def test_margin(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                await connection.client.make_universal_transfer(
                    type="MAIN_MARGIN", asset="USDT", amount="100"
                )
            await told_of_a_trade(served, "margin", lambda sockets: sockets.margin_socket())

        run(test())

    @pytest.mark.parametrize("market", ["um", "cm"])
    def test_futures(self, served: Served, market: str) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                sockets = connection.sockets
                socket = (
                    sockets.futures_user_socket() if market == "um" else sockets.coin_futures_user_socket()
                )
                async with socket as stream:
                    placed = await connection.buy(market)()
                    order = await until(
                        lambda told: told["e"] == "ORDER_TRADE_UPDATE" and told["o"]["x"] == "TRADE",
                        stream.recv,
                    )
                    assert order["o"]["i"] == placed["orderId"]
                    assert order["o"]["z"] == OURS[market]
                    account = await until(lambda told: told["e"] == "ACCOUNT_UPDATE", stream.recv)
                    assert account["a"]["m"] == "ORDER"
                    assert {row["a"] for row in account["a"]["B"]} == {"USDT" if market == "um" else "BTC"}
                    assert Decimal(account["a"]["P"][0]["pa"]) >= Decimal(OURS[market])

        run(test())


async def told_of_a_trade(served: Served, market: str, socket: Callable[[Any], Any]) -> None:
    """Buy, and hear of the order, its fill and the balances in this order."""
    async with connected(served) as connection, socket(connection.sockets) as stream:
        placed = await connection.buy(market)()
        new = await until(lambda told: told["e"] == "executionReport", stream.recv)
        assert (new["i"], new["x"]) == (placed["orderId"], "NEW")
        fill = await until(lambda told: told["e"] == "executionReport", stream.recv)
        assert (fill["i"], fill["x"], fill["N"]) == (placed["orderId"], "TRADE", "BTC")
        told = await until(lambda told: told["e"] == "outboundAccountPosition", stream.recv)
        assert {"BTC", "USDT"} <= {row["a"] for row in told["B"]}


class TestApi:
    """Orders and questions by the WebSocket API."""

    def test_spot(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                client = connection.client
                bid = Decimal((await client.ws_get_order_book(symbol=SYMBOL, limit=5))["bids"][0][0])
                price = str((bid * Decimal("0.97")).quantize(Decimal("0.1")))
                order = await client.ws_order_limit_buy(symbol=SYMBOL, quantity="0.01", price=price)
                shown = await client.ws_get_order(symbol=SYMBOL, orderId=order["orderId"])
                assert shown["status"] == "NEW"
                [opened] = await client.ws_get_open_orders(symbol=SYMBOL)
                assert opened["orderId"] == order["orderId"]
                gone = await client.ws_cancel_order(symbol=SYMBOL, orderId=order["orderId"])
                assert gone["status"] == "CANCELED"
                with pytest.raises(BinanceAPIException) as refused:
                    await client.ws_cancel_order(symbol=SYMBOL, orderId=order["orderId"])
                assert refused.value.code == -2011

        run(test())

    def test_futures(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served) as connection:
                client = connection.client
                order = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
                placed = await client.ws_futures_create_order(**order)
                assert placed["status"] == "NEW"  # an ACK, even where it has filled
                [position] = await client.ws_futures_v2_account_position(symbol=SYMBOL)
                assert Decimal(position["positionAmt"]) >= Decimal("0.01")
                balances = await client.ws_futures_v2_account_balance()
                assert "USDT" in {row["asset"] for row in balances}

        run(test())
