"""The manner asked for becomes slices that both markets take."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from atapi.domain.amounts import Amount, parse_amount
from atapi.domain.style import Route
from atapi.errors import Refused, UsageError
from atapi.services.manner import Manner, Size, style_of
from tests.execution.simulation import PAIR

D = Decimal
SIZE = Size(pair=PAIR, quantity=D("30.00"), price=D(100), least=D("0.06"))  # 3000 USDT
MINUTES = timedelta(minutes=10)
CAP = parse_amount("500usdt")


@pytest.mark.parametrize(
    ("manner", "slices", "interval"),
    [
        (Manner(), 1, 0),
        (Manner(slices=4), 4, 0),
        (Manner(slices=4, over=MINUTES), 4, 150_000),
        (Manner(over=MINUTES), 20, 30_000),  # one every half minute
        (Manner(over=timedelta(seconds=10)), 2, 5_000),  # two at least
        (Manner(max_unhedged=CAP), 6, 0),
        (Manner(max_unhedged=CAP, slices=10), 10, 0),  # smaller ones than it needs
        (Manner(max_unhedged=CAP, slices=2, over=MINUTES), 6, 100_000),  # it decides
    ],
)
def test_slices_and_their_pace(manner: Manner, slices: int, interval: int) -> None:
    style = style_of(manner, SIZE, max_slippage=D("0.0005"))

    assert (style.slices, style.interval) == (slices, interval)


def test_a_span_makes_no_slices_that_no_market_takes() -> None:
    small = Size(pair=PAIR, quantity=D("0.20"), price=D(100), least=D("0.06"))

    style = style_of(Manner(over=MINUTES), small, max_slippage=D(0))

    assert (style.slices, style.interval) == (3, 200_000)


def test_the_worst_basis_counts_where_slices_start_later() -> None:
    worst = D("-0.001")

    at_once = style_of(Manner(), SIZE, max_slippage=D(0), worst_basis=worst)
    later = style_of(Manner(slices=2), SIZE, max_slippage=D(0), worst_basis=worst)
    resting = style_of(Manner(route=Route.MAKER), SIZE, max_slippage=D(0), worst_basis=worst)

    assert (at_once.worst_basis, later.worst_basis, resting.worst_basis) == (None, worst, worst)


@pytest.mark.parametrize(
    ("manner", "message", "hint"),
    [
        (Manner(slices=600), "600 slices of 0.05 BTC are under the minimum of 0.06 BTC", "--slices 500"),
        (
            Manner(max_unhedged=Amount(value=D(5), asset="USDT")),
            "--max-unhedged 5usdt is under the smallest slice of 0.06 BTC", "--max-unhedged 7usdt",
        ),
    ],
)  # fmt: skip
def test_slices_that_cannot_be_are_refused(manner: Manner, message: str, hint: str) -> None:
    with pytest.raises(Refused) as refusal:
        style_of(manner, SIZE, max_slippage=D(0))

    assert (refusal.value.message, refusal.value.hint) == (message, hint)


def test_a_limit_in_coins_is_no_limit_of_notional() -> None:
    with pytest.raises(UsageError, match="--max-unhedged is not in USDT"):
        style_of(Manner(max_unhedged=parse_amount("1btc")), SIZE, max_slippage=D(0))
