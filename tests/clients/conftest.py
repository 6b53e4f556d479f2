"""An exchange in a process of its own, as `paper serve` runs it; nothing here imports atapi.

Clients that overwrite each other's files cannot live in one environment. `.ci/run` makes one for each set of them and
runs these tests there, with ATAPI_PYTHON saying which interpreter has atapi.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
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
    cm_stream: str
    spot_ws_api: str
    um_ws_api: str
    key: str
    secret: str
    token: str


WALLETS = {"spot": "MAIN", "um": "UMFUTURE", "margin": "MARGIN"}  # how transfers name them


def transfer_type(source: str, target: str) -> str:
    """Name a universal transfer."""
    return f"{WALLETS[source]}_{WALLETS[target]}"


@pytest.fixture(scope="class")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A world for the tests of a class."""
    with serving(tmp_path_factory.mktemp("home")) as served:
        yield served


@pytest.fixture
def alone_served(tmp_path: Path) -> Iterator[Served]:
    """A world for one test, which uses up what its minute allows."""
    with serving(tmp_path) as served:
        yield served


def atapi(home: Path, *options: str) -> tuple[list[str], dict[str, str]]:
    """How a shell on a home's exchange is started, and in which environment."""
    python = os.environ.get("ATAPI_PYTHON", sys.executable)
    environment = {**os.environ, "ATAPI_HOME": str(home)}
    if "ATAPI_PYTHON" not in os.environ:
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return [python, "-m", "atapi", "--seed", "7", *options], environment


@contextmanager
def serving(home: Path, *options: str) -> Iterator[Served]:
    """Run an exchange on free ports, on the machine's time unless an option says otherwise."""
    command, environment = atapi(home, *options)
    process = subprocess.Popen(
        [*command, "paper", "serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    try:
        told: dict[str, str] = {}
        while "token" not in told:
            name, _, value = process.stdout.readline().strip().partition(": ")
            assert name, f"paper serve ended with {process.poll()}"
            told[name] = value
        yield Served(**{field.name: told[field.name.replace("_", "-")] for field in fields(Served)})
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
