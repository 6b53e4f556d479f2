"""Inverse contracts: values in coin, harmonic entry, profit, liquidation; and that linear ones are as before."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.numbers import LEDGER_STEP, to_ledger
from atapi.matching import margin
from atapi.matching.contracts import LINEAR, Inverse
from atapi.matching.liquidation import Leg, bankruptcy_price, liquidation_price
from atapi.matching.positions import Holding, after_fill, unrealized
from tests.matching.test_margin import FLAT, Tier

D = Decimal
BTC = Inverse(D(100))  # BTCUSD_PERP: 100 USD a contract


def test_a_contract_is_worth_its_size_by_the_price() -> None:
    assert BTC.value(D(250), D(50_000)) == D("0.5")  # 250 * 100 / 50000
    assert BTC.value(D(-250), D(50_000)) == D("-0.5")
    assert BTC.price(D(250), D("0.5")) == 50_000
    assert BTC.value(D(1), D(0)) == 0  # no price, no value
    assert LINEAR.value(D("0.5"), D(50_000)) == 25_000
    assert LINEAR.price(D("0.5"), D(25_000)) == 50_000


def test_the_entry_price_is_the_harmonic_mean() -> None:
    first, _ = after_fill(Holding(), D(100), D(40_000), BTC)
    both, realized = after_fill(first, D(100), D(60_000), BTC)

    assert realized == 0
    # 200 * 100 / (100*100/40000 + 100*100/60000) = 20000 / (0.25 + 0.1666…) = 48000; the arithmetic mean is 50000
    assert BTC.price(both.quantity, both.cost).quantize(D("1E-8")) == 48_000


def test_a_long_gains_coins_as_the_price_rises() -> None:
    held, _ = after_fill(Holding(), D(100), D(40_000), BTC)

    assert unrealized(held, D(50_000), BTC) == D("0.05")  # 100*100*(1/40000 - 1/50000)
    closed, realized = after_fill(held, D(-100), D(50_000), BTC)

    assert (closed.quantity, closed.cost, realized) == (0, 0, D("0.05"))


def test_a_short_gains_coins_as_the_price_falls_and_may_turn_round() -> None:
    held, _ = after_fill(Holding(), D(-100), D(50_000), BTC)

    turned, realized = after_fill(held, D(150), D(40_000), BTC)

    assert realized == D("0.05")  # 100*100*(1/40000 - 1/50000)
    assert (turned.quantity, turned.cost) == (50, D("0.125"))  # 50*100/40000


FILLS = st.lists(
    st.tuples(
        st.integers(-500, 500).filter(bool).map(D),
        st.integers(10_000, 2_000_000).map(lambda tenths: D(tenths).scaleb(-1)),
    ),
    min_size=1,
    max_size=40,
)


@given(FILLS, st.sampled_from([D(100), D(10)]))
def test_what_was_realized_and_what_is_held_are_the_fills_to_the_last_digit(
    fills: list[tuple[Decimal, Decimal]], size: Decimal
) -> None:
    contract, holding, posted, paid = Inverse(size), Holding(), D(0), D(0)
    for quantity, price in fills:
        holding, realized = after_fill(holding, quantity, price, contract)
        assert realized % LEDGER_STEP == 0
        posted += realized
        paid += contract.value(quantity, price)

    # what the fills came to is still held as cost, or was posted, or is carried
    assert holding.cost + posted + holding.carry == paid
    assert abs(holding.carry) <= LEDGER_STEP / 2
    if not holding.quantity:
        assert posted == to_ledger(paid)


@given(st.integers(1, 3000), st.integers(-400, 400).filter(bool), st.integers(5, 500))
def test_at_the_liquidation_price_margin_balance_is_maintenance_margin(
    price: int, contracts: int, percent: int
) -> None:
    entry, quantity = D(price * 10), D(contracts)
    cost = BTC.value(quantity, entry)
    wallet = abs(cost) * percent / 100

    found = liquidation_price([Leg(quantity, cost)], wallet, FLAT, BTC)

    if not found:  # a short with at least its own value in coin can pay any rise
        assert quantity < 0
        assert wallet >= abs(cost)
        return
    value = quantity * BTC.size / found
    balance = wallet + cost - value
    assert abs(balance - margin.maintenance_margin(FLAT, value)) < D("1E-12")


@pytest.mark.parametrize(
    ("contracts", "wallet", "expected"),
    [
        (100, "0.02", "45909.09090909"),
        (-100, "0.02", "55000"),
    ],
)
def test_liquidation_prices_by_hand(contracts: int, wallet: str, expected: str) -> None:
    # Entry 50000: cost 0.2 BTC. Long: 0.02 + 0.2 - v = 0.01 v, v = 0.22/1.01, price = 10000 * 1.01 / 0.22 = 45909.09…
    # Short: 0.02 - 0.2 + v = 0.01 v, v = 0.18/0.99, price = 10000 * 0.99 / 0.18 = 55000.
    quantity = D(contracts)
    found = liquidation_price([Leg(quantity, BTC.value(quantity, D(50_000)))], D(wallet), FLAT, BTC)

    assert to_ledger(found) == D(expected)


def test_at_the_bankruptcy_price_no_coin_is_left() -> None:
    # 100 contracts at 50 000 are 0.2 BTC. Long with 0.02 left: 0.22 BTC at 45 454.54…; short: 0.18 BTC at 55 555.55…
    assert to_ledger(bankruptcy_price(D(100), D(50_000), D("0.02"), BTC)) == D("45454.54545455")
    assert to_ledger(bankruptcy_price(D(-100), D(50_000), D("0.02"), BTC)) == D("55555.55555556")


def test_brackets_are_in_coins() -> None:
    tiers = (Tier(D(0), D(5), 125, D("0.004"), D(0)), Tier(D(5), D(10), 100, D("0.005"), D("0.005")))

    notional = BTC.value(D(3000), D(50_000))

    assert notional == 6
    assert margin.maintenance_margin(tiers, notional) == D("0.025")  # 6 * 0.5 % - 0.005
    assert margin.max_notional(tiers, 125) == 5
