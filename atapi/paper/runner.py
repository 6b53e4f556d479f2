"""Runs one world's exchange on the current event loop: two ports, a heartbeat, and the endpoint file."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from atapi.paper.endpoint import Endpoint
from atapi.paper.wire.gateway import Gateway
from atapi.paper.wire.server import Port
from atapi.paper.wire.sites import routers
from atapi.paper.world import World, new_token

log = logging.getLogger("atapi.paper")

BEAT_S = 1.0


@asynccontextmanager
async def running(
    world: World, folder: Path, *, ports: tuple[int, int] = (0, 0), enforce_limits: bool = True
) -> AsyncIterator[Endpoint]:
    """Serve a world for as long as the block lasts, and say where in the world's folder.

    Args:
        ports: Of spot and USD-M; 0 takes a free one.
        enforce_limits: Whether weights and order counts are refused over their limits.
    Raises:
        OSError: A port is taken.
    """
    account, token = world.first_account, new_token()
    gateway = Gateway(
        world.exchange, routers(), admin_token=token, renew=world.reset, enforce_limits=enforce_limits
    )
    spot = await Port.listen(gateway, "spot", ports[0])
    try:
        um = await Port.listen(gateway, "um", ports[1])
    except OSError:
        await spot.close()
        raise
    endpoint = Endpoint(
        spot_url=spot.url,
        um_url=um.url,
        api_key=account.api_key,
        api_secret=account.api_secret,
        admin_token=token,
        pid=os.getpid(),
    )
    endpoint.write(folder)
    heart = asyncio.create_task(_heart(gateway)) if world.exchange.clock.running else None
    try:
        yield endpoint
    finally:
        Endpoint.remove(folder)
        if heart is not None:
            heart.cancel()
            await asyncio.gather(heart, return_exceptions=True)
        await spot.close()
        await um.close()


async def _heart(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            gateway.beat()
        except Exception:
            log.exception("the heartbeat failed; the next one is in %s s", BEAT_S)
