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
from tests.paper.feed_of_bars import DEFAULT, T0, FeedOfBars
from tests.paper.worlds import at_market, funded, world

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
