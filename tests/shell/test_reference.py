"""docs/commands.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

from atapi.shell.main import open_context
from atapi.shell.reference import FILE, reference
from atapi.shell.shell import Shell

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    page = (ROOT / FILE).read_text(encoding="utf-8")

    assert page == reference(Shell(open_context())), "run python -m atapi.shell.reference"
