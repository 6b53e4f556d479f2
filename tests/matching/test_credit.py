"""Levels, allowances, interest and repayment, with the arithmetic shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.matching import credit
from atapi.matching.credit import Debt, Repayment
from atapi.matching.models.lending import borrow_limit, collateral_ratio, daily_rate, pool_size

D = Decimal
money = st.decimals(0, 10**9, places=4)


@pytest.mark.parametrize(
    ("assets", "debts", "level"),
    [("150", "100", "1.5"), ("100", "0", "999"), ("0", "0", "999"), ("5000", "1", "999"), ("0", "10", "0")],
)
def test_the_level_is_assets_over_debts(assets: str, debts: str, level: str) -> None:
    assert credit.level(D(assets), D(debts)) == D(level)


def test_threefold_leverage_lends_twice_the_collateral() -> None:
    assert credit.borrowable(D(1000), D(0), ratio=D(1)) == 2000  # (1000 - 0) / (1.5 - 1)
    assert credit.borrowable(D(3000), D(2000), ratio=D(1)) == 0  # 3000 / 2000 is the bar
    assert credit.borrowable(D(2000), D(1000), ratio=D(1)) == 1000  # (2000 - 1500) / 0.5


def test_a_loan_that_counts_for_less_lends_less() -> None:
    assert credit.borrowable(D(1400), D(0), ratio=D("0.8")) == 2000  # 1400 / (1.5 - 0.8)


def test_what_is_above_twice_the_debts_may_leave() -> None:
    assert credit.removable(D(3000), D(1000), ratio=D(1)) == 1000  # 3000 - 2 * 1000
    assert credit.removable(D(3000), D(1000), ratio=D("0.8")) == 1250
    assert credit.removable(D(1500), D(1000), ratio=D(1)) == 0
    assert credit.removable(D(1500), D(0), ratio=D(1)) is None


@given(collateral=money, debts=st.decimals(1, 10**9, places=4), ratio=st.sampled_from([D(1), D("0.8")]))
def test_all_that_may_be_borrowed_keeps_the_bar(collateral: Decimal, debts: Decimal, ratio: Decimal) -> None:
    more = credit.borrowable(collateral, debts, ratio=ratio)

    level = (collateral + ratio * more) / (debts + more)

    assert level >= credit.THREEFOLD.normal - D("1e-20") or not more


def test_interest_is_simple_and_by_the_hour() -> None:
    # 10 000 USDT * 0.00013233 a day / 24 = 0.05513750
    assert credit.hourly_interest(D(10_000), daily_rate("USDT")) == D("0.0551375")
    assert credit.hourly_interest(D(0), daily_rate("USDT")) == 0


def test_a_repayment_pays_interest_first() -> None:
    debt = Debt(principal=D(100), interest=D(3))

    assert credit.split(D(2), debt) == Repayment(interest=D(2), principal=D(0))
    assert credit.split(D(3), debt) == Repayment(interest=D(3), principal=D(0))
    assert credit.split(D(103), debt) == Repayment(interest=D(3), principal=D(100))


def test_a_liquidation_raises_what_debts_and_fees_take() -> None:
    # 1000 * 1.02 - 20 held = 1000 to raise; 0.1 % fee on the sale and again on buying the debt back
    assert credit.to_raise(D(1000), D(20), fee_rate=D("0.001")) == D(1000) / D("0.998001")
    assert credit.to_raise(D(1000), D(2000), fee_rate=D("0.001")) == 0


def test_the_liquidation_fee_takes_no_more_than_is_left() -> None:
    assert credit.liquidation_fee(D(1000), D(500)) == 20
    assert credit.liquidation_fee(D(1000), D(7)) == 7
    assert credit.liquidation_fee(D(1000), D(-1)) == 0


@pytest.mark.parametrize(
    ("price", "limit"),
    [("1", "2000000"), ("50000", "40"), ("90000", "20"), ("0.00001234", "100000000000")],  # 2 000 000 / price
)
def test_limits_are_one_digit_and_zeros(price: str, limit: str) -> None:
    assert format(borrow_limit(D(price)), "f") == limit
    assert pool_size(D(price)) == 25 * D(limit)


def test_lesser_coins_count_for_less() -> None:
    assert collateral_ratio("BTC") == 1
    assert collateral_ratio("DOGE") == D("0.8")
