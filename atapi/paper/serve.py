"""`paper serve`: the exchange on ports of one's choice, in the foreground, for any Binance client."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import IO

from atapi.paper.endpoint import Endpoint
from atapi.paper.host import join_or_start

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
    """Serve spot on a port, USD-M and COIN-M on the next two; says where, one `name: value` a line.

    Args:
        port: Of spot; 0 takes three free ones.
        out: Where to say it.
        enforce_limits: Whether request weights and order counts are refused over Binance's limits.
    Raises:
        ConfigError: A port is taken, or the feed has no data.
        StorageError: The world's state cannot be used, or another process serves it already.
        UsageError: There is no such feed.
    """
    hosted = join_or_start(home, feed_text=feed_text, seed=seed, at=at, enforce_limits=enforce_limits)
    try:
        with interrupted() as stop, hosted.listening(port) as endpoint:
            for name, value in lines(endpoint):
                out.write(f"{name}: {value}\n")
            out.flush()
            stop.wait()
    finally:
        hosted.close()


def lines(endpoint: Endpoint) -> list[tuple[str, str]]:
    """List what a client needs to know."""
    spot, um, cm = endpoint.spot_url, endpoint.um_url, endpoint.cm_url
    spot_socket, um_socket, cm_socket = (url.replace("http://", "ws://") for url in (spot, um, cm))
    return [
        ("spot", spot),
        ("um", um),
        ("cm", cm),
        ("spot-stream", spot_socket),
        ("um-stream", um_socket),
        ("cm-stream", cm_socket),
        ("spot-ws-api", f"{spot_socket}/ws-api/v3"),
        ("um-ws-api", f"{um_socket}/ws-fapi/v1"),
        ("cm-ws-api", f"{cm_socket}/ws-dapi/v1"),
        ("key", endpoint.api_key),
        ("secret", endpoint.api_secret),
        ("token", endpoint.admin_token),
    ]


class Interruption:
    """Tells of SIGINT and SIGTERM, whenever they come.

    Not by a threading.Event: one that is set by a signal in the moment it is waited for waits for itself.
    """

    def __init__(self) -> None:
        self._signals: SimpleQueue[int] = SimpleQueue()

    def wait(self) -> None:
        """Wait for the first of them."""
        self._signals.get()

    def tell(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal."""
        self._signals.put(number)


@contextmanager
def interrupted() -> Iterator[Interruption]:
    """Give what SIGINT and SIGTERM end, in place of what they do otherwise; main thread only."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.tell) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
