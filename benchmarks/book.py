"""How many operations a second one order book does, in process: limits that match or rest, cancels, market orders.

    python -m benchmarks.book [--operations 1000000] [--rounds 3]

Half are limit orders around a price, two in five cancel an order, one in ten is a market order. An operation is what
the exchange does with the book for one order: plan, commit, and rest what is left. Whole ticks and lots, nothing else
of an exchange. Processor time, so that other programs do not count; the best round is told.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import NamedTuple

from atapi.matching.book import Book, Resting

MIDDLE = 10_000  # ticks


class Operation(NamedTuple):
    """One thing to do."""

    kind: str  # limit, cancel, market
    id: int
    bid: bool = False
    price: int = 0
    lots: int = 0


def script(operations: int, seed: int = 7) -> list[Operation]:
    """Write down what to do, the same for the same seed."""
    dice = random.Random(seed)
    done: list[Operation] = []
    sent: list[int] = []  # ids that may still rest
    for number in range(operations):
        what, bid = dice.random(), dice.random() < 0.5
        if what < 0.5 or not sent:
            price = MIDDLE + (-1 if bid else 1) * dice.randint(0, 40) + dice.randint(-3, 3)
            done.append(Operation("limit", number, bid, price, dice.randint(1, 100)))
            sent.append(number)
        elif what < 0.9:
            place = dice.randrange(len(sent))
            sent[place], sent[-1] = sent[-1], sent[place]
            done.append(Operation("cancel", sent.pop()))
        else:
            done.append(Operation("market", number, bid, lots=dice.randint(1, 200)))
    return done


def run(book: Book, operations: list[Operation]) -> None:
    """Do it."""
    for kind, id, bid, price, lots in operations:
        if kind == "cancel":
            book.remove(id)
            continue
        plan = book.plan(bid, owner="taker", lots=lots, limit=price if kind == "limit" else None)
        if plan.fills:
            book.commit(plan)
        if kind == "limit" and plan.lots < lots:
            book.add(Resting(id, "maker", bid, price, lots - plan.lots))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    operations = script(options.operations)
    times = []
    for _ in range(options.rounds):
        book = Book()
        started = time.process_time()
        run(book, operations)
        times.append(time.process_time() - started)
    rate = len(operations) / min(times) / 1e6
    print(f"book: {rate:.2f} million operations a second, {len(book)} orders rest at the end")


if __name__ == "__main__":
    main()
