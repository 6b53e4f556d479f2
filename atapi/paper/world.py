"""One world: a feed, the folder its exchange is kept in, and what a first account begins with."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from atapi.clock import to_ms
from atapi.paper.accounts import KeyMaker, random_key
from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange
from atapi.paper.feeds.base import Feed
from atapi.paper.records import AccountRecord
from atapi.paper.store import Store
from atapi.paper.terms import DESK_FUNDS, FULL_FUNDS, Terms

FIRST_ACCOUNT = "default"  # of the shell that runs the world
CLIENT_ACCOUNT = "client"  # of whoever it is served to
TERMS = {
    FIRST_ACCOUNT: Terms(funds=DESK_FUNDS, pays_bnb=False),
    CLIENT_ACCOUNT: Terms(funds=FULL_FUNDS, pays_bnb=False),
}
DATA = "exchange.sqlite"


class World:
    """An exchange as it was left in its folder, or begun there.

    Args:
        folder: Where it is kept.
        feed: Its prices.
        at: Where its clock stands at first. None: it goes with the wall's, or, where the feed ends somewhere,
            stands at that end.
    Raises:
        ConfigError: It was made with another feed.
        StorageError: Its file cannot be used.
    """

    def __init__(self, folder: Path, feed: Feed, at: datetime | None) -> None:
        self._feed = feed
        self._at = at
        path = folder / DATA
        path.touch(mode=0o600)  # SQLite gives its other files the mode of this one
        self._store = Store(path)
        self.exchange = self._open(random_key)

    @property
    def first_account(self) -> AccountRecord:
        """The account that every world has."""
        return next(record for record in self.exchange.accounts() if record.name == FIRST_ACCOUNT)

    @property
    def client_account(self) -> AccountRecord:
        """The account for clients the world is served to; made when it is first asked for."""
        for record in self.exchange.accounts():
            if record.name == CLIENT_ACCOUNT:
                return record
        return self.exchange.create_account(CLIENT_ACCOUNT, TERMS[CLIENT_ACCOUNT])

    def reset(self) -> Exchange:
        """Begin again: first time, first balances, nothing else. The accounts with first balances keep their keys."""
        kept = [record for record in self.exchange.accounts() if record.name in TERMS]
        keys = iter([(record.api_key, record.api_secret) for record in kept])
        self._store.reset()
        self.exchange = self._open(lambda: next(keys, None) or random_key())
        for record in kept[1:]:
            self.exchange.create_account(record.name, TERMS[record.name])
        return self.exchange

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _open(self, make_key: KeyMaker) -> Exchange:
        state = self._store.meta("clock")
        clock = self._first_clock() if state is None else PaperClock.restored(state)
        exchange = Exchange(self._feed, clock, self._store, make_key=make_key)
        if not exchange.accounts():
            exchange.create_account(FIRST_ACCOUNT, TERMS[FIRST_ACCOUNT])
        return exchange

    def _first_clock(self) -> PaperClock:
        if self._at is not None:
            return PaperClock.still(to_ms(self._at))
        span = self._feed.span()
        return PaperClock.on_wall() if span is None else PaperClock.still(span[1])


def new_token() -> str:
    """Make an admin token."""
    return secrets.token_urlsafe(32)
