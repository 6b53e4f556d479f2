"""Whether memory stays flat while an exchange lives through millions of events.

    python -m benchmarks.memory [--events 10000000] [--seed 7]      what one long process looks like
    python -m benchmarks.memory --events 240000 --warm 120000 --most 8     what CI runs

An event is what an exchange tells those who listen: an order, a fill, a balance, a position, a book. Everything that can
be done happens at random (see `benchmarks.life`), and everybody listens. Resident memory is told along the way; it may
grow until the caches are full (the warm part), and after that by no more than `--most` megabytes, or the program fails.
What is kept of events is on disk.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from atapi.clock import to_ms
from atapi.paper.feeds.synthetic import SyntheticFeed
from atapi.paper.store import Store
from benchmarks.life import Life
from benchmarks.servers import processor_time, resident_mb

START = datetime(2026, 1, 1, tzinfo=UTC)
TOGETHER = 16  # calls in one transaction


class Told:
    """Counts what an exchange tells."""

    def __init__(self) -> None:
        self.events = 0

    def hear(self, kind: str, record: Any) -> None:
        """Count one."""
        self.events += 1


def run(path: Path, events: int, warm: int, seed: int, parts: int = 20) -> float:
    """Live through so many events; gives by how many megabytes memory grew after the warm part."""
    store, dice, told = Store(path), random.Random(seed), Told()
    life = Life(SyntheticFeed(seed), store, to_ms(START), seed=seed)
    life.exchange.subscribe(told.hear)
    began, calls, at_warm, shown = time.monotonic(), 0, 0.0, 0
    print(f"{'events':>9} {'calls':>9} {'seconds':>8} {'computed':>8} {'MB':>6}", flush=True)
    while told.events < events:
        life.step(dice)
        calls += 1
        if calls % TOGETHER == 0:
            life.exchange.flush()
        if not at_warm and told.events >= warm:
            at_warm = _memory()
        if told.events >= shown + events // parts:
            shown = told.events
            seconds, computed = time.monotonic() - began, processor_time(os.getpid())
            print(f"{shown:>9} {calls:>9} {seconds:>8.0f} {computed:>8.0f} {_memory():>6.1f}", flush=True)
    life.exchange.flush()
    grown = _memory() - at_warm
    store.close()
    return grown


def _memory() -> float:
    gc.collect()
    return resident_mb(os.getpid())


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--warm", type=int, default=2_000_000, help="events after which caches are full")
    parser.add_argument("--most", type=float, default=20, help="megabytes")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        grown = run(Path(folder) / "exchange.sqlite", options.events, options.warm, options.seed)
    print(f"memory: {grown:+.1f} MB from event {options.warm} to {options.events}")
    if grown > options.most:
        sys.exit(f"memory grew by more than {options.most} MB")


if __name__ == "__main__":
    main()
