"""One WebSocket that a thread keeps open: opened anew after every end, at growing and random distances."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from atapi.clock import Deadline, monotonic_ms
from atapi.domain.streams import StreamState
from atapi.errors import AtapiError, VenueUnreachable

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

TICK_S = 0.5  # how often a quiet line looks whether it is to stop
LIFE_S = 23 * 3600.0  # the venue hangs up after 24 h; we do before, at a moment of ours
OPEN_S = 10.0
PING_S = 15.0  # a peer that owes an answer to a ping for so long is gone
LONGEST_WAIT_S = 30.0

Opening = Callable[[], AbstractContextManager["ClientConnection"]]


class SocketLine:
    """Keeps one line open until it is stopped.

    Args:
        name: What to call it.
        opening: Opens it, subscriptions included; raises `AtapiError` where that fails.
        told: Called in the line's thread with its name: at every event, and whenever it was opened, for what
            happened in between went unheard.
        over: Tells of an event whether the venue announces with it that the line ends.
        tend: Called at every event and tick; what it raises ends the line.
    """

    def __init__(
        self,
        name: str,
        opening: Opening,
        told: Callable[[str], None],
        *,
        over: Callable[[str | bytes], bool],
        tend: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._opening = opening
        self._told = told
        self._over = over
        self._tend = tend
        self._stopped = threading.Event()
        self._unwanted: str | None = None  # why this connection is to be left
        self._heard = 0
        self._down_since: float | None = monotonic_ms()  # None while it is up
        self._why = "not open yet"
        self._thread = threading.Thread(target=self._run, name=f"line {name}", daemon=True)

    def start(self) -> None:
        """Begin to open it."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up for good; waits for the thread a little."""
        self._stopped.set()
        self._thread.join(4 * TICK_S)

    def renew(self, why: str) -> None:
        """Leave this connection and open another."""
        self._unwanted = why

    def state(self) -> StreamState:
        """Tell how it stands."""
        since = self._down_since
        return StreamState(
            name=self.name,
            live=since is None,
            heard=self._heard,
            down_s=0.0 if since is None else (monotonic_ms() - since) / 1000,
            why="" if since is None else self._why,
        )

    def _run(self) -> None:
        from websockets.exceptions import WebSocketException  # 50 ms; only who follows pays it

        tries = 0
        while not self._stopped.is_set():
            heard = self._heard
            try:
                with self._opening() as socket:
                    self._down_since, self._unwanted = None, None
                    self._told(self.name)
                    why = self._listen(socket)
            except (OSError, ValueError, WebSocketException, AtapiError) as e:
                why = str(e) or type(e).__name__
            if self._down_since is None or self._heard > heard:
                tries = 0
            self._down_since, self._why = self._down_since or monotonic_ms(), why
            self._stopped.wait(random.uniform(0.5, 1.0) * min(LONGEST_WAIT_S, 0.5 * 2**tries))
            tries = min(tries + 1, 10)

    def _listen(self, socket: ClientConnection) -> str:
        """Listen until it is to end; tell why."""
        life = Deadline(LIFE_S)
        while not self._stopped.is_set() and life.left() > 0:
            if self._unwanted is not None:
                return self._unwanted
            self._tend()
            try:
                message = socket.recv(timeout=TICK_S)
            except TimeoutError:
                continue
            self._heard += 1
            self._told(self.name)
            if self._over(message):
                return "the venue ended it"
        return "its day was over"


@contextmanager
def dial(url: str) -> Iterator[ClientConnection]:
    """Open a WebSocket: no proxy, no redirect, our own authorities."""
    import socket

    from websockets.sync.client import connect

    from atapi.exchanges.binance.connection import tls_context

    where = urlsplit(url)
    secure = where.scheme == "wss"
    if where.hostname is None:
        raise VenueUnreachable(f"{url} is no address of a WebSocket")
    # A socket of ours: with one the library follows no redirect, which would carry the listen key to another host.
    plain = socket.create_connection((where.hostname, where.port or (443 if secure else 80)), OPEN_S)
    with connect(
        url,
        sock=plain,
        ssl=tls_context() if secure else None,
        server_hostname=where.hostname if secure else None,
        proxy=None,
        compression=None,
        open_timeout=OPEN_S,
        ping_interval=PING_S,
        ping_timeout=PING_S,
        close_timeout=1,
        max_size=1 << 20,
    ) as line:
        yield line
