"""Joins the exchange that already runs in a world, or starts it in a thread of this process.

Whoever holds the lock of a world's folder runs its exchange and says in `endpoint.json` where; all others join.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path

from atapi.clock import Deadline, SystemClock
from atapi.errors import StorageError
from atapi.paper.endpoint import Endpoint
from atapi.paper.feeds.base import Feed
from atapi.paper.locks import FileLock
from atapi.paper.world import folder_of, make_folder

LOCK = "lock"
PATIENCE_S = 10.0  # for a process that holds the lock and does not answer yet
LOOK_EVERY_S = 0.02
CLOSE_S = 5.0


class Hosted:
    """The exchange of one world, run here or elsewhere.

    Args:
        folder: The world's.
        feed: Its prices, needed only where this process runs it.
        at: Where its clock stands at first; None where it goes with the wall's.
    """

    def __init__(self, folder: Path, feed: Feed, at: datetime | None) -> None:
        self.folder = folder
        self._feed = feed
        self._at = at
        self._thread: HostThread | None = None
        self._endpoint = self._join_or_start()

    @property
    def hosting(self) -> bool:
        """Whether the exchange runs in this process."""
        return self._thread is not None

    @property
    def spot_url(self) -> str:
        """Base URL of spot and wallets."""
        return self._endpoint.spot_url

    @property
    def um_url(self) -> str:
        """Base URL of USD-M."""
        return self._endpoint.um_url

    @property
    def api_key(self) -> str:
        """Key of the first account."""
        return self._endpoint.api_key

    @property
    def api_secret(self) -> str:
        """Secret of the first account."""
        return self._endpoint.api_secret

    @property
    def admin_token(self) -> str:
        """What `/paper/v1` wants in `X-Paper-Token`."""
        return self._endpoint.admin_token

    def rediscover(self) -> bool:
        """Find the exchange again once it has gone: where it runs now, or here. True where anything changed."""
        before = self._endpoint
        if self._thread is None:
            self._endpoint = self._join_or_start()
        return self._endpoint != before

    def close(self) -> None:
        """Stop what runs here; what runs elsewhere goes on."""
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    def _join_or_start(self) -> Endpoint:
        make_folder(self.folder)
        lock = FileLock(self.folder / LOCK)
        patience, clock = Deadline(PATIENCE_S), SystemClock()
        while not lock.take():
            endpoint = Endpoint.read(self.folder)
            if endpoint is not None and endpoint.answers():
                return endpoint
            if patience.left() <= 0:
                raise StorageError(
                    f"another process holds the paper exchange in {self.folder} and does not answer",
                    hint="end that process, or use another --home",
                )
            clock.sleep(LOOK_EVERY_S)
        self._thread = HostThread(self.folder, self._feed, self._at, lock)
        try:
            return self._thread.start()
        except BaseException:
            self._thread = None
            lock.release()
            raise


class HostThread:
    """Runs an exchange on a thread of its own; everything the exchange does happens there."""

    def __init__(self, folder: Path, feed: Feed, at: datetime | None, lock: FileLock) -> None:
        self._folder = folder
        self._feed = feed
        self._at = at
        self._lock = lock
        self._endpoint: Future[Endpoint] = Future()
        self._stop: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="paper-exchange", daemon=True)

    def start(self) -> Endpoint:
        """Start, and wait until it listens; what kept it from that is raised here."""
        self._thread.start()
        return self._endpoint.result()

    def stop(self) -> None:
        """End it: connections cut, file closed, endpoint removed, lock released."""
        self._stop.set_result(None)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        import asyncio  # 45 ms, on this thread and only where an exchange is run

        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._endpoint.done():
                raise
            self._endpoint.set_exception(error)
        finally:
            self._lock.release()

    async def _serve(self) -> None:
        import asyncio

        from atapi.paper.runner import running
        from atapi.paper.world import World

        world = World(self._folder, self._feed, self._at)
        try:
            async with running(world, self._folder) as endpoint:
                self._endpoint.set_result(endpoint)
                await asyncio.wrap_future(self._stop)
        finally:
            world.close()


def join_or_start(home: Path, *, feed_text: str, seed: int, at: datetime | None) -> Hosted:
    """Reach the exchange of a feed: the one that runs already, or one started here.

    Args:
        home: Where state lives.
        feed_text: `synthetic`, `replay:DIR` or `mirror`.
        seed: Of the synthetic feed.
        at: Its clock begins here and stands until advanced; None lets it go with the wall's.
    Raises:
        ConfigError: There is no such feed.
        StorageError: Its state cannot be used, or its holder does not answer.
    """
    from atapi.paper.feeds.choose import open_feed

    feed = open_feed(feed_text, seed)
    return Hosted(folder_of(home, feed.identity(), at), feed, at)
