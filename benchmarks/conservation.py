"""A million random events against the ledger, and what memory they leave behind.

    python -m benchmarks.conservation [--events 1000000] [--seed 7]

Five accounts on a made-up market place, cancel, transfer and let time pass at random, spot and USD-M. After every event
each posting has to sum to zero in each asset, and every balance written has to be the sum of all its entries so far;
at the end the file's balances are held against all entries added up here. Nothing of the exchange is asked for these
sums. Resident memory is told along the way: it must not grow with events.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from atapi.clock import to_ms
from atapi.matching.ledger import Holder
from atapi.paper.clock import PaperClock
from atapi.paper.effects import Batch
from atapi.paper.exchange import Exchange, Submit
from atapi.paper.feeds.synthetic import SyntheticFeed
from atapi.paper.records import Refusal
from atapi.paper.store import Store
from benchmarks.servers import resident_mb

ACCOUNTS = 5
SYMBOLS = {"BTCUSDT": ("0.001", "0.1"), "ETHUSDT": ("0.01", "0.01")}  # lot and tick of both markets
FUNDS = (("spot", "USDT"), ("spot", "BTC"), ("spot", "ETH"), ("spot", "BNB"), ("um", "USDT"), ("um", "BNB"))
START = datetime(2026, 1, 1, tzinfo=UTC)
TOGETHER = 16  # calls in one transaction, as a busy server has them
ZERO = Decimal(0)


class Auditor(Store):
    """A file that keeps books of its own over what is written to it."""

    def __init__(self, path: Path) -> None:
        self.sums: dict[tuple[Holder, str], Decimal] = {}  # (holder, asset) -> sum of entries
        self.postings = 0
        super().__init__(path)

    def stage(self, batch: Batch) -> None:
        """Check one call's postings and balances."""
        for posting in batch.postings:
            totals: dict[str, Decimal] = {}
            for holder, asset, amount in posting.entries:
                totals[asset] = totals.get(asset, ZERO) + amount
                self.sums[holder, asset] = self.sums.get((holder, asset), ZERO) + amount
            assert not any(totals.values()), f"{posting} does not sum to zero"
        for key, balance in batch.balances.items():
            assert self.sums[key] == balance, f"{key}: {balance}, but entries sum to {self.sums[key]}"
        self.postings += len(batch.postings)
        super().stage(batch)


class Life:
    """Random events.

    Args:
        store: Where they are kept.
        seed: The same seed lives the same life.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self._dice = random.Random(seed)
        clock = PaperClock.still(to_ms(START), wall=lambda: to_ms(START))
        self.exchange = Exchange(SyntheticFeed(seed), clock, store, make_key=self._key)
        self.exchange.defer(lambda: None)
        self.accounts = [self.exchange.create_account(f"trader {i}").account for i in range(ACCOUNTS)]
        for account in self.accounts:
            for wallet, asset in FUNDS:
                self.exchange.deposit(account, wallet, asset, Decimal(1_000_000 if asset == "USDT" else 100))
        self.refused = 0

    def step(self) -> None:
        """Let one event happen."""
        dice, account = self._dice, self._dice.choice(self.accounts)
        market, symbol = dice.choice(("spot", "um")), dice.choice(tuple(SYMBOLS))
        what = dice.random()
        try:
            if what < 0.45:
                self.exchange.place(account, market, self._limit(market, symbol))
            elif what < 0.70:
                self.exchange.place(account, market, self._market(symbol))
            elif what < 0.95:
                self._cancel(account, market, symbol)
            elif what < 0.98:
                kind = dice.choice(("MAIN_UMFUTURE", "UMFUTURE_MAIN"))
                amount = Decimal(dice.randint(1, 10**11)).scaleb(-8)
                self.exchange.transfer(account, kind, dice.choice(("USDT", "BNB")), amount)
            else:
                self.exchange.advance(dice.choice((100, 1000, 5000, 60_000)))
        except Refusal:
            self.refused += 1

    def _limit(self, market: str, symbol: str) -> Submit:
        dice, (lot, tick) = self._dice, map(Decimal, SYMBOLS[symbol])
        price = self.exchange.last_price(market, symbol) * (10_000 + dice.randint(-20, 20)) / 10_000
        return Submit(
            symbol=symbol,
            side=dice.choice(("BUY", "SELL")),
            type="LIMIT",
            quantity=lot * dice.randint(5, 100),
            price=price // tick * tick,
            time_in_force=dice.choice(("GTC", "GTC", "GTC", "IOC", "FOK")),
            reduce_only=market == "um" and dice.random() < 0.2,
        )

    def _market(self, symbol: str) -> Submit:
        lot = Decimal(SYMBOLS[symbol][0])
        side = self._dice.choice(("BUY", "SELL"))
        return Submit(symbol=symbol, side=side, type="MARKET", quantity=lot * self._dice.randint(5, 100))

    def _cancel(self, account: str, market: str, symbol: str) -> None:
        orders = self.exchange.open_orders(account, market, symbol)
        if orders:
            order_id = self._dice.choice(orders).order_id
            self.exchange.cancel(account, market, symbol, order_id=order_id, client_order_id=None)

    def _key(self) -> tuple[str, str]:
        return f"{self._dice.getrandbits(256):064x}", f"{self._dice.getrandbits(256):064x}"


def run(path: Path, events: int, seed: int) -> None:
    """Live, check, and tell."""
    store = Auditor(path)
    life = Life(store, seed)
    began = time.monotonic()
    print(f"{'events':>9} {'postings':>9} {'refused':>8} {'seconds':>8} {'MB':>6}")
    for event in range(1, events + 1):
        life.step()
        if event % TOGETHER == 0:
            life.exchange.flush()
        if event % max(1, events // 10) == 0:
            seconds, memory = time.monotonic() - began, resident_mb(os.getpid())
            print(
                f"{event:>9} {store.postings:>9} {life.refused:>8} {seconds:>8.1f} {memory:>6.0f}", flush=True
            )
    kept = {(holder, asset): balance for holder, asset, balance in store.balances()}
    assert kept == store.sums, "the file's balances are not the sums of its entries"
    totals: dict[str, Decimal] = {}
    for (_, asset), amount in store.sums.items():
        totals[asset] = totals.get(asset, ZERO) + amount
    assert not any(totals.values()), totals
    print(f"conserved: {store.postings} postings, {len(kept)} balances, every asset sums to zero")
    store.close()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        run(Path(folder) / "exchange.sqlite", options.events, options.seed)


if __name__ == "__main__":
    main()
