"""The gate of played logs, with the shortest ones."""

from __future__ import annotations

import pytest

from tests.gates.played import play, step_through
from tests.gates.rawlogs import parse
from tests.recordings import recordings


@pytest.mark.parametrize("name", ["cryptofeed_spot_2021-10-12.ws", "cryptofeed_um_2021-07-22.ws"])
def test_a_raw_log_is_played_as_it_was(name: str) -> None:
    path = recordings() / "raw" / f"{name}.log.gz"
    symbols = parse(path)

    assert "levels as recorded" in step_through(path, symbols, 1000)
    assert "changes followed" in play(path, symbols, 20)
