"""Where recordings of real markets lie, when they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def data_folder() -> Path | None:
    """Find the recordings: `ATAPI_RECORDINGS`, or `shared/data` beside the checkout or above it."""
    given = os.environ.get("ATAPI_RECORDINGS")
    places = [Path(given)] if given else [p / "shared" / "data" for p in Path(__file__).resolve().parents]
    return next((p for p in places if p.is_dir()), None)


DATA = data_folder()
needs_recordings = pytest.mark.skipif(
    DATA is None,
    reason="recordings of real markets are not beside this checkout (../shared/data, ATAPI_RECORDINGS)",
)
