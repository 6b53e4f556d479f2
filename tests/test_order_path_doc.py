"""docs/order-path.md against the code: every line it explains is one that the code can print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "order-path.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| `([^`\n]+)` \|", PAGE, re.MULTILINE) + re.findall(r"`([^`\n]*…[^`\n]*)`", PAGE)
# Source with its string pieces joined, so that a line that is broken in the source is whole here.
SOURCE = re.sub(
    r"\"\s*f?\"", "", "\n".join(f.read_text(encoding="utf-8") for f in (ROOT / "atapi").rglob("*.py"))
)


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_a_line_that_is_explained_can_be_printed(line: str) -> None:
    for piece in line.split("…"):
        assert piece.strip(" ;:,()") in SOURCE, piece


def test_the_page_explains_something() -> None:
    assert len(LINES) > 15
