from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(module: str, *words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("market", ["um", "spot"])
def test_every_order_of_the_benchmark_is_accepted(market: str) -> None:
    lines = run("exchange", "--only", market, "--seconds", "0.2", "--rounds", "1", "--connections", "2")

    assert lines[-1].split()[0] == market
    assert not any("not 200" in line for line in lines)


def test_every_subscriber_gets_the_same_messages() -> None:
    lines = run("streams", "--subscribers", "3", "--rate", "100", "--seconds", "0.2", "--rounds", "1")

    [told] = [line.split() for line in lines if line.startswith("exchange")]
    assert told[1] == "100.0%"


def test_the_book_is_timed() -> None:
    rate, latency = run("book", "--operations", "2000", "--rounds", "1")

    assert rate.startswith("book: ")
    assert latency.startswith("one operation: ")
