"""One world: a feed, the folder its exchange is kept in, and what a first account begins with."""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from atapi.clock import to_ms
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Feed
from atapi.paper.records import AccountRecord

FIRST_ACCOUNT = "default"
FIRST_FUNDS = (  # wallet, asset, amount; USDT only, so that balances change by nothing but trading
    ("spot", "USDT", Decimal(50_000)),
    ("um", "USDT", Decimal(50_000)),
)
DATA = "exchange.sqlite"


def folder_of(home: Path, identity: str, at: datetime | None) -> Path:
    """Name a world's folder: `paper/synthetic-7`, or `paper/synthetic-7-at-20260101T000000Z` where time stands."""
    name = identity if at is None else f"{identity}-at-{at:%Y%m%dT%H%M%SZ}"
    return home / "paper" / name


def make_folder(folder: Path) -> None:
    """Make it, for its owner only."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def open_exchange(folder: Path, feed: Feed, at: datetime | None) -> Exchange:
    """Open a world's exchange as it was left, or begin it.

    Raises:
        StorageError: Its file cannot be used.
    """
    return Exchange.open(folder / DATA, feed, at_ms=None if at is None else to_ms(at))


def begin(exchange: Exchange) -> AccountRecord:
    """Find the first account; where there is none yet, make it and fund it."""
    for record in exchange.accounts():
        if record.name == FIRST_ACCOUNT:
            return record
    record = exchange.create_account(FIRST_ACCOUNT)
    for wallet, asset, amount in FIRST_FUNDS:
        exchange.deposit(record.account, wallet, asset, amount)
    return record


def new_token() -> str:
    """Make an admin token."""
    return secrets.token_urlsafe(32)
