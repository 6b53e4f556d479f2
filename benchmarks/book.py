"""How many operations a second one order book does, in process: limits that match or rest, cancels, market orders.

    python -m benchmarks.book [--operations 1000000] [--rounds 5]

Half are limit orders around a price, two in five cancel an order, one in ten is a market order. An operation is what
the exchange does with the book for one order: plan, commit, and rest what is left. Whole ticks and lots, nothing else
of an exchange. Processor time, so that other programs do not count, and without Python's cyclic garbage collector, as
`timeit` does it (a book leaves no cycles behind); the best round is told, and how long single operations of another
round take.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from collections.abc import Sequence
from statistics import quantiles

from atapi.matching.book import Book

MIDDLE = 10_000  # ticks


Operation = tuple[str, int, bool, int, int]  # limit, cancel or market; id, whether it buys, ticks, lots


def script(operations: int, seed: int = 7) -> list[Operation]:
    """Write down what to do, the same for the same seed."""
    dice = random.Random(seed)
    done: list[Operation] = []
    sent: list[int] = []  # ids that may still rest
    for number in range(operations):
        what, bid = dice.random(), dice.random() < 0.5
        if what < 0.5 or not sent:
            price = MIDDLE + (-1 if bid else 1) * dice.randint(0, 40) + dice.randint(-3, 3)
            done.append(("limit", number, bid, price, dice.randint(1, 100)))
            sent.append(number)
        elif what < 0.9:
            place = dice.randrange(len(sent))
            sent[place], sent[-1] = sent[-1], sent[place]
            done.append(("cancel", sent.pop(), False, 0, 0))
        else:
            done.append(("market", number, bid, 0, dice.randint(1, 200)))
    return done


def run(book: Book, operations: Sequence[Operation]) -> None:
    """Do it."""
    for kind, id, bid, price, lots in operations:
        if kind == "cancel":
            book.remove(id)
        elif kind == "limit":
            plan = book.plan(bid, "taker", lots, price)
            if plan.fills:
                book.commit(plan)
                lots -= plan.lots
            if lots:
                book.rest(id, "maker", bid, price, lots)
        else:
            book.commit(book.plan(bid, "taker", lots))


def singly(book: Book, operations: list[Operation]) -> list[int]:
    """Do it one by one; nanoseconds of each."""
    times = []
    for operation in operations:
        started = time.perf_counter_ns()
        run(book, (operation,))
        times.append(time.perf_counter_ns() - started)
    return times


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    operations = script(options.operations)
    gc.disable()
    times = []
    for _ in range(options.rounds):
        book = Book()
        started = time.process_time()
        run(book, operations)
        times.append(time.process_time() - started)
    rate = len(operations) / min(times) / 1e6
    print(f"book: {rate:.2f} million operations a second, {len(book)} orders rest at the end")
    percentiles = quantiles(singly(Book(), operations), n=100)
    print(f"one operation: p50 {percentiles[49] / 1e3:.2f} us, p99 {percentiles[98] / 1e3:.2f} us")


if __name__ == "__main__":
    main()
