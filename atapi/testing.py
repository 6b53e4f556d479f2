"""A Binance for other people's tests: the pytest fixture `paper_exchange`, and what it gives.

    def test_my_strategy(paper_exchange):
        client = Spot(paper_exchange.key, paper_exchange.secret, base_url=paper_exchange.spot_url)

Each test gets an exchange of its own on free ports, with a funded account, a fixed seed and a clock that stands until
`advance`. Override the fixture `paper_exchange_options` to choose otherwise; `paper_exchange_running` is the same
without pytest. Nothing is imported until a test asks for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from atapi.exchanges.paper_admin import PaperAdmin
    from atapi.exchanges.paper_backroom import PaperBackroom
    from atapi.paper.endpoint import Endpoint

__all__ = [
    "Credentials",
    "PaperExchange",
    "paper_exchange",
    "paper_exchange_options",
    "paper_exchange_running",
]

AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Key and secret of one account; of one that signs with RSA or Ed25519 the secret is empty."""

    key: str
    secret: str


class PaperExchange:
    """A running exchange and its first account for clients.

    Attributes:
        spot_url: Base URL of spot and wallets, for `/api` and `/sapi`.
        um_url: Base URL of USD-M, for `/fapi`.
        cm_url: Base URL of COIN-M, for `/dapi`.
        spot_stream_url: Where spot's `/ws`, `/stream` and `/ws-api/v3` are.
        um_stream_url: Where USD-M's `/public`, `/market`, `/private` and `/ws-fapi/v1` are.
        cm_stream_url: Where COIN-M's `/ws` and `/stream` are.
        key: API key of an account with funds in every wallet.
        secret: Its secret.
        token: What `/paper/v1` wants in `X-Paper-Token`.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.spot_url = endpoint.spot_url
        self.um_url = endpoint.um_url
        self.cm_url = endpoint.cm_url
        self.spot_stream_url = endpoint.spot_url.replace("http", "ws", 1)
        self.um_stream_url = endpoint.um_url.replace("http", "ws", 1)
        self.cm_stream_url = endpoint.cm_url.replace("http", "ws", 1)
        self.key = endpoint.api_key
        self.secret = endpoint.api_secret
        self.token = endpoint.admin_token

    def advance(self, span: timedelta) -> datetime:
        """Move its clock on: fundings are paid and orders filled on the way. Tells the time it came to."""
        return self._admin.advance(span)

    def account(self, name: str, *, funded: bool = True, public_key: str | None = None) -> Credentials:
        """Make another account, with funds in every wallet unless told otherwise.

        Args:
            public_key: Of RSA or Ed25519, in PEM; requests are then signed with its private half.
        """
        made = self._backroom.add_account(
            name, funded=funded, fees={}, permissions=None, public_key=public_key
        )
        return Credentials(made.key, made.secret or "")

    def fault(self, line: str) -> int:
        """Let it misbehave, as `paper fault add` would, and tell the fault's number."""
        return self._backroom.add_fault(line).number

    def clear_faults(self) -> int:
        """Let it behave again, and tell how many faults went."""
        return self._backroom.clear_faults(None)

    @property
    def _admin(self) -> PaperAdmin:
        from atapi.exchanges.paper_admin import PaperAdmin

        return PaperAdmin(url=self.spot_url, token=self.token)

    @property
    def _backroom(self) -> PaperBackroom:
        from atapi.exchanges.paper_backroom import PaperBackroom

        return PaperBackroom(lambda: self._admin)


@contextmanager
def paper_exchange_running(
    *,
    seed: int = 1,
    feed: str = "synthetic",
    at: datetime | None = AT,
    port: int = 0,
    enforce_limits: bool = True,
    home: Path | None = None,
) -> Iterator[PaperExchange]:
    """Run an exchange as long as the block lasts.

    Args:
        seed: Of the synthetic feed.
        feed: `synthetic`, or `replay:DIR`.
        at: Where its clock stands; None lets it go by the machine's.
        port: Of spot, USD-M on the next, COIN-M on the one after; 0 takes free ones.
        enforce_limits: Whether weights and order counts over Binance's limits are refused.
        home: Where its state is kept; a folder that is thrown away where None.
    """
    from atapi.paper.host import join_or_start

    with tempfile.TemporaryDirectory(prefix="atapi-") as folder:
        place = home or Path(folder)
        hosted = join_or_start(place, feed_text=feed, seed=seed, at=at, enforce_limits=enforce_limits)
        try:
            with hosted.listening(port) as endpoint:
                yield PaperExchange(endpoint)
        finally:
            hosted.close()


@pytest.fixture
def paper_exchange_options() -> Mapping[str, Any]:
    """How `paper_exchange` runs: arguments of `paper_exchange_running`. Override it in a conftest or a test file."""
    return {}


@pytest.fixture
def paper_exchange(paper_exchange_options: Mapping[str, Any]) -> Iterator[PaperExchange]:
    """An exchange of the test's own, on free ports, with a funded account."""
    with paper_exchange_running(**paper_exchange_options) as exchange:
        yield exchange
