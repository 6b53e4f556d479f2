"""Where the recordings of real markets are; they live beside the repository and are never copied into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def recordings() -> Path:
    """Find the recordings, or skip the test that needs them."""
    named = os.environ.get("ATAPI_RECORDINGS")
    here = Path(__file__).resolve()
    for candidate in [Path(named)] if named else [p / "shared" / "data" for p in here.parents]:
        if candidate.is_dir():
            return candidate
    pytest.skip("no recordings: set ATAPI_RECORDINGS or put them at ../shared/data")
