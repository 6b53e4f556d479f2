"""What the README says can be typed, can be typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def block(language: str) -> str:
    """Find the README's one block of a language."""
    [found] = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    return str(found)


def test_the_python_example_runs(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", block("python")], env=os.environ | {"ATAPI_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert "FLAT" in ended.stdout


def test_the_commands_shown_run_in_their_order(tmp_path: Path) -> None:
    lines = [re.split(r"  +", line)[0] for line in block("text").splitlines()]

    ended = subprocess.run(
        [sys.executable, "-m", "atapi", "--home", str(tmp_path), "--at", "2026-01-01T00:00:00Z"],
        input="\n".join(lines), capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip

    assert len(lines) > 8
    assert ended.returncode == 0, ended.stderr
