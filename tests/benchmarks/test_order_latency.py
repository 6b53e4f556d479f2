from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "order_latency.py"


def test_it_runs_and_compares_every_way_to_send() -> None:
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--orders", "20"],
        env={**os.environ, "PYTHONPATH": str(BENCHMARK.parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "way",
        "connector",
        "UmApi",
        "place",
        "raw",
    ]
