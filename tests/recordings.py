"""Where the recordings of real markets are; they live beside the repository and are never copied into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

MISSING = "no recordings of real markets: set ATAPI_RECORDINGS or put them at ../shared/data"


def find_recordings() -> Path | None:
    """Find the recordings: `ATAPI_RECORDINGS`, or `shared/data` beside the checkout or above it."""
    named = os.environ.get("ATAPI_RECORDINGS")
    here = Path(__file__).resolve()
    places = [Path(named)] if named else [p / "shared" / "data" for p in here.parents]
    return next((p for p in places if p.is_dir()), None)


def recordings() -> Path:
    """Find the recordings, or skip the test that needs them."""
    found = find_recordings()
    if found is None:
        pytest.skip(MISSING)
    return found


DATA = find_recordings()
needs_recordings = pytest.mark.skipif(DATA is None, reason=MISSING)
