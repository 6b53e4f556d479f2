"""Joins the exchange that already runs in a world, or starts it in a thread of this process.

Whoever holds the lock of a world's folder runs its exchange and says in `endpoint.json` where; all others join.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atapi.clock import Deadline, SystemClock
from atapi.errors import StorageError
from atapi.paper.endpoint import Endpoint
from atapi.paper.feeds.base import Feed
from atapi.paper.locks import FileLock

if TYPE_CHECKING:
    from atapi.paper.thread import HostThread

LOCK = "lock"
PATIENCE_S = 10.0  # for a process that holds the lock and does not answer yet
LOOK_EVERY_S = 0.02


class Hosted:
    """The exchange of one world, run here or elsewhere.

    Args:
        folder: The world's.
        feed: Its prices, used only where this process runs it.
        at: Where its clock stands at first; None where it goes with the wall's.
        enforce_limits: Whether, run here, it refuses weights and order counts over Binance's limits.
    Raises:
        ConfigError: The world was made with another feed.
        StorageError: Its state cannot be used, or its holder does not answer.
    """

    def __init__(self, folder: Path, feed: Feed, at: datetime | None, *, enforce_limits: bool = True) -> None:
        self.folder = folder
        self._feed = feed
        self._at = at
        self._enforce_limits = enforce_limits
        self._thread: HostThread | None = None
        self.endpoint = self._join_or_start()

    @property
    def hosting(self) -> bool:
        """Whether the exchange runs in this process."""
        return self._thread is not None

    @property
    def spot_url(self) -> str:
        """Base URL of spot and wallets."""
        return self.endpoint.spot_url

    @property
    def um_url(self) -> str:
        """Base URL of USD-M."""
        return self.endpoint.um_url

    @property
    def cm_url(self) -> str:
        """Base URL of COIN-M."""
        return self.endpoint.cm_url

    @property
    def api_key(self) -> str:
        """Key of the first account."""
        return self.endpoint.api_key

    @property
    def api_secret(self) -> str:
        """Secret of the first account."""
        return self.endpoint.api_secret

    @property
    def admin_token(self) -> str:
        """What `/paper/v1` wants in `X-Paper-Token`."""
        return self.endpoint.admin_token

    def rediscover(self) -> bool:
        """Find the exchange again once it has gone: where it runs now, or here. True where anything changed."""
        before = self.endpoint
        if self._thread is None:
            self.endpoint = self._join_or_start()
        return self.endpoint != before

    def listening(self, port: int) -> AbstractContextManager[Endpoint]:
        """Answer on three more ports, for other programs: spot on this one, then USD-M, COIN-M; 0 takes free ones.

        Raises:
            ConfigError: A port is taken.
            StorageError: Another process runs this exchange, and only that one can open ports to it.
        """
        if self._thread is None:
            raise StorageError(
                f"process {self.endpoint.pid} runs this exchange already, at {self.spot_url}",
                hint="end that process, use what it serves, or use another --home",
            )
        return self._thread.listening(port)

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
        return self._start(lock)

    def _start(self, lock: FileLock) -> Endpoint:
        from atapi.paper.thread import HostThread  # asyncio costs 45 ms; who joins does not need it

        thread = HostThread(self.folder, self._feed, self._at, lock, enforce_limits=self._enforce_limits)
        endpoint = thread.start()
        self._thread = thread
        return endpoint


def join_or_start(
    home: Path, *, feed_text: str, seed: int, at: datetime | None, enforce_limits: bool = True
) -> Hosted:
    """Reach the exchange of a feed: the one that runs already, or one started here.

    Args:
        home: Where state lives.
        feed_text: `synthetic` or `replay:DIR`.
        seed: Of the synthetic feed.
        at: Its clock begins here and stands until advanced. None: it goes with the wall's, or stands at the end
            of a recording.
        enforce_limits: Whether one started here refuses weights and order counts over Binance's limits.
    Raises:
        ConfigError: A feed without data, or not the one this world was made with.
        StorageError: Its state cannot be used, or its holder does not answer.
        UsageError: There is no such feed.
    """
    from atapi.paper.feeds.choose import open_feed

    feed = open_feed(feed_text, seed)
    return Hosted(folder_of(home, feed.identity(), at), feed, at, enforce_limits=enforce_limits)


def folder_of(home: Path, identity: str, at: datetime | None) -> Path:
    """Name a world's folder: `paper/synthetic-7`, or `paper/synthetic-7-at-20260101T000000Z` where time stands."""
    name = identity if at is None else f"{identity}-at-{at:%Y%m%dT%H%M%SZ}"
    return home / "paper" / name


def make_folder(folder: Path) -> None:
    """Make it, for its owner only.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as e:
        raise StorageError(
            f"cannot make {folder}: {e.strerror}", hint="--home DIR, where you may write"
        ) from e
