"""Liquidation and bankruptcy prices, by the protocol's own example and by what they must satisfy."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.numbers import ZERO, to_ledger
from atapi.matching.liquidation import Leg, bankruptcy_price, liquidation_price, tier_excess
from atapi.matching.margin import maintenance_margin
from tests.matching.test_margin import BTC, FLAT

D = Decimal


def of_one(quantity: int | Decimal, entry: int, balance: int) -> Decimal:
    return liquidation_price([Leg(D(quantity), D(quantity) * entry)], D(balance), FLAT)


def test_the_protocols_liquidation_example() -> None:
    # long 1 at 100, wallet 10, MMR 1 %: (10 - 100) / (0.01 - 1) = 90.909…
    assert to_ledger(of_one(1, 100, 10)) == D("90.90909091")


def test_a_short_is_liquidated_above() -> None:
    # (10 + 100) / (0.01 + 1) = 108.9108…
    assert to_ledger(of_one(-1, 100, 10)) == D("108.91089109")


def test_a_position_that_its_wallet_covers_has_no_liquidation_price() -> None:
    assert of_one(1, 100, 500) == 0
    assert liquidation_price([], D(500), FLAT) == 0


def test_the_legs_of_a_hedged_symbol_share_one_price() -> None:
    # long 3 at 100, short 1 at 110, wallet 20: (20 - 300 + 110) / (0.01 * 4 - 2) = 86.734…
    legs = [Leg(D(3), D(300)), Leg(D(-1), D(-110))]

    assert to_ledger(liquidation_price(legs, D(20), FLAT)) == D("86.73469388")


def test_even_a_flat_hedge_is_liquidated_where_its_maintenance_grows_too_large() -> None:
    # long 1 at 100 and short 1 at 100, wallet 5: nothing to lose, but 0.01 * 2 * P reaches 5 at 250
    legs = [Leg(D(1), D(100)), Leg(D(-1), D(-100))]

    assert liquidation_price(legs, D(5), FLAT) == 250


def test_at_the_bankruptcy_price_nothing_is_left() -> None:
    # long 2, mark 100, 10 left: each point down costs 2
    assert bankruptcy_price(D(2), D(100), D(10)) == 95
    assert bankruptcy_price(D(-2), D(100), D(10)) == 105
    assert bankruptcy_price(D(2), D(100), D(-10)) == 105  # gapped through: it is already worse
    assert bankruptcy_price(D(1), D(100), D(500)) == 10  # never further than tenfold


@pytest.mark.parametrize(("quantity", "excess"), [("2", "2"), ("8", "2"), ("-20", "4")])
def test_a_large_position_is_reduced_by_its_top_tier(quantity: str, excess: str) -> None:
    # at 50 000: 100 000 lies in the first tier; 400 000 and 1 000 000 above the floors 300 000 and 800 000
    assert tier_excess(D(quantity), D(50_000), BTC) == D(excess)


@given(
    st.lists(
        st.tuples(st.integers(-5_000_000, 5_000_000).filter(bool), st.integers(100, 200_000)),
        min_size=1,
        max_size=2,
    ),
    st.integers(0, 100_000_000),
)
def test_at_the_liquidation_price_margin_balance_is_maintenance_margin(
    positions: list[tuple[int, int]], balance: int
) -> None:
    legs = [Leg(D(q).scaleb(-3), D(q).scaleb(-3) * entry) for q, entry in positions]

    price = liquidation_price(legs, D(balance), BTC)

    if price:
        left = balance + sum((leg.quantity * price - leg.cost for leg in legs), ZERO)
        needed = sum((maintenance_margin(BTC, leg.quantity * price) for leg in legs), ZERO)
        assert abs(left - needed) < D("1e-9")
    else:
        net, cost = (sum(column, ZERO) for column in zip(*legs, strict=True))
        assert net > 0 or balance <= cost  # a short always has one, unless nothing was left at any price
