"""A million random events against the ledger, and what memory they leave behind.

    python -m benchmarks.conservation [--events 1000000] [--workers 2] [--seed 7]

Everything that can be done happens at random (see `benchmarks.life`), in as many worlds as there are workers. After every
event each posting has to sum to zero in each asset, and every balance written has to be the sum of all its entries so
far; now and then the exchange is opened anew on its file, and has to hold those balances again. At the end the file is
added up by itself. Nothing of the exchange is asked for these sums. Resident memory is told along the way: it must not
grow with events.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from atapi.clock import to_ms
from atapi.matching.ledger import Holder
from atapi.paper.effects import Batch
from atapi.paper.feeds.synthetic import SyntheticFeed
from atapi.paper.store import Store
from benchmarks.audit import audit
from benchmarks.life import Life
from benchmarks.servers import resident_mb

START = datetime(2026, 1, 1, tzinfo=UTC)
TOGETHER = 16  # calls in one transaction, as a busy server has them
RESTART_EVERY = 20_000  # events
LONG_SPAN_MS = 3_600_000  # that passes then
ZERO = Decimal(0)
WALLETS = ("spot", "margin", "um", "cm", "funding")


class Auditor(Store):
    """A file that keeps books of its own over what is written to it."""

    def __init__(self, path: Path | str) -> None:
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

    def agrees(self, life: Life) -> None:
        """Check what the exchange has in memory, and that every asset sums to zero."""
        for account in life.accounts:
            for wallet in WALLETS:
                shown = life.exchange.balances(account, wallet)
                for (holder, asset), amount in self.sums.items():
                    if holder == Holder(account, wallet):
                        told = sum(shown.get(asset, (ZERO, ZERO)))
                        assert told == amount, f"{holder} shows {told} {asset}, entries sum to {amount}"
        totals: dict[str, Decimal] = {}
        for (_, asset), amount in self.sums.items():
            totals[asset] = totals.get(asset, ZERO) + amount
        assert not any(totals.values()), totals


def run(events: int, seed: int, parts: int = 10) -> tuple[int, Counter[str]]:
    """Live, check, and tell; gives how many postings there were, and what happened how often."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exchange.sqlite"
        store, dice, began = Auditor(path), random.Random(seed), time.monotonic()
        life = Life(SyntheticFeed(seed), store, to_ms(START), seed=seed)
        for event in range(1, events + 1):
            life.step(dice)
            if event % TOGETHER == 0:
                life.exchange.flush()
            if event % RESTART_EVERY == 0:
                life.exchange.advance(LONG_SPAN_MS)
                life.restart()
                store.agrees(life)
            if event % max(1, events // parts) == 0:
                seconds, memory = time.monotonic() - began, resident_mb(os.getpid())
                refused = sum(life.refused.values())
                print(
                    f"{seed:>4} {event:>9} {store.postings:>9} {refused:>8} {seconds:>8.0f} {memory:>6.0f}",
                    flush=True,
                )
        life.exchange.flush()
        store.agrees(life)
        store.close()
        assert audit(path) == store.postings
        return store.postings, life.happened


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="of all workers together")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7, help="of the first worker")
    options = parser.parse_args()
    each, began = options.events // options.workers, time.monotonic()
    print(f"{'seed':>4} {'events':>9} {'postings':>9} {'refused':>8} {'seconds':>8} {'MB':>6}", flush=True)
    seeds = range(options.seed, options.seed + options.workers)
    with ProcessPoolExecutor(options.workers) as pool:
        done = list(pool.map(run, [each] * options.workers, seeds))
    happened: Counter[str] = sum((counted for _, counted in done), Counter())
    print(", ".join(f"{count} {name}" for name, count in happened.most_common()))
    postings, seconds = sum(count for count, _ in done), time.monotonic() - began
    print(
        f"conserved: {postings} postings of {each * options.workers} events, every asset sums to zero; {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
