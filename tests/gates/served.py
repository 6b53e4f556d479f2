"""A serving process that can be killed and started again in the same home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.gates.line import Line

ROOT = Path(__file__).resolve().parents[2]
# `paper serve` without limits on weights and orders, which would have a gate wait for minutes.
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from atapi.paper.serve import serve
at = datetime.fromisoformat(sys.argv[2]).replace(tzinfo=UTC) if sys.argv[2] else None
serve(Path(sys.argv[1]), feed_text=sys.argv[3], seed=7, at=at, port=0, out=sys.stdout, enforce_limits=False)
"""


class Served:
    """An exchange in a process of its own.

    Args:
        home: Where its state lives.
        at: Where its clock stands; empty where it goes with the machine's, or as the feed has it.
        feed: Where its prices come from.
    """

    def __init__(self, home: Path, at: str = "", feed: str = "synthetic") -> None:
        self.home = home
        self._at = at
        self._feed = feed
        self.told: dict[str, str] = {}  # what it said at its start, by name

    def begin(self) -> None:
        """Start the process without waiting for it."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(self.home), self._at, self._feed],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.begin()
        assert self.process.stdout is not None
        self.told = {}
        while "token" not in self.told:
            name, _, value = self.process.stdout.readline().strip().partition(": ")
            assert name, f"the exchange ended with {self.process.wait()} and said {self.told}"
            self.told[name] = value

    def kill(self) -> None:
        """Kill it as `kill -9` does; it may be gone already."""
        self.process.kill()
        self._gone()

    def end(self) -> None:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        assert self._gone() == 0

    def _gone(self) -> int:
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    @property
    def file(self) -> Path:
        """The world's file."""
        [folder] = (self.home / "paper").iterdir()
        return folder / "exchange.sqlite"

    def line(self, market: str, key: str = "", secret: str = "") -> Line:
        """A connection to one of its ports."""
        return Line(self.told[market], key, secret)

    def admin(self, path: str, /, **body: Any) -> Any:
        """Ask one of the host's own endpoints."""
        line = self.line("spot")
        answer = line.send(
            "POST", f"/paper/v1/{path}", body=msgspec.json.encode(body), headers={"X-Paper-Token": self.told["token"], "Content-Type": "application/json"}
        )  # fmt: skip
        line.close()
        assert answer[0] == 200, answer
        return answer[1]
