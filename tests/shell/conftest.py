"""A shell of one's own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shell.demo import Session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "home")
