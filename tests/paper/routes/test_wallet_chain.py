"""What comes over a chain: nothing, told as Binance tells it, to whoever can sign."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paper.client import Wire

EMPTY: list[tuple[str, Any]] = [
    ("/sapi/v1/capital/deposit/hisrec", []),
    ("/sapi/v1/capital/withdraw/history", []),
    ("/sapi/v1/asset/assetDividend", {"rows": [], "total": 0}),
    ("/sapi/v1/asset/dribblet", {"total": 0, "userAssetDribblets": []}),
]


@pytest.mark.parametrize(("path", "nothing"), EMPTY)
def test_nothing_ever_came_over_a_chain(spot: Wire, path: str, nothing: Any) -> None:
    assert spot.signed("GET", path, limit=20).json == nothing
    assert spot.get(path).refusal[:2] == (401, -2014)
