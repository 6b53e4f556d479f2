"""Fixtures: scripted loopback venues, the adapter pointed at one, payload files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from atapi.exchanges.binance.link import decoded
from atapi.exchanges.binance.networks import Endpoints
from atapi.exchanges.binance.venue import BinanceVenue, connect
from tests.exchanges.binance.raw_server import RawServer, Received, Reply, http

KEY, SECRET = "examplekey0123456789", "examplesecret9876543210"
DATA = Path(__file__).parents[2] / "data" / "binance"


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Make scripted servers that end with the test."""
    with ExitStack() as stack:
        yield lambda *script, **options: stack.enter_context(closing(RawServer(*script, **options)))


@pytest.fixture
def adapter() -> Iterator[Callable[..., BinanceVenue]]:
    """Make adapters on a server, with a key, that never really wait between the tries of a read."""
    with ExitStack() as stack:

        def make(server: RawServer, **options: Any) -> BinanceVenue:
            endpoints = options.pop("endpoints", None) or Endpoints(server.url, server.url, server.url)
            options = {"api_key": KEY, "api_secret": SECRET, "wait": lambda seconds: None, **options}
            return stack.enter_context(closing(connect(endpoints, **options)))

        yield make


def body(name: str) -> bytes:
    """Load a payload written by hand from the wire's description, as its bytes."""
    return (DATA / f"{name}.json").read_bytes()


def payload(name: str) -> Any:
    """Load such a payload decoded, as the transport decodes it."""
    return decoded(body(name))


def answers(**by_path: Reply | str) -> Callable[[Received], Reply]:
    """Script a server by the last parts of the path, `_` for `/`; a text names a payload."""

    def answer(received: Received) -> Reply:
        name = "_".join(received.path.split("/")[3:])
        found = by_path[name]
        return http(body(found)) if isinstance(found, str) else found

    return answer
