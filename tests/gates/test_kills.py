"""The gate of kills, with few of them."""

from __future__ import annotations

from tests.gates.kills import live


def test_what_was_acknowledged_outlives_kills() -> None:
    sent, postings = live(kills=2, seed=3)

    assert sent > 0
    assert postings > 0
