"""How fills change a position."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atapi.domain.numbers import LEDGER_STEP, to_ledger
from atapi.matching.contracts import LINEAR, Contract, Inverse
from atapi.matching.positions import Holding, after_fill, break_even, unrealized

D = Decimal


@pytest.mark.parametrize(
    ("held", "entry", "quantity", "price", "left", "new_entry", "realized"),
    [
        ("0", "0", "2", "100", "2", "100", "0"),  # opened
        ("2", "100", "1", "130", "3", "110", "0"),  # added: (2*100 + 1*130) / 3
        ("-2", "100", "-2", "90", "-4", "95", "0"),
        ("3", "110", "-1", "140", "2", "110", "30"),  # reduced: entry stays, (140 - 110) * 1
        ("-4", "95", "1", "105", "-3", "95", "-10"),  # a short loses when the price rises
        ("2", "110", "-2", "100", "0", "0", "-20"),  # closed
        ("2", "110", "-5", "120", "-3", "120", "20"),  # through zero: closes 2, opens 3 at 120
        ("-1", "100", "4", "80", "3", "80", "20"),
    ],
)
def test_a_fill(
    held: str, entry: str, quantity: str, price: str, left: str, new_entry: str, realized: str
) -> None:
    change = after_fill(Holding(D(held), D(held) * D(entry)), D(quantity), D(price))

    assert change.holding.quantity == D(left)
    assert change.holding.cost == D(left) * D(new_entry)
    assert change.realized == D(realized)


def test_a_mean_that_never_ends_loses_nothing() -> None:
    holding = Holding()
    for quantity, price in ((1, 100), (1, 100), (1, 101)):  # mean 100.333…
        holding = after_fill(holding, D(quantity), D(price)).holding

    posted = []
    for price in (100, 101, 102):
        holding, realized = after_fill(holding, D(-1), D(price))
        posted.append(realized)

    assert posted == [D("-0.33333333"), D("0.66666666"), D("1.66666667")]
    assert sum(posted) == 303 - 301
    assert holding == Holding(D(0), D(0), D(0))


def test_reducing_keeps_the_entry_price_to_every_digit_shown() -> None:
    holding = after_fill(Holding(D("0.003"), D("90.0001")), D("-0.001"), D(31000)).holding

    assert to_ledger(holding.cost / holding.quantity) == to_ledger(D("90.0001") / D("0.003"))


def test_unrealized_profit_is_closing_at_the_mark() -> None:
    assert unrealized(Holding(D(-2), D(-200)), D(90)) == 20
    assert unrealized(Holding(D(2), D(200)), D(90)) == -20


FILLS = st.lists(st.tuples(st.integers(-500, 500).filter(bool), st.integers(1, 10**7)), max_size=30)


@given(FILLS)
def test_what_is_posted_is_the_sum_of_the_fills_once_flat(fills: list[tuple[int, int]]) -> None:
    holding, posted, paid = Holding(), D(0), D(0)
    steps = [(D(lots).scaleb(-3), D(ticks).scaleb(-2)) for lots, ticks in fills]
    steps.append((-sum((quantity for quantity, _ in steps), D(0)), D("12345.67")))  # close what is left

    for quantity, price in steps:
        if not quantity:
            continue
        before = holding
        holding, realized = after_fill(holding, quantity, price)
        posted += realized
        paid -= quantity * price

        assert realized % LEDGER_STEP == 0
        assert abs(holding.carry) <= LEDGER_STEP / 2
        # Nothing is made or lost: cost, carry and profit move against what the fill paid.
        assert holding.cost - before.cost - quantity * price + before.carry == realized + holding.carry

    assert holding == Holding(D(0), D(0), D(0))
    assert posted == paid


@pytest.mark.parametrize(
    ("quantity", "fees", "price"),
    [
        ("30", "0.00231", "0.385077"),  # the protocol's example: 0.385 and its 0.02 %
        ("-30", "0.00231", "0.384923"),
        ("30", "0", "0.385"),
    ],
)
def test_a_position_breaks_even_where_it_has_earned_its_fees(quantity: str, fees: str, price: str) -> None:
    holding = Holding(Decimal(quantity), Decimal(quantity) * Decimal("0.385"), Decimal(0))

    assert break_even(holding, Decimal(fees)) == Decimal(price)


@given(
    quantity=st.integers(-500, 500).filter(bool),
    price=st.integers(10_000, 90_000),
    fee=st.integers(0, 10_000),
    contract=st.sampled_from([LINEAR, Inverse(Decimal(100))]),
)
def test_closing_there_gains_exactly_what_opening_cost(
    quantity: int, price: int, fee: int, contract: Contract
) -> None:
    size, fees = Decimal(quantity), Decimal(fee) * LEDGER_STEP
    opened = after_fill(Holding(), size, Decimal(price), contract).holding

    closed = after_fill(opened, -size, break_even(opened, fees, contract), contract)

    assert abs(closed.realized - fees) <= LEDGER_STEP
