"""The sockets of Binance's SDKs: markets, users and the WebSocket API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.clients.conftest import Served
from tests.clients.trading import SYMBOL
from tests.clients.waiting import run, until

WANTED = "the SDKs are not installed; .ci/run tries them in an environment of their own"
sdk_spot = pytest.importorskip("binance_sdk_spot", reason=WANTED)
sdk_um = pytest.importorskip("binance_sdk_derivatives_trading_usds_futures", reason=WANTED)
from binance_common.configuration import (  # noqa: E402
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)

BUY = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": 0.01}


def client(served: Served, market: str) -> Any:
    """Make a client of a market with all three of its APIs."""
    kind = sdk_spot.Spot if market == "spot" else sdk_um.DerivativesTradingUsdsFutures
    rest, api, streams = (
        (served.spot, served.spot_ws_api, served.spot_stream)
        if market == "spot"
        else (served.um, served.um_ws_api, served.um_stream)
    )
    return kind(
        config_rest_api=ConfigurationRestAPI(served.key, served.secret, base_path=rest, timeout=10_000),
        config_ws_api=ConfigurationWebSocketAPI(served.key, served.secret, stream_url=api),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=streams),
    )


@asynccontextmanager
async def opened(api: Any) -> AsyncIterator[Any]:
    """Connect to streams or to the WebSocket API."""
    connection = await api.create_connection()
    try:
        yield connection
    finally:
        await connection.close_connection()


def heard(stream: Any) -> asyncio.Queue[Any]:
    """Collect what a stream tells."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    stream.on("message", told.put_nowait)
    return told


def event(told: Any) -> Any:
    """Take a user's event out of the model of all kinds of them."""
    return getattr(told, "actual_instance", told)


def test_spot_streams(served: Served) -> None:
    async def test() -> None:
        async with opened(client(served, "spot").websocket_streams) as streams:
            ticker = heard(await streams.ticker(symbol=SYMBOL.lower()))
            kline = heard(await streams.kline(symbol=SYMBOL.lower(), interval="1m"))
            book = heard(await streams.partial_book_depth(symbol=SYMBOL.lower(), levels="5"))
            assert (await ticker.get()).s == SYMBOL
            assert (await kline.get()).k.i == "1m"
            assert len((await book.get()).bids) == 5

    run(test())


def test_spot_orders_and_balances(served: Served) -> None:
    async def test() -> None:
        async with opened(client(served, "spot").websocket_api) as api:
            subscribed = await api.user_data_stream_subscribe_signature()
            events = heard(subscribed.stream)
            placed = (await api.order_place(**BUY)).data().result
            assert placed.status == "FILLED"
            fill = await until(lambda told: getattr(told, "x", "") == "TRADE", lambda: next_event(events))
            assert (fill.i, fill.X) == (placed.order_id, "FILLED")
            account = await until(lambda told: hasattr(told, "B"), lambda: next_event(events))
            assert {"BTC", "USDT"} <= {row.a for row in account.B}

    run(test())


def test_futures_streams_and_orders(served: Served) -> None:
    async def test() -> None:
        futures = client(served, "um")
        key = futures.rest_api.start_user_data_stream().data().listen_key
        async with opened(futures.websocket_streams) as streams, opened(futures.websocket_api) as api:
            mark = heard(await streams.mark_price_stream(symbol=SYMBOL.lower()))
            book = heard(await streams.individual_symbol_book_ticker_streams(symbol=SYMBOL.lower()))
            events = heard(await streams.user_data(key))
            assert float((await mark.get()).p) > 0
            assert (await book.get()).s == SYMBOL
            placed = (await api.new_order(**BUY)).data().result
            order = await until(
                lambda told: hasattr(told, "o") and told.o.x == "TRADE", lambda: next_event(events)
            )
            assert order.o.i == placed.order_id
            account = await until(lambda told: hasattr(told, "a"), lambda: next_event(events))
            assert account.a.m == "ORDER"

    run(test())


async def next_event(events: asyncio.Queue[Any]) -> Any:
    return event(await events.get())
