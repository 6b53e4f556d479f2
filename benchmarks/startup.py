"""How long the shell takes to be there, as ratios to what it stands on, all measured in one run.

    python benchmarks/startup.py [--rounds N]

Rounds are interleaved, so that a busy machine slows both sides alike; medians are compared. Bytecode is cached in a
temporary directory, as it is after an installation.
"""

from __future__ import annotations

import argparse
import os
import pty
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PROMPT = b"atf"
PATIENCE_S = 30.0

Measure = Callable[[list[str], str | None], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One promise: how many times the peer's time the shell may take."""

    name: str
    ours: list[str]
    peer: list[str]
    asked: float
    measure: Measure
    peer_measure: Measure
    stdin: str | None = None


def cpu(words: list[str], stdin: str | None) -> float:
    """CPU seconds, user and system, of one process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words, input=stdin or "", text=True, env=environment(), cwd=ROOT, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed: {done.stderr.strip()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wall(words: list[str], stdin: str | None) -> float:
    """Seconds until one process has ended."""
    start = time.perf_counter()
    cpu(words, stdin)
    return time.perf_counter() - start


def prompt(words: list[str], _stdin: str | None) -> float:
    """Seconds until the prompt stands on a terminal of its own."""
    start = time.perf_counter()
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execve(words[0], words, environment() | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"})
    seen = b""
    while PROMPT not in seen:
        if not select.select([terminal], [], [], PATIENCE_S)[0]:
            raise SystemExit(f"no prompt within {PATIENCE_S:.0f} s")
        seen += os.read(terminal, 65_536)
    took = time.perf_counter() - start
    os.close(terminal)  # hangs up, which ends the shell
    os.waitpid(process, 0)
    return took


def environment() -> dict[str, str]:
    """The environment of every measured process: a home of its own, and compiled bytecode."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}
    scratch = Path(tempfile.gettempdir()) / f"atapi-startup-{os.getuid()}"
    return kept | {
        "ATAPI_HOME": str(scratch / "home"),
        "PYTHONPYCACHEPREFIX": str(scratch / "pycache"),
        "PYTHONPATH": str(ROOT),
    }


def peer(code: str) -> list[str]:
    """The command that imports what the shell stands on."""
    return [PYTHON, "-c", code]


def comparisons() -> list[Comparison]:
    """What was asked for."""
    shell = [PYTHON, "-m", "atapi"]
    light, frames = peer("import cmd, argparse"), peer("import pandas, requests")
    editor = peer("import prompt_toolkit.shortcuts")
    return [
        Comparison(
            name="atapi quit, CPU", ours=[*shell, "quit"], peer=light, asked=2, measure=cpu, peer_measure=cpu
        ),
        Comparison(
            name="piped quit, CPU",
            ours=shell,
            peer=light,
            asked=2,
            measure=cpu,
            peer_measure=cpu,
            stdin="quit\n",
        ),
        Comparison(
            name="prompt, wall", ours=shell, peer=editor, asked=1.5, measure=prompt, peer_measure=wall
        ),
        Comparison(
            name="first balance, wall",
            ours=[*shell, "balance"],
            peer=frames,
            asked=2.5,
            measure=wall,
            peer_measure=wall,
        ),
    ]


def report(comparison: Comparison, rounds: int) -> bool:
    """Measure one promise, print it, and tell whether it is kept."""
    ours, theirs = [], []
    for i in range(rounds + 1):  # the first one writes the bytecode
        took = (
            comparison.measure(comparison.ours, comparison.stdin),
            comparison.peer_measure(comparison.peer, None),
        )
        if i:
            ours.append(took[0])
            theirs.append(took[1])
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    kept = ratio <= comparison.asked
    print(
        f"{comparison.name:<22}{mine * 1000:7.1f} ms   {comparison.peer[-1]:<34}{other * 1000:7.1f} ms   "
        f"asked {comparison.asked:.1f}x   reached {ratio:.2f}x{'' if kept else '   NOT KEPT'}"
    )
    return kept


def main() -> int:
    """Measure every promise; 1 where one is not kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    kept = [report(comparison, rounds) for comparison in comparisons()]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
