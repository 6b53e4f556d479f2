"""Runs one world's exchange on the current event loop: ports, a heartbeat, and the endpoint file."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from atapi.paper.endpoint import Endpoint
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.server import Port
from atapi.paper.wire.sites import routers
from atapi.paper.world import World, new_token

log = logging.getLogger("atapi.paper")

BEAT_S = 1.0
PLAYED_BEAT_S = 0.1  # of a recording, whose books change that often
MARKETS = ("spot", "um", "cm")  # in the order of their ports


class Runner:
    """An exchange that answers on any number of sets of ports.

    Args:
        enforce_limits: Whether weights and order counts are refused over their limits.
    """

    def __init__(self, world: World, *, enforce_limits: bool) -> None:
        self._world = world
        self._token = new_token()
        self._gateway = Gateway(
            world.exchange,
            routers(),
            admin_token=self._token,
            renew=world.reset,
            enforce_limits=enforce_limits,
        )

    @asynccontextmanager
    async def listening(self, port: int = 0, *, client: bool = False) -> AsyncIterator[Endpoint]:
        """Answer for spot on a port, for USD-M and COIN-M on the next two, or on free ones, while the block lasts.

        Args:
            client: Whether the endpoint names the account for other clients, not the shell's own.

        Raises:
            OSError: A port is taken.
        """
        async with AsyncExitStack() as open_ports:
            urls: dict[str, str] = {}
            for offset, market in enumerate(MARKETS):
                listening = await Port.listen(self._gateway, market, port + offset if port else 0)
                open_ports.push_async_callback(listening.close)
                urls[market] = listening.url
            account = self._world.client_account if client else self._world.first_account
            yield Endpoint(
                spot_url=urls["spot"],
                um_url=urls["um"],
                cm_url=urls["cm"],
                api_key=account.api_key,
                api_secret=account.api_secret,
                admin_token=self._token,
                pid=os.getpid(),
            )

    async def beat(self) -> None:
        """Bring the exchange up to now every second, and send what changed to who listens."""
        while True:
            await asyncio.sleep(PLAYED_BEAT_S if self._world.exchange.feed.recorded else BEAT_S)
            try:
                self._gateway.beat()
            except Exception:
                log.exception("the heartbeat failed; the next one is in %s s", BEAT_S)


@asynccontextmanager
async def running(
    world: World, folder: Path, *, enforce_limits: bool
) -> AsyncIterator[tuple[Runner, Endpoint]]:
    """Run a world for as long as the block lasts, and say in its folder where."""
    runner = Runner(world, enforce_limits=enforce_limits)
    async with runner.listening() as endpoint:
        endpoint.write(folder)
        heart = asyncio.create_task(runner.beat()) if world.exchange.clock.running else None
        try:
            yield runner, endpoint
        finally:
            Endpoint.remove(folder)
            if heart is not None:
                heart.cancel()
                await asyncio.gather(heart, return_exceptions=True)
