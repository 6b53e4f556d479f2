"""The hub: each payload framed once, a stream polled for all who listen, silence where there is no price."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Series
from atapi.paper.streams.hub import Hub
from tests.paper.feed_of_bars import DEFAULT, T0, D, FeedOfBars
from tests.paper.worlds import at_market, funded, limit, world

DAY_MS = 86_400_000


class Listening:
    """Somebody who keeps what is delivered."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.combined: list[Any] = []

    def deliver(self, raw: bytes, combined: Callable[[], bytes]) -> None:
        self.raw.append(raw)
        self.combined.append(payload(combined()))


def payload(frame: bytes) -> Any:
    """What an unmasked text frame of up to 64 KiB carries."""
    assert frame[0] == 0x81
    return msgspec.json.decode(frame[4:] if frame[1] == 126 else frame[2:])


def with_hub(exchange: Exchange, scene: Callable[[Hub], None]) -> None:
    """Play a scene on a loop, and let it come to rest."""

    async def play() -> None:
        scene(Hub(exchange))
        await asyncio.sleep(0)

    asyncio.run(play())


def test_all_who_listen_hear_the_same_bytes() -> None:
    exchange = world()
    one, two, late = Listening(), Listening(), Listening()

    def scene(hub: Hub) -> None:
        hub.join("um", "btcusdt@depth", one)
        hub.join("um", "btcusdt@depth", two)
        exchange.advance(2000)
        hub.join("um", "btcusdt@depth", late)
        hub.beat()

    with_hub(exchange, scene)

    assert len(one.raw) == 1
    assert one.raw[0] is two.raw[0]
    assert late.raw == []
    assert one.combined[0]["stream"] == "btcusdt@depth"
    assert one.combined[0]["data"] == payload(one.raw[0])


def test_who_has_left_hears_nothing() -> None:
    exchange = world()
    gone, stays = Listening(), Listening()

    def scene(hub: Hub) -> None:
        leave = hub.join("spot", "btcusdt@bookTicker", gone)
        hub.join("spot", "btcusdt@bookTicker", stays)
        leave()
        leave()
        exchange.place(funded(exchange), "spot", at_market("BUY", "0.5"))

    with_hub(exchange, scene)

    assert (len(gone.raw), len(stays.raw)) == (1, 2)  # how things stood, and what the order changed


def test_leaving_twice_leaves_those_who_came_later_alone() -> None:
    exchange = world()
    account = funded(exchange)
    later: list[Any] = []
    listening = Listening()

    def scene(hub: Hub) -> None:
        leave, stop = hub.join("um", "btcusdt@trade", Listening()), hub.follow("um", account, lambda _: None)
        leave()
        stop()
        hub.join("um", "btcusdt@trade", listening)
        hub.follow("um", account, later.append)
        leave()
        stop()
        exchange.place(account, "um", at_market("BUY", "0.5"))

    with_hub(exchange, scene)

    assert len(listening.raw) == 1
    assert {event["e"] for event in later} == {"TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"}


@pytest.mark.parametrize("name", ["btcusdt@trade", "btcusdt@aggTrade"])
def test_each_trade_of_a_long_turn_is_told_once_among_the_crowds_prints(name: str) -> None:
    exchange, listening = world(), Listening()
    account = funded(exchange)

    def scene(hub: Hub) -> None:
        hub.join("um", name, listening)
        for _ in range(40):
            exchange.place(account, "um", at_market("BUY", "0.01"))
        exchange.advance(25_000)
        exchange.place(account, "um", at_market("SELL", "0.4"))
        hub.beat()
        hub.beat()

    with_hub(exchange, scene)

    told = [message["data"]["t" if name.endswith("@trade") else "a"] for message in listening.combined]
    tape = [trade.trade_id for trade in exchange.public_trades("um", "BTCUSDT", 500)]
    assert told == [trade_id for trade_id in tape if trade_id >= told[0]]
    assert len(told) >= 41 + 2


def test_a_trade_between_accounts_is_told_from_the_takers_side() -> None:
    exchange, listening = world(), Listening()
    maker, taker = funded(exchange, "maker"), funded(exchange, "taker")

    def scene(hub: Hub) -> None:
        hub.join("spot", "btcusdt@trade", listening)
        best = exchange.depth("spot", "BTCUSDT", 5)[1][0][0]
        exchange.place(maker, "spot", limit("SELL", "0.1", str(best + D("0.01"))))
        exchange.place(taker, "spot", at_market("BUY", "0.1"))

    with_hub(exchange, scene)

    [message] = listening.combined
    assert (message["data"]["q"], message["data"]["m"]) == ("0.10000000", False)


def test_what_a_balance_gained_before_anybody_followed_is_not_told_again() -> None:
    exchange = world()
    account = funded(exchange)
    events: list[Any] = []

    async def play() -> None:
        hub = Hub(exchange)
        exchange.deposit(account, "spot", "USDT", D("7"))
        await asyncio.sleep(0)
        hub.follow("spot", account, events.append)
        exchange.deposit(account, "spot", "USDT", D("5"))
        await asyncio.sleep(0)

    asyncio.run(play())

    assert [event["d"] for event in events if event["e"] == "balanceUpdate"] == ["5.00000000"]


@pytest.mark.parametrize(
    "name", ["btcusdt@miniTicker", "btcusdt@markPrice", "btcusdt@kline_1m", "btcusdt@aggTrade", "!ticker@arr"]
)
def test_a_symbol_that_loses_its_price_falls_silent(name: str) -> None:
    steps = dict(DEFAULT)
    for series in (Series.UM, Series.SPOT, Series.INDEX, Series.MARK):
        steps[series, "BTCUSDT"] = [(T0 - DAY_MS, None)]
    listening = Listening()

    def scene(hub: Hub) -> None:
        hub.join("um", name, listening)
        hub.beat()

    with_hub(world(FeedOfBars(steps)), scene)

    assert all("BTCUSDT" not in str(message) for message in listening.combined)
