"""`paper serve`: the exchange in the foreground, on ports of one's choice, for any Binance client."""

from __future__ import annotations

import asyncio
import signal
from datetime import datetime
from pathlib import Path
from typing import IO

from atapi.errors import ConfigError, StorageError
from atapi.paper.endpoint import Endpoint
from atapi.paper.feeds.base import Feed
from atapi.paper.feeds.choose import open_feed
from atapi.paper.host import LOCK
from atapi.paper.locks import FileLock
from atapi.paper.runner import running
from atapi.paper.world import World, folder_of, make_folder

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    home: Path,
    *,
    feed_text: str,
    seed: int,
    at: datetime | None,
    port: int,
    out: IO[str],
    enforce_limits: bool = True,
) -> None:
    """Serve spot on a port and USD-M on the next until interrupted; says where, one `name: value` a line.

    Args:
        port: Of spot; 0 takes two free ones.
        out: Where to say it.
        enforce_limits: Whether request weights and order counts are refused over Binance's limits.
    Raises:
        ConfigError: There is no such feed, or a port is taken.
        StorageError: The world's state cannot be used, or another process serves it already.
    """
    feed = open_feed(feed_text, seed)
    folder = folder_of(home, feed.identity(), at)
    make_folder(folder)
    lock = FileLock(folder / LOCK)
    if not lock.take():
        endpoint = Endpoint.read(folder)
        where = f" at {endpoint.spot_url} by process {endpoint.pid}" if endpoint else ""
        raise StorageError(
            f"this exchange runs already{where}", hint="end that process, or use another --home"
        )
    try:
        asyncio.run(_serve(folder, feed, at, port, out, enforce_limits))
    finally:
        lock.release()


async def _serve(
    folder: Path, feed: Feed, at: datetime | None, port: int, out: IO[str], enforce_limits: bool
) -> None:
    world = World(folder, feed, at)
    ports = (port, port + 1 if port else 0)
    try:
        async with running(world, folder, ports=ports, enforce_limits=enforce_limits) as endpoint:
            stopped = _stopped()
            for name, value in lines(endpoint):
                out.write(f"{name}: {value}\n")
            out.flush()
            await stopped.wait()
    except OSError as error:
        raise ConfigError(f"cannot listen on ports {ports[0]} and {ports[1]}: {error.strerror}") from error
    finally:
        world.close()


def lines(endpoint: Endpoint) -> list[tuple[str, str]]:
    """List what a client needs to know."""
    spot, um = endpoint.spot_url, endpoint.um_url
    spot_socket, um_socket = (url.replace("http://", "ws://") for url in (spot, um))
    return [
        ("spot", spot),
        ("um", um),
        ("spot-stream", spot_socket),
        ("um-stream", um_socket),
        ("spot-ws-api", f"{spot_socket}/ws-api/v3"),
        ("um-ws-api", f"{um_socket}/ws-fapi/v1"),
        ("key", endpoint.api_key),
        ("secret", endpoint.api_secret),
        ("token", endpoint.admin_token),
    ]


def _stopped() -> asyncio.Event:
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        try:
            loop.add_signal_handler(number, event.set)
        except NotImplementedError:  # Windows has none on a loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(event.set))
    return event
