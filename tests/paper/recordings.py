"""Finds recorded material that is not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared(name: str) -> Path:
    """Locate a file or folder beside the repository; skips the test where it is absent."""
    given = os.environ.get("ATAPI_RECORDINGS")
    places = [Path(given).parent] if given else [parent / "shared" for parent in ROOT.parents]
    for place in places:
        if (place / name).exists():
            return place / name
    pytest.skip(f"no recordings: {name} is not beside the repository")
