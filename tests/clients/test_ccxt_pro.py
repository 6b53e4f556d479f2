"""ccxt.pro: streams and the WebSocket API, `binance` and `binanceusdm`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clients import addresses
from tests.clients.conftest import Served
from tests.clients.waiting import run, until, while_acting

pro = pytest.importorskip(
    "ccxt.pro", reason="ccxt is not installed; .ci/run tries it in an environment of its own"
)

MARKETS = pytest.mark.parametrize(
    ("name", "symbol"), [("binance", "BTC/USDT"), ("binanceusdm", "BTC/USDT:USDT")]
)
OURS = 0.01234  # quantities by which one's own orders are known again
OURS_UM = 0.037


@asynccontextmanager
async def connected(served: Served, name: str) -> AsyncIterator[Any]:
    """Connect, with markets loaded."""
    options = {"apiKey": served.key, "secret": served.secret, "enableRateLimit": False}
    exchange = getattr(pro, name)(options)
    exchange.urls["api"] = exchange.urls["api"] | addresses.ccxt(served)
    try:
        await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()


def quantity(name: str) -> float:
    return OURS if name == "binance" else OURS_UM


class TestMarket:
    """What everybody is told."""

    @MARKETS
    def test_tickers_and_candles(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                ticker = await exchange.watch_ticker(symbol)
                assert ticker["low"] <= ticker["last"] <= ticker["high"]
                best = (await exchange.watch_bids_asks([symbol]))[symbol]
                assert 0 < best["bid"] < best["ask"]
                [opened, first, high, low, last, _] = (await exchange.watch_ohlcv(symbol, "1m"))[-1]
                assert opened % 60_000 == 0
                assert low <= min(first, last) <= max(first, last) <= high

        run(test())

    def test_marks(self, served: Served) -> None:
        async def test() -> None:
            async with connected(served, "binanceusdm") as exchange:
                told = await exchange.watch_mark_price("BTC/USDT:USDT")
                assert told["markPrice"] > 0

        run(test())

    @MARKETS
    def test_trades(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                ours = quantity(name)

                def shown(trades: list[dict[str, Any]]) -> bool:
                    return any(trade["amount"] == ours for trade in trades)

                await while_acting(
                    until(shown, lambda: exchange.watch_trades(symbol)),
                    lambda: exchange.create_order(symbol, "market", "buy", ours),
                )

        run(test())

    @MARKETS
    def test_the_book_shows_an_order_come_and_go(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                book = await exchange.watch_order_book(symbol)
                bid, ask = book["bids"][0][0], book["asks"][0][0]
                assert bid < ask
                between = float(exchange.price_to_precision(symbol, bid * 0.9995 + 0.1))

                def level(book: dict[str, Any]) -> Any:
                    return sum(amount for price, amount in book["bids"] if price == between)

                before = level(book)
                order = await exchange.create_order(symbol, "limit", "buy", quantity(name), between)
                told = await until(
                    lambda book: level(book) > before, lambda: exchange.watch_order_book(symbol)
                )
                assert told["bids"] == sorted(told["bids"], reverse=True)
                await exchange.cancel_order(order["id"], symbol)
                await until(
                    lambda book: level(book) != quantity(name), lambda: exchange.watch_order_book(symbol)
                )

        run(test())


class TestUser:
    """What only the account is told."""

    @MARKETS
    def test_orders_fills_and_balances(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                placed: list[str] = []

                async def buy() -> None:
                    placed.append(
                        (await exchange.create_order(symbol, "market", "buy", quantity(name)))["id"]
                    )

                asset = "BTC" if name == "binance" else "USDT"
                before = (await exchange.fetch_balance())[asset]["total"]
                told = await while_acting(exchange.watch_balance(), buy)
                assert told[asset]["total"] != before
                [order, *_] = await while_acting(exchange.watch_orders(symbol), buy)
                assert order["id"] in placed
                [fill, *_] = await while_acting(exchange.watch_my_trades(symbol), buy)
                assert fill["order"] in placed
                assert fill["fee"]["currency"] == asset
                assert fill["fee"]["cost"] > 0
                if name == "binanceusdm":
                    [position] = await while_acting(exchange.watch_positions([symbol]), buy)
                    assert position["contracts"] == pytest.approx(OURS_UM * len(placed))

        run(test())

    @MARKETS
    def test_an_order_is_told_from_new_to_canceled(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                price = (await exchange.fetch_ticker(symbol))["last"] * 0.97
                placed: list[str] = []

                async def place() -> None:
                    order = await exchange.create_order(symbol, "limit", "buy", quantity(name), price)
                    placed.append(order["id"])

                [first, *_] = await while_acting(exchange.watch_orders(symbol), place)
                assert (first["id"] in placed, first["status"]) == (True, "open")
                left = set(placed)
                for order_id in left:
                    await exchange.cancel_order(order_id, symbol)

                def gone(orders: list[dict[str, Any]]) -> bool:
                    left.difference_update(o["id"] for o in orders if o["status"] == "canceled")
                    return not left

                # ccxt wakes nobody for what comes while nobody waits; the next event tells of it too.
                await while_acting(until(gone, lambda: exchange.watch_orders(symbol)), place)

        run(test())

    def test_margin(self, served: Served) -> None:
        async def test() -> None:
            # On one connection ccxt takes the first user stream's wallet for that of all.
            async with connected(served, "binance") as exchange:
                await exchange.transfer("USDT", 100, "spot", "cross")
                cross = {"marginMode": "cross"}
                told = await while_acting(
                    exchange.watch_balance({"type": "margin"}),
                    lambda: exchange.create_order("BTC/USDT", "market", "buy", 0.0002, None, cross),
                )
                assert told["BTC"]["free"] > 0

        run(test())


class TestApi:
    """Orders and questions by the WebSocket API."""

    @MARKETS
    def test_an_order_is_placed_changed_and_canceled(self, served: Served, name: str, symbol: str) -> None:
        async def test() -> None:
            async with connected(served, name) as exchange:
                price = (await exchange.fetch_ticker(symbol))["last"] * 0.97
                terms = (symbol, "limit", "buy", quantity(name))

                order = await exchange.create_order_ws(*terms, price)
                shown = await exchange.fetch_order_ws(order["id"], symbol)
                assert (shown["id"], shown["status"]) == (order["id"], "open")
                changed = await exchange.edit_order_ws(order["id"], *terms, price * 0.99)
                assert changed["price"] < order["price"]
                canceled = await exchange.cancel_order_ws(changed["id"], symbol)
                assert canceled["status"] == "canceled"
                told = await exchange.fetch_balance_ws()  # of spot's ccxt reads nothing but passes it on
                assert told["info"]["balances"] if name == "binance" else told["USDT"]["total"] > 0
                with pytest.raises(pro.binance().exceptions["exact"]["-2011"]):
                    await exchange.cancel_order_ws("987654321", symbol)

        run(test())
