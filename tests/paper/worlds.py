"""Exchanges for tests: one account with funds, deterministic keys, a clock that stands."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from atapi.paper.clock import PaperClock
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.base import Feed
from atapi.paper.store import Store
from tests.paper.feed_of_bars import DEFAULT, T0, D, FeedOfBars


def counted_keys() -> Callable[[], tuple[str, str]]:
    """Make a key maker that counts."""
    numbers = count(1)

    def make() -> tuple[str, str]:
        number = next(numbers)
        return f"{number:064d}", f"{number + 1000:064d}"

    return make


def world(feed: Feed | None = None, *, at_ms: int = T0, path: str = ":memory:") -> Exchange:
    """Open an exchange on a standing clock."""
    feed = feed or FeedOfBars(DEFAULT)
    clock = PaperClock.still(at_ms, wall=lambda: at_ms)
    return Exchange(feed, clock, Store(path), make_key=counted_keys())


def funded(exchange: Exchange, name: str = "trader", *, bnb: bool = False, **amounts: str) -> str:
    """Make an account with 1 000 000 USDT and 10 BTC on spot and 100 000 USDT on futures, unless told otherwise."""
    account = exchange.create_account(name).account
    for key, amount in (amounts or {"spot_USDT": "1000000", "spot_BTC": "10", "um_USDT": "100000"}).items():
        wallet, asset = key.split("_")
        exchange.deposit(account, wallet, asset, D(amount))
    exchange.set_bnb_burn(account, spot=bnb, um=bnb)
    return account


def as_if_killed(path: Path) -> Path:
    """Copy what a process that was killed now would leave behind: its files as they are, nothing closed."""
    folder = Path(mkdtemp(dir=path.parent))
    for part in ("", "-wal", "-ahead"):
        shutil.copy(f"{path}{part}", f"{folder / path.name}{part}")
    return folder / path.name


def limit(side: str, quantity: str, price: str, symbol: str = "BTCUSDT", **more: Any) -> Submit:
    """Write a LIMIT order."""
    more.setdefault("time_in_force", "GTC")
    return Submit(symbol=symbol, side=side, type="LIMIT", quantity=D(quantity), price=D(price), **more)


def at_market(side: str, quantity: str, symbol: str = "BTCUSDT", **more: Any) -> Submit:
    """Write a MARKET order."""
    return Submit(symbol=symbol, side=side, type="MARKET", quantity=D(quantity), **more)


def free(exchange: Exchange, account: str, asset: str, wallet: str = "spot") -> Decimal:
    """Tell what an account has free."""
    return exchange.balances(account, wallet).get(asset, (D(0), D(0)))[0]
