from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.orders import Side
from atapi.domain.spreads import Pair
from atapi.services.evening import Evening, plan_evening, tolerance
from tests.fakes import perpetual, spot_instrument

D = Decimal
PAIR = Pair(spot=spot_instrument("BTCUSDT"), perp=perpetual("BTCUSDT"))  # lots of 0.00001 and 0.001
PEPE = Pair(
    spot=replace(spot_instrument("PEPEUSDT"), lot_size=D(1)),
    perp=replace(perpetual("1000PEPEUSDT"), lot_size=D(1)),
)


@pytest.mark.parametrize(
    ("pair", "spot", "perp", "expected"),
    [
        (PAIR, "0.21500478", "-0.115", Evening(spot=True, side=Side.SELL, quantity=D("0.1"))),
        (PAIR, "0.215", "0", Evening(spot=True, side=Side.SELL, quantity=D("0.215"))),
        (PAIR, "0.11500478", "-0.215", Evening(spot=False, side=Side.BUY, quantity=D("0.1"))),  # rounded up
        (PAIR, "0.00000478", "-0.215", Evening(spot=False, side=Side.BUY, quantity=D("0.215"))),
        (PAIR, "0", "-0.215", Evening(spot=False, side=Side.BUY, quantity=D("0.215"))),
        (PAIR, "0.21599", "-0.215", None),
        (PAIR, "0", "0", None),
        (PAIR, "-0.215", "0.1", Evening(spot=True, side=Side.BUY, quantity=D("0.115"))),  # reverse: buy back
        (PAIR, "-0.1", "0.215", Evening(spot=False, side=Side.SELL, quantity=D("0.115"))),
        (PEPE, "500000", "-400", Evening(spot=True, side=Side.SELL, quantity=D(100_000))),
        (PEPE, "400000", "-500", Evening(spot=False, side=Side.BUY, quantity=D(100))),
    ],
)
def test_the_longer_leg_is_reduced(pair: Pair, spot: str, perp: str, expected: Evening | None) -> None:
    assert plan_evening(pair, D(spot), D(perp)) == expected


@given(
    st.integers(0, 10**8), st.integers(0, 10**3), st.sampled_from([1, -1])
)  # coins by the ledger's last digit, contracts by the lot
def test_evening_once_is_enough_and_turns_no_leg_around(coins: int, lots: int, way: int) -> None:
    spot, perp = way * coins * D("0.00000001"), -way * lots * D("0.001")

    step = plan_evening(PAIR, spot, perp)

    if step is not None and step.spot:
        left = spot + step.side.sign * step.quantity
        assert left * spot >= 0
        spot = left
    elif step is not None:
        left = perp + step.side.sign * step.quantity
        assert left * perp >= 0
        perp = left
    assert abs(spot + perp) < tolerance(PAIR)
