"""The order path's gates: every schedule of faults up to a bound, random ones, replays, and time without a hedge.

    python -m tests.execution.gates                       what CI runs: 3 faults, 50 000 seeds, 500 replays
    python -m tests.execution.gates --faults 4 --seeds 1000000
    python -m tests.execution.gates --faults 0 --seed 81236123   the random part of an earlier run again

Plain openings and closings, both ways round, are walked with all the faults; in slices and from the book, where every
run has far more places to fail at, with one fault less. A failing tape is shrunk and kept in `tapes.json`, which the
tests replay for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from atapi.execution.leg import FENCE, MARGIN_FENCE
from tests.execution.simulation import Chooser, schedules, tapes_under
from tests.execution.world import CHECKS, PLAIN, SCENES

TAPES = Path(__file__).parent / "tapes.json"
CHUNK = 500  # seeds in one task
CLEAR_LIMIT = (
    5.0  # seconds without a hedge at p99 where every answer is clear; one unclear one adds its fence
)
Failure = tuple[str, list[int], list[str]]  # what was run, tape, what was wrong


def walk(pool: ProcessPoolExecutor, name: str, faults: int) -> tuple[int, list[Failure]]:
    """Run every schedule with at most that many faults, each exactly once, on all cores."""
    check = CHECKS[name]
    roots = tapes_under([], check) if faults else []
    parts = pool.map(_walk_under, [name] * len(roots), roots, [faults - 1] * len(roots), chunksize=1)
    count, failures = 1, []
    if wrong := check(Chooser(tape=[])):
        failures.append((name, [], wrong))
    for runs, found in parts:
        count += runs
        failures += found
    return count, failures


def sample(pool: ProcessPoolExecutor, name: str, seeds: int, first: int) -> list[Failure]:
    """Run random schedules of as many seeds on all cores."""
    starts = range(first, first + seeds, CHUNK)
    counts = [min(CHUNK, first + seeds - start) for start in starts]
    return [f for found in pool.map(_sample, [name] * len(starts), starts, counts) for f in found]


def naked(pool: ProcessPoolExecutor, scenes: list[str], unclear: int, first: int, seeds: int) -> list[float]:
    """Seconds that one leg stood alone, each time it did, with so many unclear answers in a run; sorted."""
    found = pool.map(_naked, scenes, *([value] * len(scenes) for value in (unclear, first, seeds)))
    return sorted(seconds for times in found for seconds in times)


def replay_digest(seeds: int) -> str:
    """Digest of the event logs of some seeds; equal in every process, whatever its hash seed."""
    digest = hashlib.sha256()
    scenes = list(SCENES.values())
    for seed in range(seeds):
        world, _, _ = scenes[seed % len(scenes)].run(Chooser(seed=seed), logs=True)
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


def keep(name: str, tape: list[int]) -> None:
    """Add a failing tape to those the tests replay."""
    tapes = json.loads(TAPES.read_text())
    if tape not in tapes.setdefault(name, []):
        tapes[name].append(tape)
        TAPES.write_text(json.dumps(tapes) + "\n")


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


def _sample(name: str, first: int, count: int) -> list[Failure]:
    failures = []
    for seed in range(first, first + count):
        chooser = Chooser(seed=seed)
        if wrong := CHECKS[name](chooser):
            failures.append((name, [chosen for _, chosen in chooser.log], [f"seed {seed}", *wrong]))
    return failures


def _naked(name: str, unclear: int, first: int, seeds: int) -> list[float]:
    times: list[float] = []
    for seed in range(first, first + seeds):
        world, _, _ = SCENES[name].run(Chooser(seed=seed, unclear=unclear), crashes=0)
        times += world.exchange.naked
    return times


def main() -> int:
    """Run the gates and print what they found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=None, help="the first one; fresh where not given")
    parser.add_argument("--replays", type=int, default=500)
    parser.add_argument(
        "--naked", type=int, default=1000, help="seeds of each scene, for the time without a hedge"
    )
    parser.add_argument("--first", action="store_true", help="stop at the first scene that fails")
    parser.add_argument("--digest", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.digest is not None:
        print(replay_digest(given.digest))
        return 0
    # Fresh each run, and printed, so that a failure can be run again.
    first = secrets.randbelow(2**40) if given.seed is None else given.seed
    with ProcessPoolExecutor() as pool:
        failures = _walk_all(pool, given.faults, stops=given.first)
        if not (failures and given.first):
            failures += _sample_all(pool, given.seeds, first, stops=given.first)
        slow = bool(given.naked) and _naked_too_long(pool, first, given.naked)
    differ = bool(given.replays) and replays_differ(given.replays)
    print(f"replays of {given.replays} seeds under three hash seeds: {'DIFFER' if differ else 'equal'}")
    for name, tape, wrong in failures[:5]:
        smallest = shrink(name, tape)
        keep(name, smallest)
        print(f"FAILED {name}: {wrong}\n  smallest tape, added to tapes.json: {smallest}")
    return 1 if failures or differ or slow else 0


def _walk_all(pool: ProcessPoolExecutor, most: int, *, stops: bool) -> list[Failure]:
    failures: list[Failure] = []
    for name in CHECKS if most else ():
        if failures and stops:
            break
        faults = most if name in PLAIN else most - 1
        count, found = walk(pool, name, faults)
        failures += found
        print(f"{name}: {count} schedules with up to {faults} faults, {len(found)} violations", flush=True)
    return failures


def _sample_all(pool: ProcessPoolExecutor, seeds: int, first: int, *, stops: bool) -> list[Failure]:
    failures: list[Failure] = []
    each = -(-seeds // len(CHECKS))
    for number, name in enumerate(CHECKS):
        if failures and stops:
            break
        failures += sample(pool, name, each, first + number * each)
    print(f"{each * len(CHECKS)} random schedules from seed {first}, {len(failures)} violations", flush=True)
    return failures


def _naked_too_long(pool: ProcessPoolExecutor, first: int, seeds: int) -> bool:
    slow = False
    for markets, fence in (("spot", FENCE), ("margin", MARGIN_FENCE)):
        scenes = [name for name, scene in SCENES.items() if scene.terms.reverse is (markets == "margin")]
        for unclear, limit in enumerate((CLEAR_LIMIT, fence.wait.total_seconds() + 10)):
            times = naked(pool, scenes, unclear, first, seeds)
            p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
            what = "one unclear answer" if unclear else "clear answers"
            print(
                f"without a hedge against {markets}, {what}: p50 {p50:.2f} s, p99 {p99:.2f} s (at most {limit:g}),"
                f" longest {times[-1]:.2f} s",
                flush=True,
            )
            slow |= p99 > limit
    return slow


if __name__ == "__main__":
    sys.exit(main())
