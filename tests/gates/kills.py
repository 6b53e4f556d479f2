"""`kill -9` at random moments while users trade, transfer, borrow and cancel: nothing acknowledged is lost.

    python -m tests.gates.kills                     what CI runs: 200 kills
    python -m tests.gates.kills --kills 2000 --seed 1

Four users send orders (one of them, on spot, over the WebSocket API), cancels, amendments, replacements, transfers,
loans and conditional orders, each noting what it sends before it does. The process is killed in the middle; one time in
eight once more while it starts again. Then everything that was answered has to be there as it was answered, everything
refused not, what was on its way wholly or not at all, all that streams told true, and balances the sums of what moved
them; each world's file is added up at its end.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from benchmarks.audit import audit
from tests.gates.line import Line
from tests.gates.served import Served
from tests.gates.sockets import Ear, SocketLine
from tests.gates.traders import Notes, Trader
from tests.gates.verify import check

USERS = ("ann", "bob", "cyd", "dan")
KILLS_A_LIFE = 10
MOST_SENT = 160  # requests before a kill
STILL = "2026-01-01T00:00:00"


class Fuse:
    """Counts requests and burns down with one of them.

    Args:
        length: How many.
    """

    def __init__(self, length: int) -> None:
        self._left = length
        self._lock = threading.Lock()
        self.burnt = threading.Event()

    def tick(self) -> None:
        """Count one."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.burnt.set()


class User:
    """One account, over all restarts."""

    def __init__(self, name: str, served: Served) -> None:
        made = served.admin("accounts", name=name, funded=True)
        self.name = name
        self.key, self.secret = made["key"], made["secret"]
        self.notes = Notes()
        self.first: dict[tuple[str, str], Decimal] = {}
        with self.lines(served) as lines:
            for row in lines["spot"].told("/api/v3/account")["balances"]:
                self.first["spot", row["asset"]] = Decimal(row["free"])
            for row in lines["spot"].told("/sapi/v1/margin/account")["userAssets"]:
                self.first["margin", row["asset"]] = Decimal(row["free"])

    @contextmanager
    def lines(self, served: Served) -> Iterator[dict[str, Line]]:
        """Connect, as long as the block lasts."""
        lines = {market: served.line(market, self.key, self.secret) for market in ("spot", "um")}
        lines["margin"] = lines["spot"]
        try:
            yield lines
        finally:
            for line in lines.values():
                line.close()

    def check(self, served: Served) -> None:
        """Hold what the exchange tells against what this user was told."""
        with self.lines(served) as lines:
            check(self.notes, lines, self.first)


def trade_until_killed(served: Served, users: list[User], dice: random.Random) -> int:
    """Let everybody trade, kill the exchange in the middle; gives how much was sent."""
    sent = dice.randint(1, MOST_SENT)
    fuse = Fuse(sent)
    traders, lines, ear = [], [], Ear(served.told["um"], users[1].key, users[1].secret)
    for number, user in enumerate(users):
        kind = SocketLine if number == 0 else Line
        spot = kind(served.told["spot"], user.key, user.secret)
        um = Line(served.told["um"], user.key, user.secret)
        lines += [spot, um]
        theirs = random.Random(dice.getrandbits(64))
        traders.append(Trader(user.name, user.notes, {"spot": spot, "um": um}, theirs, fuse.tick))
    for trader in traders:
        trader.thread.start()
    fuse.burnt.wait()
    threading.Event().wait(dice.random() * 0.004)
    served.kill()
    for trader in traders:
        trader.thread.join()
    for line in lines:
        line.close()
    ear.close()
    first = lines[0]
    assert isinstance(first, SocketLine)
    users[0].notes.events += [("spot", event) for event in first.events]
    users[1].notes.events += [("um", event) for event in ear.events]
    return sent


def live(kills: int, seed: int) -> tuple[int, int]:
    """Kill one world so many times; gives how much was sent, and how many postings its file has at the end."""
    dice = random.Random(seed)
    sent = 0
    with tempfile.TemporaryDirectory(prefix="atapi-kills-") as folder:
        served = Served(Path(folder), dice.choice(("", STILL)))
        served.start()
        users = [User(name, served) for name in USERS]
        try:
            for _ in range(kills):
                sent += trade_until_killed(served, users, dice)
                if dice.random() < 1 / 8:
                    served.begin()
                    threading.Event().wait(dice.random() * 0.5)
                    served.kill()
                served.start()
                for user in users:
                    user.check(served)
            if dice.random() < 0.5:
                served.end()
            return sent, audit(served.file)
        except AssertionError as e:
            raise AssertionError(f"life of seed {seed}: {e}") from e
        finally:
            served.kill()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="the first life's; random where not said")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if options.seed is None else options.seed
    lives = -(-options.kills // KILLS_A_LIFE)
    began = time.monotonic()
    with ThreadPoolExecutor(options.workers) as pool:
        done = list(pool.map(live, [KILLS_A_LIFE] * lives, range(seed, seed + lives)))
    sent, postings = (sum(column) for column in zip(*done, strict=True))
    print(
        f"kill -9: {lives * KILLS_A_LIFE} times in {lives} worlds, {sent} requests, {postings} postings, "
        f"nothing acknowledged lost; seeds from {seed}; {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
