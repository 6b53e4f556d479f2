"""Where recorded payloads lie: beside the repository, never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared(name: str) -> Path | None:
    """Find `shared/NAME`: under `ATAPI_RECORDINGS`, or beside any folder above this one."""
    given = os.environ.get("ATAPI_RECORDINGS")
    roots = [Path(given)] if given else [parent / "shared" for parent in Path(__file__).resolve().parents]
    return next((root / name for root in roots if (root / name).is_dir()), None)


def fixture_files(folder: str, pattern: str) -> list[object]:
    """List recorded files for `parametrize`; one skipped case where there are none."""
    found = shared("fixtures")
    files = sorted((found / folder).glob(pattern)) if found else []
    return list(files) or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"no ../shared/fixtures/{folder}"))
    ]
