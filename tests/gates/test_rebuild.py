"""The gate of rebuilt books, with few updates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gates.rebuild import STILL, STREAMS, run
from tests.gates.served import Served


@pytest.mark.parametrize("market", STREAMS)
def test_a_book_followed_by_the_published_rule_is_the_exchanges_own(tmp_path: Path, market: str) -> None:
    served = Served(tmp_path, STILL)
    served.start()
    try:
        said = run(served, market, updates=1000, seed=7)
    finally:
        served.kill()

    assert "levels compared" in said
