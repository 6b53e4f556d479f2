"""`paper serve`: the exchange on ports of one's choice, in the foreground, for any Binance client."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
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
        ("key", endpoint.api_key),
        ("secret", endpoint.api_secret),
        ("token", endpoint.admin_token),
    ]


@contextmanager
def interrupted() -> Iterator[threading.Event]:
    """Give an event that SIGINT and SIGTERM set, in place of what they do otherwise; main thread only."""
    event = threading.Event()
    before = {number: signal.signal(number, lambda *_: event.set()) for number in SIGNALS}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
