"""Runs an exchange on a thread of its own; everything the exchange does happens there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from atapi.errors import ConfigError
from atapi.paper.endpoint import Endpoint
from atapi.paper.feeds.base import Feed
from atapi.paper.locks import FileLock
from atapi.paper.runner import Runner, running
from atapi.paper.world import World

CLOSE_S = 10.0


class HostThread:
    """One world, run on a thread for as long as its lock is held.

    Args:
        lock: Taken already; let go of at the end.
    """

    def __init__(
        self, folder: Path, feed: Feed, at: datetime | None, lock: FileLock, *, enforce_limits: bool
    ) -> None:
        self._folder = folder
        self._feed = feed
        self._at = at
        self._lock = lock
        self._enforce_limits = enforce_limits
        self._begun: Future[Endpoint] = Future()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._runner: Runner
        self._thread = threading.Thread(target=self._run, name="paper-exchange", daemon=True)

    def start(self) -> Endpoint:
        """Start, and wait until it listens; what kept it from that is raised here."""
        self._thread.start()
        try:
            return self._begun.result()
        except Exception:
            self._thread.join(CLOSE_S)  # the lock is free once it has ended
            raise

    def stop(self) -> None:
        """End it: connections cut, file closed, endpoint removed, lock let go of."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(CLOSE_S)

    @contextmanager
    def listening(self, port: int) -> Iterator[Endpoint]:
        """Answer on three more ports, one's own choice and the next two, as long as the block lasts.

        Raises:
            ConfigError: One of them is taken.
        """
        opened: Future[Endpoint] = Future()
        done = asyncio.Event()
        serving = asyncio.run_coroutine_threadsafe(self._listen(port, opened, done), self._loop)
        try:
            endpoint = opened.result()
        except OSError as error:
            raise ConfigError(
                f"cannot listen on ports {port} to {port + 2}: {error.strerror or error}",
                hint="--port N, with N, N+1 and N+2 free",
            ) from error
        try:
            yield endpoint
        finally:
            self._loop.call_soon_threadsafe(done.set)
            serving.result(CLOSE_S)

    async def _listen(self, port: int, opened: Future[Endpoint], done: asyncio.Event) -> None:
        try:
            async with self._runner.listening(port, client=True) as endpoint:
                opened.set_result(endpoint)
                await done.wait()
        except OSError as error:
            opened.set_exception(error)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._begun.done():
                raise
            self._begun.set_exception(error)
        finally:
            self._lock.release()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        world = World(self._folder, self._feed, self._at)
        try:
            async with running(world, self._folder, enforce_limits=self._enforce_limits) as (
                runner,
                endpoint,
            ):
                self._runner = runner
                self._begun.set_result(endpoint)
                await self._stop.wait()
        finally:
            world.close()
