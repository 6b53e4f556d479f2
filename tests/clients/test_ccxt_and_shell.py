"""A second shell and a ccxt script on one `paper serve` trade with each other, and both are told."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Served, atapi, serving
from tests.clients.waiting import run, while_acting

pytest.importorskip("ccxt.pro", reason="ccxt is not installed; .ci/run tries it in an environment of its own")

from tests.clients.test_ccxt_pro import connected

AT = ("--at", "2026-01-01T00:00:00")  # a clock that stands, and the crowd's quotes with it
MARKETS = {
    "spot": ("binance", "BTC/USDT", 0.01),
    "um": ("binanceusdm", "BTC/USDT:USDT", 0.1),
}  # with the tick


def of_the_shell(served: Served, home: Path) -> Served:
    """The same exchange, with the key of the shell's own account."""
    [endpoint] = home.glob("paper/*/endpoint.json")
    told = json.loads(endpoint.read_text())
    return replace(served, key=told["api_key"], secret=told["api_secret"])


async def shell(home: Path, *words: str) -> str:
    """Run one command in a shell of its own."""
    command, environment = atapi(home, *AT)
    process = await asyncio.create_subprocess_exec(
        *command, *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def hears(exchange: Any, symbol: str) -> asyncio.Future[Any]:
    """Listen to one's own trades; once this is done, the connection is there."""
    low = (await exchange.fetch_order_book(symbol, 5))["bids"][0][0] * 0.97

    async def place_and_cancel() -> None:
        order = await exchange.create_order(
            symbol, "limit", "buy", 0.002, float(exchange.price_to_precision(symbol, low))
        )
        await exchange.cancel_order(order["id"], symbol)

    trades = asyncio.ensure_future(exchange.watch_my_trades(symbol))
    await while_acting(exchange.watch_orders(symbol), place_and_cancel)
    return trades


async def quote(script: Any, symbol: str, side: str, tick: float) -> tuple[str, float]:
    """Let the script's order be the best on its side of the book; gives its id and price."""
    book = await script.fetch_order_book(symbol, 5)
    best = book["asks"][0][0] - tick if side == "sell" else book["bids"][0][0] + tick
    price = float(script.price_to_precision(symbol, best))
    order = await script.create_order(symbol, "limit", side, 0.05, price)
    return order["id"], price


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (("open-spread", "BTCUSDT", "1000usdt"), {"spot": "sell", "um": "buy"}),
        (("close-spread", "BTCUSDT"), {"spot": "buy", "um": "sell"}),
    ],
    ids=["opening", "closing"],
)
def test_a_shell_takes_what_a_script_quotes_and_both_hear_of_it(
    tmp_path: Path, words: tuple[str, ...], sides: dict[str, str]
) -> None:
    async def test(served: Served) -> None:
        theirs = of_the_shell(served, tmp_path)
        if words[0] == "close-spread":
            await shell(tmp_path, "open-spread", "BTCUSDT", "1000usdt")  # with the crowd
        async with AsyncExitStack() as connections:
            for market, (name, symbol, tick) in MARKETS.items():
                script = await connections.enter_async_context(connected(served, name))
                desk = await connections.enter_async_context(connected(theirs, name))
                listening[market] = (script, desk, symbol)
                heard[market] = [await hears(each, symbol) for each in (script, desk)]
                quoted[market] = await quote(script, symbol, sides[market], tick)
            said = await shell(tmp_path, *words)
            for market, (script, desk, symbol) in listening.items():
                order_id, price = quoted[market]
                order = await script.fetch_order(order_id, symbol)
                made = [fill for fill in await script.fetch_my_trades(symbol) if fill["order"] == order_id]
                took = {fill["id"]: fill for fill in await desk.fetch_my_trades(symbol)}
                assert 0.02 < order["filled"] < 0.03
                assert order["filled"] == pytest.approx(sum(fill["amount"] for fill in made))
                for fill in made:
                    other = took[fill["id"]]
                    assert (fill["price"], fill["amount"]) == (price, other["amount"])
                    assert (fill["takerOrMaker"], other["takerOrMaker"]) == ("maker", "taker")
                    assert {fill["side"], other["side"]} == {"buy", "sell"}
                assert f"{price:.2f}".rstrip("0").rstrip(".") in said
                for trades in heard[market]:
                    assert {fill["id"] for fill in await trades} & {fill["id"] for fill in made}

    listening: dict[str, tuple[Any, Any, str]] = {}
    heard: dict[str, list[asyncio.Future[Any]]] = {}
    quoted: dict[str, tuple[str, float]] = {}
    with serving(tmp_path, *AT) as served:
        run(test(served))
