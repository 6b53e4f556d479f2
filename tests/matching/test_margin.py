"""Margin and liquidation price, by the protocol's own examples."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest

from atapi.matching import margin

D = Decimal


class Tier(NamedTuple):
    floor: Decimal
    cap: Decimal
    leverage: int
    maintenance_rate: Decimal
    offset: Decimal


BTC = tuple(  # BTCUSDT as announced on 2025-08-17
    Tier(D(floor), D(cap), leverage, D(rate), D(offset))
    for leverage, floor, cap, rate, offset in (
        (150, 0, 300_000, "0.004", 0),
        (100, 300_000, 800_000, "0.005", 300),
        (75, 800_000, 3_000_000, "0.0065", 1_500),
        (50, 3_000_000, 12_000_000, "0.01", 12_000),
        (25, 12_000_000, 70_000_000, "0.02", 132_000),
        (20, 70_000_000, 100_000_000, "0.025", 482_000),
    )
)
FLAT = (Tier(D(0), D(10**9), 100, D("0.01"), D(0)),)


def test_maintenance_margin_is_continuous_at_every_floor() -> None:
    for below, above in pairwise(BTC):
        edge = below.cap

        assert edge * below.maintenance_rate - below.offset == edge * above.maintenance_rate - above.offset
        assert margin.maintenance_margin(BTC, edge) == edge * above.maintenance_rate - above.offset


@pytest.mark.parametrize(
    ("notional", "expected"),
    [("0", "0"), ("300000", "1200"), ("-500000", "2200"), ("1000000", "5000")],  # 500 000 * 0.5 % - 300
)
def test_maintenance_margin(notional: str, expected: str) -> None:
    assert margin.maintenance_margin(BTC, D(notional)) == D(expected)


def test_leverage_bounds_the_notional() -> None:
    assert margin.max_notional(BTC, 150) == 300_000
    assert margin.max_notional(BTC, 20) == 100_000_000
    assert margin.max_notional(BTC, 151) == 0
    assert margin.max_leverage(BTC) == 150


@pytest.mark.parametrize(
    ("position", "bids", "asks", "expected"),
    [
        (100, 0, 0, 100),
        (100, 50, 0, 150),
        (100, 0, 100, 100),  # closing needs nothing more
        (100, 0, 200, 100),  # nor does turning it round
        (100, 0, 250, 150),
        (-100, 30, 40, 140),
    ],
)
def test_exposure_is_the_worse_side(position: int, bids: int, asks: int, expected: int) -> None:
    assert margin.exposure(D(position), D(bids), D(asks)) == expected
