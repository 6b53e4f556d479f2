"""Exchanges to test against, each in a home of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from atapi.paper.host import Hosted, join_or_start
from tests.paper.client import Wire

AT = datetime(2026, 1, 1, tzinfo=UTC)

Host = Callable[..., Hosted]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """Give a function that starts or joins the exchange of a home, and close all of them afterwards."""
    begun: list[Hosted] = []

    def start(home: Path = tmp_path, at: datetime | None = AT, seed: int = 7) -> Hosted:
        begun.append(join_or_start(home, feed_text="synthetic", seed=seed, at=at))
        return begun[-1]

    yield start
    for hosted in reversed(begun):
        hosted.close()


@pytest.fixture
def hosted(host: Host) -> Hosted:
    """An exchange whose clock stands at the beginning of 2026."""
    return host()


@pytest.fixture
def spot(hosted: Hosted) -> Wire:
    """Spot and wallets of that exchange."""
    return Wire(hosted.spot_url, hosted.api_key, hosted.api_secret, "/api/v3")


@pytest.fixture
def um(hosted: Hosted) -> Wire:
    """USD-M of that exchange."""
    return Wire(hosted.um_url, hosted.api_key, hosted.api_secret, "/fapi/v1")


@pytest.fixture
def cm(hosted: Hosted) -> Wire:
    """COIN-M of that exchange."""
    return Wire(hosted.cm_url, hosted.api_key, hosted.api_secret, "/dapi/v1")
