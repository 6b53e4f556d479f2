"""Every USD-M filter with its code and words, on and off its edges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from atapi.matching.filters import Breach, Candidate, breach_of_um

D = Decimal


@dataclass(frozen=True)
class Rules:
    tick_size: Decimal = Decimal("0.10")
    lot_size: Decimal = Decimal("0.001")
    min_notional: Decimal = Decimal(50)
    max_quantity: Decimal = Decimal(1000)
    market_max_quantity: Decimal = Decimal(120)
    price_precision: int = 2
    quantity_precision: int = 3
    price_band: Decimal = Decimal("0.05")


def order(
    price: str | None = "50000",
    quantity: str | None = "0.01",
    *,
    side: str = "BUY",
    open_orders: int = 0,
    reduce_only: bool = False,
) -> Candidate:
    return Candidate(
        side=side,
        price=None if price is None else D(price),
        quantity=None if quantity is None else D(quantity),
        reference=D(50000),
        open_orders=open_orders,
        reduce_only=reduce_only,
    )


@pytest.mark.parametrize(
    ("candidate", "code", "message"),
    [
        (order("-0.1"), -4001, "Price less than 0."),
        (order("0"), -4001, "Price less than 0."),
        (order("0.05"), -4013, "Price less than min price."),
        (order("4529764.1", side="SELL"), -4002, "Price greater than max price."),
        (order("50000.05"), -4014, "Price not increased by tick size."),
        (order("50000.001"), -1111, "Precision is over the maximum defined for this asset."),
        (order(quantity="0"), -4003, "Quantity less than zero."),
        (order(quantity="-1"), -4003, "Quantity less than zero."),
        (order(quantity="0.0105"), -1111, "Precision is over the maximum defined for this asset."),
        (order(quantity="1000.001"), -4005, "Quantity greater than max quantity."),
        (order(None, "120.001"), -4005, "Quantity greater than max quantity."),
        (order(quantity="1e40"), -4005, "Quantity greater than max quantity."),
        (
            order("49999.9", "0.001"),
            -4164,
            "Order's notional must be no smaller than 50.0 (unless you choose reduce only)",
        ),
        (order("52500.1"), -4016, "Price is higher than mark price multiplier cap."),
        (order("47499.9", side="SELL"), -4024, "Price is lower than mark price multiplier floor."),
        (order(open_orders=200), -2025, "Reach max open order limit."),
    ],
)
def test_um_filters(candidate: Candidate, code: int, message: str) -> None:
    assert breach_of_um(Rules(), candidate) == Breach(code, message)


@pytest.mark.parametrize(
    "candidate",
    [
        order(),
        order("52500"),  # 1.05 times the mark
        order("35000"),  # the band is one-sided: a low bid rests happily
        order("47500", side="SELL"),
        order("90000", side="SELL"),
        order("50000", "0.001"),  # exactly 50
        order("49999.9", "0.001", reduce_only=True),
        order(None, "0.001"),  # 50 at the mark
        order(None, "120"),
    ],
)
def test_um_orders_that_pass(candidate: Candidate) -> None:
    assert breach_of_um(Rules(), candidate) is None


def test_um_steps_other_than_powers_of_ten() -> None:
    rules = Rules(lot_size=D("0.005"), tick_size=D("0.25"))

    assert breach_of_um(rules, order("50000.25", "0.015")) is None
    assert breach_of_um(rules, order("50000", "0.004")) == Breach(-4004, "Quantity less than min quantity.")
    assert breach_of_um(rules, order("50000", "0.012")) == Breach(-4023, "Qty not increased by step size.")
    assert breach_of_um(rules, order("50000.1", "0.015")) == Breach(
        -4014, "Price not increased by tick size."
    )


def test_trailing_zeros_are_no_precision() -> None:
    assert breach_of_um(Rules(), order("50000.0000000000", "0.0100000000")) is None
