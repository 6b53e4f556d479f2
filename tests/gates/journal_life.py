"""A journal's life, as the order path leads it: spreads opened and closed, orders, notes, and the file opened anew.

Everything random comes from a seed. After every call that returned, what the journal then holds was promised: it is
what a power cut may no longer take.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from atapi.domain.instruments import Market
from atapi.domain.orders import Fill, OrderRequest, OrderType, Side, TimeInForce
from atapi.domain.spreads import LegName, Spread, SpreadState
from atapi.execution.effects import Attempt, AttemptState
from atapi.execution.ids import client_order_id
from atapi.execution.journal import Journal

BINDING = {"network": "paper", "account": "1"}
SEED = b"a host"
START = datetime(2026, 1, 1, tzinfo=UTC)
LEGS = ((LegName.PERP_ENTRY, Market.UM, Side.SELL), (LegName.SPOT_ENTRY, Market.SPOT, Side.BUY))


def contents(db: sqlite3.Connection) -> str:
    """Digest everything a journal holds."""
    db.text_factory = bytes  # a damaged text may be none
    try:
        digest = hashlib.sha256()
        for name, made in sorted(db.execute("SELECT name, sql FROM sqlite_master WHERE type='table'")):
            digest.update(made)
            for row in db.execute(f"SELECT * FROM {name.decode()} ORDER BY rowid"):
                digest.update(repr(row).encode())
        return digest.hexdigest()
    finally:
        db.text_factory = str


class Life:
    """Writes a journal, and calls `promised` each time a call returned.

    Args:
        path: The journal's file.
        seed: Of all that is random.
        synchronous: What SQLite is told; the journal's own choice where None.
        promised: Called with a digest of what the journal holds.
    """

    def __init__(
        self, path: Path, seed: int, promised: Callable[[str], None], *, synchronous: str | None = None
    ) -> None:
        self._path = path
        self._dice = random.Random(seed)
        self._promised = promised
        self._synchronous = synchronous
        self._now = START
        self._trades = 0
        self.journal = self._open()

    def lead(self, transactions: int) -> None:
        """Carry out so many transactions; now and then the file is closed and opened again."""
        for _ in range(transactions):
            self._transaction()
            if self._dice.random() < 0.1:
                self.journal.close()
                self.journal = self._open()

    def _open(self) -> Journal:
        journal = Journal(self._path, BINDING, seed=SEED)
        if self._synchronous is not None:
            journal._db.execute(f"PRAGMA synchronous={self._synchronous}")
        self._promised(contents(journal._db))
        return journal

    def _does(self, deed: Callable[[], int | None]) -> int:
        number = deed()
        self._now += timedelta(milliseconds=self._dice.randrange(1, 5000))
        self._promised(contents(self.journal._db))
        return number or 0

    def _transaction(self) -> None:
        journal, terms = self.journal, {"quantity": "0.014", "perp_limit": "67000.10"}
        spread = self._does(lambda: journal.create_spread(_spread(self._now)))
        intent = self._does(lambda: journal.create_intent(spread, "open", terms, self._now))
        for leg, market, side in LEGS:
            self._does(lambda: journal.write_state(spread, SpreadState.PERP_OPEN, "a leg"))
            self._order(intent, leg, market, side)
        if self._dice.random() < 0.2:
            self._does(lambda: journal.note("alarm", {"text": "x" * self._dice.randrange(40_000)}))
        self._does(lambda: journal.write_state(spread, SpreadState.HEDGED, ""))
        if self._dice.random() < 0.9:
            self._does(lambda: journal.finish_intent(intent))

    def _order(self, intent: int, leg: LegName, market: Market, side: Side) -> None:
        attempt = Attempt(
            intent_id=intent,
            leg=leg,
            number=1,
            state=AttemptState.SENDING,
            request=OrderRequest(
                market=market,
                symbol="BTCUSDT",
                side=side,
                type=OrderType.LIMIT,
                quantity=Decimal("0.014"),
                price=Decimal("67000.10"),
                time_in_force=TimeInForce.IOC,
                client_order_id=client_order_id(self.journal.instance, intent, leg, 1),
            ),
        )
        self._does(lambda: self.journal.write_attempt(attempt, self._now))
        if self._dice.random() < 0.1:
            refused = replace(
                attempt, state=AttemptState.REJECTED, reason="because " * self._dice.randrange(2000)
            )
            self._does(lambda: self.journal.write_attempt(refused, self._now))
            return
        fills = tuple(self._fill(market, side) for _ in range(self._dice.randrange(1, 4)))
        executed = sum((f.quantity for f in fills), Decimal(0))
        filled = replace(attempt, state=AttemptState.PARTIAL, order_id="42", executed=executed, net=executed)
        self._does(lambda: self.journal.write_fills(intent, leg, fills))
        self._does(lambda: self.journal.write_attempt(filled, self._now))

    def _fill(self, market: Market, side: Side) -> Fill:
        self._trades += 1
        return Fill(
            market=market,
            symbol="BTCUSDT",
            trade_id=str(self._trades),
            order_id="42",
            side=side,
            price=Decimal("67000.10"),
            quantity=Decimal("0.004"),
            fee=Decimal("0.13400020"),
            fee_asset="USDT",
            realized=None,
            maker=False,
            at=self._now,
        )


def _spread(at: datetime) -> Spread:
    return Spread(
        spread_id=0,
        symbol="BTCUSDT",
        spot_symbol="BTCUSDT",
        base_asset="BTC",
        quote_asset="USDT",
        multiplier=Decimal(1),
        state=SpreadState.PLANNED,
        tag="",
        created_at=at,
    )
