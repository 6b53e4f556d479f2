from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_thousands_of_random_events_conserve_every_asset() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.conservation", "--events", "4000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1].startswith("conserved: ")
