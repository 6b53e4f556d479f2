"""The order path's gates: every schedule of faults up to a bound, random ones, and same-seed replays.

    python -m tests.execution.gates                       what CI runs: 3 faults, 50 000 seeds, 500 replays
    python -m tests.execution.gates --faults 4 --seeds 1000000

A failing tape is shrunk and printed; add it to `tapes.json`, which the tests replay for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.execution.simulation import (
    OPEN,
    Chooser,
    World,
    open_and_check,
    open_close_and_check,
    schedules,
    tapes_under,
)

CHECKS: dict[str, Callable[[Chooser], list[str]]] = {"open": open_and_check, "close": open_close_and_check}
CHUNK = 1000  # seeds in one task
Failure = tuple[str, list[int], list[str]]  # what was run, tape, what was wrong


def walk(name: str, faults: int) -> tuple[int, list[Failure]]:
    """Run every schedule with at most that many faults, each exactly once, on all cores."""
    check = CHECKS[name]
    roots = tapes_under([], check)
    with ProcessPoolExecutor() as pool:
        parts = pool.map(_walk_under, [name] * len(roots), roots, [faults - 1] * len(roots), chunksize=1)
        count, failures = 1, []
        if wrong := check(Chooser(tape=[])):
            failures.append((name, [], wrong))
        for runs, found in parts:
            count += runs
            failures += found
    return count, failures


def sample(name: str, seeds: int, first: int) -> list[Failure]:
    """Run random schedules of fresh seeds on all cores."""
    starts = range(first, first + seeds, CHUNK)
    with ProcessPoolExecutor() as pool:
        return [f for found in pool.map(_sample, [name] * len(starts), starts) for f in found]


def replay_digest(seeds: int) -> str:
    """Digest of the event logs of some seeds; equal in every process, whatever its hash seed."""
    digest = hashlib.sha256()
    for seed in range(seeds):
        world = World(Chooser(seed=seed))
        world.run(1, OPEN)
        digest.update("\n".join(world.log).encode())
    return digest.hexdigest()


def replays_differ(seeds: int) -> bool:
    """Whether the same seeds give other bytes in another process under another hash seed."""
    digests = set()
    for hash_seed in ("0", "1", "4711"):
        run = subprocess.run(
            [sys.executable, "-m", "tests.execution.gates", "--digest", str(seeds)],
            env=os.environ | {"PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        digests.add(run.stdout)
    return len(digests) != 1


def shrink(name: str, tape: list[int]) -> list[int]:
    """Find a smaller tape that still fails: shorter, and with fewer faults."""
    for candidate in _smaller(tape):
        if CHECKS[name](Chooser(tape=candidate)):
            return shrink(name, candidate)
    return tape


def _smaller(tape: list[int]) -> Iterator[list[int]]:
    if tape:
        yield tape[:-1]
    for i, chosen in enumerate(tape):
        if chosen:
            yield [*tape[:i], 0, *tape[i + 1 :]]


def _walk_under(name: str, root: list[int], faults: int) -> tuple[int, list[Failure]]:
    runs, failures = 0, []
    for tape, wrong in schedules(faults, CHECKS[name], root=root):
        runs += 1
        if wrong:
            failures.append((name, tape, wrong))
    return runs, failures


def _sample(name: str, first: int) -> list[Failure]:
    failures = []
    for seed in range(first, first + CHUNK):
        chooser = Chooser(seed=seed)
        if wrong := CHECKS[name](chooser):
            failures.append((f"{name} (seed {seed})", [chosen for _, chosen in chooser.log], wrong))
    return failures


def main() -> int:
    """Run the gates and print what they found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=50_000)
    parser.add_argument("--replays", type=int, default=500)
    parser.add_argument("--digest", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.digest is not None:
        print(replay_digest(given.digest))
        return 0
    failures: list[Failure] = []
    for name in CHECKS:
        count, found = walk(name, given.faults)
        failures += found
        print(
            f"{name}: {count} schedules with up to {given.faults} faults, {len(found)} violations", flush=True
        )
    first = secrets.randbelow(2**40)  # fresh each run, and printed, so that a failure can be run again
    for name in CHECKS:
        found = sample(name, given.seeds // len(CHECKS), first)
        failures += found
        print(
            f"{name}: {given.seeds // len(CHECKS)} random schedules from seed {first}, {len(found)} violations"
        )
    differ = replays_differ(given.replays)
    print(f"replays of {given.replays} seeds under three hash seeds: {'DIFFER' if differ else 'equal'}")
    for name, tape, wrong in failures[:5]:
        print(f"FAILED {name}: {wrong}\n  smallest tape: {shrink(name.split()[0], tape)}")
    return 1 if failures or differ else 0


if __name__ == "__main__":
    sys.exit(main())
