"""`kill -9` of a trading shell at chosen points: no order is lost, none is sent twice, and the next shell mends it.

    python -m tests.gates.order_kills                        what CI runs: 300 kills
    python -m tests.gates.order_kills --kills 20000 --seed 1
    python -m tests.gates.order_kills --kills 300 --spawn    every shell by `python -m atapi`

Real shells, each with a home and an account of its own, open and close spreads on one served exchange through proxies.
A shell is killed at its n-th request: before the exchange hears of it, after it did what was asked, or amid the answer;
at every request of an opening and of a closing there is. The next shell, which brings to an end what was cut short, is
killed in the same way, for pairs of points drawn at random. Others die of the kernel's hand amid the n-th page they
write to the journal. Then a shell recovers, another finds nothing left to do, and the checker, which knows the
exchange's record and what was printed, has to agree.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from atapi.clock import monotonic_ms
from tests.execution.proxy import Fault, Meet, Passing
from tests.gates.shells import Shells, SpawnedShells
from tests.gates.street import SHOW, House, Street

LINES = {"open": "open-spread BTCUSDT 1000usdt --json", "close": "close-spread BTCUSDT --json"}
WHENS = ("before", "after", "amid")
RECOVERY = 20  # requests of a recovery among which a second kill is drawn
PAGE = 4096 + 24  # bytes of one page in the journal's log
PAGES = 60  # more than an opening writes
FENCE_S = 43  # from which on an order that nobody knows is proven absent
BUSY, WAITING = 6, 48  # cases at once: of those that work, and of those that may have to wait for a fence


Counts = dict[str, tuple[int, int]]  # line -> its requests, and which of them is its first order


class Point(NamedTuple):
    """Where a shell is killed."""

    number: int  # of its requests
    when: str

    def __str__(self) -> str:
        return f"{self.when} {self.number}"


class Case(NamedTuple):
    """A line, and where the shells that run it and bring it to its end are killed."""

    line: str
    points: tuple[Point, ...] = ()
    page: int = 0  # of the journal's log, amid which the first dies in place of the first point

    @property
    def waits(self) -> bool:
        """Whether an order may be left that was written down and never sent, which only a fence proves."""
        return bool(self.page) or any(point.when == "before" for point in self.points)

    def __str__(self) -> str:
        first = [f"page {self.page}"] if self.page else []
        return f"{self.line} killed {', '.join([*first, *map(str, self.points)])}"


class Verdict(NamedTuple):
    """What came of a case."""

    case: Case
    kills: int
    deaths: int  # amid a write
    recovery_s: float
    wrong: list[str]


def killed(house: House, when: str) -> Fault:
    """Make the fault that kills the shell at one of its requests."""

    def fault(passing: Passing) -> None:
        answer = b"" if when == "before" else passing.forward()
        if when == "amid":
            passing.answer(answer[: len(answer) // 2])
        house.signal(signal.SIGKILL)
        passing.hang_up()

    return fault


def at(house: House, point: Point) -> Meet:
    """Kill at one point."""
    fault = killed(house, point.when)
    return lambda passing: fault if passing.number == point.number else None


def run(street: Street, case: Case) -> Verdict:
    """Run one case in a house of its own."""
    with street.house() as house:
        if case.line == "close":
            house.run(LINES["open"])
        kills = deaths = 0
        if case.page:
            limit = {"RLIMIT_FSIZE": case.page * PAGE - PAGE // 2}
            deaths += house.run(LINES[case.line], limits=limit).code == -signal.SIGXFSZ
        for line, point in zip((LINES[case.line], *[SHOW] * len(case.points)), case.points, strict=False):
            kills += house.run(line, meet=at(house, point)).code == -signal.SIGKILL
        recovery = house.run(SHOW)
        orders = house.runs[-1]["held"]
        again = house.run(SHOW)
        wrong = house.wrong()
        if recovery.code or again.code:
            wrong.append(f"recovery ended with {recovery.code}, and {again.code}: {recovery.err}")
        if "cut short" in again.err or house.runs[-1]["held"] != orders:
            wrong.append("recovering twice is not recovering once")
        return Verdict(case, kills, deaths, recovery.seconds, wrong)


def requests_of(street: Street) -> Counts:
    """Count the requests of an undisturbed opening and closing: how many, and which is the first order's."""
    found = {}
    with street.house() as house:
        for name, line in LINES.items():
            ended = house.run(line)
            assert ended.code == 0, ended
            orders = [
                n for n, a in enumerate(house.count.asked, 1) if (a.method, a.path[-6:]) == ("POST", "/order")
            ]
            found[name] = len(house.count.asked), orders[0]
    return found


def walk(counts: Counts) -> Iterator[Case]:
    """Every point of an opening and a closing once, and a death amid every write."""
    for line, (most, _) in counts.items():
        for number in range(1, most + 1):
            for when in WHENS:
                yield Case(line, (Point(number, when),))
        for page in range(1, PAGES + 1):
            yield Case(line, page=page)


def draw(counts: Counts, dice: random.Random) -> Case:
    """A shell killed once there is something to lose, and so are one or more of those that mend it."""
    line = dice.choice(list(counts))
    most, first = counts[line]
    points = [Point(dice.randint(first, most), dice.choice(WHENS))]
    while len(points) < 2 or dice.random() < 0.2:
        points.append(Point(dice.randint(1, RECOVERY), dice.choice(WHENS)))
    return Case(line, tuple(points))


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> int:
    """Run it; exit code 1 where any case went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument(
        "--seed", type=int, default=None, help="of the pairs of points; random where not said"
    )
    parser.add_argument("--spawn", action="store_true", help="start each shell anew; no deaths amid writes")
    parser.add_argument("--workers", type=int, default=BUSY, help="cases at once, beside those that may wait")
    given = parser.parse_args()
    seed = random.SystemRandom().getrandbits(32) if given.seed is None else given.seed
    began = monotonic_ms()
    done: list[Verdict] = []
    shells: Shells = SpawnedShells() if given.spawn else Shells()
    with (
        Street(shells) as street,
        ThreadPoolExecutor(given.workers) as busy,
        ThreadPoolExecutor(WAITING) as waiting,
    ):
        dice = random.Random(seed)
        counts = requests_of(street)
        batch = [case for case in walk(counts) if not (given.spawn and case.page)]
        while sum(v.kills for v in done) < given.kills:
            missing = given.kills - sum(v.kills for v in done) - sum(1 for case in batch if case.points)
            batch += [draw(counts, dice) for _ in range(max(missing, 0) * 2 // 3)]
            started = [(waiting if case.waits else busy).submit(run, street, case) for case in batch]
            done += [future.result() for future in started]
            batch = []
    return report(done, seed, (monotonic_ms() - began) / 1000)


def report(done: list[Verdict], seed: int, seconds: float) -> int:
    """Print what came of it."""
    failed = [verdict for verdict in done if verdict.wrong]
    for verdict in failed:
        print(f"FAILED {verdict.case}: {'; '.join(verdict.wrong)}")
    kills, deaths = sum(v.kills for v in done), sum(v.deaths for v in done)
    print(
        f"kill -9 of a trading shell: {kills} times, and {deaths} amid a write, in {len(done)} homes;"
        f" {len(failed)} went wrong; seed {seed}; {seconds:.0f} s"
    )
    for name, fenced in (("known at once", False), ("proven absent past the fence", True)):
        times = [v.recovery_s for v in done if (v.recovery_s > FENCE_S) is fenced]
        if times:
            print(
                f"recovery, {name}: {len(times)}, p50 {quantile(times, 0.5):.2f} s, p99 {quantile(times, 0.99):.2f} s"
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
