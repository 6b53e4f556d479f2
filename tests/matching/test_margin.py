"""Margin and liquidation price, by the protocol's own examples."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.numbers import to_ledger
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


def test_the_protocols_liquidation_example() -> None:
    # long 1 at 100, wallet 10, MMR 1 %: (10 - 100) / (0.01 - 1) = 90.909…
    price = margin.liquidation_price(quantity=D(1), cost=D(100), wallet=D(10), brackets=FLAT)

    assert to_ledger(price) == D("90.90909091")


def test_a_short_is_liquidated_above() -> None:
    # (10 + 100) / (0.01 + 1) = 108.9108…
    price = margin.liquidation_price(quantity=D(-1), cost=D(-100), wallet=D(10), brackets=FLAT)

    assert to_ledger(price) == D("108.91089109")


def test_a_position_that_its_wallet_covers_has_no_liquidation_price() -> None:
    assert margin.liquidation_price(quantity=D(1), cost=D(100), wallet=D(500), brackets=FLAT) == 0
    assert margin.liquidation_price(quantity=D(0), cost=D(0), wallet=D(500), brackets=FLAT) == 0


def test_other_positions_count() -> None:
    # (50 - 5 - 35 - 100) / (0.01 - 1): as a wallet of 10
    price = margin.liquidation_price(
        quantity=D(1),
        cost=D(100),
        wallet=D(50),
        brackets=FLAT,
        others_maintenance=D(5),
        others_unrealized=D(-35),
    )

    assert to_ledger(price) == D("90.90909091")


@given(
    st.integers(-5_000_000, 5_000_000).filter(bool), st.integers(100, 200_000), st.integers(0, 100_000_000)
)
def test_at_the_liquidation_price_margin_balance_is_maintenance_margin(
    thousandths: int, entry: int, wallet: int
) -> None:
    quantity = D(thousandths).scaleb(-3)

    price = margin.liquidation_price(quantity=quantity, cost=quantity * entry, wallet=D(wallet), brackets=BTC)

    if price:
        balance = wallet + quantity * price - quantity * entry
        assert abs(balance - margin.maintenance_margin(BTC, quantity * price)) < D("1e-10")
    else:
        assert thousandths > 0  # a short always has one
