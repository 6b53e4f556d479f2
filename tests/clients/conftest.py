"""An exchange in a process of its own, as `paper serve` runs it; nothing here imports atapi.

Clients that overwrite each other's files cannot live in one environment. `.ci/run` makes one for each set of them and
runs these tests there, with ATAPI_PYTHON saying which interpreter has atapi.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Served:
    """What `paper serve` printed."""

    spot: str
    um: str
    cm: str
    spot_stream: str
    um_stream: str
    key: str
    secret: str
    token: str


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An exchange on free ports, on the machine's time."""
    home = tmp_path_factory.mktemp("home")
    python = os.environ.get("ATAPI_PYTHON", sys.executable)
    environment = {**os.environ, "ATAPI_HOME": str(home)}
    if "ATAPI_PYTHON" not in os.environ:
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [python, "-m", "atapi", "--seed", "7", "paper", "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    told: dict[str, str] = {}
    while "token" not in told:
        name, _, value = process.stdout.readline().strip().partition(": ")
        assert name, f"paper serve ended with {process.poll()}"
        told[name] = value
    yield Served(
        spot=told["spot"],
        um=told["um"],
        cm=told["cm"],
        spot_stream=told["spot-stream"],
        um_stream=told["um-stream"],
        key=told["key"],
        secret=told["secret"],
        token=told["token"],
    )
    process.terminate()
    process.wait(10)
    process.stdout.close()
